# kernels.sh - whatever the kernel has a say in, on every kernel
# shellcheck shell=bash disable=SC2016,SC2034,SC2153
#
# One boot on tmpfs and one on ramfs for each kernel with true rootfs; three for
# each from 7.0 on. KERNELS is a list for scripts/kernel.sh.
# SPDX-License-Identifier: 0BSD

# What escape.c and its part of the machine's scripts need, in a boot's stage.
ESCAPE_STAGE='cp "$WORK/escape" t && echo secret > SECRET &&
  cp "$HERE/guest/escape-guest.sh" t/escape-lib'

EVERY='
  . /t/escape-lib
  mkdir -p /a /src /dst /s /run/here
  mount -t tmpfs A /a
  mkdir /a/b
  mount -t tmpfs B /a/b
  echo deep > /a/b/x
  mount -t tmpfs one /s
  mount -t tmpfs -o ro,noexec two /s
  mount --bind /src /dst
  mount -o remount,bind,nosuid /dst
  mounts > /run/mounts
  root > /run/root
'
# On a leaf, or where it is as good as that
WORKS='
  want pivot pivots
  same probe "0 leafroot: pivot_root works here" probe
  want user-ns unshare -U true
  want user-pivot unshare -r sh -c ". /t/lib; pivots"
  want nsenter unshare -m nsenter -t 1 -m sh -c ". /t/lib; pivots"
  want mountpoint /t/toybox mountpoint -q /
  root | cut -d " " -f 1 > /run/here/root
  same core-helper handled core_helper
  same modprobe-helper "fs-nosuchfs handled" modprobe_helper
'
BEFORE="$EVERY"'
  deny pivot-before pivots
  same probe-before "1 leafroot: / has no parent mount" probe
  want escape-move row before move "reads the host'\''s files, mkdir works, file works"
  want escape-pivot row before pivot "pivot_root: Invalid argument"
  want escape-bind row before bind "reads the host'\''s files, mkdir works, file works"
  same talk-move "from the other" talk move move
  same talk-bind "from the other" talk bind bind
  rm -f /letter
  same leak-move busy leak move
  same leak-net-move busy leak_net move
  snap /run/before
'
# The second leafroot finds a leaf: it gives it the options, and that is all.
AFTER='
  . /t/escape-lib
  if [ -z "$SECOND" ]
  then
    want leaf is_leaf
    want sealed sealed
    want says-sealed soon grep -q "^leafroot: old root emptied and sealed in [0-9]* ms$" /run/said
    want says-moved grep -q "^leafroot: / is a tmpfs now: .* moved in [0-9]* ms$" /run/said
    want options has nosuid size=153600k nr_inodes=20480
    want intact intact
    want mounts same_mounts
    want escape-after-move row after move "reads the host'\''s files, mkdir works, file works"
    want escape-after-pivot row after pivot "empty, nothing can be written"
    deny talk-after talk pivot pivot
    same leak-after free leak pivot
    same leak-after-move busy leak move
    same leak-net-after free leak_net pivot
    same seal "$SEAL" escape pivot seal
    '"$WORKS"'
    root > /run/root
    SECOND=1 exec leafroot -o noatime,size=100M /newroot /sbin/init
  fi
  want again-options has noatime size=102400k nr_inodes=20480
  want again-same [ "$(root | cut -d " " -f 1-5)" = "$(cut -d " " -f 1-5 /run/root)" ]
  want again-fast fast
  echo "--- $o"
'
# A leafroot that has nothing to do takes less than 10 ms (table.sh measures that
# where nothing is emulated). Here: less than ten times what starting "true" takes,
# 20 of each, the best of five, as the host has more to do.
FAST='
  many() { for i in $(seq 20); do "$@" || return 1; done; }
  ticks() { tr -d . < /proc/uptime | cut -d " " -f 1; }
  # least VARIABLE COMMAND: the least time in 1/100 s
  least()
  {
    v=$1 && shift
    start=$(ticks)
    many "$@" || return 1
    took=$(($(ticks)-start))
    eval "[ \$$v -le $took ] || $v=$took"
  }
  fast()
  {
    with=9999 without=9999
    for j in 1 2 3 4 5
    do
      least with leafroot /n /t/bin/true && least without /t/bin/true || return 1
    done
    echo "20 in $with/100 s, of that $without without leafroot"
    [ $((with-without)) -lt $((10*without)) ]
  }
