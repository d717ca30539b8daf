# runtimes.sh - a Debian root, whole, and its container runtimes
# shellcheck shell=bash disable=SC2016
# SPDX-License-Identifier: 0BSD

# $WORK/debian.cpio
debian_root()
{
  local root

  root=$("$LEAFROOT_TOP/scripts/image.sh") || return 1
  [ "$WORK/debian.cpio" -nt "${root%/root}/packages" ] ||
    pack "$root" "$WORK/debian.cpio"
}

# bundle RUNTIME: a container with nothing but a shell, as "RUNTIME spec" has it
RUN='
  bundle()
  {
    mkdir -p /run/$1/rootfs/bin
    cp /t/busybox /run/$1/rootfs/bin
    cd /run/$1
    $1 spec && sed -i "s/\"terminal\": true/\"terminal\": false/
      s/\"sh\"/\"\/bin\/busybox\", \"echo\", \"in a container\"/" config.json
    cd /
  }
  contained()
  {
    $1 run --bundle /run/$1 $2 > /run/$1/said 2>&1 && cat /run/$1/said
  }
'
debian()
{
  boot "debian-$1" "$RUN"'
    mount -t cgroup2 cg /sys/fs/cgroup
    mount -o remount,size=80% /run
    bundle runc
    bundle crun
    deny runc-before contained runc c1
    want runc-says grep "pivot_root .: invalid argument" /run/runc/said
    deny crun-before contained crun c1
    want crun-says grep "pivot_root: Invalid argument" /run/crun/said
    kept
    snap /run/before
  ' "$RUN"'
    want leaf is_leaf
    want intact intact
    same runc "in a container" contained runc c2
    same crun "in a container" contained crun c2
    want sealed sealed
    want freed soon freed
    freed
  ' root=debian needs='once debian_root' mem=1536 cpus=2 limit=400 \
    leaf='exec /t/leafroot /newroot /t/init' "${@:2}"
}
debian tmpfs
debian ramfs cmdline=root=/dev/none
