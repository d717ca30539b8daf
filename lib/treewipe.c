/* treewipe.c - remove all that is in a tree
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 *
 * What can't be removed stays, and is counted as left. Nothing stops a wipe.
 */

#include "toys.h"
#include <pthread.h>
#include "lib/kernel.h"
#include "lib/filecopy.h"
#include "lib/xattrs.h"
#include "lib/walk.h"
#include "lib/links.h"
#include "lib/treevisit.h"

// Make it possible to remove what is in D, if D is immutable or append-only.
// Returns 0 or -1.
int lr_treewipe_unlock(struct worker *w, struct dir *d)
{
  if ((d->st->attr & KATTR_FROZEN) && lr_filecopy_freeze(d->src, 0))
    return lr_walk_fail(w, "unlocking", d, "");

  return 0;
}

// Directories on another mount are left out.
static int open_dir(struct worker *w, struct dir *d)
{
  if (!walk_foreign(w->walk, d->st)) return lr_treewipe_unlock(w, d);
  w->counts.left++;

  return 1;
}

// Remove NAME in D. EPERM: it's immutable or append-only.
static int wipe(struct worker *w, struct dir *d, char *name)
{
  int fd;

  if (!unlinkat(d->src, name, 0) || errno == ENOENT) return 0;
  if (errno == EPERM) {
    fd = openat(d->src, name, O_RDONLY|WALK_OPEN);
    if (fd != -1) {
      lr_filecopy_freeze(fd, 0);
      close(fd);
    }
    if (!unlinkat(d->src, name, 0)) return 0;
  }
  w->counts.left++;

  return 0;
}

static int entry(struct worker *w, struct dir *d, char *name, int type, int big)
{
  struct kstat st;

  (void)big;
  if (type == DT_UNKNOWN) {
    if (kstatx(d->src, name, AT_SYMLINK_NOFOLLOW, &st))
      return errno == ENOENT ? 0 : lr_walk_fail(w, "looking at", d, name);
    if (S_ISDIR(st.mode)) return lr_walk_push_dir(w, d, name);
  }

  return wipe(w, d, name);
}

// Remove D, which is empty now but for what could not be removed.
static int finish(struct worker *w, struct dir *d)
{
  if (d->parent && unlinkat(d->parent->src, d->name, AT_REMOVEDIR)
    && errno != ENOENT) w->counts.left++;

  return 0;
}

struct visitor const lr_treewipe = {.goes_on = 1, .open = open_dir,
  .entry = entry, .finish = finish};
