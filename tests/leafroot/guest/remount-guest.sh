# remount-guest.sh [CASE...] - a root that stays gets options, and one system
# call fails, as CASE says to inject (busybox sh, on a rooted() tmpfs)
# shellcheck shell=dash disable=SC1091
#
# Then either init runs and the root has all of the options, or leafroot fails
# with 1, runs nothing, and the root has the options it had before: both the
# flags of its mount and those of its file system. One line for each CASE: "back"
# or "done" and what leafroot said, or "BAD" and why. Without a CASE: each call
# of fsconfig, mount, fspick, statfs and fchdir, and how many there were in all.
# SPDX-License-Identifier: 0BSD

. /etc/lib

options() { awk '$5 == "/" { print $6, $NF }' /proc/self/mountinfo; }

# Some of the flags before are to be kept, and others are to go
reset() { mount -o remount,size=20M,nr_inodes=1k,suid,noatime,nodiratime /; }

# run INJECT-ARGUMENTS
run()
{
  rm -f /out/ran
  inject "$@" /bin/leafroot -o size=10M,nr_inodes=2k,nosuid,relatime \
    /newroot /sbin/init < /dev/null 2> /out/err 9> /out/injected
}

one()
{
  reset
  run "$@"
  rc=$?
  after=$(options)
  [ -s /out/injected ] || { echo "$1 never"; return; }
  if [ -s /out/ran ]
  then
    [ "$after" = "$good" ] && what='done' || what="BAD: init ran, but with $after,"
  else
    what=back
    [ "$rc" = 1 ] || what="BAD: exit $rc"
    [ "$after" = "$before" ] || what="BAD: not $before but $after,"
  fi
  echo "$1 $what: $(said | tr '\n' '|')"
}

reset
before=$(options)
run -c /out/counts
good=$(options)
[ "$before" != "$good" ] && [ -s /out/ran ] || { echo "no options: $good"; exit 1; }
[ $# != 0 ] || {
  for name in fsconfig mount fspick statfs fchdir
  do
    n=$(sed -n "s/^$name //p" /out/counts)
    for i in $(seq "${n:-0}")
    do
      set -- "$@" "$name:$i:EPERM"
    done
  done
  all=$#
}
for i
do
  one "$i"
done
[ -z "$all" ] || [ "$all" -ge 8 ] || echo "only $all calls"
