# survey-guest.sh - the figures of -n and -v are those of du and find (busybox sh,
# on a rooted() root)
# shellcheck shell=dash disable=SC1091
# SPDX-License-Identifier: 0BSD

. /etc/lib

hurt /hurt small && hurt-big /big 3000 && rm /big/six && mkdir /a && mount -t tmpfs a /a &&
  cp /big/sizes/16777216 /a || exit 1
snap before
pid1 leafroot -n -f /newroot /sbin/init
cp /out/err /out/err-n
snap after
same before after && echo "nothing changed"
cat /out/ran 2> /dev/null

# By blocks and inodes, each of them once, and with what lies under mounts. Paths over PATH_MAX, which du and find
# refuse, are counted by hand: 40 directories with a file in each and one below.
kb=$(find / -xdev ! -type d -exec stat -c '%i %b' {} + 2> /dev/null |
  sort -u | awk '{ n += $2 } END { print n/2 }')
inodes=$(awk '{
    for (i = 1; i <= NF; i++) if ($i ~ /^link=/) {
      sub("/.*", "", $i)
      if (seen[$i]++) next
    }
    n++
  }
  END { print n }' /out/before)
sed -n 's/^leafroot: \/ holds \([0-9]*\) MiB in \([0-9]*\) inodes, the largest file \([0-9]* MiB\): \(.*\)/\1 \2 \3 \4/p' /out/err-n > /out/figures
read -r mib count large unit name < /out/figures
[ "$mib" = $((kb/1024)) ] || echo "bytes: $mib MiB, find says $kb KiB"
[ "$count" = "$inodes" ] || echo "inodes: $count, manifest says $inodes"
echo "largest $large $unit $name"
grep -q 'MiB.* available' /out/err-n || echo "no memory available"
grep -q 'peak.* MiB' /out/err-n || echo "no peak expected"
pid1 leafroot -v -f /newroot /sbin/init
grep -c '^ran' /out/ran
grep -x "$(grep ' holds ' /out/err-n)" /out/err > /dev/null || echo "-v has others"
# What -n says will be done is what -v says and does, all lines of it
for i in err-n err
do
  grep '^leafroot: plan: ' "/out/$i" > "/out/$i.plan"
done
[ "$(grep -c . /out/err.plan)" = 3 ] && cmp /out/err-n.plan /out/err.plan ||
  diff /out/err-n.plan /out/err.plan
for i in read look survey check mount fill carry switch
do
  grep -qx "leafroot: $i: [0-9]* ms" /out/err || echo "-v: no $i"
done
[ -z "$SHOW" ] || cat /out/err-n /out/err
