#!/t/bin/sh
# guest-after.sh - /sbin/init of the test machines: the scenario's second half
# SPDX-License-Identifier: 0BSD

. /t/lib

[ -e /proc/self/stat ] || mount -t proc proc /proc
[ -e /dev/kmsg ] || mount -t devtmpfs dev /dev
[ -e /proc/self/fd/1 ] || exec < /dev/console > /dev/console 2>&1
[ $$ = 1 ] || echo "=== pid BAD $$"

. /t/after
finish
