/* seal.c - empty a rootfs and close it for good
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 *
 * Every mount namespace has the rootfs at its bottom: whoever escapes from a
 * container by unmounting what is above it lands there. Since Linux 7.0 that
 * place is a nullfs, which is empty and can't be written to. Before 7.0 a
 * sealed rootfs is the same.
 */

#include "toys.h"
#include "lib/fault.h"
#include "lib/kernel.h"
#include "lib/tree.h"
#include "lib/seal.h"

// The type of the file system that ROOT is on: MAGIC_TMPFS or MAGIC_RAMFS.
// Anything else may be somebody's disk: then 0, and it leaves a fault.
static unsigned memory_type(int root, struct fault *f)
{
  struct statfs sf;

  if (fstatfs(root, &sf)) lr_fault(f, errno, "looking at", "the old root");
  else if ((unsigned)sf.f_type == MAGIC_TMPFS
    || (unsigned)sf.f_type == MAGIC_RAMFS) return sf.f_type;
  else lr_fault(f, 0, "not wiping", "the old root: neither ramfs nor tmpfs");

  return 0;
}

// Remove all that is in ROOT, the root directory of a ramfs or tmpfs that is
// mounted in our mount namespace. What is mounted on it stays. *LEFT is how
// many entries could not be removed (mount points). Leaves a fault "wiping",
// "not wiping", "looking at", or one of lr_tree_run(). Returns 0 or -1.
int lr_seal_wipe(int root, unsigned long long *left, struct fault *f)
{
  struct tree t = {.mode = TREE_WIPE};
  struct statfs sf;
  int rc;

  if (!memory_type(root, f)) return -1;
  if (!fstatfs(root, &sf) && (sf.f_flags&KST_RDONLY) && !fchdir(root))
    mount(0, ".", 0, MS_REMOUNT, 0);

  // A copy of the mount has no other mounts on it, so that no way leads into
  // one
  t.src = open_tree(root, "", OPENTREE_CLONE|OPENTREE_CLOEXEC|AT_EMPTY_PATH);
  if (t.src == -1) return lr_fault(f, errno, "wiping", "the old root");
  rc = lr_tree_run(&t, f);
  *left = t.left;
  lr_tree_free(&t);
  close(t.src);

  return rc;
}

// Make ROOT, an empty ramfs or tmpfs as lr_seal_wipe() leaves it, as small as
// can be and read-only, and its mount nosuid,nodev,noexec. The smallest tmpfs
// has one inode, itself, and one page: size=0 would mean no limit. While
// something still has one of its files open the kernel says EBUSY or EINVAL,
// and logs that: so it's tried less and less often, for SECONDS. What can be
// had of all that is done in any case: a file that is only read prevents the
// limits (EINVAL), but not read-only. Leaves a fault "sealing", or "looking at"
// or "not wiping". Returns 0 or -1.
int lr_seal_root(int root, int seconds, struct fault *f)
{
  char opts[64];
  unsigned type = memory_type(root, f);
  int ms, rc;

  if (!type) return -1;
  sprintf(opts, "nr_inodes=1,size=%ld", sysconf(_SC_PAGESIZE));
  if (fchdir(root)) return lr_fault(f, errno, "sealing", "the old root");
  fchmod(root, 0555);
  for (ms = 50; ; ms *= 2) {
    // A ramfs takes no limits, and does not say so
    rc = type == MAGIC_TMPFS ? mount(0, ".", 0, MS_REMOUNT, opts) : 0;
    if (!rc) rc = mount(0, ".", 0, MS_REMOUNT|MS_RDONLY, 0);
    if (!rc || (errno != EBUSY && errno != EINVAL) || ms>seconds*500) break;
    usleep(ms*1000);
  }
  if (rc) {
    lr_fault(f, errno, "sealing", "the old root");
    mount(0, ".", 0, MS_REMOUNT|MS_RDONLY, 0);
  }
  if (mount(0, ".", 0,
    MS_REMOUNT|MS_BIND|MS_RDONLY|MS_NOSUID|MS_NODEV|MS_NOEXEC, 0))
      rc = lr_fault(f, errno, "sealing", "the mount of the old root");

  return rc;
}
