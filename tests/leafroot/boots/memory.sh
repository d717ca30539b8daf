# memory.sh - memory that is just enough (sourced, bash)
# shellcheck shell=bash disable=SC2016
# SPDX-License-Identifier: 0BSD

# A tree of 300 MiB on ramfs, and 96 MiB more: the kernel's own share and how the
# tree came here do not count.
just_enough='
  hurt-big /big 2000
  rm /big/six
  mkdir /large
  i=0
  while [ $i -lt 8 ]
  do
    cat /big/sizes/suid
    i=$((i+1))
  done > /large/one
  ln /large/one /large/two
  want tree [ $(du -skx / 2> /run/du | cut -f 1) -gt 300000 ]
  ballast 96
  echo "tree $(du -skx / 2> /run/du | cut -f 1) KiB, $(kb MemAvailable) KiB left"
  want tight [ $(kb MemAvailable) -lt 112000 ]
  snap /run/before -x /big/sizes -x /big/holes
  ls -lR /big/sizes /big/holes > /run/ls
  md5sum /large/one > /run/sum
'

# The log shows the peak, which is a constant.
boot memory-tight "$just_enough" '
  want leaf is_leaf
  want intact intact -x /big/sizes -x /big/holes
  ls -lR /big/sizes /big/holes > /run/ls2
  want listed cmp /run/ls /run/ls2
  same content "$(cat /run/sum)" md5sum /large/one
  want links [ /large/one -ef /large/two ]
  want sealed sealed
' mem=600 cpus=2 limit=300 cmdline='rootfstype=ramfs' \
  leaf='exec leafroot -v -t tmpfs /newroot /sbin/init' says=any judge='
    peak() { sed -n "s/^leafroot: peak \([0-9]*\) MiB above the tree$/\1/p" log; }
    want peak [ "$(peak)" -le 48 ]
  '

# All copied first does not fit, and the old root is untouched.
boot memory-tight-copy "$just_enough" '
  want rootfs is_rootfs
  want intact intact -x /big/sizes -x /big/holes
  same content "$(cat /run/sum)" md5sum /large/one
' mem=600 cpus=2 limit=300 cmdline='rootfstype=ramfs' \
  leaf='exec leafroot -2 -t tmpfs /newroot /sbin/init' \
  says='leafroot: a copy needs * MiB more memory, * MiB are available'

# A root that leaves less memory than a move takes at its fastest: it is moved
# with less, or stays, but the machine does not die of it. Files of all sizes, in
# a ramfs, which can't be swapped out.
fill_to='
  mkdir /fill
  i=0
  while [ $(kb MemFree) -gt $((LEFT*1024)) ]
  do
    dd if=/t/busybox of=/fill/$i bs=64k count=$((i%8*i%29+1)) 2> /dev/null
    i=$((i+1))
  done
  echo "$i files, $(kb MemFree) KiB left"
'
fill_to="dd if=/dev/zero of=/large bs=1M count=30 && cp /large /larger$fill_to"
boot memory-low "LEFT=10
  $fill_to
  md5sum /fill/* > /run/sums
" '
  want leaf is_leaf
  want sealed sealed
  want same md5sum -cs /run/sums
' mem=180 cpus=2 cmdline='rootfstype=ramfs' \
  leaf='exec leafroot -t tmpfs /newroot /sbin/init'
boot memory-least "LEFT=6
  $fill_to" '
  want rootfs is_rootfs
  deny newroot [ -e /newroot ]
  want all [ $(ls /fill | wc -l) -gt 30 ]
' mem=180 cpus=2 cmdline='rootfstype=ramfs' \
  leaf='exec leafroot -t tmpfs /newroot /sbin/init' \
  says='leafroot: a move needs 4 MiB, * are available'
