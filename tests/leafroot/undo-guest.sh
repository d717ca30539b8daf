# undo-guest.sh SEED ROUNDS - make system calls of a move fail, one at a time,
# and see that nothing is lost (busybox sh, on a rooted() root)
# shellcheck shell=dash disable=SC1091
#
# Which calls is counted first, in a run without a failure: each of the names is
# made to fail at every one of its calls where there are few, else ROUNDS times
# between the first and the last. As PID 1, leafroot runs init whatever happens,
# and then the root is either the new one or the old one, and the tree and its
# mounts are the same.

. /etc/lib

type=$(stat -f -c %T /)
case "$type" in tmpfs) ;; *) type=ramfs ;; esac

# Small, but everything is there once: pieces, links, holes, attributes
hurt /hurt && rm -rf /hurt/deep /hurt/wide && hurt-big /big 50 || exit 1
rm -rf /big/six /big/holes /big/sizes/4* /big/sizes/167* /big/sizes/append \
  /big/sizes/fixed* /big/sizes/suid /big/links/[1-4]* /big/long 2> /dev/null
mkdir -p /a/b /c && mount -t tmpfs one /a/b && mount -t tmpfs two /c &&
  mkdir /c/d && mount --bind /hurt/names /c/d && mount --make-shared /c

move="leafroot -q -f -t $type /newroot /sbin/init"

# What a number in sequence gives; busybox awk's rand() has no seed of its own
seed=$1
random() { seed=$(((seed*1103515245+12345)&0x7fffffff)); n=$((seed/65536%$1+1)); }

snap before
pid1 inject -c /out/counts leafroot -q -f -t "$type" /newroot /sbin/init
snap after
same before after || { echo "not the same without a failure"; cat /out/err; exit 1; }
[ -s /out/counts ] && [ "$(cat /out/ran)" ] || { echo "no counts"; exit 1; }
[ -z "$COUNTS" ] || cat /out/counts

fails=0 runs=0 done=0 back=0
one()
{
  id=$(root_id)
  rm -f /out/ran /out/err
  # shellcheck disable=SC2086
  pid1 inject "$@" $move < /dev/null
  rc=$?
  [ -s /out/injected ] || return
  runs=$((runs+1)) why=
  snap after
  [ -s /out/ran ] || why="init did not run ($rc)"
  [ "$(root_id)" = "$id" ] && back=$((back+1)) lines=1 ||
    { done=$((done+1)) lines="0 1"; }
  n=$(grep -c . /out/err)
  case " $lines " in *" $n "*) ;; *) why="$why, $n lines" ;; esac
  [ ! -e /newroot ] || why="$why, /newroot left"
  d=$(same before after) || why="$why, not the same"
  [ -n "$why" ] || return
  fails=$((fails+1))
  echo "$*:${why#,}: $(said | tr '\n' '|')"
  echo "$d" | head -n "${LINES_SHOWN:-6}"

  # From here on that is what there is
  umount -l /newroot 2> /dev/null
  rmdir /newroot 2> /dev/null
  snap before
}

errors="EIO ENOMEM ENOSPC"
while read -r name count
do
  case "$name" in execve|wait4|pause|rt_sigtimedwait) continue ;; esac
  [ -z "$ONLY" ] || [ "$ONLY" = "$name" ] || continue
  i=0
  while [ "$i" -lt "$count" ] && [ "$i" -lt "$2" ]
  do
    i=$((i+1)) at=$i
    [ "$count" -le "$2" ] || { random "$count"; at=$n; }
    random 3
    # shellcheck disable=SC2086
    one "$name:$at:$(set -- $errors; eval echo \$$n)"
  done
done < /out/counts
echo "$runs failures of $(grep -c . /out/counts) calls: $back back, $done done, seed $1" > /out/sum
[ -z "$TIMES" ] || cat /out/sum
echo "$fails bad"
[ "$fails" = 0 ] || echo "seed $1"
