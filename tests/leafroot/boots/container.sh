# container.sh - every container runtime, before and after, in a Debian root;
# then systemd to multi-user on the leaf
# shellcheck shell=bash disable=SC2016,SC2034
# SPDX-License-Identifier: 0BSD

RUNTIME_PACKAGES=bubblewrap,podman,buildah,uidmap,systemd,systemd-sysv
RUNTIME_PACKAGES+=,systemd-container,lxc,udev,kmod,dbus,iproute2,util-linux

# $WORK/runtimes.cpio
runtimes_root()
{
  local root

  root=$("$LEAFROOT_TOP/scripts/image.sh" --name runtimes --include \
    "$RUNTIME_PACKAGES") || return 1
  [ "$WORK/runtimes.cpio" -nt "${root%/root}/packages" ] ||
    pack "$root" "$WORK/runtimes.cpio"
}

# systemd-nspawn of 252 can only move its root over "/". That of the next release
# pivots where it can: the program and its libraries alone, to be /opt/nspawn.
nspawn()
{
  local dir=$LEAFROOT_TOP/generated/image/nspawn conf i

  [ ! -e "$dir/made" ] || return 0
  "$NEED" mmdebstrap=mmdebstrap || return 1
  conf=$("$LEAFROOT_TOP/scripts/apt.sh" trixie) || return 1
  rm -rf "$dir" && mkdir -p "$dir/opt" && mmdebstrap --variant=extract \
    --include=systemd-container trixie "$dir/root" \
    "${conf%/*}/parts/debian.sources" 6>&- > "$dir/log" 2>&1 || return 1
  cd "$dir/root/usr/lib/x86_64-linux-gnu" || return 1
  for i in ../../lib64/ld-linux-x86-64.so.2 ../../bin/systemd-nspawn $(
    ../../lib64/ld-linux-x86-64.so.2 --library-path .:systemd --list \
      ../../bin/systemd-nspawn | sed -n 's/.* => \([^/].*\) (.*/\1/p')
  do
    cp -L "$i" "$dir/opt" || return 1
  done
  rm -rf "$dir/root" && : > "$dir/made"
}

