# keep.sh - the old root kept and returned to, and roots somebody else filled
# shellcheck shell=bash disable=SC2016,SC2034
# SPDX-License-Identifier: 0BSD

# What a shutdown does: from the leaf back to the kept root, the leaf goes, and
# power off from there. It held 20 MiB, as the old root does. Back by leafroot, or
# as the shutdown of an init does it that knows of no leafroot.
BACK_LEAFROOT='BACK=1 exec leafroot /old/root /sbin/init'
BACK_HAND='
  cd /old/root
  for i in proc sys dev run; do mount --move /$i $i; done
  /t/toybox pivot_root . t/mnt
  BACK=1 exec chroot . /sbin/init
'
keep()
{
  local back=$BACK_LEAFROOT late='same late late cat /mnt/file' \
    last=$'\nleafroot: / is what was on /old/root now'

  [ "$1" != hand ] || back=$BACK_HAND last='' late='
    same late late cat /t/mnt/mnt/file
    want umount-late umount /t/mnt/mnt
    want umount-leaf umount /t/mnt'
  boot "keep-$1" '
    dd if=/dev/zero of=/opt/big bs=1M count=20 2> /dev/null
    echo old > /opt/which
    kept
  ' '
    if [ -z "$BACK" ]
    then
      want leaf is_leaf
      same both "old old" echo $(cat /opt/which /old/root/opt/which)
      want kept-whole [ -e /old/root/t/lib ]
      deny kept-bare [ -e /old/root/proc/self ]
      deny two-trees freed
      echo new > /opt/which
      echo more > /old/root/opt/kept
      mount -t tmpfs late /mnt
      echo late > /mnt/file
      root > /run/root
      '"$back"'
    fi
    same which old cat /opt/which
    same kept more cat /opt/kept
    deny same-root [ "$(root)" = "$(cat /run/root)" ]
    '"$late"'
    deny leaf-mounted grep -q " - tmpfs leafroot " /proc/self/mountinfo
    want proc [ -d /proc/self ]
    want leaf-freed soon freed
    freed
  ' says="leafroot: / is a tmpfs now: * copied in *$last" "${@:2}" judge='
    same power-off "reboot: Power down" sh -c "tail -n 1 log | sed \"s/.*] //\""
  '
}
keep 6.1 leaf='exec leafroot -k /old/root /newroot /sbin/init'
keep cmdline cmdline='leafroot=keep=/old/root rootflags=noatime'
keep ramfs leaf='exec leafroot -k /old/root /newroot /sbin/init' \
  cmdline=root=/dev/none
keep hand leaf='exec leafroot -k /old/root /newroot /sbin/init'
on sid keep sid leaf='exec leafroot -f -k /old/root /newroot /sbin/init'

# NEWROOT is mounted and filled: leafroot is a switch_root. Its own mounts stay.
FILL='
  fill()
  {
    for i in proc sys dev run own opt tmp; do mkdir /newroot/$i; done
    cp -a /t /bin /sbin /newroot && echo theirs > /newroot/which &&
      mount -t tmpfs own /newroot/own && echo own > /newroot/own/file
  }
  disk()
  {
    insmod /t/loop.ko
    dd if=/dev/zero of=/run/disk bs=1M count=12 2> /dev/null
    mke2fs -F /run/disk > /dev/null
    mount -t ext4 -o loop /run/disk /newroot
  }
  mkdir /newroot
  echo ours > /which
'
TAKEN='
  fstype() { root | sed "s/.* - //" | cut -d " " -f 1; }
  source_of() { root | sed "s/.* - //" | cut -d " " -f 2; }
  want sealed sealed
  want pivots pivots
  deny rootfs is_rootfs
  same which theirs cat /which
  same own own cat /own/file
  same own-mount "tmpfs / rw,relatime" mounted /own
  want dev [ -c /dev/ttyS0 ]
  want run [ -e /run/ours ]
  same proc 1 grep -c " /proc " /proc/self/mountinfo
'
filled()
{
  boot "filled-$1" "$FILL$2"'
    touch /run/ours
  ' "$TAKEN$3" says='leafroot: / is what was on /newroot now' "${@:4}"
}
filled tmpfs '
  mount -t tmpfs -o size=40M mine /newroot
  fill
  # Its own symlinks lead to itself
  mkdir -p /newroot/srv /newroot/var /var/lib/x
  ln -s /srv /newroot/var/lib
  mount -t tmpfs x /var/lib/x
  kept
' '
  same linked "tmpfs / rw,relatime" mounted /srv/x
  same source "mine" source_of
  want size has size=40960k
  want freed freed
' leaf='exec leafroot /newroot /sbin/init'
filled disk 'disk
  fill
