# mounts.sh - every mount is carried over, and none is harmed
# shellcheck shell=bash disable=SC2016
# SPDX-License-Identifier: 0BSD

boot mounts '
  mkdir /a /s /f
  mount -t tmpfs A /a
  mkdir -p /a/b/c
  mount -t tmpfs B /a/b/c
  echo deep > /a/b/c/x
  mount -t tmpfs one /s
  echo 1 > /s/one
  mount -t tmpfs -o ro,noexec two /s
  echo bound > /a/file
  touch /f/target
  mount --bind /a/file /f/target
  mount --bind /a/b /f
  odd=$(printf "/new\nline\ttab \\\\040 #")
  mkdir "$odd"
  mount -t tmpfs "odd name" "$odd"
  echo odd > "$odd/x"
  mkdir /nameless
  mount -t tmpfs "" /nameless
  same nameless "tmpfs  rw" sh -c "sed -n \"s@.* /nameless .* - \(tmpfs  rw\).*@\1@p\" /proc/self/mountinfo"
  mounts > /run/mounts
  grep -c . /run/mounts
' '
  want leaf is_leaf
  want sealed sealed
  want mounts same_mounts
  same deep deep cat /a/b/c/x
  same odd odd cat "$(printf "/new\nline\ttab \\\\040 #")/x"
  deny read-only touch /s/x
  want upper umount /s
  same lower 1 cat /s/one
  want over umount /f
  same file bound cat /f/target
  want device [ -c /dev/ttyS0 ]
  want device-bytes sh -c "head -c 1 /dev/zero > /dev/null"
'

# Binds of the root itself: of the old one before, of the new one after.
boot binds '
  mkdir -p /src/sub /dst /ro /run/d
  echo x > /src/f
  touch /dst-file /run/f
  mount --bind /src /dst
  mount --bind /src/f /dst-file
  mount --bind /src /ro
  mount -o remount,bind,ro,nosuid /ro
  mount --bind /src/f /run/f
  mount --bind /src/sub /run/d
  mount -t tmpfs inner /dst/sub
  echo in > /dst/sub/in
  mounts > /run/mounts
' '
  want leaf is_leaf
  want sealed sealed
  want mounts same_mounts
  deny read-only touch /ro/x
  want write sh -c "echo new > /src/g && echo changed > /src/f"
  same dst new cat /dst/g
  same dst-file changed cat /dst-file
  same ro changed cat /ro/f
  same run-file changed cat /run/f
  want touch touch /src/sub/y
  want run-dir [ -e /run/d/y ]
  same inner in cat /dst/sub/in
  deny inner-not-src [ -e /src/sub/in ]
'

# What a bind of the root shows is found below what hides it.
boot binds-hidden '
  mkdir -p /a/x /b
  echo bound > /a/x/file
  mount --bind /a/x /b
  mount -t tmpfs over /a
  mkdir /a/x
  mounts > /run/mounts
' '
  want leaf is_leaf
  want sealed sealed
  want mounts same_mounts
  same file bound cat /b/file
'

# Mounts under mounts, and files under mounts.
boot hidden '
  mkdir -p /h/sub /u /two
  echo below-h > /h/file
  mount -t tmpfs low /h/sub
  echo low > /h/sub/x
  mount -t tmpfs top /h
  echo top > /h/y
  mkdir /h/sub
  mount -t tmpfs topsub /h/sub
  echo topsub > /h/sub/z
  echo beneath > /u/f
  mount -t tmpfs over /u
  mount -t tmpfs first /two
  mkdir /two/c
  mount -t tmpfs c1 /two/c
  echo c1 > /two/c/x
  mount -t tmpfs second /two
  mkdir -p /two/c
  mount -t tmpfs c2 /two/c
  echo c2 > /two/c/x
  echo beneath-dev > /t/x
  mount --bind / /t/mnt
  echo beneath-dev > /t/mnt/dev/file
  umount /t/mnt
  mounts > /run/mounts
  snap /run/before
' '
  want leaf is_leaf
  want sealed sealed
  want mounts same_mounts
  want intact intact
  same topsub topsub cat /h/sub/z
  want umount-topsub umount /h/sub
  same top top cat /h/y
  want umount-top umount /h
  same low low cat /h/sub/x
  want umount-low umount /h/sub
  same below-h below-h cat /h/file
  want umount-over umount /u
  same beneath beneath cat /u/f
  same c2 c2 cat /two/c/x
  want umount-c2 umount /two/c
  want umount-second umount /two
  same c1 c1 cat /two/c/x
'

# The root is shared, as systemd makes it: pivot_root and moves refuse that.
boot shared '
  mkdir /a
  mount -t tmpfs A /a
  echo a > /a/x
  mkdir /b
  mount -t tmpfs B /b
  mkdir /b/c
  mount -t tmpfs C /b/c
  mount -t tmpfs B2 /b
  mount --make-rshared /
  mounts > /run/mounts
' '
  want leaf is_leaf
  want sealed sealed
  want mounts same_mounts
  same file a cat /a/x
'

