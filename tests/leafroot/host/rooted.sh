# rooted.sh - a root to move on this machine (sourced, bash)
#
# A file system of its own is the root of a new mount and pid namespace, so that
# leafroot can be PID 1 there, with -f as this is no rootfs.
# shellcheck shell=bash
# SPDX-License-Identifier: 0BSD

# rooted FS SCRIPT [ARG...]: run SCRIPT, a file of guest/, by busybox sh as the
# first process on a root of type FS (with options: tmpfs,size=1G; "overlay" is
# one of two tmpfs whose inode numbers are the same). On it are the
# programs in /bin, a tmpfs on /out and a procfs; /host is the machine's root,
# where ROOTED_HOST is set.
rooted()
{
  have "$NEED" busybox=busybox-static && have tools && mkdir -p rooted &&
    ROOTED_KIT=$WORK ROOTED_C=$(realpath "$C") \
    unshare -mpf "$BASH" "$HERE/host/rooted-enter.sh" "$@"
}
