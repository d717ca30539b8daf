# progress-guest.sh - what a move that takes long says while it does (busybox sh,
# on a rooted() root)
# shellcheck shell=dash disable=SC1091
# SPDX-License-Identifier: 0BSD

. /etc/lib

# Long: it stops for some seconds when half of it is done.
cp /bin/busybox /out/busybox
cat > /out/slow <<'SLOW'
#!/out/busybox sh
exec /out/busybox sleep 8
SLOW
chmod 755 /out/slow
mkdir /dev/pts && mount -t devpts -o newinstance devpts /dev/pts &&
  hurt-big /big small && hurt /hurt small || exit 1
type=$(awk '$5 == "/" { t = $(NF-2) } END { print t }' /proc/self/mountinfo)

# say COLUMNS OPTIONS: what a slow move says, \r shown as <
say()
{
  cols=$1 && shift
  onpty "$cols" unshare -pf /bin/inject "sendfile:$half:/out/slow" /bin/leafroot \
    -f -t "$type" "$@" /newroot /sbin/init 9> /out/injected | sed 's/\r$//' |
    tr '\r' '<'
  [ -s /out/injected ] || echo "not slow"
}
pid1 /bin/inject -c /out/counts /bin/leafroot -q -f -t "$type" /newroot /sbin/init
half=$(awk '$1 == "sendfile" { print int($2/2) }' /out/counts)

say 0 > /out/serial
say 80 > /out/terminal
say 0 -q > /out/quiet
say 80 -q >> /out/quiet
line='leafroot: [0-9]* [KM]iB of [0-9]* [KM]iB, [0-9]* [KM]iB/s, [0-9]* s left'

# A line of its own each, some seconds apart
n=$(grep -cx "$line" /out/serial)
[ "$n" -ge 2 ] && [ "$n" -le 4 ] && echo "serial some" || echo "serial $n"
grep '<' /out/serial

# One line that is written over and over, and ended
over=$(grep -o "<$line" /out/terminal | wc -l)
[ "$over" -ge 10 ] && echo "terminal many" || echo "terminal $over"
[ "$(grep -c "$line" /out/terminal)" = 1 ] && echo "one line"
tail -n 1 /out/terminal | sed 's/ in [0-9]* ms$//; s/[0-9]\+/N/g'
echo "quiet $(cat /out/quiet)"

# Figures: the total is the tree's, what is done never more, time is left. Which
# half of the files comes first is chance: it can be less than a MiB.
total=$(du -skx / | cut -f 1)
sed -nE "s/^leafroot: ([0-9]+) ([KM])iB of ([0-9]+) ([KM])iB, .*/\1 \2 \3 \4/p" /out/serial |
  awk -v t="$total" -v n="$n" '
    { some = $1*($2 == "M" ? 1024 : 1); all = $3*($4 == "M" ? 1024 : 1) }
    some > all || all < t-3072 || all > t+3072 { print $0 ": " t " KiB"; bad = 1 }
    END { print NR == n && !bad ? "figures" : NR " of " n " lines" }'
[ -z "$SHOW" ] || cat -v /out/serial /out/terminal
