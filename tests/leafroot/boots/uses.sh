# uses.sh - a NEWROOT that somebody filled needs directories of the old root,
# which must not be emptied then
# shellcheck shell=bash disable=SC2016
# SPDX-License-Identifier: 0BSD

# root DIR: a small root in it
USES='
  root()
  {
    mkdir -p "$1" && cp -a /t /bin /sbin "$1" || return
    for i in proc sys dev run mnt opt; do mkdir "$1/$i"; done
  }
  data() { mkdir -p /data && echo data > /data/file; }
'
EMPTIED=' of the old root, which would be emptied (-k keeps it)'

# NEWROOT is on rootfs itself.
boot uses-newroot "$USES"'
  root /real
  mount --bind /real /real
'"$SEEN" "$UNTOUCHED" leaf='exec leafroot /real /sbin/init' \
  says="leafroot: NEWROOT /real: is /real$EMPTIED"

# An overlay whose layers are on rootfs; and by dry runs what else is refused.
boot uses-overlay "$USES"'
  says() { leafroot -n "$@" 2>&1; true; }
  insmod /t/overlay.ko
  root /low
  mkdir -p /rw/up /rw/work /new /new2 "/a,b" /bound
  echo low > /low/opt/file
  mount -t tmpfs x /new2
  root /new2
  # What is not there is no reason
  want nothing leafroot -n /new2 /sbin/init
  mkdir /new2/data
  data
  mount --bind /data /new2/data
  same bind "leafroot: mount /new2/data: is /data'"$EMPTIED"'" says /new2 /sbin/init
  want keep leafroot -n -k /old /new2 /sbin/init
  umount /new2/data
  echo file > "/a,b/c:d"
  mount -t overlay -o "lowerdir=/a\,b:/run" o /new2/data
  same comma "leafroot: mount /new2/data: has the layer /a,b'"$EMPTIED"'" \
    says /new2 /sbin/init
  umount /new2/data
  mount --bind /data/file /new2/t/lib
  want file leafroot -n /new2 /sbin/init
  umount /new2/t/lib
  mount --bind /low /bound
  mount -t overlay -o lowerdir=/bound:/new2 o /mnt
  same elsewhere "leafroot: mount /mnt: has the layer /bound'"$EMPTIED"'" \
    says /new2 /sbin/init
  umount /mnt
  mount -t overlay -o lowerdir=/low,upperdir=/rw/up,workdir=/rw/work o /new
  echo up > /new/opt/up
'"$SEEN" "$UNTOUCHED"'
    same overlay "low up" echo $(cat /new/opt/*)
' modules='loop overlay' leaf='exec leafroot /new /sbin/init' \
  says="leafroot: NEWROOT /new: has the layer /low$EMPTIED"

# With -k it is there, as the old root is.
boot uses-keep "$USES"'
  data
  mkdir /new
  mount -t tmpfs x /new
  root /new
  mkdir /new/data
  mount --bind /data /new/data
' '
  want leaf pivots
  same data data cat /data/file
  same old data cat /old/data/file
  echo more > /data/more
  same same-file more cat /old/data/more
' leaf='exec leafroot -k /old /new /sbin/init' \
  says='leafroot: / is what was on /new now'

# A file outlives its name. It is in use, so what it is on stays as big as it was.
boot uses-file "$USES"'
  data
  mkdir /new
  mount -t tmpfs x /new
  root /new
  touch /new/opt/file
  mount --bind /data/file /new/opt/file
' '
  want emptied soon emptied
  same file data cat /opt/file
' leaf='exec leafroot /new /sbin/init' says=any

# As live-boot does it: file systems that are mounted on rootfs are the layers,
# and are moved into NEWROOT before.
boot uses-moved "$USES"'
  insmod /t/overlay.ko
  mkdir -p /ro /cow /new
  mount -t tmpfs ro /ro
  root /ro/root
  echo ro > /ro/root/opt/ro
  mount -t tmpfs cow /cow
  mkdir /cow/up /cow/work
  mount -t overlay -o lowerdir=/ro/root,upperdir=/cow/up,workdir=/cow/work o /new
  mkdir -p /new/live/ro /new/live/cow
  mount --move /ro /new/live/ro
  mount --move /cow /new/live/cow
' '
  want sealed sealed
  want pivots pivots
  same ro ro cat /opt/ro
  echo rw > /opt/rw
  same rw rw cat /live/cow/up/opt/rw
' modules='loop overlay' leaf='exec leafroot /new /sbin/init' \
  says='leafroot: / is what was on /new now'
