# switch.sh - the switch itself, from a script and as the kernel's own init
# shellcheck shell=bash disable=SC2016
# SPDX-License-Identifier: 0BSD

boot script '
  deny pivot-before pivots
  export FOO="two words"
  snap /run/before
' '
  want leaf is_leaf
  same args "one two words" echo "$@"
  same env "two words" echo "$FOO"
  same cwd / pwd
  want intact intact
  want nsenter unshare -m nsenter -t 1 -m sh -c ". /t/lib; is_leaf"
  want user-ns unshare -U true
  want mountpoint /t/toybox mountpoint -q /
  want df df_leaf
  want sealed sealed
' leaf='exec leafroot /newroot /sbin/init one "two words"'

boot newroot-link '' '
  want leaf is_leaf
  same link opt readlink /nr
  want directory [ -d /opt ]
' stage='mkdir opt && ln -s opt nr' leaf='exec leafroot /nr /sbin/init'

# root= without rootfstype= makes the kernel take ramfs.
boot script-ramfs '
  same type ramfs stat -fc %T /
  deny pivot-before pivots
  snap /run/before
' '
  want leaf is_leaf tmpfs
  want intact intact
  want sealed sealed
' cmdline=root=/dev/none

# The check that the seal is checked: a switch by hand, which leaves it open.
boot unsealed '
  mkdir /old-secret
  mkdir /newroot
  mount -t tmpfs new /newroot
  cp -a /t /sbin /bin /newroot
  for i in proc sys dev run; do mkdir /newroot/$i; mount --move /$i /newroot/$i; done
  cd /newroot
  mount --move . /
' '
  deny sealed sealed_now
  want listed found old-secret
  want mkdir found "mkdir 0"
  want create found "create 0"
' leaf='exec chroot . /sbin/init' says=

# No script, nothing mounted. Words the kernel does not know are for init.
boot rdinit '' '
  want leaf is_leaf
  same init /sbin/init echo "$0"
  same args "splash last" echo "$@"
  same env bar echo "$foo"
  want sealed sealed
' cmdline='rdinit=/sbin/leafroot splash foo=bar -- last'

boot rdinit-ramfs '' '
  want leaf is_leaf tmpfs
  want sealed sealed
' cmdline='rdinit=/sbin/leafroot root=/dev/none'

# The applet within toybox, with /init there to be run.
boot multicall '' '
  want leaf is_leaf
  same init /init echo "$0"
  want sealed sealed
' cmdline='rdinit=/opt/leafroot' stage='mkdir opt &&
  ln -s /t/toybox opt/leafroot && cp "$WORK/kit/t/init" init'

# /dev/console is a link to nowhere: the kernel opens no standard streams.
boot no-console '' '
  want leaf is_leaf
  want sealed sealed
' cmdline=rdinit=/sbin/leafroot stage='mkdir dev && ln -s nowhere dev/console'

boot no-streams '
  rm /dev/console
' '
  want leaf is_leaf
  want sealed sealed
' leaf='exec leafroot /newroot /sbin/init <&- >&- 2>&-' stage='touch t/bare'

# Without INIT. /init called leafroot, so it cannot be what is wanted now.
boot default-init '' '
  want leaf is_leaf
  same init /sbin/init echo "$0"
' leaf='exec leafroot'

boot search-init '' '
  want leaf is_leaf
  same init /etc/init echo "$0"
' leaf='exec leafroot /newroot' stage='mkdir sbin etc && echo no > sbin/init &&
  cp "$WORK/kit/t/init" etc/init'

boot cmdline-init '' '
  want leaf is_leaf
  same init /opt/start echo "$0"
  same args "a b" echo "$@"
' cmdline='rdinit=/sbin/leafroot init=/opt/start a b' stage='mkdir opt &&
  cp "$WORK/kit/t/init" opt/start'

boot cmdline-init-script '' '
  want leaf is_leaf
  same init /opt/start echo "$0"
' cmdline='init=/opt/start' stage='mkdir opt && cp "$WORK/kit/t/init" opt/start' \
  leaf='exec leafroot'

# NEWROOT of another name, deeper, with a parent that must stay.
boot newroot '
  mkdir -p /mnt/deep
  snap /run/before
' '
  want leaf is_leaf
  want parent [ -d /mnt/deep ]
  deny newroot [ -e "/mnt/deep/new root" ]
  want intact intact
  want sealed sealed
' leaf='exec leafroot "/mnt/deep/new root" /sbin/init'

# Two processors, more to copy, and the memory afterwards.
MUCH='
  dd if=/dev/urandom of=/opt/big bs=1M count=100 2> /dev/null
  mkdir /opt/many
  i=0
  while [ $i -lt 1000 ]; do echo $i > /opt/many/$i; i=$((i+1)); done
  kept
'
boot memory "$MUCH" '
  want leaf is_leaf
  want sealed sealed
  want freed soon freed
  freed
' mem=512 cpus=2

boot memory-ramfs "$MUCH" '
  want leaf is_leaf
  want sealed sealed
  want freed soon freed
  freed
' mem=512 cmdline='root=/dev/none leafroot=quiet' says=
