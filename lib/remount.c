/* remount.c - give options to a root that stays where it is
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 *
 * A mount has flags of its own (nosuid, noatime), and its file system has
 * options (size=). No system call changes both. The flags are changed first:
 * they can be read before, and put back to the bit. The options come last, as
 * the kernel takes either all of them or none (FSCONFIG_CMD_RECONFIGURE), while
 * some could not be put back (a tmpfs without a limit, once it has one).
 */

#include "toys.h"
#include "lib/fault.h"
#include "lib/fsnew.h"
#include "lib/kernel.h"
#include "lib/mountopt.h"
#include "lib/remount.h"

// Put the options that N has collected in force on the root whose directory is
// DIR. The current directory is DIR then, if there were any. Leaves a fault
// "remounting". Returns 0, or -1: then lr_remount_back() is to be called.
int lr_remount(struct remount *m, int dir, struct fsnew *n, struct fault *f)
{
  m->dir = dir;
  m->changed = 0;
  if (n->set || n->clear) {
    if (lr_mountopt_get(dir, ".", &m->before)
      || lr_mountopt_apply(dir, ".", n->set, n->clear))
        return lr_fault(f, errno, "remounting", "/");
    m->changed = 1;
  }

  return lr_fsnew_remount(n, f);
}

// Undo an lr_remount() that failed: the flags are what they were. (The options
// are, since they come last.) Returns 0, or -1 and errno.
int lr_remount_back(struct remount *m)
{
  return m->changed ? lr_mountopt_apply(m->dir, ".", m->before, ~0U) : 0;
}
