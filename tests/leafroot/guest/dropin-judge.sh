#!/t/bin/sh
# dropin-judge.sh - judges a boot from beside its init, when all has started
# SPDX-License-Identifier: 0BSD

exec < /dev/console > /dev/console 2>&1
. /t/lib
. /t/list

# PID 1's arguments
init_is() { tr '\0' ' ' < /proc/1/cmdline | sed 's/ $//'; }

# unchanged [PATH...]: all that /t/tree says the archives had is there as it was,
# but for those paths. Without the times of symlinks, which the cpio that was asked
# cannot set, and times, sizes and links of directories, where init makes files.
unchanged()
{
  mount --bind / /t/mnt && cd /t/mnt && list > /t/now && cd / && umount /t/mnt &&
    [ -s /t/tree ] || return 1
  C=$* awk 'BEGIN { n = split(ENVIRON["C"], c); while (n) skip[c[n--]] }
    { sub(/^\.\//, "/") }
    $2 ~ /^[dl4a]/ || $1 == "/dev/console" { $5 = "" }
    $2 ~ /^4/ { $6 = $7 = "" }
    NR == FNR { now[$0]; next }
    !($0 in now) && !($1 in skip) { print; bad = 1 }
    END { exit bad }' /t/now /t/tree
}

# A container as runc makes it by default, but for what it runs, and the terminal.
container()
{
  grep -q ' /sys/fs/cgroup ' /proc/mounts || mount -t cgroup2 cgroup /sys/fs/cgroup
  mkdir -p /t/ctr/rootfs && cp /t/busybox /t/ctr/rootfs && cd /t/ctr &&
    rm -f config.json && runc spec &&
    sed -i 's/"terminal": true/"terminal": false/
      s/"sh"/"\/busybox", "echo", "in a container"/' config.json && runc run c$$
}

# no_container WHY
no_container()
{
  container > /t/why 2>&1 && return 1
  grep -F "$1" /t/why || { cat /t/why; return 1; }
}

loaded() { grep "^udf " /proc/modules; }

. /t/after
finish
