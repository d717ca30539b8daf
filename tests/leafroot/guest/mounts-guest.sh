# mounts-guest.sh ARGS MOUNTS [AFTER] - a root with mounts is moved, and init
# finds the same mounts; or leafroot refuses, and nothing has changed (busybox
# sh, on a rooted() root)
# shellcheck shell=dash disable=SC1091,SC2086
#
# MOUNTS is a script that makes them, ARGS what leafroot is given (instead of
# init: what inject takes, before a " -- "), AFTER a script that is run at the
# end. Prints "done" or "back", what leafroot said, and what is not the same.
# Copyright 2026 The leafroot authors
# SPDX-License-Identifier: 0BSD

. /etc/lib

# Every mount: where, how many mounts it is on, what it shows, flags, file
# system, and with whom it shares mounts. (A peer group has the number of the
# first line that it's in.)
table()
{
  awk '{ line[$1] = $0; up[$1] = $2 == $1 ? 0 : $2 }
    $5 == "/" && !($2 in line) { dev = $3 }
    END {
      for (id in line) {
        for (n = 0, p = up[id]; p in line; p = up[p]) n++
        split(line[id], f, " ")
        peers = ""
        for (j = 7; f[j] != "-"; j++) peers = peers " " f[j]
        if (n == 0) { f[6] = "rw"; f[3] = dev }
        print f[5], n, f[4], f[6], f[3] == dev ? "own" : f[j+1] " " f[j+2] " " f[j+3], "." peers
      }
    }' /proc/self/mountinfo | sort | awk '{
      for (i = NF; $i != "."; i--) if (split($i, f, ":") == 2) {
        if (!(f[2] in first)) first[f[2]] = NR
        $i = f[1] ":" first[f[2]]
      }
      print
    }'
}

args=$1
case "$args" in
  *' -- '*) with="/bin/inject ${args%% -- *}" args=${args#* -- } ;;
  *) with='' ;;
esac
eval "$2" || { echo "mounts-guest.sh: cannot make: $2"; exit 1; }
# An overlay's workdir is the kernel's: each mount makes a new directory there
files() { manifest -b / | grep -v '^/rw/work[ /]'; }
files > /out/before
table > /out/before.mounts
id=$(root_id)
rm -f /out/ran
pid1 $with /bin/leafroot -q -f $args
[ "$(root_id)" = "$id" ] && echo back || echo 'done'
# Which file is the first depends on the threads
said | sed 's/^\(leafroot: copying \)[^:]*/\1*/'
[ -s /out/ran ] || echo "init did not run"
files > /out/after
table > /out/after.mounts
[ ! -e /newroot ] || echo "/newroot is left"
same before after && echo same
eval "$3"
