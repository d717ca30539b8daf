#!/bin/sh
# initramfs.sh TOOL [KERNEL] - the initramfs of a Debian root as TOOL makes it
# (initramfs-tools, dracut, or mmdebstrap: the root itself, with systemd as
# /init), with runc and the modules of KERNEL, which is what kernel.sh takes.
# Prints a directory with initramfs.gz, initramfs.zst and initramfs.xz. They are
# made once and kept, until the kernel or this script changes.
# SPDX-License-Identifier: 0BSD

die() { echo "initramfs.sh: $*" >&2; exit 1; }

tool=$1
case "$tool" in
  initramfs-tools) include=initramfs-tools,busybox,zstd,xz-utils ;;
  dracut) include=dracut,systemd,systemd-sysv,udev,kmod,dbus,zstd,xz-utils ;;
  mmdebstrap) include=systemd,systemd-sysv,udev,kmod,dbus ;;
  *) die "unknown tool '$tool'" ;;
esac
sum=$(cksum < "$0")
cd "${0%/*}/.." && dir=$PWD/generated/image/$tool || exit 1
root=$(scripts/image.sh --name "$tool" --include "$include") &&
  kernel=$(scripts/kernel.sh ${2:+"$2"} --modules "autofs4 udf") || exit 1
picked=${kernel#*
} kernel=${kernel%%
*}
release=$(cat "$kernel/release")

exec 8> "$dir/lock" && flock 8 || exit 1
stamp="$tool $release $sum $(cat "$dir/packages")"
[ "$(cat "$dir/made" 2> /dev/null)" = "$stamp" ] && { echo "$dir"; exit; }
[ -e "$kernel/lib/modules/$release/kernel" ] ||
  die "the archive has no modules of $release any more"
rm -rf "$dir/made" "$dir/add" "$dir"/initramfs.* && mkdir "$dir/add" || exit 1
echo "make generated/image/$tool/initramfs for $release" >&2

# inside COMMAND: run it in the root, with all modules of the kernel. The mounts
# end with it. What it writes to /out is $dir/add. mkinitramfs looks into the
# kernel's configuration for the decompressor; Debian's kernels have them all.
inside()
{
  # shellcheck disable=SC2016
  unshare -m sh -ec '
    mkdir -p "$1/usr/lib/modules" "$1/out"
    mount --bind "$2/lib/modules" "$1/usr/lib/modules"
    mount --bind "$3" "$1/out"
    mount --bind /dev "$1/dev"
    mount -t proc proc "$1/proc"
    mount -t sysfs sys "$1/sys"
    mount -t tmpfs tmp "$1/tmp"
    mount -t tmpfs boot "$1/boot"
    printf "CONFIG_RD_%s=y\n" GZIP ZSTD XZ > "$1/boot/config-$4"
    chroot "$1" sh -ec "$5"' - "$root" "$kernel" "$dir/add" "$release" "$1" \
    >> "$dir/made.log" 2>&1
}

# make COMPRESSOR SUFFIX
make()
{
  case "$tool" in
    initramfs-tools)
      # Its xz by default takes longer than all else here.
      inside "mkinitramfs -c $1 -l 1 -o /out/$2 $release" ;;
    dracut)
      inside "dracut --no-hostonly --install runc --$1 --kver $release /out/$2" ;;
  esac && mv "$dir/add/$2" "$dir/initramfs.$2"
}

case "$tool" in
  initramfs-tools)
    cat > "$root/etc/initramfs-tools/hooks/runc" << 'END'
#!/bin/sh
[ "$1" != prereqs ] || exit 0
. /usr/share/initramfs-tools/hook-functions
copy_exec /usr/sbin/runc
END
    chmod 755 "$root/etc/initramfs-tools/hooks/runc" ;;
  mmdebstrap)
    ln -s lib/systemd/systemd "$dir/add/init" || exit 1
    make() { scripts/pack.sh "$root" "$picked" "$dir/add" "$dir/initramfs.$2"; }
    ;;
esac
: > "$dir/made.log"
for i in gzip:gz:1f8b zstd:zst:28b5 xz:xz:fd37
do
  suffix=${i#*:} magic=${i##*:} suffix=${suffix%:*}
  make "${i%%:*}" "$suffix" ||
    die "$tool, $suffix: $(grep . "$dir/made.log" | tail -n 1)"
  [ "$(head -c 2 "$dir/initramfs.$suffix" | od -An -tx1 | tr -d ' ')" = "$magic" ] ||
    die "$tool: initramfs.$suffix is no $suffix file"
done
rm -rf "$dir/add" && echo "$stamp" > "$dir/made" && echo "$dir"
