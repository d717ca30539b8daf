# taken-guest.sh - a move is stopped in a big file, and what it has freed of that
# can't be had again (busybox sh, on a rooted() root of 100 MiB)
# shellcheck shell=dash disable=SC1091
#
# Then the file has to be whole in one of the two trees, and said to be left.
# Copyright 2026 The leafroot authors
# SPDX-License-Identifier: 0BSD

. /etc/lib

yes "$(seq 1 1000)" | head -c 80m > /big
cp /bin/busybox /out/busybox
snap before

# Somebody else takes the space, but for 6 MiB. Big files are moved last, in
# pieces of 4 MiB, so the 20th piece is one of them. (What is started in the
# background gets /dev/null as input, which has been moved: nothing is here.)
cat > /out/take <<'TAKE'
#!/out/busybox sh
/out/busybox yes | /out/busybox head -c 6m > /room
/out/busybox yes > /fill 2> /out/full
/out/busybox rm /room
/out/busybox kill -TERM 1
/out/busybox usleep 600000
TAKE
chmod 755 /out/take
pid1 inject sendfile:20:/out/take /bin/leafroot -q -f /newroot /sbin/init
[ -s /out/injected ] || echo "never"
[ -s /out/ran ] && echo "init ran"
cut -c 1-120 /out/err

content() { awk '$2 == "f" { for (i = 6; i < 9; i++) if ($i ~ /^sha/) print $1, $i }' "$@"; }
snap after
content /out/before > /out/all
{ manifest -x /newroot /; manifest /newroot; } | content > /out/here
awk 'NR == FNR { here[$0]; next } !($0 in here) { print "lost: " $1 }' \
  /out/here /out/all
