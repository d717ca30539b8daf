# escape-guest.sh - what the scenarios of escape.sh and kernels.sh share inside
# the machine (sourced from /t/escape-lib)
# shellcheck shell=dash disable=SC1091
# SPDX-License-Identifier: 0BSD

. /t/lib

# row WHEN HOW FOUND: a container that enters by HOW and gets out finds FOUND.
# One line for the table (table.sh).
row()
{
  o=$(escape "$2" 2>&1)
  echo "--- $(uname -r | cut -d - -f 1 | cut -d . -f 1,2) | $1 | $2 | $o" \
    > /dev/console
  echo "$o"
  [ "$o" = "$3" ]
}

# talk HOW HOW: one container leaves a letter below its root, the other reads it.
talk()
{
  rm -f /letter
  escape "$1" put "from the other" && escape "$2" get
}

# leak HOW: mount a loop device, start a container (which gets a copy of every
# mount), unmount the device on the host: is it free then?
leak()
{
  [ -d /run/leak ] || mkdir /run/leak
  [ -e /run/leak.img ] || {
    insmod /t/loop.ko
    dd if=/dev/zero of=/run/leak.img bs=1M count=2 2> /dev/null
    mke2fs -F /run/leak.img > /dev/null
  }
  mount -t ext4 -o loop /run/leak.img /run/leak || return 2
  for dev in /sys/block/loop*/loop/backing_file; do :; done
  # The one before was ready too
  rm -f /run/held
  escape "$1" hold > /run/held 2>&1 &
  soon grep -qx ready /run/held || { kill $!; umount /run/leak; return 3; }
  umount /run/leak || return 2
  # What is freed is freed at once, or not while the container lives.
  sleep .3
  [ -e "$dev" ] && held=busy || held=free
  kill $!
  wait $! 2> /dev/null
  echo "$held"
  soon [ ! -e "$dev" ] || echo "busy for ever"
}

# leak_net HOW: the same with a network namespace that nobody is in, only a file
# that was bound to it. One more than there are may be made: so it can be seen if
# it still is.
leak_net()
{
  [ -e /run/netns/x ] || { mkdir -p /run/netns && : > /run/netns/x; }
  max=$(cat /proc/sys/user/max_net_namespaces)
  echo 1 > /proc/sys/user/max_net_namespaces
  unshare -n mount --bind /proc/self/ns/net /run/netns/x || return 2
  unshare -n true 2> /dev/null && return 3
  # The one before was ready too
  rm -f /run/held
  escape "$1" hold > /run/held 2>&1 &
  soon grep -qx ready /run/held || { kill $!; umount /run/netns/x; return 4; }
  umount /run/netns/x || return 2
  held=busy
  for i in .2 .2 .4 .4 .8
  do
    sleep "$i"
    unshare -n true 2> /dev/null && held=free && break
  done
  kill $!
  wait $! 2> /dev/null
  echo "$held"
  soon unshare -n true || echo "busy for ever"
  echo "$max" > /proc/sys/user/max_net_namespaces
}

# helper: what the kernel starts to handle a dead process and a module that is
# missing must be found and run in the root we have.
helper()
{
  cat > "/opt/$1" << EOF
#!/t/bin/sh
exec > /opt/$1.out 2>&1
export PATH=/t/bin
. /t/escape-lib
$2
EOF
  chmod 755 "/opt/$1"
}
core_helper()
{
  mkdir -p /opt
  helper core 'is_leaf_or_rootfs && [ -e /opt/core ] && [ -d /run/here ] && echo handled'
  echo "|/opt/core" > /proc/sys/kernel/core_pattern || return 1
  sh -c 'kill -SEGV $$' > /dev/null 2>&1
  soon grep -q . /opt/core.out && cat /opt/core.out
}
modprobe_helper()
{
  mkdir -p /opt
  helper modprobe 'is_leaf_or_rootfs && [ -e /opt/modprobe ] && [ -d /run/here ] && echo "$@" handled'
  echo /opt/modprobe > /proc/sys/kernel/modprobe || return 1
  mount -t nosuchfs none /t/mnt 2> /dev/null
  soon grep -q . /opt/modprobe.out && grep -o "fs-nosuchfs handled" /opt/modprobe.out
}
# The helper's root is that of this process.
is_leaf_or_rootfs() { [ "$(root | cut -d ' ' -f 1)" = "$(cat /run/here/root)" ]; }

# probe: what leafroot -p says, and how it ends
probe() { o=$(leafroot -p 2>&1); echo "$? $o"; }

# cannot_pivot: what pivot_root(2) says where it does not work: in this namespace,
# to "/" as it is
cannot_pivot()
{
  mount -t tmpfs pivot /t/mnt
  (cd /t/mnt && mkdir old && /t/toybox pivot_root . old 2>&1 | sed "s/.*: //")
  umount /t/mnt
}
