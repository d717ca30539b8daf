/* keep.c - the old root kept, mounted below the new one
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include "lib/fault.h"
#include "lib/keep.h"
#include "lib/kernel.h"
#include "lib/mountpoint.h"

#define KEEPING "keeping the old root at"

// Can the old root be kept at DIR, a path from the directory ROOT? It can if
// DIR is still to be made, or is there and is not ROOT itself. No name on the
// way may be a symlink, as pivot_root(2) would follow that on the old root.
// Leaves a fault "keeping the old root at" DIR. Returns 0 or -1.
int lr_keep_check(int root, char *dir, struct fault *f)
{
  struct kopen_how how = {O_PATH|O_DIRECTORY|O_CLOEXEC, 0,
    KRESOLVE_BENEATH|KRESOLVE_NO_SYMLINKS};
  struct kstat a, b;
  int fd = kopenat2(root, *dir ? dir : ".", &how), rc;

  rc = fd == -1 && errno != ENOENT;
  if (fd != -1 && !kstatx(fd, "", AT_EMPTY_PATH, &a)
    && !kstatx(root, "", AT_EMPTY_PATH, &b) && a.ino == b.ino
    && a.mnt == b.mnt) rc = errno = EBUSY;
  if (fd != -1) close(fd);

  return rc ? lr_fault(f, errno, KEEPING, "/%s", dir) : 0;
}

// Have the old root FROM, without what was mounted on it, at DIR of the new
// root TO, a directory that is made if need be. Without ATTACH only make that:
// a pivot_root(2) mounts it there by itself. (FROM and TO are root directories,
// DIR is a path from TO.) Leaves the fault of lr_keep_check(). Returns 0 or -1.
int lr_keep(int from, int to, char *dir, int attach, struct fault *f)
{
  int fd = -1, rc;

  if (lr_keep_check(to, dir, f)) return -1;
  rc = lr_mountpoint_make(to, dir, 1);
  if (!rc && attach) {
    fd = open_tree(from, "", OPENTREE_CLONE|OPENTREE_CLOEXEC|AT_EMPTY_PATH);
    rc = move_mount(fd, "", to, dir, MOVEMOUNT_F_EMPTY);
  }
  if (rc) lr_fault(f, errno, KEEPING, "/%s", dir);
  if (fd != -1) close(fd);

  return rc;
}

// Undo lr_keep() with ATTACH. The current directory is TO afterwards. Returns
// 0, or -1 and errno.
int lr_keep_back(int to, char *dir)
{
  return fchdir(to) ? -1 : umount2(dir, MNT_DETACH);
}
