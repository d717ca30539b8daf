# host.sh - what needs no machine: arguments, a root that is a leaf already, and
# the tests' own instruments
# shellcheck shell=bash disable=SC2016
# SPDX-License-Identifier: 0BSD

testing "host: --help" '"$C" --help | grep -c "^usage: leafroot \["; echo ${PIPESTATUS[0]}' \
  "1\n0\n" "" ""

# The letters of the usage, which has two lines, are those that are explained.
usage()
{
  "$C" --help | sed -n '/^usage: /,/^$/p' | grep -oE -- '-[A-Za-z0-9]+' |
    tr -d -- '-\n' | grep -o . | sort | tr -d '\n'
}
explained() { "$C" --help | sed -nE 's/^ *-(.)\t.*/\1/p' | sort | tr -d '\n'; }
testing "host: help explains each option" '[ "$(usage)" = "$(explained)" ] && explained |
  grep -c "c.*h.*n.*o.*q.*t.*v"' "1\n" "" ""

# in_leaf COMMANDS: in a mount namespace whose root is a tmpfs with a parent, with
# busybox and leafroot in it.
in_leaf()
{
  have "$NEED" busybox=busybox-static && mkdir -p leaf && unshare -m "$BASH" -c '
    mount --make-rprivate / && mount -t tmpfs leaf leaf &&
      mkdir leaf/{bin,old,proc,dev,opt} && cp "$1" leaf/bin/busybox &&
      "$4" leaf "$2" && mount -t proc proc leaf/proc &&
      cd leaf && pivot_root . old && cd / && bin/busybox umount -l /old &&
      exec /bin/busybox sh -c "
        for i in \$(/bin/busybox --list)
        do
          /bin/busybox ln -s busybox /bin/\$i 2> /dev/null
        done
        PATH=/bin
        ok() { leafroot \"\$@\" /newroot /bin/echo ran 2>&1; echo \$?; }
        $3"' - "$(command -v busybox)" "$(realpath "$C")" "$1" \
    "$HERE/host/applet.sh"
}

testing "host: a leaf needs nothing: init runs at once" \
  "in_leaf 'ok; ls -d /newroot 2>&1'" \
  "ran\n0\nls: /newroot: No such file or directory\n" "" ""
testing "host: arguments and environment pass through" \
  "in_leaf 'A=\"b  c\" leafroot /n /bin/sh -c \"echo \\\"\\\$A\\\" \\\$# \\\"\\\$1\\\" \\\"\\\$2\\\"\" -- -o \"x y\"'" \
  "b  c 2 -o x y\n" "" ""
# The tests may be started with more signals ignored: a CI's runner ignores 32
# and 33, a shell those of the keyboard for what runs in the background.
testing "host: ignored signals stay ignored" \
  "in_leaf 'trap \"\" HUP PIPE TERM; /bin/grep SigIgn /proc/self/status
    leafroot /n /bin/grep SigIgn /proc/self/status
    leafroot -qf /n /bin/grep SigIgn /proc/self/status; :' | uniq -c | {
      read -r n name set; echo \$n \$((0x\$set & 0x5001)); }" \
  "3 $((0x5001))\n" "" ""
testing "host: -u says which mounts are not as they were" \
  "in_leaf 'mkdir -p /t/h /b /opt/b; mount -t tmpfs x /t/h; mount -t tmpfs y /t
    mount --bind /opt/b /b; leafroot -u /n /bin/true 2>&1 | grep -v tmpfs
    leafroot -qu /n /bin/true'" \
  "leafroot: /t/h is hidden below another mount: it isn't copied
leafroot: /b still shows the old root\n" "" ""
testing "host: options of a leaf are remounted" \
  "in_leaf 'ok -o size=10M,nosuid -o nr_inodes=2k,noatime
    sed -n \"s/.* \\/ \\/ \\([^ ]*\\) .*\\(size=[^,]*,nr_inodes=[^,]*\\).*/\\1 \\2/p\" /proc/self/mountinfo'" \
  "ran\n0\nrw,nosuid,noatime size=10240k,nr_inodes=2048\n" "" ""
