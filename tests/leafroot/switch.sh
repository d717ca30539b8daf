# switch.sh - the switch itself, from a script and as the kernel's own init
# shellcheck disable=SC2016

boot script '
  deny pivot-before pivots
  export FOO="two words"
  snap /run/before
' '
  want leaf is_leaf
  same args "one two words" echo "$@"
  same env "two words" echo "$FOO"
  same cwd / pwd
  want intact intact
  want nsenter unshare -m /t/toybox nsenter -t 1 -m sh -c ". /t/lib; is_leaf"
  want user-ns unshare -U true
  want mountpoint /t/toybox mountpoint -q /
  same df tmpfs sh -c "/t/toybox df -T / | awk \"END { print \\\$2 }\""
  want sealed sealed
' leaf='exec leafroot /newroot /sbin/init one "two words"'

boot script-ramfs '
  same type ramfs stat -fc %T /
  snap /run/before
' '
  want leaf is_leaf tmpfs
  want intact intact
  want sealed sealed
' cmdline=root=/dev/none

# The check that the seal is checked: a switch by hand, which leaves it open.
boot unsealed '
  mkdir /old-secret
  mkdir /newroot
  mount -t tmpfs new /newroot
  cp -a /t /sbin /bin /newroot
  for i in proc sys dev run; do mkdir /newroot/$i; mount --move /$i /newroot/$i; done
  cd /newroot
  mount --move . /
' '
  deny sealed sealed_now
  want seen sh -c "below | grep -x old-secret"
  want mkdir sh -c "below | grep -x \"mkdir 17\""
  want create sh -c "below | grep -x \"create 17\""
' leaf='exec chroot . /sbin/init'
