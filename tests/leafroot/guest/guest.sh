# guest.sh - what the scripts inside a booted test machine share (busybox sh), and
# what judges it from outside
# shellcheck shell=dash
# SPDX-License-Identifier: 0BSD

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

# soon COMMAND: it must work within a minute, as a machine that runs four of these
# is slow.
soon()
{
  i=0
  until o=$("$@" 2>&1)
  do
    [ "$((i += 1))" -lt 100 ] || { echo "$o"; return 1; }
    sleep .5
  done
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

# has OPTION...: the root is mounted with each
has()
{
  for i
  do
    root | sed "s/[ ,]/\n/g" | grep -qx "$i" || { root; return 1; }
  done
}

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

df_leaf() { df -T / | awk 'END { exit $2 != "tmpfs" || $7 != "/" }'; }

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

emptied() { below | awk '!/^(mkdir|create) / { print; bad = 1 }
    END { exit bad || NR != 2 }'; }

# snap FILE [OPTIONS]: the manifest of the root, also under its mounts. Writing
# to a terminal stamps its node now and then.
snap()
{
  f=$1 && shift
  mount --bind / /t/mnt && manifest -bt /dev/console "$@" /t/mnt > "$f" && umount /t/mnt ||
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

# ballast MIB: a file on another mount takes the memory there is but for that
ballast()
{
  mkdir /ballast && mount -t tmpfs -o size=100% ballast /ballast && sync || return 1
  n=$(($(kb MemAvailable)/1024-$1))
  dd if=/dev/zero of=/ballast/file bs=1M count=$n 2> /run/dd
}

# freed: memory is as it was at "kept". Cached is what tmpfs and ramfs take, to
# the page: within 4 MiB. MemAvailable moves by up to 40 MiB of its own accord, in
# a boot of 1.5 GiB (what was freed stays with the processor that freed it): it
# shows there is no second tree that Cached does not know, nor half of one.
kept() { kb Cached > /run/cached && kb MemAvailable > /run/available; }
freed()
{
  echo "Cached $(cat /run/cached) -> $(kb Cached)," \
    "MemAvailable $(cat /run/available) -> $(kb MemAvailable) KiB"
  n=$(($(cat /run/cached)/2))
  [ "$n" -gt 32768 ] || n=32768
  [ "$(kb Cached)" -lt $(($(cat /run/cached)+4096)) ] &&
    [ "$(kb MemAvailable)" -gt $(($(cat /run/available)-n)) ]
}

# found LINE: below prints it.
found() { below | grep -x "$1"; }

# mounts: every mount but the root, so that it can be compared across the switch:
# path, where in its file system, options, whether it is shared, and the file
# system. The root's own is just "root", and rootfs has no relatime. In the order
# of stacking for each path.
mounts()
{
  awk '$5 == "/" { dev = $3 }
    { line[NR] = $0 }
    END {
      for (i = 1; i <= NR; i++) {
        split(line[i], f, " ")
        if (f[5] == "/") continue
        for (j = 7; f[j] != "-"; j++);
        if (f[3] == dev) sub(/,relatime/, "", f[6])
        print f[5], f[4], f[6], f[7] ~ /^shared/ ? "shared" : "private", f[3] == dev ? "root" : f[3] " " f[j+1] " " f[j+2]
      }
    }' /proc/self/mountinfo | sort -s -k 1,1
}
same_mounts() { mounts > /run/mounts.now && diff /run/mounts /run/mounts.now; }