# An overlay whose layers are on the root: its files are in the new root, and it
# writes to them there. Also one with its upper layer on another mount.
boot overlay '
  insmod /t/overlay.ko
  mkdir -p /low/d /rw/up /rw/work /srv /top
  echo low > /low/f
  echo low > /low/d/gone
  mount -t overlay -o lowerdir=/low,upperdir=/rw/up,workdir=/rw/work o /srv
  echo up > /srv/new
  rm /srv/d/gone
  mkdir /srv/m /run/up /run/work
  mount -t tmpfs m /srv/m
  mount -t overlay -o lowerdir=/low,upperdir=/run/up,workdir=/run/work p /top
  echo top > /top/new
  # (They are other file systems, with numbers of their own.)
  mounts | sed "s/0:[0-9]* overlay/overlay/" > /run/mounts
' '
  want leaf is_leaf
  want sealed sealed
  mounts | sed "s/0:[0-9]* overlay/overlay/" > /run/mounts.now
  want mounts diff /run/mounts /run/mounts.now
  same srv "low up" echo $(cat /srv/f /srv/new)
  deny gone [ -e /srv/d/gone ]
  want write sh -c "echo more > /srv/f && rm /srv/new"
  same upper more cat /rw/up/f
  deny upper-new [ -f /rw/up/new ]
  same lower low cat /low/f
  same top "low top" echo $(cat /top/f /run/up/new)
' modules='loop overlay'

# One that a process uses is named, before anything is changed.
boot overlay-in-use '
  insmod /t/overlay.ko
  mkdir -p /low /rw/up /rw/work /srv
  mount -t overlay -o lowerdir=/low,upperdir=/rw/up,workdir=/rw/work o /srv
  (cd /srv && exec sleep 1000) &
  sleep .2
'"$SEEN" "$UNTOUCHED" modules='loop overlay' \
  says='leafroot: carrying over /srv: an overlay on /rw/up that is in use by a process'

# A NEWROOT that somebody filled
THEIRS='
  theirs()
  {
    mkdir -p /new && mount -t tmpfs mine /new || return
    for i in proc sys dev run opt tmp t2; do mkdir /new/$i; done
    cp -a /t /bin /sbin /new
  }
'
TAKES="leaf=exec leafroot /new /sbin/init"

# It is a shared mount, as all are that come after an rshared root.
boot filled-shared "$THEIRS"'
  mount --make-rshared /
  theirs
  mounts | grep -v "^/new" > /run/mounts
' '
  want pivots pivots
  want sealed sealed
  want mounts same_mounts
  want shared sh -c "grep -q \" / / .* shared:\" /proc/self/mountinfo"
  want proc [ -d /proc/self ]
  want dev [ -c /dev/ttyS0 ]
' "$TAKES" says='leafroot: / is what was on /new now'

# A bind of the old root would show its own files, or nothing.
boot filled-bind "$THEIRS"'
  mkdir /srv
  mount --bind /srv /mnt
  echo ours > /srv/file
  theirs
  mkdir /new/srv /new/mnt
  want keep leafroot -n -k /old /new /sbin/init
'"$SEEN" "$UNTOUCHED"'
  same mnt ours cat /mnt/file
' "$TAKES" \
  says='leafroot: mount /mnt: is /srv of the old root, which would be emptied (-k keeps it)'

# With -k it goes on showing them. What is hidden below another mount is hidden
# there again.
boot filled-hidden "$THEIRS"'
  theirs
  mkdir -p /t2/h /srv /new/old /new/srv
  mount -t tmpfs a /t2/h
  echo a > /t2/h/file
  mount -t tmpfs b /t2
  echo ours > /srv/file
  mount --bind /srv /mnt
  mounts | grep -v "^/new" > /run/mounts
' '
  want pivots pivots
  same mnt ours cat /mnt/file
  same kept ours cat /old/srv/file
  deny theirs [ -e /srv/file ]
  want umount umount /t2
  same hidden a cat /t2/h/file
' leaf='exec leafroot -k /old /new /sbin/init' says='leafroot: / is what was on /new now'

# A file of the old root that a loop device holds. It can be seen no more, but
# its memory is in use, so the old root cannot be closed whole.
boot loop '
  insmod /t/loop.ko
  dd if=/dev/zero of=/disk bs=1M count=4 2> /dev/null
  mke2fs /disk > /dev/null
  mkdir /l
  mount -t ext4 -o loop /disk /l
  echo kept > /l/x
  mounts > /run/mounts
' '
  want leaf is_leaf
  want mounts same_mounts
  same file kept cat /l/x
  want write sh -c "echo more > /l/y && sync"
  want emptied soon emptied
' says=any

# Nothing mounted but what leafroot itself needs and takes away again.
boot bare '
  mount -t proc proc /proc
  mounts > /tmp/mounts
  umount /proc
' '
  want leaf is_leaf
  want sealed sealed
  mkdir -p /run
  want none sh -c "! grep -v \" / \\| /proc \\| /dev \" /proc/self/mountinfo"
' stage='touch t/bare'

# A process that stays on the old root is named.
boot left-behind '
  sleep 1000 &
  echo $! > /run/pid
' '
  want leaf is_leaf
  want alive kill -0 $(cat /run/pid)
  want emptied soon emptied
' says='leafroot: *sleep*
leafroot: / is a tmpfs now: *'
