# rooted-lib.sh - what the scripts on a rooted() root share (busybox sh)
# shellcheck shell=dash disable=SC2086,SC3045
# SPDX-License-Identifier: 0BSD

PATH=/bin:/sbin
for i in $(/bin/busybox --list)
do
  [ -e "/bin/$i" ] || /bin/busybox ln -s busybox "/bin/$i"
done

# The id of the root's mount, which is another one after a move
root_id() { awk '$5 == "/" { id = $1 } END { print id }' /proc/self/mountinfo; }

# Every mount but the root: path, root, options, type
mounts() { awk '$5 != "/" { print $5, $4, $6, $(NF-2) }' /proc/self/mountinfo | sort; }

snap() { manifest -b / > "/out/$1" && mounts > "/out/$1.mounts"; }

[ -p /out/never ] || mkfifo /out/never
exec 8<> /out/never

# As PID 1 of a pid namespace, on this mount namespace: [inject ...] leafroot ...
# Descriptor 9 is where inject tells. What hangs is ended (137), by who needs no
# program for it: they are being moved.
pid1()
{
  unshare -pf "$@" 2> /out/err 9> /out/injected &
  u=$!
  {
    read -rt "${LIMIT:-60}" c <&8
    read -r c < "/proc/$u/task/$u/children"
    kill -9 $c
  } 2>&- &
  w=$!
  wait "$u"
  rc=$?
  kill "$w"
  return "$rc"
}

# same A B: two snapshots are the same, or the difference
same()
{
  cmp -s "/out/$1" "/out/$2" && cmp -s "/out/$1.mounts" "/out/$2.mounts" && return
  { diff "/out/$1" "/out/$2"; diff "/out/$1.mounts" "/out/$2.mounts"; } |
    cut -c 1-160 | head -n 20
  return 1
}

# What leafroot said, but for progress and times
said() { sed "s/ in [0-9]* ms$//; / s left$/d" /out/err | cut -c 1-300; }
