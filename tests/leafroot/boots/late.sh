# late.sh - what fails after the switch stops no boot (sourced, bash)
# shellcheck shell=bash disable=SC2016
#
# On rootfs only, where a process is made that wipes it. Without that the old
# root stays, which is said; the new one is whole, and init runs. (The first pipe
# and the first process are for the warnings before.)
# SPDX-License-Identifier: 0BSD

# late CASE SAYS: CASE as inject takes it, which stays on the old root
late()
{
  boot "late-${1%%:*}" 'snap /run/before' '
    want injected soon [ -s /run/injected ]
    want leaf is_leaf
    want intact intact
  ' leaf="exec inject $1 /sbin/leafroot /newroot /sbin/init 9> /run/injected" \
    says="leafroot: process * (inject) stays on the old root with *
${2:+leafroot: $2
}leafroot: / is a tmpfs now: *"
}
late pipe2:2:EMFILE 'pipe: No file descriptors available'
late fork:2:ENOMEM 'old root not emptied: Out of memory'
late chroot:1:EINVAL ''
