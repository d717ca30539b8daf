# hold-guest.sh - files in use while they are moved stay whole, and are named
# (busybox sh, on a rooted() root)
# shellcheck shell=dash disable=SC1091
# SPDX-License-Identifier: 0BSD

. /etc/lib

mkdir /use && hurt-big /big small && cd /use || exit 1
for i in shared private write loop idle
do
  cat /big/sizes/suid /big/sizes/suid /big/sizes/suid /big/sizes/suid \
    /big/links/big > "$i" || exit 1
done

# A program of 36 MiB: what follows its end is never read
cat /bin/busybox shared > ./sleep && chmod 755 sleep && ln sleep linked || exit 1
cd /
for i in shared private write
do
  holdfile "$i" /use/$i /out/ready.$i /out/go > /out/held.$i &
done
/use/sleep 100 &
exe=$!
mknod /dev/loop b 7 "$LOOP" && losetup /dev/loop /use/loop || exit 1
while [ ! -e /out/ready.shared ] || [ ! -e /out/ready.private ] ||
  [ ! -e /out/ready.write ] || [ "$(readlink /proc/$exe/exe)" != /use/sleep ]
do
  sleep .1
done
sum=$(sha256sum < /dev/loop)

snap before
pid1 /bin/leafroot -f /newroot /sbin/init
snap after
same before after && echo "tree same"
: > /out/go
blockdev --flushbufs /dev/loop && [ "$(sha256sum < /dev/loop)" = "$sum" ] && echo "loop same"
losetup -d /dev/loop
kill "$exe" && wait "$exe" 2> /dev/null
# Its text is mapped: the kernel would have ended it by a SIGBUS
[ $? = 143 ] && echo "exe ran"
wait
for i in shared private write
do
  echo "$i $(cat /out/held.$i)"
done

# Each is named, what nobody uses is not
for i in shared private write loop sleep
do
  grep -q "^leafroot: /use/$i.* 3[567] MiB" /out/err || echo "not named: $i"
done
! grep -q idle /out/err || echo "named: idle"
[ -z "$SHOW" ] || cat /out/err
