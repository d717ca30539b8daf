# extract.sh - the root unpacked again, from what the kernel kept, a file, a pipe
# shellcheck shell=bash disable=SC2016
# SPDX-License-Identifier: 0BSD

UNPACKED='leafroot: / is a tmpfs now: * unpacked in *'

# What is there after the boot but in no archive is gone, what was lost is back,
# and all else is what it was. (/root is the kernel's own, with a time of its own.)
LATER='
  kept
  snap /run/before -t /root
  echo later > /later
  mkdir /opt/later
  echo changed > /etc/kept
  ln -f /t/busybox /etc/linked
'
PRISTINE='
  want leaf is_leaf
  want pristine intact -t /root
  want mounts same_mounts
'
KEPT='echo kept > etc/kept && ln etc/kept etc/linked'

# retained KERNEL AFTER [OPTION]: /sys/firmware/initrd is there since 6.8
retained()
{
  boot "extract-initrd-$1" 'mounts > /run/mounts'"$LATER" "$PRISTINE$2" \
    stage="mkdir etc && $KEPT" cmdline=retain_initrd says="$UNPACKED" \
    leaf="exec leafroot $3 -x /newroot /sbin/init"
}
# missing KERNEL CMDLINE [OPTION]: without the parameter, or before 6.8, it's a
# line that names it
missing()
{
  boot "extract-missing-$1" 'snap /run/before' '
    want in-place intact
    deny leaf [ -e /newroot ]
  ' leaf="exec leafroot $3 -x /newroot /sbin/init" cmdline="$2" \
    says='leafroot: archive /sys/firmware/initrd (boot with retain_initrd, Linux 6.8 or later): No such file or directory'
}
for i in 6.12 6.18
do
  on $i retained $i 'want sealed sealed'
  on $i missing $i
done
on sid retained sid 'want freed soon freed' -f
on sid missing sid '' -f
missing 6.1 retain_initrd

# With no script: all is said on the kernel command line
on 6.18 boot extract-rdinit '' '
  want leaf is_leaf
  want sealed sealed
  same kept kept cat /etc/kept
' stage="mkdir etc && $KEPT" says="$UNPACKED" \
  cmdline='retain_initrd rdinit=/sbin/leafroot leafroot=extract'

# An inner archive: what the stage of a boot makes of it
INNER='"$NEED" zstd=zstd xz=xz-utils lz4=lz4 && mkdir in x && (cd in && mkdir -p etc && '"$KEPT"') &&
  (cd in && find . | cpio -oH newc --quiet -R 0:0) > tail.cpio &&
  cat "$WORK/small.cpio" "$WORK/kit.cpio" "$WORK/script.cpio" tail.cpio > x/in.cpio &&
  mkdir -p t2/t && cp t/before t/after t/leaf t2/t && (cd t2 && find t -type f | cpio -oH newc --quiet -R 0:0) >> x/in.cpio &&
  rm -r in t2 tail.cpio'
INSIDE='
  want leaf is_leaf
  want sealed sealed
  same kept kept cat /etc/kept
  want linked [ /etc/kept -ef /etc/linked ]
  deny outer [ -e /x ]
  deny later [ -e /later ]
  want init [ -x /t/init ]
'
unpacks() { boot "extract-$1" 'echo later > /later' "$INSIDE" says="$UNPACKED" "${@:2}"; }
unpacks gzip stage="$INNER && gzip -1 x/in.cpio" \
  leaf='exec leafroot -x /x/in.cpio.gz /newroot /sbin/init'
unpacks zstd stage="$INNER && zstd -q1 --rm x/in.cpio" \
  leaf='exec leafroot -x /x/in.cpio.zst /newroot /sbin/init'
unpacks stdin stage="$INNER && xz -0 --check=crc32 x/in.cpio" \
  leaf='exec leafroot -x - /newroot /sbin/init < /x/in.cpio.xz'
# A word that begins as "extract" does
unpacks rdinit-file stage="$INNER && lz4 -ql x/in.cpio extra && rm -r x" \
  cmdline='rdinit=/sbin/leafroot init=/sbin/init leafroot=extract=extra'
# A bind of the old root, and an init that ".." of a symlink leads to: nothing
# lies on top of the new root while that is looked for.
boot extract-bind 'mkdir -p /opt/a /opt/b && mount --bind /opt/a /opt/b' "$INSIDE"'
  same init /l/start echo "$0"
' says="$UNPACKED" stage="$INNER"' && mkdir l && ln -s ../sbin/init l/start &&
  find l | cpio -oH newc --quiet -R 0:0 >> x/in.cpio && rm -r l' \
  leaf='exec leafroot -x /x/in.cpio /newroot /l/start'
