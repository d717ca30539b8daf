#!/bin/bash
# run.sh DIR - boot once what boot() laid down in DIR: the serial line goes to
# DIR/log, and DIR/done appears at the end. Run by hand it repeats one boot.
# SPDX-License-Identifier: 0BSD

# shellcheck disable=SC2154
cd "$1" && rm -f log 'done' && . ./conf || exit 1

# Joined archives must begin on a multiple of 4 bytes: cpio pads to 512.
(cd add && find . -mindepth 1 ! -path ./t | cpio -oH newc -R 0:0 --quiet) \
  > add.cpio && cat "${bases[@]}" add.cpio > initrd || exit 1

# cmpxchg16b of QEMU 7.2 now and then breaks 6.12 (an oops behind it): -cx16.
# On a busy host the emulated timer can be late for the kernel's check that it
# works, which is a panic: no_timer_check. A processor that hangs for a minute
# is not waited for, nor, for more than four, a kernel that says nothing at all.
# With ERMS the kernel clears and copies memory by single bytes, and QEMU is slow
# at that, a hundred times slower yet in a page that programs were run from. To
# move a root with container runtimes took 62 s so, and 22 s without: -erms.
boot()
{
  local n=0 after=$limit

  : > raw
  # In the foreground timeout stays in this process group, which ends as a whole.
  timeout --foreground -k 2 "$limit" qemu-system-x86_64 -accel tcg \
    -cpu max,-cx16,-erms,-fsrm -m "$mem" -smp "$cpus" -display none \
    -monitor none -serial stdio -no-reboot -net none \
    -kernel "$kernel" -initrd initrd \
    ${disk:+-drive "if=none,id=d,format=raw,file=$disk" -device nvme,drive=d,serial=1} \
    -append "console=ttyS0 panic=-1 no_timer_check \
softlockup_panic=1 watchdog_thresh=30 quiet \
$cmdline" < /dev/null > raw 2>&1 &
  while [ ! -s raw ] && kill -0 $! 2> /dev/null && [ $((n += 1)) -le 240 ]
  do
    sleep 1
  done
  [ "$n" -le 240 ] || kill $!
  wait $!
  rc=$?
  [ "$n" -le 240 ] || rc=124 after=240
  # Terminal codes of a shell or a container runtime would hide a line's start.
  tr -d '\r' < raw > log && rm -f raw
  [ "$rc" -ne 124 ] || echo "run.sh: no end after $after s" >> log
}

# The emulator now and then breaks a kernel thread during the kernel's own start.
early_oops()
{
  grep -Eq 'Oops|BUG: |general protection fault' log &&
    ! grep -Eq '^(=== |leafroot: )|Comm: (init|leafroot|sh)' log
}

# Or it hangs there.
silent()
{
  [ "$rc" -ge 124 ] && ! grep -aEqv '^(qemu-system-x86_64|run\.sh): ' log
}

start=$(date +%s)
for i in 1 2 3
do
  boot
  early_oops || silent || break
  mv log "oops.$i"
done
rm -f initrd
echo "$(($(date +%s)-start))" > 'done'
