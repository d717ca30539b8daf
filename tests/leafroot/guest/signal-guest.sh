# signal-guest.sh - signals that end a process by default, between the first
# change and the last (busybox sh, on a rooted() root)
# shellcheck shell=dash disable=SC1091
# SPDX-License-Identifier: 0BSD

. /etc/lib

hurt /hurt small && hurt-big /big small && mkdir /c && mount -t tmpfs c /c ||
  exit 1
cp /bin/busybox /out/busybox
cat > /out/kill <<'KILL'
#!/out/busybox sh
/out/busybox kill -"$(/out/busybox cat /out/signal)" $(/out/busybox pidof leafroot)
/out/busybox usleep 300000
KILL
chmod 755 /out/kill
snap before

# run NAME CASE OPTION...: one line, init ran or what was said
run()
{
  n=$1 c=$2 && shift 2
  rm -f /out/ran
  /bin/inject "$c" /bin/leafroot -qf "$@" /newroot /sbin/init 2> /out/err \
    9> /out/injected
  rc=$?
  [ -s /out/injected ] || echo "$n: never"
  [ ! -e /newroot ] || echo "$n: /newroot is left"
  if [ -s /out/ran ]
  then
    echo "$n: ran"
  else
    echo "$n $rc: $(sed 's/^leafroot: //' /out/err)"
  fi
}

for i in QUIT ALRM USR1 37 PIPE
do
  echo $i > /out/signal
  run $i sendfile:100:/out/kill
  snap after
  same before after || echo "$i: not the same"
done

rm -f /out/ran
/bin/leafroot -vf /newroot /sbin/init 2>&1 | head -n 6 > /out/six
snap after
[ -s /out/ran ] && same before after && echo "pipe: ran"

# Whatever it is doing when it is asked to stop, the old root is all there, or
# the new one is
(cd / && { find bin sbin etc dev; echo proc; echo out; echo c; } |
  cpio -oH newc > /out/a.cpio) 2> /dev/null
for i in write:9 fsconfig:9 move_mount:1 pivot_root:1
do
  run "x $i" $i:term -x /out/a.cpio
  snap after
  [ -s /out/ran ] || same before after || echo "x $i: not the same"
done
