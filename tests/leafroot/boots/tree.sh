# tree.sh - nothing is lost: manifests before and after
# shellcheck shell=bash disable=SC2016
# SPDX-License-Identifier: 0BSD

boot tree '
  hurt /hurt
  snap /run/before
  want much [ $(wc -l < /run/before) -gt 6000 ]
  want attributes grep -q " attr=10" /run/before
  want labels grep -q " trusted.overlay.opaque=" /run/before
' '
  want leaf is_leaf
  want intact intact
  want sealed sealed
' mem=512 cpus=2

boot tree-ramfs '
  hurt /hurt
  snap /run/before
' '
  want leaf is_leaf
  want intact intact
  want sealed sealed
' mem=512 cmdline=root=/dev/none

boot tree-to-ramfs '
  hurt /hurt
  snap /run/before
' '
  want leaf is_leaf ramfs
  want intact intact
  want sealed sealed
' mem=512 cmdline=rootfstype=ramfs

# All copied first, then freed
boot tree-copy '
  hurt /hurt
  snap /run/before
' '
  want leaf is_leaf
  want intact intact
  want sealed sealed
' mem=512 leaf='exec leafroot -2 /newroot /sbin/init' \
  says='leafroot: / is a tmpfs now: * copied in *'

# ramfs has neither attributes nor flags: that is known before anything is moved.
boot tree-no-xattrs '
  hurt /hurt
'"$SEEN" "$UNTOUCHED" mem=512 leaf='exec leafroot -t ramfs /newroot /sbin/init' \
  says='leafroot: the new root can'\''t hold the attributes of *: Not supported'
boot tree-no-flags '
  mkdir /etc/fixed
  /t/toybox chattr +i /etc/fixed
'"$SEEN" "$UNTOUCHED" leaf='exec leafroot -t ramfs /newroot /sbin/init' \
  says='leafroot: the new root can'\''t hold the flags of /etc/fixed: Not supported'
boot tree-to-ramfs-plain "$SEEN" '
  want leaf is_leaf ramfs
  want intact intact
  want sealed sealed
' leaf='exec leafroot -t ramfs /newroot /sbin/init'

# Nothing can be moved out of a root that is read-only, nor NEWROOT be made.
boot tree-read-only '
  mounts > /run/mounts
  snap /run/before
  mount -o remount,ro /
' '
  want leaf is_leaf
  want intact intact
  want mounts same_mounts
  want sealed sealed
' says='leafroot: / is a tmpfs now: * copied in *'

# The root directory itself has an owner, a mode and a time.
boot tree-root '
  chown 12:34 /
  chmod 0751 /
  touch -d "2001-02-03 04:05:06" /
  snap /run/before
' '
  same owner "12:34 751 981173106" stat -c "%u:%g %a %Y" /
  want leaf is_leaf
  want intact intact
'

# Directories in each other, 10,000 of them: more than PATH_MAX, and more
# descriptors than a process may have by default.
boot tree-deep '
  hurt /deep 10000
  manifest /deep | md5sum > /run/sum
' '
  want leaf is_leaf
  same sum "$(cat /run/sum)" sh -c "manifest /deep | md5sum"
  want sealed sealed
' limit=300

# Others change a part of it all the time.
boot tree-change '
  hurt /hurt
  mkdir /mut
  snap /run/before -x /mut
  cp /t/mutate /run
  /run/mutate 1 /mut &
  soon [ -e /mut/m4 ]
' '
  want leaf is_leaf
  killall -9 mutate
  want intact intact -x /mut
  same whole "" /run/mutate -c /mut
' cpus=2 says=any stage='install "$WORK/mutate" t/mutate'
