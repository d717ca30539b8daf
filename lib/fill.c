/* fill.c - fill the new root, and put back what was moved to it
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include "lib/boot.h"
#include "lib/check.h"
#include "lib/fill.h"
#include "lib/init.h"
#include "lib/kernel.h"
#include "lib/leaf.h"
#include "lib/memory.h"
#include "lib/report.h"
#include "lib/seal.h"
#include "lib/signals.h"

// Unpack the archives, and look for an init in what they had.
static int unpack(struct boot *b)
{
  unsigned long long left;

  if (b->plan.empty_first) {
    if (b->asked.verbose)
      lr_say("emptying the old root first: the archive is good");

    // There is no way back from here
    lr_signals_ignore(b->done.signals);
    b->done.emptied = 1;
    if (lr_seal_wipe(b->there.root_dir, &left, &b->why)) return -1;
  }
  if (lr_archives_unpack(b->archives, &b->asked, &b->there, b->leaf.dir,
    lr_signals_asked(), &b->why)) return -1;

  return lr_init_find(&b->plan, &b->asked, &b->there, b->leaf.dir, &b->why);
}

// Move the tree, or copy it. Signals stop that.
static int move(struct boot *b)
{
  struct tree *t = &b->done.tree;
  int rc;

  t->mode = b->plan.action == PLAN_COPY ? TREE_COPY : TREE_MOVE;
  t->dst = b->leaf.dir;
  t->skip = b->done.newroot.ino;
  t->skip_dev = b->done.newroot.dev;
  t->keep_root_meta = b->leaf.owned;
  t->unprivileged = b->there.user_namespace;
  t->context = &b->progress;
  t->tick = lr_progress;
  t->in_use = lr_check_in_use;
  t->cancel = lr_signals_asked();
  if (b->plan.careful) {
    t->workers = 1;
    t->piece = MEMORY_PIECE;
  }
  if (-1 == (t->src = lr_scene_source(&b->there)))
    return lr_fault(&b->why, errno, "opening", "/");

  lr_progress_begin(&b->progress, b->there.bytes);
  rc = lr_tree_run(t, &b->why);
  lr_progress_end(&b->progress);

  // In a user namespace "/" itself was the source, so NEWROOT was copied too
  if (t->unprivileged && t->skip && *b->asked.newroot == '/')
    unlinkat(b->leaf.dir, b->asked.newroot+1, AT_REMOVEDIR);
  if (!rc && t->left && !b->asked.quiet)
    lr_say("%llu files left out that a user namespace may not have", t->left);

  return rc;
}

// Fill B->leaf, mounted on NEWROOT, as B->plan says: move or copy the tree, or
// unpack archives. Leaves the fault B->why. Returns 0, or -1 and lr_fill_back()
// is to be called.
int lr_fill(struct boot *b)
{
  if (lr_leaf_unlimit(&b->leaf, &b->there, &b->why)) return -1;
  if (b->plan.action == PLAN_UNPACK ? unpack(b) : move(b)) return -1;

  return lr_leaf_limit(&b->leaf, &b->there, &b->why);
}

// Undo lr_fill(), done or failed half-way: what was moved is in the old root
// again. (A copy has changed nothing there.) What is mounted on the new root by
// now is none of the tree. Leaves the fault B->why. Returns 0, or -1 if
// something is still in the new root only.
int lr_fill_back(struct boot *b)
{
  struct tree *t = &b->done.tree;
  int fd, rc;

  if (t->src == -1) return 0;
  fd = open_tree(b->leaf.dir, "",
    OPENTREE_CLONE|OPENTREE_CLOEXEC|AT_EMPTY_PATH);
  if (fd != -1) t->dst = fd;
  rc = lr_tree_back(t, &b->why);
  close(t->src);
  t->src = -1;
  if (fd != -1) close(fd);

  return rc;
}
