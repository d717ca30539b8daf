# mounts.sh - mounts of many kinds on a root that is moved: init finds the same
# ones; or leafroot refuses and nothing has changed (sourced, bash)
#
# What is made in a row stands in its command, for guest/mounts-guest.sh.
# Copyright 2026 The leafroot authors
# shellcheck shell=bash disable=SC2016
# SPDX-License-Identifier: 0BSD

# mounts NAME RESULT ARGS MOUNTS [AFTER]
mounts()
{
  local quoted

  printf -v quoted '%q ' "${@:3}"
  testing "mounts: $1" "rooted tmpfs mounts-guest.sh $quoted" "$2" "" ""
}
GO='/newroot /sbin/init'
FAILS="sendfile:1:EIO -- $GO"
BACK='back\nleafroot: copying *: I/O error\nsame\n'

# Directories that stay, as they hold names of files with several, and what is made
# in them takes their default ACL or group
mounts "what is put back takes no ACL and no group" \
  'back\nleafroot: pivoting to the new root: I/O error\nsame\n' \
  "pivot_root:1:EIO -- $GO" '
  hurt /hurt small && ln /hurt/xattrs/inherit/after /a && mkdir /s && chgrp 7 /s &&
    chmod 2755 /s && cd /s && echo > /s/a && ln /s/a /b && echo > /s/c && mkdir /s/d &&
    mkfifo /s/p /hurt/xattrs/inherit/p && mkdir /hurt/xattrs/inherit/d &&
    echo > /hurt/xattrs/inherit/d/f && chgrp 0 /s/* && chmod 755 /s/d && cd /'

# Binds of the root, and whom they share mounts with
mounts "binds share as they did" 'done\nsame\n' "$GO" '
  mkdir -p /a/x /b /c /d /e /s/x && mount --bind /s /a && mount --make-shared /a
  mount --bind /a /b && mount --bind /a /c && mount --make-slave /c
  mount --bind /c /d && mount --make-shared /d
  mount --bind /s /e && mount --make-unbindable /e'
mounts "binds share as they did, way back" "$BACK" "$FAILS" '
  mkdir -p /a /b /c /s && mount --bind /s /a && mount --make-shared /a
  mount --bind /a /b && mount --bind /a /c && mount --make-slave /c'
mounts "binds are peers of the root" 'done\nsame\n/b/m m\n' "$GO" '
  mkdir -p /s/m /b && mount --make-rshared / && mount --bind /s /b' '
  mount -t tmpfs m /s/m && awk "\$5 == \"/b/m\" { print \$5, \$(NF-1) }" /proc/self/mountinfo'
mounts "a bind shows what is below itself, way back" "${BACK}x\n" "$FAILS" '
  mkdir -p /srv/data && echo x > /srv/data/f && mount --bind /srv/data /srv' 'cat /srv/f'
mounts "a bind shows what another mount hides, way back" "${BACK}x\n" "$FAILS" '
  mkdir -p /x/y /b && echo x > /x/y/f && mount --bind /x/y /b
  mount -t tmpfs t /x && mkdir /x/y' 'cat /b/f'

# Shared mounts that nothing leads to
COVERED='
  mkdir -p /t/a/b && mount -t tmpfs one /t/a && mount --make-shared /t/a
  mount -t tmpfs two /t/a && mount -t tmpfs three /t'
COPIED='
  mkdir -p /t/k0 && mount --make-rshared / && mount --bind /t /t/k0
  mount --rbind /t/k0 /t/k0'
PEERS='
  mkdir -p /m /n && mount -t tmpfs m /m && mount --make-shared /m
  mount --bind /m /n && mount -t tmpfs top /m'
i=0
for made in "$COVERED" "$COPIED" "$PEERS"
do
  mounts "shared and covered $((i += 1))" 'done\nsame\n' "$GO" "$made"
  mounts "shared and covered $i, way back" "$BACK" "$FAILS" "$made"
done

# What can't be carried over is found before anything is changed
mounts "on / itself" 'back\nleafroot: carrying over /: tmpfs is mounted on it\nsame\n' \
  "$GO" 'mount -t tmpfs top /'
mounts "below NEWROOT" \
  'back\nleafroot: carrying over /new/a: is below NEWROOT\nsame\n' \
  '/new /sbin/init' 'mkdir -p /new/a && mount -t tmpfs a /new/a && mount -t tmpfs b /new/a'

# Overlays with layers on the root
O='mkdir -p /lower/d /rw/up /rw/work /run /srv && echo low > /lower/f
  overlay() { mount -t overlay -o "lowerdir=/lower,upperdir=$1/up,workdir=$1/work$2" o /srv &&
    echo up > /srv/new; }
'
LIVES='cat /srv/f /srv/new; echo more > /srv/f; cat /rw/up/f /lower/f'
LIVED='low\nup\nmore\nlow\n'
mounts "an overlay is made anew" "done\nsame\n$LIVED" "$GO" "$O overlay /rw
  mkdir /srv/m && mount -t tmpfs m /srv/m && mkdir /srv/m/x && mount --make-shared /srv" "$LIVES"
mounts "an overlay is made anew, way back" "$BACK$LIVED" "$FAILS" "$O overlay /rw
  mkdir /srv/m && mount -t tmpfs m /srv/m && mount -t tmpfs n /srv/m" "$LIVES"
mounts "an overlay with its upper layer elsewhere" "done\nsame\nlow\nup\n" "$GO" "$O
  mount -t tmpfs run /run && mkdir /run/up /run/work && overlay /run" 'cat /srv/f /run/up/new'
mounts "an overlay that is covered" 'done\nsame\nlow\nup\n' "$GO" "$O overlay /rw
  mount -o remount,bind,nosuid,ro /srv && mount -t tmpfs over /srv" 'umount /srv; cat /srv/f /srv/new'

# stays NAME WHY MOUNTS: the overlay can't be made anew
stays()
{
  mounts "an overlay that $1" \
    "back\nleafroot: carrying over /srv: an overlay on /lower that $2\nsame\n" "$GO" "$O$3"
}
# (Its process is in another pid namespace, so that leafroot can't see it.)
stays "is open" "is in use" \
  'overlay /rw; sleep 9 < /srv/f & usleep 200000'
stays "is held by a loop of mounts" "has a layer that can't be found again" \
  'mount --bind /rw /run && overlay /run'
stays "has a covered layer" "has a layer that can't be found again" \
  'overlay /rw && mount -t tmpfs over /lower'
mounts "an overlay with an empty layer" \
  'back\nleafroot: carrying over /srv: an overlay with a layer on / that is empty\nsame\nup\n' \
  "$GO" "$O rm -r /lower/* && mount -t tmpfs run /run && mkdir /run/up /run/work && overlay /run" 'cat /srv/new'
stays "is mounted twice" "is mounted twice" 'overlay /rw && mount --bind /srv /run'
stays "has an index" "has an index of its layers" 'overlay /rw ,index=on'
stays "has a comma" "has options that can't be repeated" \
  'mkdir "/a,b" && mount -t overlay -o "lowerdir=/lower:/a\,b" o /srv'
