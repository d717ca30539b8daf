#!/bin/sh
# changes.sh MANIFEST - change a tree in the current, empty directory in every
# way there is; MANIFEST must see each. Prints how many it saw.
# SPDX-License-Identifier: 0BSD

n=0
changes()
{
  "$@" && "$M" -b . > ../new || echo "cannot: $*"
  if cmp -s ../old ../new
  then
    echo "not seen: $*"
  else
    n=$((n+1))
  fi
  mv ../new ../old
}
# Same size, same time
content() { printf T | dd of=f conv=notrunc 2> /dev/null && touch -d 2001-01-01 f; }
hole() { dd if=/dev/zero of=s bs=4096 count=1 conv=notrunc 2> /dev/null && touch -d 2001-01-01 s; }

M=$1
mkdir -p d/e && echo text > f && ln f d/g && ln -s f l && mknod c c 1 3 &&
  mkfifo p && truncate -s 8192 s && touch -d 2001-01-01 s f d && "$M" -b . > ../old

changes chmod 4644 f
changes chown 1 f
changes chgrp -h 1 l
changes touch -hd "2001-01-01 00:00:00.000000001" l
changes touch -d "2001-01-01 00:00:00.000000001" d/e
changes touch -d "2001-01-01 00:00:00.000000002" d/e
changes touch -d 2002-01-01 f
changes content
changes hole
changes sh -c "cp -p f x && mv x f"
changes sh -c "rm c && mknod c c 1 5"
changes sh -c "rm p && mkfifo -m 600 p"
changes sh -c "rmdir d/e && touch -d 2001-01-01 d"
changes ln -sfn g l
changes chattr +i s
chattr -i s
changes mount -t tmpfs x d
echo "$n changes"
