#!/bin/bash
# memory.sh - boot with less and less memory, with leafroot and without it
#
# A root of 80 MiB that hardly needs anything packed is unpacked by the kernel on a
# ramfs and on a tmpfs. The least memory of that is looked for, to 2 MiB. From there
# on up, a machine that boots without leafroot three times has to boot with it: on a
# leaf or in place, with all its files. Four steps are of 2 MiB, the others of STEP,
# until it is on a leaf three times in a row. Then the same where another file system
# holds all memory but the last MiB. KERNEL is what scripts/kernel.sh takes.
# Copyright 2026 The leafroot authors
# SPDX-License-Identifier: 0BSD

cd "${0%/*}/../../.." && work=$PWD/generated/torture/memory \
  step=${STEP:-8} || exit 1
rm -rf "$work" && mkdir -p "$work/root"/{bin,dev,proc,sbin,sys,etc,files} &&
  scripts/need.sh qemu-system-x86_64=qemu-system-x86 busybox=busybox-static \
    cpio=cpio && kernel=$(scripts/kernel.sh "${KERNEL:-6.1}") || exit 1
kernel=$kernel/vmlinuz root=$work/root bases=("$work/root.cpio.gz")

cp "$(command -v busybox)" "$root/bin/busybox" &&
  cp "${BIN:-generated/bin}/leafroot" "$root/sbin/leafroot" || exit 1
for i in sh awk mount md5sum poweroff mkdir cat dd
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
if [ -e /etc/left ]
then
  mkdir /ballast && mount -t tmpfs -o size=100% ballast /ballast
  free=$(awk '/^MemFree/ { print int($2/1024) }' /proc/meminfo)
  dd if=/dev/zero of=/ballast/file bs=1M count=$((free-$(cat /etc/left))) 2> /dev/null
  awk '/^Mem[FA]/ { print "=== " $0 }' /proc/meminfo
fi
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
  > "${bases[0]}" || exit 1
# What run.sh joins to it has to begin at a multiple of 4 bytes
truncate -s %4 "${bases[0]}"
echo "a root of $(du -sm "$root" | cut -f 1) MiB, $(du -sk "${bases[0]}" | cut -f 1) KiB packed"

# up FS MIB LEFT NAME: boot, and have all of the memory used but LEFT MiB if that is
# not "-". NAME is leafroot, or is without it. What became of it: leaf, place or
# died, in $work/FS-MIB-LEFT-NAME/is
up()
{
  local mem=$2 cpus=1 limit=150 disk='' cmdline="rootfstype=$1" is=died \
    dir=$work/$1-$2-$3-$4

  # run.sh tells a machine that is silent from one that hangs
  mkdir -p "$dir/add/etc" && { [ "$3" = - ] || echo "$3" > "$dir/add/etc/left"; } &&
    { [ "$4" = leafroot ] || : > "$dir/add/etc/plain"; } &&
    declare -p cmdline mem cpus limit bases kernel disk > "$dir/conf" || exit 1
  tests/leafroot/host/run.sh "$dir" > "$dir/out" 2>&1
  if grep -q '^=== files same' "$dir/log" && ! grep -q '^=== newroot' "$dir/log"
  then
    grep -q '^=== on leaf' "$dir/log" && is=leaf || is=place
  fi
  # It is not what was to be booted
  [ "$3" = - ] || grep -q '^=== MemFree' "$dir/log" || [ "$is" = died ] || is=broken
  [ "$4" = leafroot ] || [ "$is" != leaf ] || is=broken
  echo "$is" > "$dir/is"
}

# is FS MIB LEFT NAME: boot unless that was done, and print what became of it
is()
{
  [ -e "$work/$1-$2-$3-$4/is" ] || up "$@"
  cat "$work/$1-$2-$3-$4/is"
}

# both FS MIB LEFT: the line of the table. With so little memory the machine can die
# by chance without leafroot, too.
both()
{
  local with red='' i

  with=$(is "$@" leafroot)
  if [ "$with" = died ]
  then
    red=", and boots without leafroot: RED"
    for i in plain plain2 plain3
    do
      [ "$(is "$@" $i)" != died ] || { red=", and without leafroot too"; break; }
    done
  fi
  [ "$3" = - ] && echo "$1, $2 MiB: $with$red" ||
    echo "$1, $2 MiB, of which $3 are left: $with$red"
}

# steps FS: with less and less memory
steps()
{
  local low=64 high=256 mem leaves=0 line n=0 add

  # The least memory that the machine boots with
  while [ $((high-low)) -gt 2 ]
  do
    mem=$(((low+high)/2))
    mem=$((mem-mem%2))
    if [ "$(is "$1" $mem - plain)" = died ]; then low=$mem; else high=$mem; fi
  done
  for ((mem = high-2; leaves < 3 && mem <= 512; mem += add))
  do
    line=$(both "$1" $mem -)
    case "$line" in *": leaf") leaves=$((leaves+1)) ;; *) leaves=0 ;; esac
    echo "$line"
    add=$((n < 4 ? 2 : step)) n=$((n+1))
  done
  for mem in 32 24 16 12 8 6 4 2
  do
    both "$1" 256 $mem
  done
}

for i in ramfs tmpfs
do
  steps $i > "$work/$i" 2>&1 &
done
wait
cat "$work/ramfs" "$work/tmpfs"
boots=$(find "$work" -name is | wc -l)
red=$(cat "$work/ramfs" "$work/tmpfs" | grep -c 'RED\|broken')
hung=$(grep -l '^run.sh: no end' "$work"/*/log | grep -vc -- -plain)
[ -s "$work/ramfs" ] && [ -s "$work/tmpfs" ] || red=$((red+1))
echo "| memory | | $boots | | $boots | $red | $hung | | $red |"
[ "$red" -eq 0 ] && echo "red: none" || echo "red: $red"
