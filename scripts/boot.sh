#!/bin/sh
# boot.sh - boot a Debian root as an initramfs, try to run a container, leafroot,
# try again, and show both side by side. Exit status 0 if it failed before and
# worked after.
#
# With $INITRD, a file, boot that instead, with leafroot joined to it as
# rdinit=/leafroot and $APPEND on the kernel command line. Both take $KERNEL, a
# version for kernel.sh or a file, and $MEM, in MiB.
# SPDX-License-Identifier: 0BSD

die() { echo "boot.sh: $*" >&2; exit 1; }

start=$PWD
cd "${0%/*}/.." && boot=$PWD/generated/image/boot && mkdir -p "$boot" \
  generated/log || exit 1
log=generated/log/demo
[ -x generated/bin/leafroot ] || die "no generated/bin/leafroot, run make first"
scripts/need.sh qemu-system-x86_64=qemu-system-x86 || exit 1
# shellcheck disable=SC2153
case "$KERNEL" in
  */*)
    kernel=$KERNEL
    [ -f "$kernel" ] || die "no kernel $kernel" ;;
  *)
    kernel=$(scripts/kernel.sh "${KERNEL:-6.1}") || exit 1
    kernel=$kernel/vmlinuz ;;
esac

# qemu LIMIT APPEND INITRD: boot, for LIMIT seconds at most, 0 for as long as it
# likes. On a busy host the emulated timer can be late for the kernel's check
# that it works, which is a panic: no_timer_check.
qemu()
{
  timeout --foreground "$1" qemu-system-x86_64 -accel tcg \
    -cpu max,-cx16,-erms,-fsrm -smp 2 -m "${MEM:-1024}" -nographic \
    -no-reboot -net none -kernel "$kernel" -initrd "$3" \
    -append "console=ttyS0 panic=-1 no_timer_check $2"
}

# The archive that joins any other: leafroot, and no directory.
rm -rf "$boot/drop" && mkdir "$boot/drop" &&
  cp generated/bin/leafroot "$boot/drop" &&
  scripts/pack.sh "$boot/drop" "$boot/drop.cpio" || exit 1

if [ -n "$INITRD" ]
then
  case "$INITRD" in /*) ;; *) INITRD=$start/$INITRD ;; esac
  [ -f "$INITRD" ] || die "$INITRD: no such file"
  # A plain archive has to begin at a multiple of 4 bytes.
  { cat "$INITRD" && head -c $(((4-$(wc -c < "$INITRD")%4)%4)) /dev/zero &&
    cat "$boot/drop.cpio"; } > "$boot/own.img" || exit 1
  if [ -t 0 ]
  then
    qemu 0 "rdinit=/leafroot $APPEND" "$boot/own.img"
  else
    qemu "${TIMEOUT:-300}" "rdinit=/leafroot $APPEND" "$boot/own.img" < /dev/null
  fi
  exit
fi

root=$(scripts/image.sh) || exit 1
base=$boot/base.cpio
[ "$(cat "$boot/base.of" 2> /dev/null)" = "$(cat "$root/../packages")" ] || {
  scripts/pack.sh "$root" "$base" && cp "$root/../packages" "$boot/base.of" ||
    exit 1; }

# The demo: our init, and a container's root of toybox alone, with the mount
# points runc would make, so that the files can be counted before and after.
rootfs=$boot/demo/demo/bundle/rootfs
rm -rf "$boot/demo" && mkdir -p "$rootfs/bin" "$rootfs/proc" "$rootfs/sys" \
  "$rootfs/dev" &&
  cp scripts/demo.sh "$boot/demo/demo" && ln -s demo/demo.sh "$boot/demo/init" &&
  cp generated/bin/toybox "$rootfs/bin" &&
  for i in sh echo
  do
    ln -s toybox "$rootfs/bin/$i" || exit 1
  done &&
  scripts/pack.sh "$boot/demo" "$boot/demo.cpio" &&
  cat "$base" "$boot/demo.cpio" "$boot/drop.cpio" > "$boot/demo.img" || exit 1

echo "boot $(cat "$(dirname "$kernel")/release" 2> /dev/null) with a Debian root" \
  "of $(du -sm "$root" | cut -f 1) MiB as initramfs"
# Again only if the kernel itself broke, or never spoke, before init.
for i in 1 2 3
do
  qemu 240 "quiet $APPEND" "$boot/demo.img" < /dev/null 2>&1 |
    sed 's/\r//g;s/\x1b[[0-9;?]*[a-zA-Z]//g' > "$log"
  grep -q '^@ ' "$log" && break
  grep -Eq 'Kernel panic|Oops|BUG: ' "$log" ||
    ! grep -qv '^qemu-system-x86_64: ' "$log" || break
done

value() { sed -n "s/.*@ $1 $2 //p" "$log" | head -n 1; }
row() { printf '%-11s %-38s %s\n' "$1" "$2" "$3"; }
both() { row "$1" "$(value before "$2")" "$(value after "$2")"; }

echo
row '' 'before leafroot' 'after leafroot'
row '' '---------------' '--------------'
both '/ is' root
both 'df /' df
both memory memory
both 'files in /' files
both 'runc run' runc
both 'crun run' crun
echo
echo "mount table, /, before: $(value before mountinfo)"
echo "mount table, /, after:  $(value after mountinfo)"
time=$(value after time)
[ -z "$time" ] || echo "leafroot took $((time/100)).$(printf %02d $((time%100))) s"
grep '^leafroot: ' "$log"
echo "the whole serial line is in $log"
echo
case "$(value before runc)/$(value after runc)" in
  fails:*"pivot_root .: invalid argument/works: hello from a container")
    echo "verdict: a container could not start on rootfs, and can on the leaf" ;;
  works:*/works:*)
    echo "verdict: nothing shown, runc works before leafroot on this kernel"
    exit 1 ;;
  fails:*/fails:*)
    echo "verdict: FAILED, runc does not work after leafroot either"
    exit 1 ;;
  *)
    tail -n 20 "$log"
    echo "verdict: FAILED, the boot did not get to its end"
    exit 1 ;;
esac
