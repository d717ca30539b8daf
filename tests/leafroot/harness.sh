# harness.sh - real boots inside toybox's test framework (sourced, bash)
#
# boot() writes a scenario down, boots_start boots them all in the background,
# as many at once as there are processors, boots_judge hands each result to
# testing(). LEAFROOT_ONLY='glob' picks scenarios; KERNEL is what
# scripts/kernel.sh takes.
# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: 0BSD

HERE=$LEAFROOT_TOP/tests/leafroot
WORK=$LEAFROOT_TOP/generated/test LOGS=$LEAFROOT_TOP/generated/log/boot
BOOTS=()

# What runs behind the tests' backs, each in a session of its own so that it ends
# whole, and with them.
BEHIND=()
trap '[ -z "$BEHIND" ] || kill -- "${BEHIND[@]/#/-}" 2> /dev/null' EXIT

# Parts of boots: what there is before leafroot runs, and that it is all there is
# after a refusal
SEEN='
  mounts > /run/mounts
  snap /run/before
'
UNTOUCHED='
  want rootfs is_rootfs
  want intact intact
  want mounts same_mounts
'

# The archives every boot starts with: kit.cpio is /t, all that the tests need
# on any root; small.cpio is a root around it; script.cpio has /init.
kit()
{
  local kit=$WORK/kit root=$WORK/small script=$WORK/script i

  # Two lines: the kernel's directory, and one with the module
  kernel=$("$LEAFROOT_TOP/scripts/kernel.sh" ${KERNEL:+"$KERNEL"} \
    --modules loop) || return 1
  "$LEAFROOT_TOP"/scripts/need.sh qemu-system-x86_64=qemu-system-x86 \
    busybox=busybox-static cpio=cpio || return 1
  rm -rf "$kit" "$root" "$script" && mkdir -p "$kit"/t/{bin,mnt} "$LOGS" "$script" \
    "$root"/{bin,dev,etc,mnt,opt,proc,run,sbin,sys,tmp} || return 1

  for i in manifest below hurt
  do
    [ "$WORK/$i" -nt "$HERE/$i.c" ] || "$LEAFROOT_TOP"/scripts/musl-cc.sh -O3 \
      -Wall -Wextra -o "$WORK/$i" "$HERE/$i.c" || return 1
    cp "$WORK/$i" "$kit/t" || return 1
  done
  rooted_tools && cp "$WORK"/{hurt-big,inject} "$kit/t" || return 1
  cp "$(command -v busybox)" "$kit/t/busybox" &&
    cp "$(realpath "$C")" "$kit/t/leafroot" &&
    cp "$LEAFROOT_TOP/generated/bin/toybox" "$kit/t/toybox" &&
    cp "${kernel#*$'\n'}"/lib/modules/*/loop.ko "$kit/t" || return 1
  kernel=${kernel%%$'\n'*}/vmlinuz
  for i in $("$kit/t/busybox" --list)
  do
    ln -s ../busybox "$kit/t/bin/$i"
  done
  install "$HERE/guest.sh" "$kit/t/lib" &&
    install "$HERE/guest-init.sh" "$script/init" &&
    install "$HERE/guest-after.sh" "$kit/t/init" || return 1

  ln -s /t/bin/sh "$root/bin/sh" && install "$kit/t/init" "$root/sbin/init" &&
    install "$kit/t/leafroot" "$root/sbin/leafroot" || return 1
  for i in "$kit" "$root" "$script"
  do
    pack "$i" "$i.cpio" -R 0:0 || return 1
  done
}

# pack DIR [ARCHIVE [CPIO OPTIONS]]: with "." itself, or the root would have the
# mode 1777 that a tmpfs has.
pack() { (cd "$1" && find . | cpio -oH newc --quiet "${@:3}") > "${2:-$1.cpio}"; }

# boot NAME BEFORE AFTER [KEY=VALUE...]: BEFORE is run by /init, then LEAF (a
# line), and AFTER by the init that leafroot runs. What is expected is written
# in them: one marker for each line that begins with want, deny or same, in
# order. Keys: cmdline, mem (MiB), cpus, limit (s), leaf, says (globs, one for
# each line that leafroot prints, by default the one that it is done; "any" for
# do not care), stage (commands that add files to the archive), root (the
# archive), disk (an image that stage makes, as an NVMe disk), judge (what has to
# be true on this side when the machine is gone, in the directory where its log
# is). With rdinit= in cmdline there is no /init.
boot()
{
  local name=$1 dir=$LOGS/$1 i cmdline='' mem=256 cpus=1 limit=180 \
    says='leafroot: / is a *fs now: * moved in *' \
    leaf='exec leafroot /newroot /sbin/init' stage='' root=small disk='' judge=''

  # shellcheck disable=SC2053
  [[ $name == ${LEAFROOT_ONLY:-*} ]] || return 0
  rm -rf "$dir" && mkdir -p "$dir/add/t" || exit 1
  echo "$2" > "$dir/add/t/before"
  echo "$3" > "$dir/add/t/after"
  for i in "${@:4}"
  do
    case "${i%%=*}" in
      cmdline|mem|cpus|limit|leaf|says|stage|root|disk|judge)
        printf -v "${i%%=*}" %s "${i#*=}" ;;
      *) echo "boot $name: ${i%%=*}?" >&2; exit 1 ;;
    esac
  done
  echo "$leaf" > "$dir/add/t/leaf"
  echo "$judge" > "$dir/judge"
  (cd "$dir/add" && eval "$stage") || exit 1

  bases=("$WORK/$root.cpio" "$WORK/kit.cpio")
  [[ $cmdline == *rdinit=* ]] || bases+=("$WORK/script.cpio")
  declare -p cmdline mem cpus limit bases kernel disk > "$dir/conf"
  {
    cat "$dir"/add/t/{before,after}
    echo want end
    cat "$dir/judge"
  } | sed -nE 's/^ *(want|deny|same) ([^ ]*).*/=== \2 ok/p' > "$dir/expected"
  [ -z "$says" ] || echo "$says" > "$dir/says"
  BOOTS+=("$name")
}

