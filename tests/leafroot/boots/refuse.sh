# refuse.sh - each refusal is one line, and the machine boots in place
# shellcheck shell=bash disable=SC2016
# SPDX-License-Identifier: 0BSD

# refuse NAME SAYS LEAF [KEY=VALUE...]
refuse()
{
  boot "refuse-$1" "$SEEN" "$UNTOUCHED"'
    same init "/sbin/init one two" echo "$0" "$@"
  ' says="$2" leaf="$3" "${@:4}"
}
DO='exec leafroot /newroot /sbin/init one two'
BIG='dd if=/dev/urandom of=big bs=1M count=20 2> /dev/null'

refuse size 'leafroot: *2[0-9]* MiB*inodes*size=16M*16 MiB*' "$DO" \
  cmdline=rootflags=size=16M stage="$BIG"
refuse size-option 'leafroot: *2[0-9]* MiB*inodes*size=16M*16 MiB*' \
  'exec leafroot -o size=16M /newroot /sbin/init one two' stage="$BIG"
refuse inodes 'leafroot: *inodes*nr_inodes=200*' "$DO" \
  cmdline=rootflags=nr_inodes=200
refuse option 'leafroot: *nonsense=1*' \
  'exec leafroot -o nonsense=1 /newroot /sbin/init one two'
refuse option-value 'leafroot: *size=many*' \
  'exec leafroot -o size=many /newroot /sbin/init one two'
refuse type 'leafroot: *ext4*' \
  'exec leafroot -t ext4 /newroot /sbin/init one two'
refuse newroot-file 'leafroot: */opt/file*' \
  'exec leafroot /opt/file /sbin/init one two' stage='mkdir opt && echo > opt/file'
refuse newroot-parent 'leafroot: */no/dir*' \
  'exec leafroot /no/dir/new /sbin/init one two'
refuse console 'leafroot: */dev/none*' \
  'exec leafroot -c /dev/none /newroot /sbin/init one two'
refuse newroot-mount 'leafroot: NEWROOT /run/new: has to be on /' \
  'exec leafroot /run/new /sbin/init one two'
refuse keep-link 'leafroot: keeping the old root at /var/run/old: *ymbolic link*' \
  'exec leafroot -k /var/run/old /newroot /sbin/init one two' \
  stage='mkdir var && ln -s /run var/run'
refuse unknown 'leafroot: -Z: unknown option' 'exec leafroot -Z /newroot /sbin/init one two'

# The INIT given is no good: the first of the usual ones is run instead.
lost()
{
  boot "refuse-$1" "$SEEN" "$UNTOUCHED"'
    same init /sbin/init echo "$0"
  ' says="leafroot: */opt/init*" leaf='exec leafroot /newroot /opt/init' "${@:2}"
}
lost init-missing
lost init-directory stage='mkdir -p opt/init'
lost init-mode stage='mkdir opt && cp "$WORK/kit/t/init" opt/init && chmod 644 opt/init'
lost init-dynamic stage='mkdir opt && cp "$(realpath "$(type -P true)")" opt/init'
lost init-interpreter stage='mkdir opt && echo "#!/no/shell" > opt/init && chmod 755 opt/init'
lost init-dangling stage='mkdir opt && ln -s nowhere opt/init'
lost init-fifo stage='mkdir opt && mkfifo opt/init'
lost init-none says='leafroot: init "": No such file or directory' \
  leaf='exec leafroot /newroot ""'
X=$(printf '%5000s' '')
lost init-long says='leafroot: init /xxxxx*...: *too long' \
  leaf="exec leafroot /newroot /${X// /x}"
lost init-text stage='mkdir opt && echo text > opt/init && chmod 755 opt/init'

# That of the kernel command line is left out: it can be meant for a disk.
boot warn-init '' '
  want leaf is_leaf
  same init /sbin/init echo "$0"
' cmdline='rdinit=/sbin/leafroot init=/opt/init' says='leafroot: init /opt/init*, left out
leafroot: / is a *'

# A bad option on the kernel command line is left out, and the boot goes on.
boot warn-option '' '
  want leaf is_leaf
  want options has nosuid size=102400k
' cmdline='rootflags=size=100M,nonsense=1,nosuid' says='leafroot: *nonsense=1*
leafroot: / is a *'

boot warn-word '' '
  want leaf is_leaf
' cmdline='leafroot=quite,nonsense' says='leafroot: *quite*
leafroot: *nonsense*
leafroot: / is a *'

# Not PID 1: each is one line and exit 1, and nothing has changed.
boot not-init '
  cant()
  {
    leafroot "$@" > /run/out 2>&1
    [ $? = 1 ] && [ "$(wc -l < /run/out)" = 1 ] && grep "^leafroot: " /run/out &&
      is_rootfs && intact || { cat /run/out; return 1; }
  }
  says() { cat /run/out; }
  snap /run/before
  want not-pid-1 cant /newroot /sbin/init
  want says grep -q "run it as: exec leafroot" /run/out
  want init cant /newroot /no/init
  want option cant -o nonsense=1
  want unknown cant -Z
  finish
' '
  echo "=== booted BAD"
' leaf=: says=
