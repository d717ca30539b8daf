/* newns.c - a mount namespace of our own
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include <sched.h>
#include <sys/mount.h>
#include "lib/fault.h"
#include "lib/newns.h"

// Write TEXT to FILE. Returns 0, or -1 and errno.
static int put(char *file, char *text)
{
  int fd = open(file, O_WRONLY|O_CLOEXEC), len = strlen(text), rc;

  if (fd == -1) return -1;
  rc = write(fd, text, len);
  close(fd);

  return -(rc != len);
}

// Leave this process's mount namespace for a copy that nobody else sees. Who
// lacks the privilege gets a user namespace too, where the caller's own user
// and group are root's (user_namespaces(7)). Not for PID 1: the kernel's
// helpers would lose its root. Leaves a fault "new namespace". Returns 0 when
// we have all privilege, 1 in a user namespace, -1 on failure.
int lr_newns(struct fault *f)
{
  char uid[32], gid[32], map[64] = {0};
  int user = 0, fd;

  sprintf(uid, "0 %u 1", geteuid());
  sprintf(gid, "0 %u 1", getegid());
  if (unshare(CLONE_NEWNS)) {
    if (errno != EPERM)
      return lr_fault(f, errno, "new namespace", "for mounts");
    if (unshare(CLONE_NEWUSER|CLONE_NEWNS))
      return lr_fault(f, errno, "new namespace", "for users");
    user = 1;

    // Groups can be mapped by who can no longer drop some
    put("/proc/self/setgroups", "deny");
    if (put("/proc/self/uid_map", uid) || put("/proc/self/gid_map", gid))
      return lr_fault(f, errno, "new namespace", "mapping the user");
  }

  // The first user namespace maps all users to themselves; another may have
  // been ours before
  if (-1 != (fd = open("/proc/self/uid_map", O_RDONLY|O_CLOEXEC))) {
    if (0<read(fd, map, sizeof(map)-1) && !strstr(map, " 4294967295"))
      user = 1;
    close(fd);
  }
  if (mount(0, "/", 0, MS_REC|MS_PRIVATE, 0))
    return lr_fault(f, errno, "new namespace", "making / private");

  return user;
}
