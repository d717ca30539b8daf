#!/bin/sh
# demo.sh - what "make boot" runs inside: first as /init, on rootfs, then again
# as the init leafroot starts, on the leaf. What it finds goes to the console as
# "@ WHEN KEY VALUE", which scripts/boot.sh makes a table of.
# SPDX-License-Identifier: 0BSD

PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH

say() { echo "@ $when $*"; }

# try RUNTIME: run a container with its default settings, no flags.
try()
{
  if out=$(cd /demo/bundle && timeout 60 "$1" run "$1-$when" 2>&1 < /dev/null)
  then
    say "$1" "works: $out"
  else
    say "$1" "fails: $(echo "$out" | tail -n 1 | sed 's/.*rootfs: //;s/"$//')"
  fi
}

field() { sed -n "s/^$1: *\([0-9]*\) kB/\1/p" /proc/meminfo; }

# Files of a tmpfs are shared memory, those of a ramfs cannot be evicted.
held() { echo $(($(field Shmem)+$(field Unevictable))); }

look()
{
  # shellcheck disable=SC2046
  set -- $(grep -m 1 ' / / ' /proc/self/mountinfo)
  say mountinfo "$*"
  case "$1" in
    "$2") say root "mount $1, its own parent" ;;
    *) say root "mount $1, on top of mount $2" ;;
  esac
  # shellcheck disable=SC2046
  set -- $(df -k / | tail -n 1)
  say df "$1, $(($3>>10)) of $(($2>>10)) MiB used"
  say memory "$(($(held)>>10)) MiB in files," \
    "$(($(field MemAvailable)>>10)) MiB free"
  say files "$(find / -xdev | wc -l)"
  try runc
  try crun
}

if [ "$1" != after ]
then
  when=before
  mount -t proc proc /proc && mount -t sysfs sysfs /sys &&
    mount -t cgroup2 cgroup2 /sys/fs/cgroup &&
    mount -t devtmpfs devtmpfs /dev || say error "cannot mount"
  mkdir -p /dev/pts /dev/shm && mount -t devpts devpts /dev/pts
  mount -t tmpfs tmpfs /run

  # What runc itself proposes, with another command and no terminal.
  (cd /demo/bundle && runc spec && sed -i -e 's/"terminal": true/"terminal": false/' \
    -e 's/"sh"$/"echo", "hello from a container"/' config.json)

  look
  DEMO_HELD=$(held)
  read -r DEMO_START _ < /proc/uptime
  export DEMO_HELD DEMO_START
  exec /leafroot /newroot /demo/demo.sh after
fi

when=after
read -r end _ < /proc/uptime
say time "$(($(echo "$end" | tr -d .)-$(echo "$DEMO_START" | tr -d .)))"

# The old tree is freed behind init's back.
i=0
while [ "$(held)" -gt $((DEMO_HELD+4096)) ] && [ $((i+=1)) -lt 100 ]
do
  sleep .1
done
look
say end
echo o > /proc/sysrq-trigger
sleep 10
