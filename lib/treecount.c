/* treecount.c - count the memory and the inodes of a tree
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include <pthread.h>
#include "lib/kernel.h"
#include "lib/xattrs.h"
#include "lib/walk.h"
#include "lib/links.h"
#include "lib/treevisit.h"

// Add NAME in D of status ST to the counts, and remember the path of the
// largest file.
static void count(struct worker *w, struct dir *d, char *name, struct kstat *st)
{
  struct treevisit *tv = w->walk->visit;

  if (!lr_walk_count(w, st)) return;
  pthread_mutex_lock(&w->walk->lock);
  if (w->counts.largest>tv->largest) {
    tv->largest = w->counts.largest;
    free(tv->big);
    tv->big = lr_walk_path(d, name);
  }
  pthread_mutex_unlock(&w->walk->lock);
}

// Has D, or NAME in it, something that the new tree can't hold? That is a
// fault. Returns 0 or -1.
static int check(struct worker *w, struct dir *d, char *name, struct kstat *st)
{
  struct treevisit *tv = w->walk->visit;
  int rc = 0;

  if (!tv->lacks || walk_foreign(w->walk, st)) return 0;
  errno = EOPNOTSUPP;
  if ((tv->lacks & XATTRS_FLAGS) && (st->attr & KATTR_FROZEN))
    return lr_walk_fail(w, "the new root can't hold the flags of", d, name);
  if (tv->lacks & (XATTRS_USER|XATTRS_OTHER)) {
    pthread_mutex_lock(&tv->cwd);
    rc = lr_xattrs_too_much(w->buf, d->src, *name ? name : 0, tv->lacks);
    pthread_mutex_unlock(&tv->cwd);
  }
  errno = EOPNOTSUPP;

  return rc ? lr_walk_fail(w, "the new root can't hold the attributes of", d,
    name) : 0;
}

static int open_dir(struct worker *w, struct dir *d)
{
  return check(w, d, "", d->st);
}

// Count NAME in D: each name, but an inode with several names once. Files that
// something is mounted on count as what they are, not what is on them.
static int entry(struct worker *w, struct dir *d, char *name, int type, int big)
{
  struct treevisit *tv = w->walk->visit;
  struct kstat st;

  (void)type, (void)big;
  if (kstatx(d->src, name, AT_SYMLINK_NOFOLLOW, &st))
    return errno == ENOENT ? 0 : lr_walk_fail(w, "looking at", d, name);
  if (S_ISDIR(st.mode)) return lr_walk_push_dir(w, d, name);
  if (check(w, d, name, &st)) return -1;
  w->counts.names++;
  if (st.nlink == 1 || lr_links_first(&tv->links, &st)) count(w, d, name, &st);

  return 0;
}

struct visitor const lr_treecount = {.open = open_dir, .entry = entry};
