# undo.sh - a move that fails half-way, at every kind of system call it makes
# (sourced, bash)
# shellcheck shell=bash
#
# Each name is made to fail at the first UNDO_ROUNDS of its calls or, with
# UNDO_SEED, at that many drawn by it. UNDO_CASES='NAME:N:ERROR...' repeats.
# SPDX-License-Identifier: 0BSD

# The cases for the counts on stdin: of each call the first N, or all if they are
# few and about mounts; with -u only what is about mounts, as the rest is a copy
# like any other
undo_cases()
{
  local name count i most error=(EIO ENOMEM ENOSPC EINVAL)

  while read -r name count
  do
    # The C library's own beginning; what ends or waits; init itself
    case "$name" in execve|wait4|pause|rt_sig*|getpid|umask|brk|get?id|mprotect) continue ;; esac
    case "$2 $name" in
      *" mount"|*" umount2") most=$count ;;
      -u\ *mount|-u\ open*[e2]|-u\ fs[cop]*|-u\ ch*|-u\ pivot_root|-u\ unshare|-u\ clone)
        most=$count ;;
      -u\ *) continue ;;
      *) most=$1 ;;
    esac
    for ((i = 1; i <= count && i <= most; i++))
    do
      [ -n "$UNDO_DRAW" ] && [ "$count" -gt "$most" ] &&
        echo "$name:$((RANDOM*32768%count+RANDOM%count+1)):${error[RANDOM%3]}" ||
        echo "$name:$i:${error[RANDOM%3]}"
    done
  done
}

# undo FS [-u]: what was bad, in one line each, and how many were tried
undo()
{
  local cases i n=0 bad=0 never=0 line

  RANDOM=$UNDO_SEED
  rooted "$1" undo-guest.sh "${@:2}" > counts 2>&1 || { cat counts; return; }
  mapfile -t cases < <(undo_cases "$UNDO_ROUNDS" "$2" < <(sed 1d counts))
  [ -z "$UNDO_CASES" ] || read -ra cases <<< "$UNDO_CASES"
  : > "$WORK/undo-$1$2"
  while [ "$n" -lt ${#cases[@]} ]
  do
    # A bad one ends the guest: the others get a new root
    while IFS= read -r line
    do
      echo "$line" >> "$WORK/undo-$1$2"
      case "$line" in
        "${cases[n]} BAD "*) bad=$((bad+1)); echo "${line:0:300}" ;;
        "${cases[n]} never "*) never=$((never+1)) ;;
        "${cases[n]} "*) ;;
        *) echo "${line:0:160}"; continue ;;
      esac
      n=$((n+1))
    done < <(rooted "$1" undo-guest.sh "${@:2}" "${cases[@]:n}" 2>&1)
    [ "$n" = "$i" ] && { echo "no result: ${cases[n]}"; n=$((n+1)); bad=$((bad+1)); }
    i=$n
  done
  [ "$bad" = 0 ] || echo "UNDO_SEED=$UNDO_SEED: $bad of $n bad"
  [ $((n-never)) -gt 40 ] && echo "many" || echo "$n, of which $never were not called"
}

# Other errors than those of a call: real ones
# shellcheck disable=SC2034
for i in tmpfs ramfs "tmpfs -u"
do
  testing "undo: calls of a move fail, $i root" \
    "UNDO_DRAW=\$UNDO_SEED UNDO_SEED=\${UNDO_SEED:-1} UNDO_ROUNDS=\${UNDO_ROUNDS:-1} undo $i" "many\n" "" ""
done
testing "undo: a signal, no space, no inodes, no way back" 'rooted tmpfs full-guest.sh' \
  "$(printf '%s\\n' 'term: filling the new root: Interrupted system call' \
  'term same' 'again 1' 'again same' 'space: No space left on device' 'space same' \
  'inodes: No space left on device' 'inodes same' \
  'both: says so, nothing lost')" "" ""
testing "undo: signals between the changes" 'rooted tmpfs signal-guest.sh' \
  "$(printf "%s 1: filling the new root: Interrupted system call\\n" QUIT ALRM USR1 37)
PIPE: ran
pipe: ran
x write:9 1: /out/a.cpio: unpacking the archive: Interrupted system call
x fsconfig:9 1: stopped by a signal
x move_mount:1 1: stopped by a signal
x pivot_root:1: ran\n" "" ""
testing "undo: what a move has freed is taken by others" \
  'rooted tmpfs,size=100M taken-guest.sh' "$(printf '%s\n' 'init ran' \
  'leafroot: filling the new root: Interrupted system call' \
  'leafroot: copying /big: No space left on device' \
  'leafroot: not all is back: the rest stays on /newroot')\n" "" ""
# A root that stays, and gets options: if that fails it has its old ones, all of
# them. (The first fsconfig() is for a procfs, which can be had in another way.)
testing "undo: a root that stays has its old options, each call fails" \
  'rooted tmpfs remount-guest.sh | grep "^fsconfig\|^mount\|BAD\|never\|only"' \
  "fsconfig:1:EPERM done: \n\
fsconfig:2:EPERM back: leafroot: option -o size=10M: Operation not permitted|\n\
fsconfig:3:EPERM back: leafroot: option -o nr_inodes=2k: Operation not permitted|\n\
fsconfig:4:EPERM back: leafroot: remounting /: Operation not permitted|\n\
mount:1:EPERM back: leafroot: remounting /: Operation not permitted|\n" "" ""
