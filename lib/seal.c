/* seal.c - empty a rootfs and close it for good
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 *
 * Every mount namespace has rootfs at its bottom, so what escapes a container
 * by unmounting what's above it lands there. From 7.0 that place is nullfs:
 * empty, and nothing can be written. Make it so before 7.0.
 */

#include "toys.h"
#include "lib/fault.h"
#include "lib/kernel.h"
#include "lib/tree.h"
#include "lib/seal.h"

// The kind of file system ROOT is on: MAGIC_TMPFS, MAGIC_RAMFS, or 0 and a
// fault when it's anything else: that may be somebody's disk.
static unsigned kind(int root, struct fault *f)
{
  struct statfs sf;

  if (fstatfs(root, &sf)) lr_fault(f, errno, "looking at", "the old root");
  else if ((unsigned)sf.f_type == MAGIC_TMPFS
    || (unsigned)sf.f_type == MAGIC_RAMFS) return sf.f_type;
  else lr_fault(f, 0, "not wiping", "the old root: neither ramfs nor tmpfs");

  return 0;
}

// Remove all that is in ROOT, the root directory of a ramfs or tmpfs mount of
// our namespace, and in nothing that's mounted on it. *LEFT is how many entries
// could not be removed (mount points). Leaves a fault "wiping". Returns 0 or
// -1.
int lr_seal_wipe(int root, unsigned long long *left, struct fault *f)
{
  struct tree t = {.mode = TREE_WIPE};
  struct statfs sf;
  int rc;

  if (!kind(root, f)) return -1;
  if (!fstatfs(root, &sf) && (sf.f_flags&1) && !fchdir(root))
    mount(0, ".", 0, MS_REMOUNT, 0);

  // A copy of the mount without those on it: no way leads into another one
  t.src = open_tree(root, "", OPENTREE_CLONE|OPENTREE_CLOEXEC|AT_EMPTY_PATH);
  if (t.src == -1) return lr_fault(f, errno, "wiping", "the old root");
  rc = lr_tree_run(&t, f);
  *left = t.left;
  lr_tree_free(&t);
  close(t.src);

  return rc;
}

// Make ROOT, an empty ramfs or tmpfs as lr_seal_wipe() leaves it, as small as
// can be (tmpfs: one inode, itself, and one page; size=0 would mean no limit)
// and read-only, and its mount nosuid,nodev,noexec. While something still has
// one of its files open the kernel says EBUSY or EINVAL, and logs that: try
// again less and less often, for SECONDS. Leaves a fault "sealing". Returns 0
// or -1.
int lr_seal_root(int root, int seconds, struct fault *f)
{
  char opts[64];
  unsigned type = kind(root, f);
  int ms, rc;

  if (!type) return -1;
  sprintf(opts, "nr_inodes=1,size=%ld", sysconf(_SC_PAGESIZE));
  if (fchdir(root)) return lr_fault(f, errno, "sealing", "the old root");
  fchmod(root, 0555);
  for (ms = 50; ; ms *= 2) {
    // ramfs takes no limits, and would not say so
    rc = type == MAGIC_TMPFS ? mount(0, ".", 0, MS_REMOUNT, opts) : 0;
    if (!rc) rc = mount(0, ".", 0, MS_REMOUNT|MS_RDONLY, 0);
    if (!rc || (errno != EBUSY && errno != EINVAL) || ms>seconds*500) break;
    usleep(ms*1000);
  }
  if (rc) lr_fault(f, errno, "sealing", "the old root");
  if (mount(0, ".", 0,
    MS_REMOUNT|MS_BIND|MS_RDONLY|MS_NOSUID|MS_NODEV|MS_NOEXEC, 0))
      rc = lr_fault(f, errno, "sealing", "the mount of the old root");

  return rc;
}
