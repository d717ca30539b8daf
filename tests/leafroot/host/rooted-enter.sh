#!/bin/bash
# rooted-enter.sh FS SCRIPT [ARG...] - what rooted() runs in its namespaces
# SPDX-License-Identifier: 0BSD

here=${0%/*}/../guest
fs=${1%%,*}
r=$PWD/rooted

# layer NAME: a new tmpfs with a layer of an overlay: in /a 80 files that only this
# layer has, and in /b a second name of each. A tmpfs counts its inodes from 1 on,
# so each layer has the same numbers.
layer()
{
  local i

  mkdir -p "layer.$1" && mount -t tmpfs "$1" "layer.$1" &&
    mkdir -p "layer.$1"/{work,root/{a,b}} || return 1
  for i in {1..80}
  do
    echo "$1 $i" > "layer.$1/root/a/$1$i" &&
      ln "layer.$1/root/a/$1$i" "layer.$1/root/b/$1$i" || return 1
  done
}

mount --make-rprivate / || exit 1
if [ "$fs" = overlay ]
then
  layer lower && layer upper && mount -t overlay -o \
    "lowerdir=layer.lower/root,upperdir=layer.upper/root,workdir=layer.upper/work" \
    rooted "$r" || exit 1
else
  mount -t "$fs" -o "mode=755${1#"$fs"}" rooted "$r" || exit 1
fi
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