' '
  same type ext4 fstype
  want write touch /file
'
filled disk-ro 'disk
  fill
  mount -o remount,ro /newroot
  # It has no directory for the one, and a mount of its own for the other
  mkdir /lost /own
  mount -t tmpfs lost /lost && mount -t tmpfs ours /own
' '
  same type ext4 fstype
  deny write touch /file
' says='leafroot: /lost is unmounted: the new root has no place for it
leafroot: / is what was on /newroot now'

# The switch to it fails, after all else was done: what was carried over is back,
# the old root that was kept is mounted nowhere else, and "/" is shared again.
UNDONE='
  want injected [ -s /run/injected ]
  want rootfs is_rootfs
  want intact intact
  want mounts same_mounts
  shared() { grep -q " / / .* shared:[0-9]* - " /proc/self/mountinfo; }
'
FAILS="leafroot: process * (inject) stays on the old root with *
leafroot: switching to the new root: Invalid argument"
boot undo-filled-keep "$FILL"'
  mount -t tmpfs -o size=40M mine /newroot
  fill
  mkdir /newroot/old /priv
  touch /run/ours
  mount --make-shared /
  mount -t tmpfs priv /priv
  mount --make-private /priv
  mounts > /run/mounts
  snap /run/before
' "$UNDONE"'
  deny kept mountpoint -q /newroot/old
' leaf='exec inject move_mount:13:EINVAL /sbin/leafroot -k /old /newroot /sbin/init 9> /run/injected' \
  says="$FAILS"
boot undo-filled-shared "$FILL"'
  mount -t tmpfs -o size=40M mine /newroot
  fill
  umount /newroot/own
  mount --make-shared /
  umount /proc /sys
  umount -l /dev
  umount -l /run
' '
  mount -t proc proc /proc
  want rootfs is_rootfs
  shared() { grep -q " / / .* shared:[0-9]* - " /proc/self/mountinfo; }
  want shared shared
  want says grep -q "switching to the new root: Invalid argument" /said
' leaf='exec inject move_mount:1:EINVAL /sbin/leafroot /newroot /sbin/init 2> /said 9> /injected' \
  says= stage='touch t/bare'

# The kernel's own way to a root: it mounts a disk, and no init of ours has run.
# That is a leaf: it is given the options, no more. Then with -f into memory: the
# disk is in use no more, and can be taken out. The machine that lent it compares
# each byte.
DISK='
  "$NEED" mke2fs=e2fsprogs &&
    cp "$HERE/guest/escape-guest.sh" t/escape-lib && mkdir ../root &&
    cp -a "$WORK"/small/. "$WORK"/kit/t . ../root &&
    mke2fs -qF -t ext4 -b 4096 -d ../root ../disk 32M > /dev/null && rm -r ../root &&
    cd .. && sha256sum disk > disk.sum
'
DISK_IS='
  . /t/escape-lib
  disk_is() { root | sed "s/.* - //"; }
  if [ -z "$STEP" ]
  then
    same type "ext4 /dev/root ro" disk_is
  fi
'
disk_boot()
{
  boot "disk-$1" '' "$DISK_IS$2" disk=disk stage="$DISK" \
    cmdline='rdinit=/none root=/dev/nvme0n1 ro init=/sbin/init' "${@:3}"
}
disk_root()
{
  disk_boot "$1" '
    case "$STEP" in
      "")
        mount -t sysfs sys /sys
        mount -t tmpfs -o mode=755 run /run
        same probe "0 leafroot: pivot_root works here" probe
        root > /run/root
        snap /run/before
        STEP=1 exec leafroot -o ro,noatime,errors=panic /newroot /sbin/init ;;
      1)
        same same-root "$(cut -d " " -f 1-5 /run/root)" sh -c ". /t/lib; root | cut -d \" \" -f 1-5"
        want options has ro noatime
        same super "ext4 /dev/root ro,errors=panic" disk_is
        STEP=2 exec leafroot -f /newroot /sbin/init ;;
    esac
    want leaf is_leaf
    want intact intact
    want released soon [ ! -e /sys/fs/ext4/nvme0n1 ]
    echo 1 > /sys/class/nvme/nvme0/device/remove
    want gone soon [ ! -e /sys/class/nvme/nvme0 ]
    want still-there intact
    want write touch /file
  ' says='leafroot: / is a tmpfs now: * copied in *' \
    judge='want untouched sha256sum -c disk.sum'
}
# With -o rw the disk can be written to, as by mount -o remount,rw.
disk_rw()
{
  disk_boot "rw-$1" '
    [ -n "$STEP" ] || STEP=1 exec leafroot -o rw /newroot /sbin/init
    same super "ext4 /dev/root rw" disk_is
    want options has rw
    want write touch /file
    sync
  ' says= judge='deny untouched sha256sum -c disk.sum'
}
disk_root 6.1
disk_rw 6.1
disk_boot refused '
  if [ -z "$STEP" ]
  then
    want protect blockdev --setro /dev/nvme0n1
    STEP=1 exec leafroot -o rw /newroot /sbin/init
  fi
  same super "ext4 /dev/root ro" disk_is
  deny write touch /file
