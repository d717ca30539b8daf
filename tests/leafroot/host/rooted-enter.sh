#!/bin/bash
# rooted-enter.sh FS SCRIPT [ARG...] - what rooted() runs in its namespaces
# SPDX-License-Identifier: 0BSD

here=${0%/*}/../guest
fs=${1%%,*}
r=$PWD/rooted

mount --make-rprivate / && mount -t "$fs" -o "mode=755${1#"$fs"}" rooted "$r" ||
  exit 1
mkdir "$r"/{bin,sbin,etc,dev,proc,out,old,host} &&
  cp "$ROOTED_KIT"/{manifest,hurt,hurt-big,inject,holdfile,onpty} "$r/bin" &&
  cp "$(command -v busybox)" "$r/bin/busybox" &&
  "${0%/*}/applet.sh" "$r" "$ROOTED_C" &&
  cp "$here/rooted-lib.sh" "$r/etc/lib" && cp "$here/$2" "$r/etc/script" &&
  install "$here/rooted-init.sh" "$r/sbin/init" &&
  mknod -m 666 "$r/dev/null" c 1 3 && mknod -m 666 "$r/dev/zero" c 1 5 &&
  mount -t tmpfs out "$r/out" && mount -t proc proc "$r/proc" || exit 1
[ -z "$ROOTED_HOST" ] || mount --rbind / "$r/host" || exit 1
cd "$r" && pivot_root . old && cd / && bin/busybox umount -l /old &&
  bin/busybox rmdir old || exit 1
shift 2
exec /bin/busybox sh /etc/script "$@"