# A container is /run/ctr: busybox and escape. Each function runs COMMAND in one,
# as its runtime does by default. There is no network to configure.
RUNTIMES='
  . /t/lib
  run_runc() { oci runc "$@"; }
  run_crun() { oci crun "$@"; }
  run_runc_no_pivot() { flag=--no-pivot oci runc "$@"; }
  run_crun_no_pivot() { flag=--no-pivot oci crun "$@"; }
  oci()
  {
    mkdir -p /run/$1 && cd /run/$1 && rm -f config.json &&
      $1 spec && sed -i "s/\"terminal\": true/\"terminal\": false/
        s/\"rootfs\"/\"\/run\/ctr\"/; s/CAP_KILL/CAP_SYS_ADMIN/
        s/CAP_NET_BIND_SERVICE/CAP_SYS_CHROOT/; s/\"readonly\": true/\"readonly\": false/
        s/\"sh\"/\"$(echo "$*" | cut -d " " -f 2- | sed "s/ /\",\"/g; s/\//\\\\\//g")\"/" config.json
    $1 run $flag c$$
  }
  run_bwrap() { bwrap --bind /run/ctr / --proc /proc --dev /dev "$@"; }
  run_bwrap_caps() { run_bwrap --cap-add ALL "$@"; }
  run_bwrap_user() { user "bwrap --unshare-user $caps --bind /run/ctr / --proc /proc --dev /dev $*"; }
  run_bwrap_user_caps() { caps="--cap-add ALL" run_bwrap_user "$@"; }
  run_podman() { podman run --rm --network=none --rootfs /run/ctr "$@"; }
  run_podman_caps()
  {
    podman run --rm --network=none --cap-add=all --rootfs /run/ctr "$@"
  }
  run_podman_no_pivot()
  {
    printf "[engine]\nno_pivot_root = true\n" > /run/no-pivot
    CONTAINERS_CONF=/run/no-pivot run_podman_caps "$@"
  }
  run_podman_user()
  {
    user "XDG_RUNTIME_DIR=/run/user/1000 podman run --rm --network=none $caps --rootfs /run/user/1000/ctr $*"
  }
  run_podman_user_caps() { caps=--cap-add=all run_podman_user "$@"; }
  run_buildah()
  {
    c=$(buildah from scratch) && buildah copy -q $c /run/ctr / > /dev/null &&
      buildah run --isolation oci --network=none $caps $c "$@"
    rc=$?
    buildah rm $c > /dev/null
    return $rc
  }
  run_buildah_caps() { caps=--cap-add=all run_buildah "$@"; }
  run_buildah_no_pivot() { BUILDAH_NOPIVOT=true run_buildah_caps "$@"; }
  run_pivot_root()
  {
    /usr/bin/unshare -m /bin/sh -c "mount --make-rprivate / && mount --bind /run/ctr /run/ctr &&
      cd /run/ctr && /sbin/pivot_root . old && cd / && $*"
  }
  run_nspawn() { systemd-nspawn -q --register=no --keep-unit -D /run/ctr "$@" 2>&1; }
  run_nspawn_257()
  {
    /opt/nspawn/ld-linux-x86-64.so.2 --library-path /opt/nspawn \
      /opt/nspawn/systemd-nspawn -q --register=no --keep-unit -D /run/ctr "$@" 2>&1
  }
  run_lxc()
  {
    printf "lxc.rootfs.path = dir:/run/ctr\nlxc.mount.auto = proc\nlxc.init.cmd = /do\nlxc.apparmor.profile = unconfined\n" > /run/lxc.conf
    printf "#!/bin/sh\nexec > /said 2>&1\n$*\n" > /run/ctr/do
    chmod 755 /run/ctr/do && rm -f /run/ctr/said
    lxc-start -F -n c1 -f /run/lxc.conf && cat /run/ctr/said
  }
  user() { su user -s /bin/sh -c "cd /; PATH=$PATH; $1"; }

  # Rootless podman leaves a process in its namespaces, which has the root of then.
  no_pause() { kill $(cat /run/user/1000/libpod/tmp/pause.pid); }
  # inside RUNTIME COMMAND: what it said last, without colours and codes
  inside()
  {
    r=$1 && shift
    (run_$r "$@") < /dev/null > /run/said 2>&1
    rc=$?
    tr -d "\r" < /run/said | sed "s/\x1b[^a-zA-Z]*[a-zA-Z]//g" | grep . | tail -n 1
    return $rc
  }
  # fails RUNTIME TEXT: it does not run, and says TEXT.
  fails()
  {
    inside $1 /busybox echo in a container && return 1
    grep -qF "$2" /run/said || { cat /run/said; return 1; }
  }
  SAYS="in a container"
  works() { inside $1 /busybox echo in a container && grep -q "^in a container" /run/said; }
  # out RUNTIME WHEN FOUND: what gets out of it finds FOUND. One line for the table.
  out()
  {
    o=$(inside "$1" /escape in)
    echo "--- $(uname -r | cut -d - -f 1 | cut -d . -f 1,2) | $2 | $1 | $o" > /dev/console
    [ "$o" = "$3" ] || { cat /run/said; return 1; }
  }
  HOST="reads the host'\''s files, mkdir works, file works"
  NOTHING="empty, nothing can be written"
  # With the programs of util-linux and coreutils: "/" is on top, of TYPE.
  tools()
  {
    o=$(/usr/bin/findmnt -no TARGET,FSTYPE /) && [ "$(echo $o)" = "/ $1" ] &&
      o=$(/usr/bin/df --output=fstype,target / | tail -n 1) &&
      [ "$(echo $o)" = "$1 /" ] && o=mountpoint && /usr/bin/mountpoint -q / &&
      o=nsenter && /usr/bin/nsenter -t 1 -m /bin/sh -c ". /t/lib; pivots" &&
      o=unshare && /usr/bin/unshare -U true &&
      [ "$(/usr/bin/unshare -Ur id -u)" = 0 ] || { echo "$o"; return 1; }
  }
'
SETUP='
  mount -t cgroup2 cg /sys/fs/cgroup
  mount -o remount,size=80% /run
  mkdir -p /dev/pts /dev/shm && mount -t devpts devpts /dev/pts && mount -t tmpfs shm /dev/shm
  modprobe overlay
  ip link set lo up
  echo 0123456789abcdef0123456789abcdef > /etc/machine-id
  mkdir -p /run/ctr/proc /run/ctr/sys /run/ctr/dev /run/ctr/old /run/ctr/bin /run/ctr/etc /run/ctr/tmp /run/ctr/usr
  cp /t/busybox /run/ctr
  cp /t/busybox /run/ctr/bin/sh
  cp /t/escape /run/ctr
  echo user:x:1000:1000::/home/user:/bin/sh >> /etc/passwd
  echo user:x:1000: >> /etc/group
  echo user:100000:65536 > /etc/subuid
  cp /etc/subuid /etc/subgid
  mkdir -p /home/user /run/user/1000
  cp -a /run/ctr /run/user/1000/
  chown -R 1000:1000 /home/user /run/user/1000
'
BEFORE='
  want runc-before fails runc "pivot_root .: invalid argument"
  want crun-before fails crun "pivot_root: Invalid argument"
  want bwrap-before fails bwrap "bwrap: pivot_root: Invalid argument"
  want bwrap-user-before fails bwrap_user "bwrap: pivot_root: Invalid argument"
  want podman-before fails podman "pivot_root: Invalid argument"
  want podman-user-before fails podman_user "pivot_root: Invalid argument"
  want buildah-before fails buildah "pivot_root: Invalid argument"
  want pivot_root-before fails pivot_root "Invalid argument"
  want runc-no-pivot-out out runc_no_pivot before "$HOST"
  want crun-no-pivot-out out crun_no_pivot before "$HOST"
  want podman-no-pivot-out out podman_no_pivot before "$HOST"
  want buildah-no-pivot-out out buildah_no_pivot before "$HOST"
  want nspawn-out out nspawn before "$HOST"
  want nspawn-257-out out nspawn_257 before "$HOST"
  want lxc-out out lxc before "$HOST"
  no_pause
