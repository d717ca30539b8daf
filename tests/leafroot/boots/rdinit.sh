# rdinit.sh - leafroot as the first process there is, on every kernel: no /proc,
# no mount but the root
# shellcheck shell=bash disable=SC2016
# SPDX-License-Identifier: 0BSD

STARTED='
  same init /sbin/init echo "$0"
  want all-there [ -x /t/init ]
'
for i in ${KERNELS:-5.10 6.1 6.12 6.18}
do
  on "$i" boot "rdinit-$i" '' "$STARTED"'
    want leaf is_leaf
    want sealed sealed
  ' cmdline=rdinit=/sbin/leafroot
done
for i in ${NULLFS_KERNELS:-sid experimental}
do
  on "$i" boot "rdinit-$i" '' "$STARTED"'
    want pivots pivots
    want still-rootfs grep -q " / / .* - rootfs " /proc/self/mountinfo
  ' cmdline=rdinit=/sbin/leafroot says=
done
