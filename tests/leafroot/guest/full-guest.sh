# full-guest.sh - a move that fails by itself: a signal, a leaf that is full, and
# a way back that fails too (busybox sh, on a rooted() root)
# shellcheck shell=dash disable=SC1091
# SPDX-License-Identifier: 0BSD

. /etc/lib

hurt /hurt small && hurt-big /big small || exit 1
snap before
cp /bin/busybox /out/busybox

# try NAME CASE OPTION...: what leafroot says, which should be one line
try()
{
  n=$1 c=$2 && shift 2
  rm -f /out/ran
  pid1 /bin/inject "$c" /bin/leafroot -q -f "$@" /newroot /sbin/init
  snap after
  [ -s /out/injected ] || echo "$n: never"
  [ -s /out/ran ] || echo "$n: init did not run"
  grep '^leafroot: ' /out/err | sed "s/^leafroot: \(.*: \)\?\(.*\)/$n: \2/" | cut -c 1-200
}

# SIGTERM while a file waits
pid1 /bin/inject sendfile:400:term /bin/leafroot -q -f /newroot /sbin/init
snap after
sed 's/^leafroot/term/' /out/err
same before after && echo "term same"

# And SIGTERM again and again on the way back, where a process but PID 1 would
# die of it
cat > /out/again <<'AGAIN'
#!/out/busybox sh
p=$(/out/busybox pidof leafroot)
kill -TERM $p
/out/busybox usleep 600000
while kill -TERM $p
do
  :
done > /dev/null 2>&1 &
AGAIN
chmod 755 /out/again
inject sendfile:400:/out/again /bin/leafroot -q -f /newroot /sbin/init \
  2> /out/err 9> /out/injected
echo "again $?"
snap after
same before after && echo "again same"

# Somebody else takes what is left of the space: an open file without a name
mib=$(leafroot -n -f /newroot /sbin/init 2>&1 | sed -n 's/.* holds \([0-9]*\) MiB .*/\1/p')
cat > /out/fill <<'FILL'
#!/out/busybox sh
exec 3> /newroot/fill
/out/busybox rm /newroot/fill
/out/busybox dd if=/dev/zero bs=64k >&3 2> /out/dd
/out/busybox sleep 4 > /dev/null 2>&1 &
FILL
chmod 755 /out/fill
try space sendfile:50:/out/fill -o "size=$((mib+20))M"
same before after && echo "space same"
sleep 4

# tmpfs counts names. More files than the survey saw are made while they are moved
cat > /out/more <<'MORE'
#!/out/busybox sh
for d in /hurt/*
do
  i=0
  while [ $i -lt 300 ]
  do
    echo > "$d/more$i" && i=$((i+1))
  done
done
MORE
chmod 755 /out/more
try inodes "sendfile:5:/out/more" -o "nr_inodes=$(($(grep -c . /out/before)+300))"
rm -f /hurt/*/more*
snap after

# Of what was there all but the times of those directories
awk '{ $5 = "" } $2 != "d"' /out/before > /out/before.files
awk '{ $5 = "" } $2 != "d"' /out/after | cmp -s /out/before.files - && echo "inodes same"

# And the way back fails as well: that is said, and what is not back is still there.
rm -f /out/ran
pid1 /bin/inject unlinkat:400+:EIO /bin/leafroot -q -f /newroot /sbin/init
lines=$(grep -c '^leafroot: ' /out/err)
content() { awk '$2 == "f" { for (i = 6; i < 9; i++) if ($i ~ /^sha/) print $1, $i }' "$@"; }
content /out/before > /out/all
{ manifest -x /newroot /; manifest /newroot; } | content > /out/here
lost=$(awk 'NR == FNR { here[$0]; next } !($0 in here)' /out/here /out/all | wc -l)
[ "$lines" -ge 2 ] && [ -s /out/ran ] && [ -d /newroot/hurt ] && [ "$lost" = 0 ] &&
  echo "both: says so, nothing lost" ||
  { cut -c 1-200 /out/err; ls /newroot; echo "$lost lost of $(wc -l < /out/all)"; }
