# dropin.sh - the drop-in archive: joined to what initramfs-tools, dracut and
# mmdebstrap make, by gzip, zstd and xz, it is all of the installation
# shellcheck shell=bash disable=SC2016
# SPDX-License-Identifier: 0BSD

DROPIN=$LEAFROOT_TOP/generated/leafroot.cpio.gz

testing "drop-in: /leafroot and nothing else, no directory" \
  'have "$NEED" cpio=cpio && zcat "$DROPIN" | cpio -tv --quiet --numeric-uid-gid | tr -s " " |
    cut -d " " -f 1-4,9; zcat "$DROPIN" | cpio -i --to-stdout --quiet |
    cmp - "$LEAFROOT_TOP/generated/bin/leafroot" && echo same' \
  "-rwxr-xr-x 1 0 0 leafroot\nsame\n" "" ""
# From a copy elsewhere, later, with another owner and umask
dropin_again()
{
  mkdir -p again/generated/bin && cp -r "$LEAFROOT_TOP/scripts" again &&
    cp "$LEAFROOT_TOP/generated/bin/leafroot" again/generated/bin &&
    chown 1:1 again/generated/bin/leafroot && chmod 700 again/generated/bin/leafroot &&
    (umask 77 && TZ=UTC-7 again/scripts/dropin.sh) &&
    cmp again/generated/leafroot.cpio.gz "$DROPIN" && echo same
  rm -rf again
}
testing "drop-in: made again, the same bytes" dropin_again "same\n" "" ""

# What is told of every one of them
DROPPED='
  want rdinit sh -c "dmesg | grep \"Run /leafroot as init process\""
  want leaf is_leaf
  deny own-parent is_rootfs
  same symlink usr/sbin readlink /sbin
  want unchanged unchanged $CHANGES
  want sealed sealed
  deny not-loaded loaded
  want modprobe /sbin/modprobe udf
  want loaded loaded
  same runc "in a container" container
'

# unpacked IMAGE LIST: what the command LIST says of the tree that IMAGE and the
# drop-in unpack to
unpacked()
{
  local tree=$WORK/dropin.tree cat

  case "$1" in *.gz) cat=gzip ;; *.zst) cat=zstd ;; *) cat=${1##*.} ;; esac
  rm -rf "$tree" && mkdir "$tree" && "$cat" -dc "$1" | (cd "$tree" && cpio -idm --quiet) &&
    (cd "$tree" && zcat "$DROPIN" | cpio -idm --quiet && PATH=$WORK:$PATH && eval "$2") &&
    rm -rf "$tree"
}

# initramfs TOOL: generated/image/TOOL/initramfs.gz, .zst and .xz
initramfs()
{
  "$LEAFROOT_TOP/scripts/initramfs.sh" "$1" ${KERNEL:+"$KERNEL"} > /dev/null
}

# joined TOOL SUFFIX LIST: $WORK/dropin-TOOL.SUFFIX.cpio is what the words of the
# manual make of TOOL's image, then zero bytes, as the tests' own is not
# compressed; what LIST says of the tree is in dropin-TOOL.SUFFIX.tree.
joined()
{
  local image=$WORK/dropin-$1.$2 size \
    from=$LEAFROOT_TOP/generated/image/$1/initramfs.$2

  once initramfs "$1" && cat "$from" "$DROPIN" > "$image.cpio" || return 1
  size=$(stat -c %s "$image.cpio") &&
    truncate -s $(((size+3)/4*4)) "$image.cpio" || return 1
  [ "$image.tree" -nt "$from" ] && [ "$image.tree" -nt "$DROPIN" ] ||
    unpacked "$from" "$3" > "$image.tree" || { rm -f "$image.tree"; return 1; }
}

# dropin TOOL SUFFIX NAME AFTER CMDLINE STAGE [KEY=VALUE...]
dropin()
{
  local image=dropin-$1.$2 \
    list='find . -exec stat -c "%n %f - %u:%g %Y %h %s" {} +'

  # Every byte of it for one of the three: sums take long in an emulator.
  [ "$2" != gz ] || list='manifest .'
  boot "$3" '' "$4" root="$image" needs="once joined $1 $2 ${list@Q}" limit=300 \
    cmdline="rdinit=/leafroot $5" stage="
      install \"\$HERE/guest/dropin-judge.sh\" t/judge &&
      cp \"\$WORK/$image.tree\" t/tree &&
      echo ${list@Q} | sed 's/.*/list() { &; }/' > t/list && $6" "${@:7}"
}

# initramfs-tools: /init is a script, which asks the boot= script for the root.
SCRIPT='
  same script "/bin/sh /init" init_is
'
dropin-initramfs-tools()
{
  dropin initramfs-tools "$1" "${2:-dropin-initramfs-tools-$1}" \
    "${3:-$DROPPED$SCRIPT}" "boot=judge $4" '
      mkdir scripts && echo "mountroot() { /t/judge; }" > scripts/judge' mem=512 "${@:5}"
}

# dracut: /init is systemd. root= is what makes the root a ramfs.
SYSTEMD='
  same init /init init_is
  same systemd /usr/lib/systemd/systemd readlink /proc/1/exe
'
dropin-dracut()
{
  dropin dracut "$1" "dropin-dracut-$1" "
    CHANGES=/etc/machine-id
    $DROPPED
    $SYSTEMD
    want initrd [ -e /etc/initrd-release ]
    same hook activating systemctl show -P ActiveState dracut-pre-trigger
  " 'root=/dev/none rd.systemd.show_status=0' '
      mkdir -p usr/lib/dracut/hooks/pre-trigger &&
      echo /t/judge > usr/lib/dracut/hooks/pre-trigger/99-judge.sh' mem=512
}

# mmdebstrap: a Debian, booted as far as that goes
dropin-mmdebstrap()
{
  dropin mmdebstrap "$1" "dropin-mmdebstrap-$1" "
    same running running systemctl is-system-running --wait
    want multi-user systemctl -q is-active multi-user.target
    CHANGES='/etc/machine-id /var/log/journal /var/log/wtmp'
    $DROPPED
    $SYSTEMD
  " 'systemd.show_status=0 systemd.mask=serial-getty@ttyS0.service' '
      mkdir -p etc/systemd/system/multi-user.target.wants &&
      printf "[Service]\nExecStart=/t/judge\n" > etc/systemd/system/judge.service &&
      ln -s ../judge.service etc/systemd/system/multi-user.target.wants' mem=1024 cpus=2
}

# The kernel unpacks them, not leafroot: a day each has one of the three, and each
# of the three is had by one. DROPINS="gz zst xz" is all nine.
dropin_suffixes=(gz zst xz) n=$(($(date +%-j)))
for i in initramfs-tools dracut mmdebstrap
do
  for j in ${DROPINS:-"${dropin_suffixes[n++%3]}"}
  do
    "dropin-$i" "$j"
  done
done

# Without leafroot's work all of that fails.
dropin-initramfs-tools gz dropin-off "$SCRIPT"'
  want rootfs is_rootfs
  deny leaf is_leaf
  deny sealed sealed_now
  want runc no_container "pivot_root .: invalid argument"
' leafroot=off says=
