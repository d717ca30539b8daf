/* extract.c - unpack an archive into a root that nothing in it can leave
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include "lib/fault.h"
#include "lib/kernel.h"
#include "lib/fsnew.h"
#include "lib/initramfs.h"
#include "lib/extract.h"

// Open archive NAME: a file, "-" for stdin, or 0 for the one that the kernel
// kept. Returns a descriptor, or -1 with a fault "archive" NAME and errno.
int lr_extract_open(char *name, struct fault *f)
{
  int fd, sys;

  if (name) {
    if (!strcmp(name, "-")) fd = fcntl(0, F_DUPFD_CLOEXEC, 3);
    else fd = open(name, O_RDONLY|O_CLOEXEC);
    if (fd == -1) return lr_fault(f, errno, "archive", "%s", name);

    return fd;
  }

  // The kernel shows it since 6.8, commit 426081603f6c. Look for it in a sysfs
  // of our own: there may be no /sys.
  sys = lr_fs_detached("sysfs");
  fd = openat(sys, "firmware/initrd", O_RDONLY|O_CLOEXEC);
  if (sys != -1) close(sys);
  if (fd == -1) return lr_fault(f, errno, "archive", "/sys/firmware/initrd"
    " (boot with retain_initrd, Linux 6.8 or later)");

  return fd;
}

// What the child that unpacks reports at its end, before the name of the fault.
struct report {
  int rc, err;
  char *step;  // a constant, so it has the same address in parent and child
  unsigned long long bytes, inodes, largest;
};

// The child of lr_extract(): change its root, unpack, report to OUT. Never
// returns.
static void child(struct initramfs *a, int root, int first, int out)
{
  struct fault f = {0};
  struct report r = {0};

  if (fchdir(root) || chroot(".") || -1 == (a->dir = open("/",
    O_RDONLY|O_DIRECTORY|O_CLOEXEC)))
      r.rc = lr_fault(&f, errno, "changing to", "the new root");
  else {
    if (first) r.rc = lr_initramfs_builtin(a->dir, a->unprivileged, &f);
    if (!r.rc) r.rc = lr_initramfs_read(a, &f);
  }
  r.err = f.err;
  r.step = f.step;
  r.bytes = a->bytes;
  r.inodes = a->inodes;
  r.largest = a->largest;
  if (sizeof(r) != write(out, &r, sizeof(r))
    || (f.name && 0>write(out, f.name, strlen(f.name)))) _exit(1);
  _exit(0);
}

// Wait for what the child PID has to say on FD. If A->cancel asks to stop
// meanwhile the child is killed: what it has made so far is dropped anyway.
static void await(struct initramfs *a, int fd, pid_t pid)
{
  struct pollfd p = {fd, POLLIN, 0};

  // poll() is not restarted after a signal. One that comes just before it is
  // seen 50 ms later
  while (1>poll(&p, 1, 50)) if (a->cancel && *a->cancel) {
    kill(pid, SIGKILL);
    break;
  }
}

// Unpack archive A into directory ROOT, in a child process for which ROOT is
// "/": absolute links and ".." stay inside, as they do when the kernel unpacks.
// FIRST: it is the first archive to come there, so make what the kernel's
// built-in archive has before it, as in a boot. A->dir is set on the way, and
// A's bytes, inodes and largest are filled in. Returns 0, or -1 with the fault
// of lr_initramfs_read() or lr_initramfs_builtin(), or "changing to" the new
// root or "unpacking" when there is no such child or it dies.
int lr_extract(struct initramfs *a, int root, int first, struct fault *f)
{
  struct report r;
  char name[PATH_MAX+256];
  int fds[2], status, len;
  pid_t pid;

  if (pipe2(fds, O_CLOEXEC))
    return lr_fault(f, errno, "unpacking", "the archive");
  pid = fork();
  if (!pid) child(a, root, first, fds[1]);
  close(fds[1]);
  if (pid>0) await(a, fds[0], pid);
  len = read(fds[0], &r, sizeof(r));
  if (len == sizeof(r)) {
    for (len = 0; (status = read(fds[0], name+len, sizeof(name)-1-len))>0; )
      len += status;
    name[len] = 0;
  } else {
    r.rc = -1;
    r.step = "unpacking";
    r.err = pid<0 ? errno : (a->cancel && *a->cancel) ? EINTR : 0;
    strcpy(name, r.err ? "the archive"
      : "the archive: the process that did it is gone");
  }
  close(fds[0]);
  if (pid>0) waitpid(pid, &status, 0);
  if (r.rc) return lr_fault(f, r.err, r.step, "%s", name);
  a->bytes = r.bytes;
  a->inodes = r.inodes;
  a->largest = r.largest;

  return 0;
}