'
# LXC pivots, unless the file system it is on is called rootfs, as on 7.0 still.
LXC_OUT='want lxc-out out lxc after "$NOTHING"'
LXC_STILL_OUT='want lxc-still-out out lxc after "$HOST"'
# What gets out of systemd-nspawn 252 sees the host on any root.
WORK_ALL='
  want runc works runc
  want crun works crun
  want bwrap works bwrap
  want bwrap-user works bwrap_user
  want podman works podman
  want podman-user works podman_user
  want buildah works buildah
  want pivot_root works pivot_root
  want nspawn works nspawn
  want nspawn-257 works nspawn_257
  want lxc works lxc
'
# In a user namespace the kernel does not let what is mounted on "/" be taken off;
# bubblewrap's containers are in one more, and the mounts are not theirs.
OUT_ALL='
  want runc-out out runc after "$NOTHING"
  want crun-out out crun after "$NOTHING"
  want bwrap-out out bwrap_caps after "$NOTHING"
  want bwrap-user-out out bwrap_user_caps after "umount /: Operation not permitted"
  want podman-out out podman_caps after "$NOTHING"
  want podman-user-out out podman_user_caps after "umount /: Invalid argument"
  want buildah-out out buildah_caps after "$NOTHING"
  want nspawn-still-out out nspawn after "$HOST"
  want nspawn-257-out out nspawn_257 after "$NOTHING"
  no_pause
'
# What would wait for a network or a terminal, and what spoils the judge's lines.
MASK=systemd.show_status=0
for i in serial-getty@ttyS0 console-getty lxc-net lxc podman-restart podman-auto-update
do
  MASK+=" systemd.mask=$i.service"
done
# The unit that judges when all has started.
UNIT='
  cat > /t/judge << "EOF"
#!/t/bin/sh
. /t/runtimes
  same running running systemctl is-system-running --wait
  same none-failed "" systemctl --failed --no-legend --plain
  want multi-user systemctl -q is-active multi-user.target
  want systemd-leaf is_leaf
  same systemd-pid1 systemd cat /proc/1/comm
  want lxc-leaf out lxc leaf "$NOTHING"
  want tools-leaf tools tmpfs
  want systemd-run systemd-run -q --wait -p PrivateTmp=yes -p ProtectSystem=strict /bin/true
finish
EOF
  chmod 755 /t/judge
  cat > /etc/systemd/system/judge.service << EOF
[Service]
ExecStart=/t/judge
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
EOF
  mkdir -p /etc/systemd/system/multi-user.target.wants
  ln -s ../judge.service /etc/systemd/system/multi-user.target.wants/
'

containers()
{
  local add='mkdir opt &&
    cp -r "$LEAFROOT_TOP/generated/image/nspawn/opt" opt/nspawn &&
    cp "$WORK/escape" t && echo "$RUNTIMES" > t/runtimes && echo secret > SECRET &&
    mkdir -p usr/lib/modules && cp -r "$MODULES"/lib/modules/* usr/lib/modules'

  boot "runtimes-$1" ". /t/runtimes
    $SETUP$2" ". /t/runtimes
    $3" root=runtimes needs='once runtimes_root && once nspawn' \
    modules='overlay autofs4 loop' mem=2048 cpus=2 limit=900 leaf='exec /t/leafroot /newroot /t/init' stage="$add" \
    cmdline="$MASK" "${@:4}"
}

# What fails without a leaf is looked at on the first kernel only: that takes as
# long as all the rest.
#
# These are the longest boots, and what they see changes with the kernel and the
# runtimes, not with leafroot: 6.12 has its turn on even days, 7.x on odd ones.
even=$(($(date +%-d)%2 == 0)) odd=$(($(date +%-d)%2))
before=$BEFORE
for i in ${RUNTIME_KERNELS:-6.1$([ $even = 0 ] || echo " 6.12")}
do
  on "$i" containers "$i" "$before" "
    want leaf is_leaf
    want sealed sealed
    $WORK_ALL
    $OUT_ALL
    $LXC_OUT
    $UNIT
    exec /lib/systemd/systemd"
  before=
done
for i in ${RUNTIME_NULLFS-$([ $odd = 0 ] || echo sid)}
do
  # All works as it is, and leafroot moves nothing; then a leaf all the same, for
  # systemd.
  on "$i" containers "$i" "$WORK_ALL"'
    no_pause
    want tools tools rootfs
    root > /run/root
  ' '
    want same-root [ "$(root)" = "$(cat /run/root)" ]
    '"$OUT_ALL
    $LXC_STILL_OUT
    $UNIT"'
    exec /t/leafroot -f /newroot /lib/systemd/systemd'
done
