# rooted.sh - a root to move on this machine (sourced, bash)
#
# A file system of its own is the root of a new mount and pid namespace, so that
# leafroot can be PID 1 there, with -f as this is no rootfs.
# shellcheck shell=bash
# SPDX-License-Identifier: 0BSD

# The programs besides those of kit()
rooted_tools()
{
  local i cc=("$LEAFROOT_TOP"/scripts/musl-cc.sh -O2 -Wall -Wextra -I "$WORK")

  gcc -E -dM -include sys/syscall.h - < /dev/null |
    sed -n 's/#define __NR_\([a-z0-9_]*\) \([0-9]*\)$/[\2] = "\1",/p' \
    > "$WORK/syscalls.inc" || return 1
  for i in hurt-big inject holdfile onpty
  do
    [ "$WORK/$i" -nt "$HERE/$i.c" ] || "${cc[@]}" -o "$WORK/$i" "$HERE/$i.c" ||
      return 1
  done
}

# rooted FS SCRIPT [ARG...]: run SCRIPT, a file of this directory, by busybox sh
# as the first process on a root of type FS (with options: tmpfs,size=1G). On it
# are the programs in /bin, a tmpfs on /out and a procfs; /host is the machine's
# root, where ROOTED_HOST is set.
rooted()
{
  mkdir -p rooted && ROOTED_KIT=$WORK ROOTED_C=$(realpath "$C") \
    unshare -mpf "$BASH" "$HERE/rooted-enter.sh" "$@"
}
