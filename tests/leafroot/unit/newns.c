// newns.c - a mount namespace of our own, with privilege and without
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// unit: lib/newns.c lib/fault.c

#include "toys.h"
#include "check.h"
#include <sys/prctl.h>
#include "lib/fault.h"
#include "lib/newns.h"

// In a process of its own: PREPARE, then lr_newns(), then what is true of it.
// Returns a bit for each: 1 the result is 1, 2 it is another namespace, 4 a
// mount made there is not seen outside, 8 the user is root there, 16 a file of
// the caller is root's there; -1 if it failed, then errno is the fault's.
static int tried(int (*prepare)(void))
{
  struct stat before, after;
  struct fault f = {0};
  int status, rc, out[2], pid, said[2] = {-1, 0};

  check_need(!pipe2(out, O_CLOEXEC));
  fflush(stdout);
  check_need((pid = fork()) != -1);
  if (!pid) {
    if (prepare && prepare()) _exit(9);
    if (stat("/proc/self/ns/mnt", &before)) _exit(9);
    if ((rc = lr_newns(&f)) == -1) {
      said[1] = f.err;
      if (strcmp(f.step, "new namespace")) said[1] = -1;
    } else {
      if (stat("/proc/self/ns/mnt", &after)) _exit(9);
      said[0] = (rc == 1) | 2*(before.st_ino != after.st_ino)
        | 4*!mount("t", check_dir(), "tmpfs", 0, 0)
        | 8*!geteuid() | 16*(!stat("/proc/self", &after) && !after.st_uid);
    }
    if (write(out[1], said, sizeof(said)) != sizeof(said)) _exit(9);
    _exit(0);
  }
  close(out[1]);
  check_need(read(*out, said, sizeof(said)) == sizeof(said));
  close(*out);
  check_need(waitpid(pid, &status, 0) == pid && !status);
  errno = said[1];

  return *said;
}

// Become another user, who has no privilege.
static int nobody(void)
{
  if (setgid(12345) || setuid(12345)) return -1;

  // Its own /proc files are root's until this
  return prctl(PR_SET_DUMPABLE, 1);
}

// No user namespace more, as a hardened machine has it
static int none_left(void)
{
  if (unshare(CLONE_NEWUSER)) return -1;
  check_tell("/proc/sys/user/max_user_namespaces", "0");
  check_tell("/proc/sys/user/max_mnt_namespaces", "0");

  return 0;
}

int main(void)
{
  struct stat outside, now;
  int user = geteuid();

  // A lr_newns() that makes no namespace may not change the machine's. What is
  // mounted in this one is seen in its copies, unless they are made private.
  check_dir();
  check_namespace();
  check_need(!mount(0, "/", 0, MS_REC|MS_SHARED, 0));
  check_need(!stat(check_dir(), &outside));

  // With all privilege it's no user namespace, else it is.
  check_num(tried(0), user ? 31 : 30, "as we are");
  if (!user) check_num(tried(nobody), 31, "root that became another user");
  check_num(tried(none_left), -1, "where there may be no namespace");
  check(errno == ENOSPC || errno == EPERM, "errno: %d", errno);
  check(!stat(check_dir(), &now) && now.st_dev == outside.st_dev,
    "no mount is seen outside");

  return check_done();
}
