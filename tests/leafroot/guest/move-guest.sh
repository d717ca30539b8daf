# move-guest.sh OPTION... - make a tree that hurts, move it with OPTIONs of
# leafroot, and compare (busybox sh, on a rooted() root)
# shellcheck shell=dash disable=SC1091
# SPDX-License-Identifier: 0BSD

. /etc/lib

# 4000 levels: a machine's own limit of descriptors can be 20000
hurt /hurt && hurt-big /big "$FILES" && hurt /deep 4000 || exit 1
# Its sum would take a minute
mv /big/six /six
six=$(hurt-big -d /six) stat=$(stat -c "%s %b %f %u:%g %Y" /six)
manifest -b -x /six / > /out/before
mounts > /out/before.mounts
id=$(root_id)
exec 5< /

begin=$(date +%s)
pid1 leafroot -f "$@" /newroot /sbin/init a "b  c"
echo "$(($(date +%s)-begin)) s" > /out/time

cat /out/ran
said
[ "$(root_id)" != "$id" ] || echo "not moved"
manifest -b -x /six / > /out/after
mounts > /out/after.mounts
same before after && echo "same"
[ "$(grep -c . /out/after)" -gt $((FILES+12000)) ] || echo "few"
[ "$(hurt-big -d /six)" = "$six" ] && echo "six same" ||
  { echo "six:"; hurt-big -d /six; }
[ "$(stat -c "%s %b %f %u:%g %Y" /six)" = "$stat" ] || stat /six

# What is left in the old root of files that took 200 MiB
left=$(du -sk /proc/self/fd/5/big/sizes 2> /dev/null | cut -f 1)
[ "${left:-0}" -lt 1000 ] && echo "gone" || echo "kept"
[ -z "$TIMES" ] || cat /out/time
