/* survey.c - how much is there, and the file system that is to hold it
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include "lib/boot.h"
#include "lib/kernel.h"
#include "lib/leaf.h"
#include "lib/memory.h"
#include "lib/mountinfo.h"
#include "lib/report.h"
#include "lib/survey.h"
#include "lib/xattrs.h"

// What can the leaf not hold that "/" can? Returns XATTRS_* for each.
static int leaf_lacks(struct boot *b)
{
  int src = lr_scene_source(&b->there), lacks = 0, flags,
    root = openat(src, ".", O_RDONLY|O_DIRECTORY|O_CLOEXEC),
    leaf = openat(b->leaf.dir, ".", O_RDONLY|O_DIRECTORY|O_CLOEXEC);
  struct statfs old, new;

  // Two of one type hold the same
  if (!fstatfs(root, &old) && !fstatfs(leaf, &new) && old.f_type != new.f_type)
  {
    lacks = lr_xattrs_lacks(leaf);
    if (lr_xattrs_none(root)) lacks &= XATTRS_FLAGS;
    if (ioctl(root, KFS_GETFLAGS, &flags)) lacks &= ~XATTRS_FLAGS;
  }
  if (src != -1) close(src);
  if (root != -1) close(root);
  if (leaf != -1) close(leaf);

  return lacks;
}

// Count the tree of "/" to T. That is a move with its effects left out. Returns
// 0 or -1, and T is to be freed.
static int count(struct tree *t, struct boot *b)
{
  int rc;

  t->mode = TREE_COUNT;
  t->unprivileged = b->there.user_namespace;
  t->src = lr_scene_source(&b->there);
  if (t->src == -1) return lr_fault(&b->why, errno, "opening", "/");
  rc = lr_tree_run(t, &b->why);
  close(t->src);

  return rc;
}

static int survey_tree(struct boot *b, int lacks)
{
  struct scene *s = &b->there;
  struct tree t = {.lacks = lacks};
  int rc = count(&t, b);

  s->bytes = t.bytes;
  s->inodes = t.inodes;
  s->names = t.names;
  s->available = lr_memory_available(s->proc);
  s->free = lr_memory_free(s->proc);
  if (!rc && (b->asked.verbose || b->asked.dry_run)) {
    lr_say("/ holds %s in %llu inodes, the largest file %s: %s",
      lr_size(t.bytes).text, t.inodes, lr_size(t.largest).text,
      t.big ? : "none");
    lr_say("%s are available, the peak expected is %s above the tree",
      lr_size(s->available).text, lr_size(b->plan.because
        ? lr_memory_copy(t.bytes, t.inodes) : lr_memory_move(t.bytes)).text);
  }
  lr_tree_free(&t);

  return rc;
}

// The archives are verified where something depends on what is in them: where
// there are LIMITS or little memory, or the figures are asked for.
static int survey_archives(struct boot *b, int limits)
{
  struct scene *s = &b->there;
  struct tree t = {0};
  int rc;

  if (lr_archives_open(&b->archives, &b->asked, s, &b->why)) return -1;
  if (!limits && !b->asked.dry_run && !lr_archives_scarce(b->archives, s))
    return 0;
  if (lr_archives_check(b->archives, &b->asked, s, &b->why)) return -1;

  // What verifying took of the kernel's caches does not come back at once
  s->available = lr_memory_available(s->proc);
  s->free = lr_memory_free(s->proc);
  if (!lr_plan_may_empty(&b->plan, s)) return 0;

  // An archive that is a file of the old root is there until it has been read
  rc = count(&t, b);
  s->freed = t.bytes
    - minof(t.bytes, lr_archives_held(b->archives, s->root_dev));
  lr_tree_free(&t);

  return rc;
}

// Fill in the figures of B->there as far as B->plan depends on them, and make
// B->leaf, the file system that is to hold what was counted, attached nowhere
// yet; or, if "/" stays, have it hold the options that "/" is to get. Opens
// B->archives. Leaves the fault B->why: a bad option, a damaged archive, a tree
// that can't be read. Returns 0 or -1.
int lr_survey(struct boot *b)
{
  struct fsnew *leaf = &b->leaf;
  int limits, lacks;

  if (b->plan.action == PLAN_STAY) {
    if (lr_fsnew_pick(leaf, b->there.root_dir, "/", &b->why)) return -1;
    leaf->ro = !strncmp(b->there.root->super, "ro", 2);

    return lr_leaf_options(leaf, &b->asked, b->there.is_disk, &b->why);
  }
  if (lr_leaf_make(leaf, b->plan.type, &b->asked, &b->there, &b->why))
    return -1;
  limits = leaf->size || leaf->nr_inodes;

  // Where memory is short for a move, it depends on the tree if it can be done
  if (b->plan.action == PLAN_MOVE && b->there.free<lr_memory_move(~0ULL))
    limits = 1;
  if (b->plan.action == PLAN_UNPACK) return survey_archives(b, limits);

  lacks = leaf_lacks(b);

  return (limits || lacks || b->plan.count) ? survey_tree(b, lacks) : 0;
}
