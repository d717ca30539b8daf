# harness.sh - which tests run, what they need, and real boots inside toybox's
# test framework (sourced, bash)
#
# boot() writes a scenario down. boots_start prepares and boots them all in the
# background, as many at once as there are processors. boots_judge hands each
# result to testing(). KERNEL is what scripts/kernel.sh takes.
# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: 0BSD

HERE=$LEAFROOT_TOP/tests/leafroot NEED=$LEAFROOT_TOP/scripts/need.sh
WORK=$LEAFROOT_TOP/generated/test LOGS=$LEAFROOT_TOP/generated/log/boot
BOOTS=()
[ -n "$LEAFROOT_LIST" ] || rm -rf "$WORK/once"
mkdir -p "$WORK/once" "$LOGS" || exit 1

# What a download or a build says on the way goes where the tests' own lines go.
exec 6>&2

# What runs behind the tests' backs, each in a process group of its own so that
# it ends whole, and with them.
BEHIND=()
trap '[ -z "$BEHIND" ] || kill -- "${BEHIND[@]/#/-}" 2> /dev/null' EXIT

# The globs of LEAFROOT_TESTS ("make test T=..."), which have | between them.
# Without any, all tests are asked for.
IFS='|' read -ra ASKED <<< "${LEAFROOT_TESTS:-*}"
shopt -s extglob
ASKED=("${ASKED[@]/#+([[:space:]])}")
ASKED=("${ASKED[@]/%+([[:space:]])}")

# selected NAME: is the test of this name asked for?
selected()
{
  local i

  for i in "${ASKED[@]}"
  do
    # shellcheck disable=SC2053
    [[ $1 == $i ]] && return
  done

  return 1
}

# selects PREFIX: can a test be asked for whose name begins with PREFIX? It can
# if PREFIX and what comes before the first wildcard of a glob begin the same.
selects()
{
  local i

  for i in "${ASKED[@]}"
  do
    i=${i%%[*?[\\]*}
    [[ $1 == "$i"* || $i == "$1"* ]] && return
  done

  return 1
}

# toybox's testing(), for those that are asked for. With LEAFROOT_LIST only their
# names are printed, and nothing is made nor started.
eval "framework_$(declare -f testing)"
testing()
{
  selected "$1" || return 0
  if [ -n "$LEAFROOT_LIST" ]
  then
    echo "$1"
  else
    framework_testing "$@"
  fi
}

# once COMMAND [ARG...]: run COMMAND, a function or a program, unless it was run
# already in this run of the tests, by whichever process. Everyone gets what it
# printed and its exit status; if that is not 0 also the end of its stderr. So a
# kernel or an image is made by the first test that needs it, and if it cannot
# be made it is tried once, and each test that needs it says why it failed.
once()
{
  local key=${*//"$LEAFROOT_TOP"} rc
  local file=$WORK/once/${key//[^a-zA-Z0-9.+-]/_}

  {
    flock 7
    [ -e "$file.rc" ] || {
      ("$@") > "$file.out" < /dev/null 7>&-
      echo $? > "$file.rc"
    } 2>&1 | tee "$file.err" >&6
  } 7> "$file.lock"
  cat "$file.out"
  rc=$(cat "$file.rc")
  [ "$rc" -eq 0 ] || tail -n 2 "$file.err" >&2

  return "$rc"
}

# have COMMAND [ARG...]: once, where the output is what a test compares: nothing,
# or why it failed.
have() { { once "$@" > /dev/null; } 2>&1; }

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

# The tests' own programs, tools/NAME.c, as $WORK/NAME
tools()
{
  local i name

  "$NEED" gcc=gcc && mkdir -p "$WORK" &&
    gcc -E -dM -include sys/syscall.h - < /dev/null |
    sed -n 's/#define __NR_\([a-z0-9_]*\) \([0-9]*\)$/[\2] = "\1",/p' \
    > "$WORK/syscalls.inc" || return 1
  for i in "$HERE"/tools/*.c
  do
    name=${i##*/} name=${name%.c}
    [ "$WORK/$name" -nt "$i" ] || "$LEAFROOT_TOP"/scripts/musl-cc.sh -O3 \
      -Wall -Wextra -I "$WORK" -o "$WORK/$name" "$i" || return 1
  done
}

# The archives every boot starts with: kit.cpio is /t, all that the tests need
# on any root; small.cpio is a root around it; script.cpio has /init.
kit()
{
  local kit=$WORK/kit root=$WORK/small script=$WORK/script i

  "$NEED" qemu-system-x86_64=qemu-system-x86 busybox=busybox-static \
    cpio=cpio && once tools || return 1
  rm -rf "$kit" "$root" "$script" && mkdir -p "$kit"/t/{bin,mnt} "$script" \
    "$root"/{bin,dev,etc,mnt,opt,proc,run,sbin,sys,tmp} || return 1
  cp "$WORK"/{manifest,observe,below,hurt,hurt-big,inject} "$kit/t" &&
    cp "$(command -v busybox)" "$kit/t/busybox" &&
    cp "$(realpath "$C")" "$kit/t/leafroot" &&
    cp "$LEAFROOT_TOP/generated/bin/toybox" "$kit/t/toybox" || return 1
  for i in $("$kit/t/busybox" --list)
  do
    ln -s ../busybox "$kit/t/bin/$i"
  done
  install "$HERE/guest/guest.sh" "$kit/t/lib" &&
    install "$HERE/guest/guest-init.sh" "$script/init" &&
    install "$HERE/guest/guest-after.sh" "$kit/t/init" || return 1

  ln -s /t/bin/sh "$root/bin/sh" && install "$kit/t/init" "$root/sbin/init" &&
    install "$kit/t/leafroot" "$root/sbin/leafroot" || return 1
  for i in "$kit" "$root" "$script"
  do
    pack "$i" "$i.cpio" -R 0:0 || return 1
  done
}

# kernel VERSION MODULES: two lines, its directory and one with the modules
kernel() { "$LEAFROOT_TOP/scripts/kernel.sh" "$1" --modules "$2"; }

# pack DIR [ARCHIVE [CPIO OPTIONS]]: with "." itself, or the root would have the
# mode 1777 that a tmpfs has.
pack()
{
  (cd "$1" && find . | cpio -oH newc --quiet "${@:3}") > "${2:-$1.cpio}"
}

# on KERNEL COMMAND...: what COMMAND boots has that kernel, as scripts/kernel.sh
# takes it.
on()
{
  local kernel=$1

  "${@:2}"
}

# boot NAME BEFORE AFTER [KEY=VALUE...]: BEFORE is run by /init, then LEAF (a
# line), and AFTER by the init that leafroot runs. What is expected is written
# in them: one marker for each line that begins with want, deny or same, in
# order. Keys: cmdline, mem (MiB), cpus, limit (s), leaf, says (globs, one for
# each line that leafroot prints, by default the one that it is done; "any" for
# do not care), root (the archive, $WORK/ROOT.cpio), needs (a command that makes
# that), modules (of the kernel, to be in /t), stage (commands that add files to
# the archive), disk (an image that stage makes, as an NVMe disk), judge (what
# has to be true on this side when the machine is gone, in the directory where
# its log is). With rdinit= in cmdline there is no /init.
#
# needs and stage run behind the tests' backs, when it is the boot's turn. For
# them MODULES is the directory with the kernel's modules.
boot()
{
  local name=$1 dir=$LOGS/$1 i cmdline='' mem=256 cpus=1 limit=180 \
    says='leafroot: / is a *fs now: * moved in *' modules=loop needs='' \
    leaf='exec leafroot /newroot /sbin/init' stage='' root=small disk='' \
    judge='' kernel=${kernel:-${KERNEL:-6.1}}

  selected "boot $name" || in_table "$name" || return 0
  BOOTS+=("$name")
  [ -z "$LEAFROOT_LIST" ] || return 0
  rm -rf "$dir" && mkdir -p "$dir/add/t" || exit 1
  echo "$2" > "$dir/add/t/before"
  echo "$3" > "$dir/add/t/after"
  for i in "${@:4}"
  do
    case "${i%%=*}" in
      cmdline|mem|cpus|limit|leaf|says|stage|root|disk|judge|needs|modules)
        printf -v "${i%%=*}" %s "${i#*=}" ;;
      *) echo "boot $name: ${i%%=*}?" >&2; exit 1 ;;
    esac
  done
  echo "$leaf" > "$dir/add/t/leaf"
  echo "$judge" > "$dir/judge"
  declare -p cmdline mem cpus limit kernel modules root needs stage disk \
    > "$dir/plan"
  {
    cat "$dir"/add/t/{before,after}
    echo want end
    cat "$dir/judge"
  } | sed -nE 's/^ *(want|deny|same) ([^ ]*).*/=== \2 ok/p' > "$dir/expected"
  [ -z "$says" ] || echo "$says" > "$dir/says"
}