' says='leafroot: remounting /: *' judge='want untouched sha256sum -c disk.sum'
on sid disk_root sid
on sid disk_rw sid

# A disk root into memory (toram): the disk is unmounted and as it was, whether
# it could be written or not.
toram()
{
  boot "toram-$1" "$FILL"'
    disk
    fill
    umount /newroot/own
    '"$2"'
    touch /run/ours
  ' '
    if [ -z "$TORAM" ]
    then
      grep -q " / / .* - ext4 " /proc/self/mountinfo || echo "=== not on disk BAD"
      sync
      snap /run/before
      [ '"$1"' = rw ] || sha256sum /run/disk > /run/sum
      TORAM=1 exec leafroot -f /newroot /sbin/init
    fi
    # The disk holds what it held, whatever happens in memory.
    whole()
    {
      mount -t ext4 -o loop,ro /run/disk /t/mnt &&
        manifest -bt /dev/console /t/mnt > /run/disk.now && umount /t/mnt &&
        diff /run/before /run/disk.now
    }
    want leaf is_leaf
    want sealed sealed
    want intact intact
    want write rm -f /which
    want no-loop soon [ ! -e /sys/block/loop0/loop/backing_file ]
    want checksum sh -c "[ ! -e /run/sum ] || sha256sum -c /run/sum"
    want disk-whole whole
  ' says='leafroot: / is what was on /newroot now
leafroot: / is a tmpfs now: * copied in *' leaf='exec leafroot /newroot /sbin/init'
}
toram rw ''
toram ro 'mount -o remount,ro /newroot'

# An initrd of the old kind, as the kernel leaves one: ext2 on a RAM disk, with
# rootfs below it. (No kernel of Debian still has RAM disks built in.) With -f
# its memory can be given back.
boot initrd "$FILL"'
  kept
  insmod /t/brd.ko rd_nr=1 rd_size=12288
  mke2fs -F /dev/ram0 > /dev/null
  touch /run/ours
  mount -t ext2 /dev/ram0 /newroot
  fill
  umount /newroot/own
' '
  if [ -z "$INITRD" ]
  then
    type_of() { root | sed "s/.* - //; s/ r[ow].*//"; }
    same type "ext2 /dev/ram0" type_of
    want pivots pivots
    want sealed sealed
    sync
    snap /run/before
    INITRD=1 exec leafroot -f /newroot /sbin/init
  fi
  want leaf is_leaf
  want intact intact
  want released soon rmmod brd
  want freed soon freed
  freed
' says='leafroot: / is what was on /newroot now
leafroot: / is a tmpfs now: * copied in *' modules='loop brd'

# A root that is a directory of its file system, as a subvolume is: a mount of
# another directory of that is none of the root.
boot filled-subdir "$FILL"'
  touch /run/ours
  mount -t tmpfs t /mnt
  mkdir -p /mnt/r /mnt/data
  echo data > /mnt/data/file
  mount --bind /mnt/r /newroot
  fill
  umount /newroot/own
  mkdir /newroot/data
  mount --bind /mnt/data /newroot/data
  mount -t tmpfs own /newroot/own
  echo own > /newroot/own/file
  umount -l /mnt
' '
  if [ -z "$SUB" ]
  then
    want sealed sealed
    SUB=1 exec leafroot -f /new /sbin/init
  fi
  want leaf is_leaf
  want which [ "$(cat /which)" = theirs ]
  same data data cat /data/file
' says='leafroot: / is what was on /newroot now
leafroot: / is a tmpfs now: * moved in *'

# Any other leaf: -f moves it to a new one, and the old one is gone.
boot leaf-f '
  dd if=/dev/zero of=/opt/big bs=1M count=20 2> /dev/null
  snap /run/before
  kept
' '
  if [ -z "$SECOND" ]
  then
    root > /run/root
    SECOND=1 exec leafroot -f -o size=90M,noatime /newroot /sbin/init
  fi
  want leaf is_leaf
  want options has size=92160k noatime
  deny same-leaf [ "$(root)" = "$(cat /run/root)" ]
  want intact intact
  want sealed sealed
  want freed soon freed
  freed
' says='leafroot: / is a tmpfs now: * moved in *
leafroot: / is a tmpfs now: * moved in *'
