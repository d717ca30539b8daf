#!/bin/bash
# memory.sh - boot with less and less memory, with leafroot and without it
#
# A root of 80 MiB that hardly needs anything packed is unpacked by the kernel on a
# ramfs and on a tmpfs. The least memory of that is looked for, to 2 MiB. From there
# on up, a machine that boots without leafroot three times has to boot with it: on a
# leaf or in place, with all its files. Four steps are of 2 MiB, the others of STEP,
# until it is on a leaf three times in a row. KERNEL is what scripts/kernel.sh takes.
# Copyright 2026 The leafroot authors
# SPDX-License-Identifier: 0BSD

cd "${0%/*}/../../.." && top=$PWD work=$PWD/generated/torture/memory \
  step=${STEP:-8} || exit 1
rm -rf "$work" && mkdir -p "$work/root"/{bin,dev,proc,sbin,sys,etc,files} &&
  scripts/need.sh qemu-system-x86_64=qemu-system-x86 busybox=busybox-static \
    cpio=cpio && kernel=$(scripts/kernel.sh "${KERNEL:-6.1}") || exit 1
kernel=$kernel/vmlinuz root=$work/root bases=("$work/root.cpio.gz")

cp "$(command -v busybox)" "$root/bin/busybox" &&
  cp "${BIN:-generated/bin}/leafroot" "$root/sbin/leafroot" || exit 1
for i in sh awk mount md5sum poweroff mkdir
do
  ln -s busybox "$root/bin/$i"
done
# Of all sizes, two of them several times as big as a piece
files=$root/files awk 'BEGIN {
  for (i = 0; i < 900; i++) {
    f = ENVIRON["files"] "/" i
    n = i == 7 || i == 500 ? 800000 : (i*i)%97*i%61*100
    for (j = 0; j < n; j++) printf "%d %d of a file\n", i, j%1000 > f
    if (n == 0) printf "" > f
    close(f)
  }
}' || exit 1
(cd "$root" && md5sum files/* > etc/sums) || exit 1

cat > "$root/init" <<'INIT'
#!/bin/sh
mount -t proc proc /proc
mount -t devtmpfs dev /dev
[ -e /etc/plain ] || exec leafroot -t tmpfs /newroot /sbin/init
exec /sbin/init
INIT
cat > "$root/sbin/init" <<'INIT'
#!/bin/sh
cd / && md5sum -cs etc/sums && files=same
awk '$5 == "/" { print "=== on " ($1 == $2 ? "rootfs" : "leaf") }' /proc/self/mountinfo
[ -e /newroot ] && echo "=== newroot is left"
echo "=== files ${files:-differ}"
poweroff -f
INIT
chmod 755 "$root/init" "$root/sbin/init"
(cd "$root" && find . | cpio -oH newc -R 0:0 --quiet | gzip -1) \
  > "$bases" || exit 1
echo "a root of $(du -sm "$root" | cut -f 1) MiB, $(du -sk "$bases" | cut -f 1) KiB packed"

# up FS MIB [plain...]: boot. What became of it: leaf, place or died, in $work/DIR/is
up()
{
  local mem=$2 cpus=1 limit=150 disk='' cmdline="rootfstype=$1" is=died \
    dir=$work/$1-$2$3

  # run.sh tells a machine that is silent from one that hangs
  mkdir -p "$dir/add/etc" && { [ -z "$3" ] || : > "$dir/add/etc/plain"; } &&
    declare -p cmdline mem cpus limit bases kernel disk > "$dir/conf" || exit 1
  tests/leafroot/host/run.sh "$dir" > "$dir/out" 2>&1
  if grep -q '^=== files same' "$dir/log" && ! grep -q '^=== newroot' "$dir/log"
  then
    grep -q '^=== on leaf' "$dir/log" && is=leaf || is=place
  fi
  echo "$is" > "$dir/is"
}

# is FS MIB [plain...]: boot unless that was done, and print what became of it
is()
{
  [ -e "$work/$1-$2$3/is" ] || up "$@"
  cat "$work/$1-$2$3/is"
}

# steps FS: the lines of the table
steps()
{
  local low=64 high=320 mem leaves=0 with n=0 add

  # The least memory that the machine boots with
  while [ $((high-low)) -gt 2 ]
  do
    mem=$(((low+high)/4*2))
    if [ "$(is "$1" $mem plain)" = died ]; then low=$mem; else high=$mem; fi
  done
  for ((mem = high-2; leaves < 3 && mem <= 512; mem += add))
  do
    add=$((n < 4 ? 2 : step)) n=$((n+1))
    with=$(is "$1" $mem)
    if [ "$with" = leaf ]; then leaves=$((leaves+1)); else leaves=0; fi
    echo "$1 $mem MiB: $with"
    # With so little of it the machine can die by chance without leafroot, too
    if [ "$with" = died ] && [ "$(is "$1" $mem plain)" != died ] &&
      [ "$(is "$1" $mem plain2)" != died ] &&
      [ "$(is "$1" $mem plain3)" != died ]
    then
      echo "$1 $mem MiB: RED, boots without leafroot: $work/$1-$mem/log"
    fi
  done
}

for i in ramfs tmpfs
do
  steps $i > "$work/$i" 2>&1 &
done
wait
cat "$work/ramfs" "$work/tmpfs"
boots=$(find "$work" -name is | wc -l)
red=$(cat "$work/ramfs" "$work/tmpfs" | grep -c RED)
hung=$(grep -l '^run.sh: no end' "$work"/*/log | grep -vc plain)
[ -s "$work/ramfs" ] && [ -s "$work/tmpfs" ] || red=$((red+1))
echo "| memory | | $boots | | $boots | $red | $hung | | $red |"
[ "$red" -eq 0 ] && echo "red: none" || echo "red: $red"
