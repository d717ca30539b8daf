# overlay-guest.sh - copy a root that is an overlay of two file systems, on which
# the same inode numbers are different files (busybox sh, on a rooted() root)
# shellcheck shell=dash disable=SC1091
# Copyright 2026 The leafroot authors
# SPDX-License-Identifier: 0BSD

. /etc/lib

# How many inode numbers mean two files
stat -c %i /a/* | sort | uniq -d | grep -c .
snap before
pid1 /bin/leafroot -q -f /newroot /sbin/init
snap after
cat /out/ran /out/err
same before after && echo "same"
