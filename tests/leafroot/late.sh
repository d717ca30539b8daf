# late.sh - what fails after the switch stops no boot (sourced, bash)
# shellcheck shell=bash disable=SC2016
#
# On rootfs only, where a process is made that wipes it. Without that the old
# root stays; the new one is whole, and init runs.
for i in pipe2:1:EMFILE fork:1:ENOMEM \
  chroot:1:EINVAL
do
  boot "late-${i%%:*}" 'snap /run/before' '
    want injected soon [ -s /run/injected ]
    want leaf is_leaf
    want intact intact
  ' leaf="exec inject $i /sbin/leafroot /newroot /sbin/init 9> /run/injected" says=any
done
