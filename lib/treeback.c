/* treeback.c - undo a move, finished or not
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 *
 * The new tree is moved into the old one, where what is there already stays. It
 * goes on after a failure: what can be put back is.
 */

#include "toys.h"
#include <pthread.h>
#include "lib/kernel.h"
#include "lib/filecopy.h"
#include "lib/xattrs.h"
#include "lib/walk.h"
#include "lib/links.h"
#include "lib/treevisit.h"

// Open what the move has left of NAME in D, to fill it again. It is immutable
// or append-only (EPERM) if the file was: then *ATTR gets that (KATTR_*), and
// it is made neither. A program that runs (ETXTBSY) can't be written to. It
// needs nothing but its metadata, as may_free() (treemove.c) has not let it be
// emptied. Returns the descriptor, or -1 and errno.
static int open_left(struct dir *d, char *name, int *attr)
{
  int fd = openat(d->dst, name, O_RDWR|WALK_OPEN), ro;
  struct kstat st;

  if (fd != -1 || (errno != EPERM && errno != ETXTBSY)) return fd;
  if (errno == ETXTBSY) return openat(d->dst, name, O_RDONLY|WALK_OPEN);
  ro = openat(d->dst, name, O_RDONLY|WALK_OPEN);
  if (ro == -1) return -1;
  if (!kstatx(ro, "", AT_EMPTY_PATH, &st)) *attr |= st.attr;
  lr_filecopy_freeze(ro, 0);
  close(ro);

  return openat(d->dst, name, O_RDWR|WALK_OPEN);
}

// Fill OUT again, which the move has left: it has several names, or was a mount
// point, or could not be put back at once. IN, of status ST, has what is behind
// OUT's end; or, if this undo was tried before and failed half-way, IN is the
// shorter one and has what is before its own end. Returns 0, or -1 and errno.
static int refill(struct worker *w, int in, int out, struct kstat *st)
{
  struct treevisit *tv = w->walk->visit;
  struct filecopy c = {&w->stop, &w->counts.done, tv->piece};
  struct kstat now;

  if (kstatx(out, "", AT_EMPTY_PATH, &now)) return -1;
  if (now.size != st->size && lr_filecopy_data(&c, in, out,
    now.size<st->size ? now.size : 0, st->size, 0, 0)) return -1;
  if ((st->mode&06000) && fchmod(out, st->mode&07777)) return -1;

  // Also when nothing is to be filled: a try before may have come so far and
  // then failed. To write to a file drops its capabilities.
  if (!tv->no_xattrs && lr_xattrs_copy(w->buf, in, out, 0)) return -1;

  return lr_filecopy_times(out, st);
}

// Put back regular file NAME in D. IN is open and ST its status. Closes IN.
// Returns 0 or -1.
static int back_file(struct worker *w, struct dir *d, char *name, int in,
  struct kstat *st)
{
  int attr = st->attr, out = open_left(d, name, &attr), rc;

  if (out == -1) return lr_treemove_file(w, d, name, in, st);
  rc = refill(w, in, out, st);

  // It can have names that are not done yet: open_left() unlocks it for them
  if ((attr & KATTR_FROZEN) && lr_filecopy_freeze(out, attr)) rc = -1;
  if (rc) lr_walk_fail(w, "putting back", d, name);
  close(in);
  close(out);

  return rc;
}

// Put back NAME in D, anything but a directory or a regular file, of status ST,
// if it's not there. Returns 0 or -1.
static int back_special(struct worker *w, struct dir *d, char *name,
  struct kstat *st)
{
  if (!faccessat(d->dst, name, F_OK, AT_SYMLINK_NOFOLLOW)) return 0;

  return lr_treemove_special(w, d, name, st);
}

// Make D in the old tree, or open it if it's there. It can be frozen: the move
// had not come to it, or an undo that has been tried before has frozen it.
static int open_dir(struct worker *w, struct dir *d)
{
  struct kstat there;
  int rc = d->parent ? mkdirat(d->parent->dst, d->name, 0700) : 1;

  if (rc<0 && errno != EEXIST) return lr_walk_fail(w, "creating", d, "");
  if (lr_treecopy_enter(w, d)) return -1;
  if (!rc) lr_xattrs_no_acl(d->dst, 0);
  if (!kstatx(d->dst, "", AT_EMPTY_PATH, &there)
    && (there.attr & KATTR_FROZEN)) lr_filecopy_freeze(d->dst, 0);

  return lr_treewipe_unlock(w, d);
}

static int entry(struct worker *w, struct dir *d, char *name, int type, int big)
{
  return lr_treecopy_entry(w, d, name, type, big, back_file, back_special);
}

// Everything in D is done. If it could not be removed then the undo is tried
// again, and learns D's times from it: as they were before it was emptied. The
// root directory is never removed.
static int finish(struct worker *w, struct dir *d)
{
  int rc = lr_treemove_finish(w, d);

  if (rc || !d->parent) lr_filecopy_times(d->src, d->st);

  return rc;
}

struct visitor const lr_treeback = {.fills = 1, .inherits = 1, .goes_on = 1,
  .all_fds = 1, .open = open_dir, .entry = entry, .finish = finish};