'

# Each layer of the seal by itself. Who may remount a ramfs can write to it.
SEAL_TMPFS='SEAL="ro nosuid nodev noexec 1 inodes, 1 pages,\
 mount opened: Read-only file system, superblock opened: No space left on device"
'
SEAL_RAMFS='SEAL="ro nosuid nodev noexec 0 inodes, 0 pages,\
 mount opened: Read-only file system, superblock opened: writable"
'
SAID='exec leafroot -v /newroot /sbin/init 2> /run/said'
rootfs_kernel()
{
  boot "kernel-$1-tmpfs" "$BEFORE" "$SEAL_TMPFS$FAST$AFTER" stage="$ESCAPE_STAGE" \
    leaf="$SAID" says= \
    cmdline='rootflags=size=150M,nosuid,nr_inodes=20k'
  boot "kernel-$1-ramfs" "$BEFORE" "$SEAL_RAMFS$FAST$AFTER" stage="$ESCAPE_STAGE" \
    leaf="$SAID" says= \
    cmdline='root=/dev/none rootflags=size=150M,nosuid,nr_inodes=20k'
}

# From 7.0 on "/" can be pivoted from as it is.
nullfs_kernel()
{
  boot "kernel-$1-stays" "$EVERY"'
    row before move x
    want escape-pivot row before pivot "empty, nothing can be written"
    snap /run/before
  ' '
    . /t/escape-lib
    want same-root [ "$(root | cut -d " " -f 1-5)" = "$(cut -d " " -f 1-5 /run/root)" ]
    want still-rootfs grep -q " / / .* - rootfs " /proc/self/mountinfo
    want options has nosuid size=153600k nr_inodes=20480
    same stdin /dev/ttyS0 readlink /proc/1/fd/0
    want intact intact
    want mounts same_mounts
    deny talk talk pivot pivot
    same leak free leak pivot
    same leak-net free leak_net pivot
    same leak-net-move busy leak_net move
    '"$FAST$WORKS"'
    want fast fast
    echo "--- $o"
  ' stage="$ESCAPE_STAGE" says= cmdline='rootflags=size=150M,nosuid,nr_inodes=20k' \
    leaf='exec leafroot -c /dev/ttyS0 /newroot /sbin/init'
  boot "kernel-$1-f" "$EVERY"'
    snap /run/before
    kept
  ' '
    . /t/escape-lib
    want leaf is_leaf
    want options has nosuid size=153600k nr_inodes=20480
    want intact intact
    want mounts same_mounts
    want escape-pivot row after-f pivot "empty, nothing can be written"
    want freed soon freed
    '"$WORKS" stage="$ESCAPE_STAGE" leaf='exec leafroot -f /newroot /sbin/init' \
    cmdline='rootflags=size=150M,nosuid,nr_inodes=20k'
  boot "kernel-$1-ramfs-f" "$EVERY"'
    same type ramfs stat -fc %T /
    snap /run/before
  ' '
    want leaf is_leaf tmpfs
    want intact intact
    want mounts same_mounts
  ' stage="$ESCAPE_STAGE" leaf='exec leafroot -f /newroot /sbin/init' \
    cmdline=root=/dev/none
}

for i in ${KERNELS:-5.10 6.1 6.12 6.18}
do
  on "$i" rootfs_kernel "$i"
done
for i in ${NULLFS_KERNELS:-sid experimental}
do
  on "$i" nullfs_kernel "$i"
done

# What is not there is no reason to go on without it, nor to end the others.
no_kernel()
{
  (
    ASKED=('*')
    BOOTS=()
    on 99.9 boot no-kernel '' '' && boot_ready no-kernel && boot_result no-kernel
  ) 6> /dev/null | cut -d : -f 1-3
}
kernels_judge()
{
  testing "a kernel that cannot be had fails its own boot" no_kernel \
    "not booted: kernel.sh: no cloud kernel 99.9 in\n" "" ""
}
