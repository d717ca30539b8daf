# move.sh - a move by itself: nothing lost of a tree that hurts, files in use,
# what is said meanwhile (sourced, bash)
# shellcheck shell=bash
# SPDX-License-Identifier: 0BSD

# FILES is how many there are in one directory.
moved() { printf %s "ran 1 a b  c\nsame\nsix same\n$1\n"; }
FILES=100000 testing "move: ramfs root, all that hurts" \
  'rooted ramfs move-guest.sh -q' "$(moved gone)" "" ""
FILES=1000 testing "move: tmpfs root, all that hurts" \
  'rooted tmpfs move-guest.sh -q' "$(moved gone)" "" ""
FILES=1000 testing "copy first: ramfs root" \
  'rooted ramfs move-guest.sh -q -2' "$(moved kept)" "" ""
FILES=1000 testing "copy first: tmpfs root" \
  'rooted tmpfs move-guest.sh -q -2' "$(moved kept)" "" ""
FILES=1000 testing "move: ramfs to ramfs" \
  'rooted ramfs move-guest.sh -q -t ramfs' "$(moved gone)" "" ""

# One processor, so that there is one worker and the order is the same each time:
# with two, the names of a file are sometimes all done before another file of the
# same number is met.
one_cpu()
{
  taskset -cp "$(sed -n 's/^Cpus_allowed_list:[^0-9]*\([0-9]*\).*/\1/p' \
    /proc/self/status)" "$BASHPID" > /dev/null
}
testing "copy: an overlay of two file systems with the same inode numbers" \
  '(one_cpu; rooted overlay overlay-guest.sh)' "80\nran 1 \nsame\n" "" ""

# Mapped, executed, open to write, behind a loop device
for i in ramfs tmpfs
do
  testing "move: files in use, $i" "LOOP=\$(losetup -f | grep -o '[0-9]*\$') rooted $i hold-guest.sh" \
    "tree same\nloop same\nexe ran\nshared same\nprivate same\nwrite same\n" "" ""
done

testing "move: progress" 'rooted tmpfs progress-guest.sh' \
  "serial some\nterminal many\none line\nleafroot: / is a tmpfs now: N MiB in N inodes moved\nquiet \nfigures\n" "" ""
for i in ramfs tmpfs
do
  testing "survey: $i" "rooted $i survey-guest.sh" \
    "nothing changed\nran 1 \nlargest 33 MiB /big/sizes/34607105\n2\n" "" ""
done