boots_start()
{
  [ ${#BOOTS[@]} -ne 0 ] || return 0
  printf '%s\n' "${BOOTS[@]/#/$LOGS/}" |
    setsid xargs -n 1 -P "${CPUS:-$(nproc)}" "$HERE/run.sh" &
  RUNNER=$!
  BEHIND+=("$RUNNER")
}

# Print what the boot NAME said: its markers, then leafroot's lines, each as the
# glob it should match if it does. The log's tail follows what is not expected.
# Lines of progress, which come or do not as the machine is slow or fast, count
# only where leafroot should be silent.
boot_result()
{
  local dir=$LOGS/$1 line got want=() n=0

  until [ -e "$dir/done" ]
  do
    kill -0 "$RUNNER" 2> /dev/null || [ -e "$dir/done" ] || break
    sleep .2
  done
  got=$(grep -a '^=== ' "$dir/log"; . "$HERE/guest.sh"; cd "$dir" && . ./judge)
  [ -e "$dir/says" ] && mapfile -t want < "$dir/says"
  [ "${want[0]}" = any ] && got+=$'\n'any || while read -r line
  do
    # shellcheck disable=SC2053
    [[ $line == ${want[n]} ]] && line=${want[n]}
    got+=$'\n'$line n=$((n+1))
  done < <(grep -a '^leafroot: ' "$dir/log" |
    if [ -e "$dir/says" ]; then grep -Ev ' s left$'; else cat; fi)
  echo "$got"
  [ "$got" = "$(cat "$dir/expected" "$dir/says" 2> /dev/null)" ] ||
    { echo "--- the end of $dir/log:"; tail -n 25 "$dir/log"; }
}

boots_judge()
{
  local i

  for i in "${BOOTS[@]}"
  do
    testing "boot $i" "boot_result $i" \
      "$(cat "$LOGS/$i/expected" "$LOGS/$i/says" 2> /dev/null)\n" "" ""
  done
}