# The second is unpacked over the first.
boot extract-two '' "$INSIDE"'
  same first first cat /opt/first
' says="$UNPACKED" stage="$INNER"' && mkdir -p etc opt &&
  echo other > etc/kept && echo first > opt/first &&
  find etc opt | cpio -oH newc --quiet > x/first && rm -r etc opt' \
  leaf='exec leafroot -x /x/first -x /x/in.cpio /newroot /sbin/init'
unpacks limits stage="$INNER" cmdline=rootflags=size=20M,nr_inodes=2000 \
  leaf='exec leafroot -x /x/in.cpio /newroot /sbin/init'

# BEFORE='' bad NAME SAYS [KEY=VALUE...]: refused, and the old root is what it was
bad()
{
  boot "extract-$1" "$BEFORE$SEEN" "$UNTOUCHED"'
    deny newroot [ -e /newroot ]
  ' says="$2" leaf='exec leafroot -x /x/in.cpio /newroot /sbin/init' "${@:3}"
}
# Verified first, as there is a limit; or found when half of it is unpacked
BEFORE='' no_init='No such file or directory'
for i in '' rootflags=size=40M
do
  bad "cut${i:+-limit}" 'leafroot: /x/in.cpio: archive offset *: ends inside an entry' \
    stage="$INNER"' && truncate -s -30000 x/in.cpio' cmdline="$i"
  bad "no-init${i:+-limit}" "leafroot: init /sbin/init: $no_init" \
    stage="$INNER"' && echo x | cpio -oH newc --quiet > x/in.cpio' cmdline="$i"
  no_init='not in /x/in.cpio'
done
bad size 'leafroot: tree needs * MiB in * inodes, rootflags size=2M holds 2 MiB' \
  stage="$INNER" cmdline=rootflags=size=2M
bad absent 'leafroot: archive /x/none: No such file or directory' \
  leaf='exec leafroot -x /x/none /newroot /sbin/init'

# Memory for one tree only, as a file on another mount takes the rest: the old
# one goes before the new one comes, but not if anything is wrong with the archive.
LARGE="$INNER"' && mkdir -p big/opt && head -c 60M /dev/urandom > big/opt/data && (cd big &&
  find opt | cpio -oH newc --quiet -R 0:0) >> x/in.cpio && rm -r big &&
  mkdir opt && head -c 60M /dev/urandom > opt/old'
TIGHT="$LARGE && zstd -q1 --rm x/in.cpio"
boot extract-tight 'ballast 75' "$INSIDE"'
  deny old [ -e /opt/old ]
  same data 62914560 stat -c %s /opt/data
' stage="$TIGHT" mem=700 limit=300 \
  leaf='exec leafroot -v -x /x/in.cpio.zst /newroot /sbin/init' \
  says=any judge='
    want emptied-first grep "emptying the old root first: the archive is good" log
  '
BEFORE='ballast 75' bad tight-bad 'leafroot: /x/in.cpio.zst: archive offset *' mem=700 limit=300 \
  stage="$TIGHT"' && truncate -s -30000 x/in.cpio.zst' \
  leaf='exec leafroot -x /x/in.cpio.zst /newroot /sbin/init'
# Too short even without the old root: what another mount holds does not go.
BEFORE='rm /opt/old
  ballast 50' bad tight-more \
  'leafroot: unpacking needs * MiB, * MiB are available without the old root' \
  mem=700 limit=300 stage="$TIGHT" leaf='exec leafroot -x /x/in.cpio.zst /newroot /sbin/init'
# What init needs to start is in no archive, so the old root would be all there is
# to boot: it stays.
ADD_INIT='mkdir -p add2/sbin && echo "#!/no/such" > add2/sbin/init && chmod 755 add2/sbin/init &&
  (cd add2 && find sbin/init | cpio -oH newc --quiet -R 0:0) >> x/in.cpio && rm -r add2'
BEFORE='ballast 75' bad tight-init \
  'leafroot: unpacking needs * MiB, * MiB are available, and the old root has to stay as no init is sure to run' \
  mem=700 limit=300 stage="$LARGE && $ADD_INIT && zstd -q1 --rm x/in.cpio" \
  leaf='exec leafroot -x /x/in.cpio.zst /newroot /sbin/init'
# 900 MB in a small archive, which nobody has looked into before
BEFORE='' bad zeros 'leafroot: /x/in.cpio.zst: unpacking opt/zeros: No space left on device' \
  stage="$INNER"' && mkdir -p big/opt && truncate -s 900M big/opt/zeros && (cd big &&
  find opt | cpio -oH newc --quiet -R 0:0) >> x/in.cpio && rm -r big && zstd -q1 --rm x/in.cpio' \
  leaf='exec leafroot -x /x/in.cpio.zst /newroot /sbin/init'
