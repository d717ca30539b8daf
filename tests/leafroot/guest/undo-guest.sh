# undo-guest.sh [-u] [CASE...] - make one system call of a move fail, as CASE says to
# inject, and see that nothing is lost (busybox sh, on a rooted() root)
# shellcheck shell=dash disable=SC1091
#
# As PID 1, leafroot runs init whatever happens, and then the root is either the
# new one or the old one, and the tree and its mounts are the same. One line for
# each CASE: "back" or "done" and what leafroot said, or "BAD" and why; with that
# it ends. Without a CASE: how often the move makes each call. With -u it's not
# PID 1, what is made is a root for a process tree, and outside all stays.
# SPDX-License-Identifier: 0BSD

. /etc/lib

type=$(awk '$5 == "/" { t = $(NF-2) } END { print t }' /proc/self/mountinfo)
move="/bin/leafroot -q -f -t $type /newroot /sbin/init"
u=''
if [ "$1" = -u ]
then
  shift
  u=1
  move="/bin/leafroot -qu -t $type /newroot /sbin/init"
fi

# Small, but everything is there once: pieces, links, holes, attributes
hurt /hurt small && hurt-big /big small || exit 1
mkdir -p /a/b /c && mount -t tmpfs one /a/b && mount -t tmpfs two /c &&
  mkdir /c/d && mount --bind /hurt/names /c/d && mount --make-shared /c || exit 1
snap before

one()
{
  id=$(root_id) why='' what=back
  rm -f /out/ran /out/err
  # shellcheck disable=SC2086
  if [ -n "$u" ]
  then
    timeout 20 inject "$@" $move < /dev/null 2> /out/err 9> /out/injected
    rc=$?
    [ -s /out/ran ] && what='done' || [ "$rc" = 1 ] || why="$rc, "
  else
    LIMIT=20 pid1 inject "$@" $move < /dev/null
    rc=$?
    [ -s /out/ran ] || why="init did not run ($rc), "
  fi
  snap after
  [ "$(root_id)" = "$id" ] || what='done'
  case "$what $(grep -c '^leafroot: ' /out/err)" in
    back\ 1|done\ [01]) ;;
    *) why="$why$(grep -c . /out/err) lines, " ;;
  esac
  [ ! -e /newroot ] || why="$why/newroot is left, "
  same before after > /out/diff || why="${why}not the same, "
  [ -s /out/injected ] || [ "$1" = -c ] || what="never $what"
  [ -z "$why" ] || what="BAD $what: ${why%, }"
  echo "$1 $what: $(said | tr '\n' '|')"
  [ -n "$why" ] || return 0
  head -n 12 /out/diff
  exit 1
}

if [ $# = 0 ]
then
  one -c /out/counts
  cat /out/counts
fi
for i
do
  one "$i"
done
