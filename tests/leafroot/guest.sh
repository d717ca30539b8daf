# guest.sh - what the scripts inside a booted test machine share (busybox sh)
# shellcheck shell=busybox

export PATH=/t/bin:/t:/sbin:/bin:/usr/sbin:/usr/bin

# want NAME COMMAND: it must work. deny: it must fail. same NAME TEXT COMMAND:
# it must work and print TEXT. One line "=== NAME ok" each, or what was wrong.
want()
{
  n=$1 && shift
  o=$("$@" 2>&1) && echo "=== $n ok" || echo "=== $n BAD $*: $o"
}

deny()
{
  n=$1 && shift
  o=$("$@" 2>&1) && echo "=== $n BAD worked: $*: $o" || echo "=== $n ok"
}

same()
{
  n=$1 x=$2 && shift 2
  o=$("$@" 2>&1) && [ "$o" = "$x" ] && echo "=== $n ok" ||
    echo "=== $n BAD $*: expected '$x', got '$o'"
}

# soon COMMAND: it must work within 10 seconds.
soon()
{
  for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20
  do
    [ "$i" = 1 ] || sleep .5
    o=$("$@" 2>&1) && return
  done
  echo "$o"
  return 1
}

finish()
{
  echo "=== end ok"
  # The serial line is still sending.
  sleep .2
  poweroff -f
}

# The topmost mount on "/", as mountinfo has it.
root() { awk '$5 == "/" { l = $0 } END { print l }' /proc/self/mountinfo; }

# mounted PATH: "FSTYPE ROOT OPTIONS" of each mount there, lowest first. PATH as
# mountinfo writes it.
mounted()
{
  P=$1 awk '$5 == ENVIRON["P"] {
    for (i = 7; $i != "-"; i++);
    print $(i+1), $4, $6
  }' /proc/self/mountinfo
}

# A mount is its own parent only on true rootfs.
is_rootfs() { root | awk '{ exit $1 != $2 }'; }

# is_leaf [FSTYPE]
is_leaf()
{
  root | awk -v t="${1:-tmpfs}" '{ exit $1 == $2 || !/ - / || $0 !~ " - " t " " }' ||
    { root; return 1; }
  [ ! -e /newroot ] || { echo "/newroot left"; return 1; }
  pivots
}

# pivot_root(2), in a mount namespace of its own
pivots()
{
  unshare -m sh -c 'mount --make-rprivate / && mount -t tmpfs pivot /t/mnt &&
    cd /t/mnt && mkdir old && /t/toybox pivot_root . old && [ -d /old/t ]'
}

# What lies below the root is empty and takes no file. The wipe goes on behind
# init's back, so this may take a moment.
sealed()
{
  soon sealed_now
}
sealed_now()
{
  below | awk '!/^(mkdir|create) (28|30)$/ { bad = 1 } { print }
    END { exit bad || NR != 2 }'
}

# snap FILE [OPTIONS]: the manifest of the root, also under its mounts.
snap()
{
  f=$1 && shift
  mount --bind / /t/mnt && manifest -b "$@" /t/mnt > "$f" && umount /t/mnt ||
    echo "=== snap BAD"
}

# The root is what snap /run/before saw.
intact()
{
  snap /run/after "$@"
  [ -s /run/before ] && diff /run/before /run/after > /run/diff ||
    { head -n 20 /run/diff; return 1; }
}

# kb NAME: a figure of /proc/meminfo
kb() { awk -v n="$1:" '$1 == n { print $2 }' /proc/meminfo; }