# Make what the boot NAME needs, and lay its archive down for run.sh.
boot_prepare()
{
  local dir=$LOGS/$1 MODULES bases cmdline mem cpus limit kernel modules root \
    needs stage disk

  . "$dir/plan" && once kit && kernel=$(once kernel "$kernel" "$modules") ||
    return 1
  MODULES=${kernel#*$'\n'} kernel=${kernel%%$'\n'*}/vmlinuz
  cp "$MODULES"/lib/modules/*/*.ko "$dir/add/t" &&
    { [ -z "$needs" ] || eval "$needs"; } &&
    (cd "$dir/add" && eval "$stage") || return 1
  bases=("$WORK/$root.cpio" "$WORK/kit.cpio")
  [[ $cmdline == *rdinit=* ]] || bases+=("$WORK/script.cpio")
  declare -p cmdline mem cpus limit bases kernel disk > "$dir/conf"
}

# boot_ready NAME: print the directory for run.sh, or leave in it why not.
boot_ready()
{
  if boot_prepare "$1" > "$LOGS/$1/prepared" 2>&1 < /dev/null
  then
    echo "$LOGS/$1"
  else
    tail -n 2 "$LOGS/$1/prepared" > "$LOGS/$1/failed"
  fi
}

boots_start()
{
  [ ${#BOOTS[@]} -ne 0 ] && [ -z "$LEAFROOT_LIST" ] || return 0
  # With job control it has a process group of its own.
  set -m
  (
    for i in "${BOOTS[@]}"
    do
      boot_ready "$i"
    done |
      xargs -n 1 -P "${CPUS:-$(nproc)}" "$HERE/host/run.sh"
  ) < /dev/null &
  set +m
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

  until [ -e "$dir/done" ] || [ -e "$dir/failed" ]
  do
    kill -0 "$RUNNER" 2> /dev/null || break
    sleep .2
  done
  if [ -e "$dir/failed" ]
  then
    echo "not booted: $(cat "$dir/failed")"
    return
  fi
  got=$(grep -a '^=== ' "$dir/log"
    . "$HERE/guest/guest.sh"; cd "$dir" && . ./judge)
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
