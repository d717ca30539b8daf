#!/bin/sh
# torture.sh - leafroot where everything goes wrong (tests/leafroot/torture), and
# at the end a table of how often that was tried. Red ones are printed, with how to
# do them again, and fail it. As root.
#
# PART is what is to be done of: topologies (N random trees of mounts from SEED
# on), faults (every system call fails once; only FAULTS of them, drawn by SEED),
# allocs (every allocation; the same), signals (N of them at random times), changes
# (N runs while others change the tree), memory (real boots with less and less of
# it). Without it, all of them: 30 minutes on two
# processors. BIN is the directory of another leafroot.
# Copyright 2026 The leafroot authors
# shellcheck disable=SC2016
# SPDX-License-Identifier: 0BSD

cd "${0%/*}/.." && top=$PWD || exit 1
scripts/need.sh python3=python3 busybox=busybox-static unshare=util-linux \
  gcc=gcc && mkdir -p generated/torture/kit || exit 1
kit=$top/generated/torture/kit tools=tests/leafroot/tools
parts=${PART:-topologies faults allocs signals changes memory}

gcc -E -dM -include sys/syscall.h - < /dev/null |
  sed -n 's/#define __NR_\([a-z0-9_]*\) \([0-9]*\)$/[\2] = "\1",/p' \
  > generated/torture/syscalls.inc || exit 1
for i in observe manifest inject hurt mutate
do
  scripts/musl-cc.sh -O2 -Wall -Wextra -I generated/torture \
    -o "generated/torture/$i" "$tools/$i.c" || exit 1
done

# The kit is a file system of its own, in a mount namespace that nobody else sees
in_kit='
  mount --make-rprivate / && mount -t tmpfs kit "$kit" &&
    cp "$(command -v busybox)" "$kit/busybox" &&
    for i in $("$kit/busybox" --list | grep -vx "busybox\|init")
    do
      ln -s busybox "$kit/$i" || exit 1
    done &&
    for i in observe manifest inject hurt mutate
    do
      cp "generated/torture/$i" "$kit" || exit 1
    done && cp tests/leafroot/torture/*.sh tests/leafroot/torture/errors "$kit" &&
    cp "$bin/leafroot" "$kit" &&
    printf "%s\n" "#!/bin/busybox sh" "echo ran >> /out/ran" \
      "[ ! -e /out/own ] || observe /bin/manifest > /out/inside 2>&1" \
      > "$kit/init" && chmod 755 "$kit/init" || exit 1
  exec "$@"'

# part NAME: do it. Its row of the table is what it prints last but one, and the
# last line is "red: none" if nothing was.
part()
{
  log=generated/torture/$1 bin=${BIN:-generated/bin}
  echo "== $1" >&2
  case "$1" in
    topologies) set -- topologies.py ;;
    faults) set -- faults.py ;;
    signals|changes) set -- faults.py "$1" ;;
    allocs)
      set -- faults.py allocs
      bin=generated/torture/alloc
      scripts/glibc.sh $bin -O1 -static -Wl,--wrap=malloc -Wl,--wrap=calloc \
        -Wl,--wrap=realloc "$top/tests/leafroot/wrap/alloc.c" || return ;;
    memory)
      tests/leafroot/torture/memory.sh 2>&1 | tee "$log" | grep -v '^| memory |'
      return ;;
    *) echo "torture.sh: PART=$1?"; return ;;
  esac
  unshare -m sh -c "$in_kit" sh python3 "tests/leafroot/torture/$1" "$kit" \
    ${2:+"$2"} 2>&1 |
    tee "$log" | grep -v '^[|] [a-z]* [|]\|^red: none'
}

export kit bin
for i in $parts
do
  part "$i"
done
echo "| part | calls | boots | seeds | trials | lost | hung | left over | red |"
echo "|---|---|---|---|---|---|---|---|---|"
bad=''
for i in $parts
do
  grep "^| $i |" "generated/torture/$i" || echo "| $i | failed |"
  tail -n 1 "generated/torture/$i" | grep -qx "red: none" || bad="$bad $i"
done
echo "red:${bad:- none}"
[ -z "$bad" ]
