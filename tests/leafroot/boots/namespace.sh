# namespace.sh - -p, which only looks, and -u, a root for a process tree
# shellcheck shell=bash disable=SC2016,SC2034
# SPDX-License-Identifier: 0BSD

USER_STAGE='mkdir -p etc home && echo "root:x:0:0::/:/t/bin/sh
user:x:1000:1000::/:/t/bin/sh" > etc/passwd && 
  cp "$HERE/guest/escape-guest.sh" t/escape-lib'

PROBE='
  . /t/escape-lib
  # As a script uses it
  if_probe() { if leafroot -p > /run/probe 2>&1; then echo yes; else echo no; fi; }
  as_user() { su user -c "PATH=$PATH; . /t/escape-lib; $1"; }
  in_chroot()
  {
    mkdir -p /c && { [ -d /c/t ] || cp -a /t /c; } && mkdir -p /c/proc && mount --bind /proc /c/proc &&
      chroot /c /t/bin/sh -c ". /t/escape-lib; ${1:-probe}"
    umount /c/proc
  }
'
boot probe "$PROBE"'
  snap /run/before
  mounts > /run/mounts
  same rootfs "1 leafroot: / has no parent mount" probe
  same rootfs-user "1 leafroot: / has no parent mount" as_user probe
  same rootfs-if no if_probe
  same rootfs-pivot "Invalid argument" cannot_pivot
  want intact intact
  want mounts same_mounts
  same rootfs-chroot "1 leafroot: / is a chroot" in_chroot
' "$PROBE"'
  same leaf "0 leafroot: pivot_root works here" probe
  same leaf-if yes if_probe
  want leaf-pivot pivots
  same quiet "" leafroot -pq
  same user "1 leafroot: no privilege" as_user probe
  same user-pivot "Operation not permitted" as_user "pivot_root / /opt 2>&1 | sed \"s/.*: //\""
  same user-root "0 leafroot: pivot_root works here" as_user "unshare -r sh -c \". /t/escape-lib; probe\""
  same chroot "1 leafroot: / is a chroot" in_chroot
  same chroot-pivot "Invalid argument" in_chroot cannot_pivot
  mount --make-shared /
  same shared "1 leafroot: / is shared" probe
  same shared-if no if_probe
  same shared-pivot "Invalid argument" cannot_pivot
  mount --make-private /
  same again "0 leafroot: pivot_root works here" probe
  umount /proc
  same no-proc "0 leafroot: pivot_root works here" probe
  mount -t proc proc /proc
' stage="$USER_STAGE"

# -u from rootfs and from a leaf, by copying and from an archive, for root and
# for a user without privilege. What runs in it is /t/inside.
INSIDE='
  cat > /t/inside << "EOF"
#!/t/bin/sh
. /t/lib
is_leaf || exit 1
df_leaf || echo "df?"
[ "$(cat /opt/file)" = "${1:-copied}" ] || echo "no ${1:-copied}"
[ -d /proc/self ] && [ -c /dev/null ] && [ -e /run/ours ] || echo "mounts missing"
touch /made-inside && echo inside > /opt/file || echo "not writable"
mount -t tmpfs inside /mnt || echo "no mount"
unshare -U true || echo "no user namespace"
echo done in $(id -u)
EOF
  chmod 755 /t/inside
  # As a script uses it
  if_probe() { if leafroot -p > /run/probe 2>&1; then echo yes; else echo no; fi; }
  as_user() { su user -c "PATH=$PATH; $1" 2>&1; }
  u() { leafroot -qu "$@" 2>&1; }
  # Outside nothing has changed.
  outside()
  {
    [ ! -e /made-inside ] && [ "$(cat /opt/file)" = copied ] && same_mounts && intact
  }
  touch /run/ours
  chown 1000:1000 /home
'
OWN='
  same u-root "done in 0" u /newroot /t/inside
  want u-root-outside outside
  same u-args "a b  c" u /newroot /t/bin/echo a "b  c"
  same u-options "size=30720k" u -o size=30M /newroot /t/bin/grep -o "size=30720k" /proc/self/mountinfo
  deny u-fails u -o nonsense=1 /newroot /t/inside
  same u-user "done in 0" as_user "leafroot -qu /home/new /t/inside"
  want u-user-outside outside
  same u-user-in "done in 0" as_user "unshare -r leafroot -qu /home/new /t/inside"
  same u-archive "done in 0" u -x /opt/archive.gz /newroot /t/inside unpacked
  want u-archive-outside outside
  same u-user-archive "done in 0" as_user "leafroot -qu -x /opt/archive.gz /home/new /t/inside unpacked"
  same u-stdin "done in 0" sh -c "leafroot -qu -x - /newroot /t/inside unpacked < /opt/archive.gz"
  same u-stdin-behind "done in 0" sh -c "(dd bs=512 count=1 of=/run/dd 2> /run/dd
    leafroot -qu -o size=30M -x - /newroot /t/inside unpacked) < /opt/behind"
  want u-end-outside outside
'
boot own "$INSIDE"'
  mkdir /opt/tree
  cp -a /t /bin /sbin /opt/tree
  mkdir -p /opt/tree/opt /opt/tree/mnt
  echo unpacked > /opt/tree/opt/file
  # What a user namespace may not have is left out there
  mknod /opt/tree/opt/null c 1 3
  chown 5:5 /opt/tree/mnt
  (cd /opt/tree && find . | cpio -oH newc | gzip -1) > /opt/archive.gz 2> /dev/null
  { head -c 512 /t/busybox; cat /opt/archive.gz; } > /opt/behind
  rm -r /opt/tree
  # A mount that another one hides
  mkdir /mnt/x && mount -t tmpfs x /mnt/x && mount -t tmpfs hides /mnt
  mounts > /run/mounts
  snap /run/before
  '"$OWN" '
  want leaf is_leaf
  want intact intact
  '"$INSIDE"'
  mounts > /run/mounts
  snap /run/before
  '"$OWN" stage="$USER_STAGE"' && mkdir -p opt && echo copied > opt/file' \
  mem=320 limit=300
