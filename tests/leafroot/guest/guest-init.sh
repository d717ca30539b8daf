#!/t/bin/sh
# guest-init.sh - /init of the test machines: set up, the scenario's first half,
# then leafroot. What leafroot runs is guest-after.sh.
# SPDX-License-Identifier: 0BSD

. /t/lib

# leafroot must not come back here, or it would be called for ever.
[ -z "$STAGE" ] || { echo "=== init-again BAD"; finish; }
export STAGE=1

if [ ! -e /t/bare ]
then
  mount -t proc -o nosuid,nodev,noexec proc /proc
  mount -t sysfs sys /sys
  mount -t devtmpfs dev /dev
  mount -t tmpfs -o mode=755 run /run
fi

. /t/before
. /t/leaf
