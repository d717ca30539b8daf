#!/bin/sh
# torture.sh - moves of random trees of mounts (tests/leafroot/torture), as many
# as N says, 1000 by default, from SEED on; red ones are printed, and fail it.
# BIN is the directory of another leafroot. As root.
# Copyright 2026 The leafroot authors
# shellcheck disable=SC2016
# SPDX-License-Identifier: 0BSD

cd "${0%/*}/.." && top=$PWD || exit 1
scripts/need.sh python3=python3 busybox=busybox-static unshare=util-linux \
  gcc=gcc && mkdir -p generated/torture/kit || exit 1
kit=$top/generated/torture/kit tools=tests/leafroot/tools

gcc -E -dM -include sys/syscall.h - < /dev/null |
  sed -n 's/#define __NR_\([a-z0-9_]*\) \([0-9]*\)$/[\2] = "\1",/p' \
  > generated/torture/syscalls.inc || exit 1
for i in observe manifest inject
do
  scripts/musl-cc.sh -O2 -Wall -Wextra -I generated/torture \
    -o "generated/torture/$i" "$tools/$i.c" || exit 1
done

# The kit is a file system of its own, in a mount namespace that nobody else sees
export N="${N:-1000}" kit top
exec unshare -m sh -c '
  mount --make-rprivate / && mount -t tmpfs kit "$kit" &&
    cp "$(command -v busybox)" "$kit/busybox" &&
    for i in $("$kit/busybox" --list | grep -vx "busybox\|init")
    do
      ln -s busybox "$kit/$i" || exit 1
    done && cd "$top" &&
    cp generated/torture/observe generated/torture/manifest \
      generated/torture/inject tests/leafroot/torture/root.sh "$kit" &&
    cp "${BIN:-generated/bin}/leafroot" "$kit" &&
    printf "#!/bin/busybox sh\necho ran >> /out/ran\n" > "$kit/init" &&
    chmod 755 "$kit/init" || exit 1
  python3 tests/leafroot/torture/topologies.py "$kit" | tee generated/torture/log
  tail -n 1 generated/torture/log | grep -qx "red: none"'
