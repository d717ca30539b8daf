# tree.sh - nothing is lost: manifests before and after
# shellcheck shell=bash disable=SC2016

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