testing "host: a leaf: what is not done is said, and the console opened" \
  "in_leaf 'mknod /opt/null c 1 3; ok -x /opt/a; ok -k /old; ok -qk /old
    ok -c /opt/none; cd bin; ok -fc busybox; leafroot -fc opt/null /n /bin/true
    leafroot -c opt/null /n /bin/sh -c \"readlink /proc/self/fd/0 > /opt/o\"; cat /opt/o'" \
  "leafroot: / can be pivoted from: nothing is unpacked without -f\nran\n0\n\
leafroot: / can be pivoted from: nothing is kept without -f\nran\n0\nran\n0\n\
leafroot: -c /opt/none: No such file or directory\n1\n\
leafroot: -c busybox: No such file or directory\n1\n/opt/null\n" "" ""
testing "host: a dry run looks at options and init, and changes nothing" \
  "in_leaf 'ok -n -o size=10M; ok -n -o bogus=1
    leafroot -n /n /no/init 2>&1; echo \$?; grep -c size= /proc/self/mountinfo'" \
  "leafroot: plan: / can be pivoted from: give it the options and run /bin/echo\n0\n\
leafroot: option -o bogus=1: tmpfs: Unknown parameter 'bogus'\n1\n\
leafroot: init /no/init: No such file or directory\n1\n0\n" "" ""
# An archive, INIT left to find: nobody knows its name yet
A_INIT='cd /opt; cp /bin/busybox init; echo init | cpio -oH newc > a 2> /dev/null; cd /'
testing "host: a dry run of -x" "in_leaf '$A_INIT
    leafroot=extract=/no leafroot -n -f -x /opt/a /n 2>&1 | grep -v \"stays on the old root\" | sed \"s/[0-9]* MiB, or/N MiB, or/\"; ls -d /n 2>&1'" \
  "leafroot: /opt/a holds 1 MiB in 1 inodes\n\
leafroot: plan: unpack to a tmpfs on /n, pivot to it and run init\n\
leafroot: plan: the new root holds N MiB, or more if the tree needs it\n\
leafroot: plan: mounts carried over: 1; the old root is unmounted\n\
ls: /n: No such file or directory\n" "" ""
# Where the old root can be kept is known before anything is done
for i in "/bin/busybox: Not a directory" "/bin/sh: Symbolic link loop" \
  "/bin/..: Resource busy" "/: Resource busy"
do
  testing "host: a dry run of -k ${i%%:*}" "in_leaf 'ok -nfk ${i%%:*} | tail -n 2'" \
    "leafroot: keeping the old root at $i\n1\n" "" ""
done
testing "host: a dry run of a switch to what is mounted" "in_leaf '
    mkdir /n; mount -t tmpfs n /n; mkdir /n/bin; cp /bin/busybox /n/bin/echo
    leafroot -n -o bogus=1 /n /bin/echo 2>&1 | grep -v \"stays on the old root\"'" \
  "leafroot: NEWROOT /n: is filled, so -o, -t and -x do nothing\n\
leafroot: plan: take what is on /n, pivot to it and run /bin/echo\n\
leafroot: plan: mounts carried over: 1; the old root is unmounted\n" "" ""
testing "host: a leaf, and no INIT" "in_leaf 'leafroot 2>&1; echo \$?'" \
  "leafroot: no INIT to run\n126\n" "" ""
# In the archive is a place for the mount that applet.sh may have made, too
testing "host: the root unpacked from an archive" "in_leaf 'cd /opt
    mkdir -p n/bin n/\$LEAFROOT_COVER; cp /bin/busybox n/bin; ln -s busybox n/bin/echo
    (cd n; find . | cpio -oH newc 2> /dev/null) > a; cd /
    leafroot -qfx /opt/a /n /bin/busybox ls -d /bin /opt 2>&1'" \
  "ls: /opt: No such file or directory\n/bin\n" "" ""
testing "host: what is no archive leaves all as it was" "in_leaf 'echo no > /opt/a
    ok -fx /opt/a; ls -d /newroot 2>&1; cat /opt/a'" \
  "leafroot: /opt/a: archive offset 0: neither cpio nor compressed\n1\n\
ls: /newroot: No such file or directory\nno\n" "" ""
testing "host: the old root is kept" "in_leaf 'echo here > /opt/a
    leafroot -qfk /old /n /bin/cat /old/opt/a /opt/a 2>&1'" "here\nhere\n" "" ""
testing "host: -p" "in_leaf 'leafroot -p 2>&1; echo \$?; leafroot -qp; echo \$?'" \
  "leafroot: pivot_root works here\n0\n0\n" "" ""
