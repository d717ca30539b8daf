// console.c - what is opened as descriptors 0 to 2, and what is left alone
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// unit: lib/console.c lib/fsnew.c lib/mountopt.c lib/fault.c

// The console itself and devices made by mknod() take real boots.

#include "toys.h"
#include "check.h"
#include "lib/console.h"

static void opening(void)
{
  char path[256];
  int dir = open(check_dir(), O_RDONLY|O_DIRECTORY|O_CLOEXEC), fd, flags,
    pty = posix_openpt(O_RDWR|O_NOCTTY|O_CLOEXEC);
  struct stat st;

  check_need(dir != -1 && pty != -1 && !grantpt(pty) && !unlockpt(pty));
  check_file("file", 0600, "x", 1);
  check_need(!mkdirat(dir, "sub", 0700) && !mkfifoat(dir, "fifo", 0600));
  check_need(!symlinkat("/dev/null", dir, "null")
    && !symlinkat("lacks", dir, "dangling") && !symlinkat("loop", dir, "loop"));

  check((fd = lr_console_open(dir, "/dev/null")) != -1, "/dev/null");
  check(!fstat(fd, &st) && st.st_rdev == makedev(1, 3), "the null device");
  flags = fcntl(fd, F_GETFL);
  check(!(flags&O_NONBLOCK) && (flags&O_ACCMODE) == O_RDWR,
    "for both ways, and a read waits: %o", flags);
  close(fd);

  check((fd = lr_console_open(dir, "null")) != -1, "a link, from ROOT");
  close(fd);
  check((fd = lr_console_open(-1, "/dev/zero")) != -1, "an absolute path needs "
    "no ROOT");
  close(fd);

  // A terminal: it doesn't become ours
  check_need(!ptsname_r(pty, path, sizeof(path)));
  check_need(setsid() != -1 || errno == EPERM);
  check((fd = lr_console_open(dir, path)) != -1, "a terminal");
  check(isatty(fd), "it is one");
  check(open("/dev/tty", O_RDWR) == -1 && errno == ENXIO,
    "it's not the controlling one");
  close(fd);
  close(pty);

  errno = 0;
  check(lr_console_open(dir, "file") == -1 && errno == ENODEV, "a file");
  check(lr_console_open(dir, "fifo") == -1 && errno == ENODEV, "a FIFO");
  check(lr_console_open(dir, "sub") == -1 && errno == EISDIR, "a directory");
  check(lr_console_open(dir, "lacks") == -1 && errno == ENOENT, "nothing");
  check(lr_console_open(dir, "dangling") == -1 && errno == ENOENT,
    "a link to nothing");
  check(lr_console_open(dir, "loop") == -1 && errno == ELOOP, "a loop");
  check(lr_console_open(dir, "file/x") == -1 && errno == ENOTDIR,
    "below a file");
  check(lr_console_open(dir, "") == -1 && errno == ENOENT, "no name");
  check(lr_console_open(-1, "null") == -1 && errno == EBADF, "no ROOT");
  // None of these stays open.
  check_num(fd = dup(0), dir+1, "the next descriptor");
  close(fd);
  close(dir);
}

// What descriptor FD is open on: a number that tells devices and files apart
static unsigned long long what(int fd)
{
  struct stat st;

  if (fstat(fd, &st)) return 0;

  return S_ISCHR(st.st_mode) ? st.st_rdev : 1ULL<<63|st.st_ino;
}

// lr_console_leave() in a process of its own, whose descriptor 0 is /dev/null,
// 1 is /dev/zero and 2 the file "file". Its exit status has a bit for each
// descriptor that is /dev/full then, and 8 for a failure, 16 for one that has
// changed otherwise, 32 for one more.
static int leaving(int of_null, char *dev)
{
  struct stat st;
  int status, pid = fork(), i, dir, rc, next;
  unsigned long long was[3];

  check_need(pid != -1);
  if (pid) {
    check_need(waitpid(pid, &status, 0) == pid);

    return WIFEXITED(status) ? WEXITSTATUS(status) : 256;
  }
  dir = open(check_dir(), O_RDONLY|O_DIRECTORY|O_CLOEXEC);
  for (i = 0; i<3; i++) dup2(i == 2 ? openat(dir, "file", O_RDWR)
    : open(i ? "/dev/zero" : "/dev/null", O_RDWR), i);
  for (i = 0; i<3; i++) was[i] = what(i);
  if (stat("/dev/null", &st)) _exit(255);
  close(next = dup(0));
  rc = lr_console_leave(dir, of_null ? st.st_dev : 12345678, dev) ? 8 : 0;
  for (i = 0; i<3; i++)
    if (what(i) == makedev(1, 7)) rc |= 1<<i;
    else if (what(i) != was[i]) rc |= 16;
  if (fcntl(next, F_GETFD) != -1) rc |= 32;
  _exit(rc);
}

static void leave(void)
{
  check_num(leaving(0, "/dev/full"), 7, "all on the device that's given");
  check_num(leaving(1, "/dev/full"), 7, "whatever they were");
  // Without root there is no other device to be had, so that is all that
  // happens; with it the null device made for this is there.
  check(leaving(0, "lacks")&8, "a device that is not there");
  check(leaving(0, "file")&8, "a file is no device");
}

// lr_console_fill() in a process whose descriptors 0 to 2 are closed where
// CLOSED has a bit. Returns a bit for each that is closed then, and 8 when one
// more is open, 16 when one has changed.
static int filling(int closed)
{
  int status, pid = fork(), i, rc = 0, next;
  unsigned long long was[3];

  check_need(pid != -1);
  if (pid) {
    check_need(waitpid(pid, &status, 0) == pid);

    return WIFEXITED(status) ? WEXITSTATUS(status) : 256;
  }
  next = dup(0);
  close(next);
  for (i = 0; i<3; i++) {
    if (closed>>i&1) close(i);
    was[i] = what(i);
  }
  lr_console_fill();
  for (i = 0; i<3; i++) {
    if (fcntl(i, F_GETFD) == -1) rc |= 1<<i;
    else if (!(closed>>i&1) && what(i) != was[i]) rc |= 16;
  }
  if (fcntl(next, F_GETFD) != -1) rc |= 8;
  _exit(rc);
}

static void fill(void)
{
  int i, got;

  check_num(filling(0), 0, "descriptors that are open stay");
  // Who may not make device nodes leaves them closed: it's all or none.
  for (i = 1; i<8; i++) {
    got = filling(i);
    check(!got || got == i, "closed %d: %d", i, got);
    if (!geteuid()) check_num(got, 0, "root, closed %d", i);
  }
}

int main(void)
{
  opening();
  leave();
  fill();

  return check_done();
}
