# options.sh - options of the command, and words of the kernel's command line
# shellcheck shell=bash disable=SC2016
# SPDX-License-Identifier: 0BSD

boot rootflags '' '
  want leaf is_leaf
  want options has nosuid noatime size=307200k nr_inodes=51200
  want sealed sealed
' cmdline='rootflags=size=300M,nr_inodes=50k,noatime,nosuid'

# With noexec no init could be run.
boot rootflags-noexec '' '
  want leaf is_leaf
  want options has nodev size=307200k
  deny noexec has noexec
' cmdline='rootflags=size=300M,noexec,nodev' \
  says='leafroot: option rootflags noexec: init could not be run, left out
leafroot: / is a tmpfs now: * moved in *'

boot rootflags-rdinit '' '
  want leaf is_leaf
  want options has nodev size=102400k nr_inodes=10240 uid=3
  same mode 700 stat -c %a /
' cmdline='rdinit=/sbin/leafroot rootflags=size=100M,mode=0700,nr_inodes=10k,nodev,uid=3'

# On a kernel that knows it this is rootfs's own option too.
boot initramfs-options '' '
  want leaf is_leaf
  want options has size=153600k
' cmdline='initramfs_options=size=150M'

boot rootflags-first '' '
  want leaf is_leaf
  want options has size=143360k
  deny mixed has nr_inodes=20480
' cmdline='initramfs_options=size=150M,nr_inodes=20k rootflags=size=140M'

boot rootfstype-ramfs '
  snap /run/before
' '
  want leaf is_leaf ramfs
  same type ramfs stat -fc %T /
  want intact intact
  want sealed sealed
' cmdline='rootfstype=ramfs'

# What a disk root would have had is no reason not to boot.
boot rootfstype-ext4 '' '
  want leaf is_leaf tmpfs
' cmdline='root=/dev/vda rootfstype=ext4' says='leafroot: *ext4*
leafroot: / is a tmpfs now:*'

boot argument-first '' '
  want leaf is_leaf
  want options has nosuid noatime size=204800k nr_inodes=30720
  same mode 711 stat -c %a /
' cmdline='rootflags=size=300M,mode=0700' \
  leaf='exec leafroot -o size=200M,noatime -o nr_inodes=30k -o mode=0711,nosuid /newroot /sbin/init'

boot type-ramfs '' '
  want leaf is_leaf ramfs
  same type ramfs stat -fc %T /
  want sealed sealed
' leaf='exec leafroot -t ramfs /newroot /sbin/init'

boot type-first '' '
  want leaf is_leaf tmpfs
  same type tmpfs stat -fc %T /
' cmdline=rootfstype=ramfs leaf='exec leafroot -t tmpfs /newroot /sbin/init'

boot console '' '
  want leaf is_leaf
  same stdin /dev/ttyS0 readlink /proc/1/fd/0
  same stdout /dev/ttyS0 readlink /proc/1/fd/1
  same stderr /dev/ttyS0 readlink /proc/1/fd/2
' leaf='exec leafroot -c /dev/ttyS0 /newroot /sbin/init'

boot dry-run "$SEEN" "$UNTOUCHED" leaf='exec leafroot -n /newroot /sbin/init' \
  says='leafroot: / holds * MiB in * inodes, the largest file * MiB: /t/busybox
leafroot: * MiB are available, the peak expected is * MiB above the tree
leafroot: plan: move / to a tmpfs on /newroot, move it over / and run /sbin/init
leafroot: plan: the new root holds * MiB, or more if the tree needs it
leafroot: plan: mounts carried over: 4; the old root is emptied and sealed'

boot off '
  snap /run/before
' '
  want rootfs is_rootfs
  same args "one two" echo "$@"
  want intact intact
' cmdline=leafroot=off says= \
  leaf='exec leafroot /newroot /sbin/init one two'

boot off-rdinit '' '
  want rootfs is_rootfs
  same args "one two" echo "$@"
' cmdline='rdinit=/sbin/leafroot leafroot=off one two' says=

boot quiet '' '
  want leaf is_leaf
' cmdline=leafroot=quiet says=

boot quiet-option '' '
  want leaf is_leaf
' leaf='exec leafroot -q /newroot /sbin/init' says=

STEPS='
  want step grep -q "^leafroot: survey: [0-9]* ms$" log
'
boot verbose '' '
  want leaf is_leaf
' cmdline=leafroot=verbose says=any judge="$STEPS"

boot verbose-option '' '
  want leaf is_leaf
' leaf='exec leafroot -v /newroot /sbin/init' says=any judge="$STEPS"

# Hanging is seen from beside: PID 1 is still leafroot after a while, in the old
# root, and the machine is not busy.
HUNG='
  (
    sleep 3
    want pid1 grep -q leafroot /proc/1/comm
    want rootfs is_rootfs
    want idle grep -q "^State:.S" /proc/1/status
    finish
  ) &
'
boot hang "$HUNG" '
  echo "=== booted BAD"
' cmdline=leafroot=hang leaf='exec leafroot /newroot /no/init' \
  says='leafroot: */no/init*
leafroot: hanging'

boot hang-option "$HUNG" '
  echo "=== booted BAD"
' leaf='exec leafroot -h /newroot /no/init' \
  says='leafroot: */no/init*
leafroot: hanging'