testing "host: -p in a chroot" "in_leaf 'mkdir /c; cp -a /bin /c
  chroot /c /bin/leafroot -p 2>&1; echo \$?'" "leafroot: / is a chroot\n1\n" "" ""
testing "host: -x and noexec" "in_leaf '$A_INIT
    leafroot -f -o noexec -x /opt/a /n 2>&1; echo \$?'" \
  "leafroot: option noexec: init could not be run\n1\n" "" ""
testing "host: a leaf and noexec" "in_leaf 'ok -o noexec; ok -o nosuid'" \
  "leafroot: option noexec: /bin/echo could not be run\n1\nran\n0\n" "" ""
testing "host: init missing" "in_leaf 'leafroot /n /no/init 2> e; echo \$?; grep -c . e; grep -c /no/init e'" \
  "127\n1\n1\n" "" ""
testing "host: init not executable" "in_leaf 'echo > /opt/i; leafroot /n /opt/i 2> e; echo \$?; grep -c . e; grep -c /opt/i e'" \
  "126\n1\n1\n" "" ""
testing "host: leafroot=off" "in_leaf 'leafroot=off ok -o nonsense'" "ran\n0\n" "" ""
testing "host: /proc not mounted" "in_leaf 'umount /proc; ok'" "ran\n0\n" "" ""
testing "host: a chroot is refused" "in_leaf 'mkdir /c; cp -a /bin /c
  chroot /c /bin/leafroot /n /bin/echo ran 2>&1; echo \$?'" \
  "leafroot: / is a chroot, not a mount\n1\n" "" ""

# What is refused is one line that names it, and nothing runs.
refused()
{
  testing "host: refused: $1" "in_leaf 'ok $1'" "leafroot: $2\n1\n" "" ""
}
refused "-o nonsense=1" "option -o nonsense=1: tmpfs: Unknown parameter 'nonsense'"
refused "-o size=many" "option -o size=many: tmpfs: Bad value for 'size'"
refused "-o size=" "option -o size=: tmpfs: Bad value for 'size'"
refused "-o mode=9" "option -o mode=9: tmpfs: Bad value for 'mode'"
refused "-t ext4" "-t ext4: neither tmpfs nor ramfs"
testing "host: refused: no argument" "in_leaf 'for i in c o t; do leafroot -\$i 2>&1; echo \$?; done'" \
  "leafroot: -c: needs an argument\n1\nleafroot: -o: needs an argument\n1\nleafroot: -t: needs an argument\n1\n" "" ""

# Every letter that help does not explain
testing "host: refused: all other letters" "in_leaf 'for i in 0 1 2 3 4 5 6 7 8 9 \
  A B C D E F G H I J K L M N O P Q R S T U V W X Y Z \
  a b c d e f g h i j k l m n o p q r s t u v w x y z
  do
    case $(explained) in *\$i*) continue ;; esac
    [ \"\$(ok -\$i)\" = \"leafroot: -\$i: unknown option
1\" ] || { echo \"\$i\"; ok -\$i; }
  done; echo all'" "all\n" "" ""

# The manifest, by which trees are compared, sees what it should.
export M=$WORK/manifest
testing "host: manifest: sha256" 'have tools
  for i in 0 1 55 56 63 64 65 119 120 127 128 262143 262144 262145 1000000
  do
    head -c $i /dev/urandom > f
    [ $i -lt 300 ] || dd if=/dev/zero of=f bs=1 count=1 seek=$((i+1234567)) 2> /dev/null
    "$M" . | grep -q "^/f .* sha256=$(sha256sum f | cut -c 1-64)" || echo $i
  done' "" "" ""
testing "host: manifest: a tree made to hurt is the same twice" 'have tools && unshare -m sh -c "
  mount -t tmpfs t . && cd $PWD && $WORK/hurt h && $M -b h > a && $M -b h > b &&
    cmp a b && grep -c . a"' "6002\n" "" ""
testing "host: manifest: 10000 levels" 'have tools && unshare -m sh -c "
  mount -t tmpfs t . && cd $PWD && $WORK/hurt deep 10000 && $M deep" | grep -c .' \
  "10003\n" "" ""
testing "host: manifest: every change is seen" 'have tools && unshare -m sh -c "
  mount -t tmpfs t . && cd $PWD && mkdir m && cd m && sh $HERE/host/changes.sh $M"' \
  "16 changes\n" "" ""
