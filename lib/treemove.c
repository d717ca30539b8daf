/* treemove.c - copy a tree, and free what is copied as we go
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 *
 * Until the old tree is wiped a move can be undone at any time (treeback.c): a
 * name is either whole in the new tree and gone from the old one, or as it was.
 * The names of an inode that has several stay in the old tree, emptied: so the
 * kernel tells to the end how many there are (nlink), and to undo the move is
 * to fill them again.
 *
 * Where a file is in both trees the size of the old one says what is in which:
 * the old one has everything before its own end, the new one everything after
 * that. So the old file is never made longer than what it holds again.
 */

#include "toys.h"
#include <pthread.h>
#include "lib/kernel.h"
#include "lib/filecopy.h"
#include "lib/xattrs.h"
#include "lib/walk.h"
#include "lib/links.h"
#include "lib/treevisit.h"

// Can NAME in D be emptied while it's copied? A write lease is given only when
// nobody else has the file open, executes it or maps it, and a loop device
// counts as somebody (fs/locks.c check_conflicting_open(), since 5.4). *IN is
// open to read; if the file can be written at all, *IN is then open for that. A
// big file that can't be emptied is told to in_use(). Returns 1, 0, or -1 if
// there is no memory for a second one.
static int may_free(struct worker *w, struct dir *d, char *name, int *in,
  struct kstat *st)
{
  struct treevisit *tv = w->walk->visit;
  int fd = openat(d->src, name, O_RDWR|WALK_OPEN|w->walk->noatime), rc;
  struct kstat now;
  char *path;

  // Others can have put another file in its place
  if (fd != -1 && (kstatx(fd, "", AT_EMPTY_PATH, &now) || now.ino != st->ino
    || now.maj != st->maj || now.min != st->min)) close(fd);
  else if (fd != -1) {
    close(*in);
    *in = fd;
    if (!fcntl(fd, F_SETLEASE, F_WRLCK)) {
      fcntl(fd, F_SETLEASE, F_UNLCK);

      return 1;
    }
  }
  if (st->size>tv->piece && tv->in_use && (path = lr_walk_path(d, name))) {
    rc = tv->in_use(tv->context, path, st->blocks*512);
    free(path);
    errno = ENOSPC;
    if (rc) return lr_walk_fail(w, "copying", d, name);
  }

  return 0;
}

// Put back what was freed of IN, which was ST and now ends at CUT. What was
// freed is in OUT. Nothing stops that. Returns 0 if IN is as it was, else -1.
static int put_back(struct worker *w, struct dir *d, char *name, int in,
  int out, struct kstat *st, off_t cut, struct capability *cap)
{
  unsigned long long done = 0;
  int stop = 0, rc = 0;
  struct filecopy c = {&stop, &done, 0};

  if (cut<(off_t)st->size) {
    if (lr_filecopy_data(&c, out, in, cut, st->size, 0, 0)
      || ((st->mode&06000) && fchmod(in, st->mode&07777))
      || lr_xattrs_set_capability(in, cap))
        rc = lr_walk_fail(w, "putting back", d, name);
    if (lr_filecopy_times(in, st)) rc = -1;
  }
  if ((st->attr & KATTR_FROZEN) && lr_filecopy_freeze(in, st->attr)) rc = -1;

  return rc;
}

// IN could not be put back whole, so OUT keeps what was freed of it. Make OUT
// whole, and if that works remove the only name that IN has: then NAME was
// moved after all. Else each of the two has a part.
static void keep_new(struct worker *w, struct dir *d, char *name, int in,
  int out, struct kstat *st, struct capability *cap)
{
  unsigned long long done = 0;
  int stop = 0, rc;
  struct filecopy c = {&stop, &done, 0};
  struct kstat now, copied = *st;

  // If IN has all of it, as only its capabilities could not be put back, and
  // OUT does not get all, then OUT may not look as if it had
  if (!(rc = kstatx(in, "", AT_EMPTY_PATH, &now))
    && (rc = lr_filecopy_data(&c, in, out, 0, minof(now.size, st->size), 0, 0))
    && now.size>=st->size) ftruncate(out, 0);

  // The rest of what OUT needs, also if the content failed. The undo reads it
  // from OUT: the capabilities, which IN has lost, and the times.
  copied.size = 0;
  if (!lr_treecopy_fill(w, d, name, in, out, &copied, 0, cap) && !rc
    && st->nlink == 1) unlinkat(d->src, name, 0);
}

// NAME in D is whole in the new tree: remove the old one. A name of several
// stays, with the times and flags that it had. A mount point (EBUSY) stays for
// later. What others have removed meanwhile (ENOENT) is gone already; if they
// have made a directory there (EISDIR), that is still to be moved. Returns 0,
// CHANGED or -1.
static int remove_old(struct worker *w, struct dir *d, char *name, int in,
  struct kstat *st)
{
  if (st->nlink>1 ? !lr_filecopy_times(in, st) && (!(st->attr & KATTR_FROZEN)
      || !lr_filecopy_freeze(in, st->attr))
    : !unlinkat(d->src, name, 0) || errno == EBUSY || errno == ENOENT) return 0;
  if (errno == EISDIR) return CHANGED;

  return lr_walk_fail(w, "removing", d, name);
}

// Move regular file NAME in D. IN is open and ST its status. Closes IN. Returns
// 0, CHANGED or -1.
int lr_treemove_file(struct worker *w, struct dir *d, char *name, int in,
  struct kstat *st)
{
  struct treevisit *tv = w->walk->visit;
  off_t end = st->size, *cut = 0;
  struct capability cap = {0};
  int out = -1, rc = lr_treecopy_make(w, d, name, st, &out);

  if (rc) goto done;
  if ((st->attr & KATTR_FROZEN) && lr_filecopy_freeze(in, 0))
    rc = lr_walk_fail(w, "unlocking", d, name);
  else {
    // A small file is freed soon enough when its only name is removed
    if (end && (end>tv->piece || st->nlink>1))
      rc = may_free(w, d, name, &in, st);
    if (rc>0) {
      cut = &end;
      if (!tv->no_xattrs) lr_xattrs_get_capability(in, &cap);
    }
    if (rc>=0) rc = lr_treecopy_fill(w, d, name, in, out, st, cut, &cap);
    if (!rc) rc = remove_old(w, d, name, in, st);
  }
  if (rc<0) {
    if (put_back(w, d, name, in, out, st, end, &cap))
      keep_new(w, d, name, in, out, st, &cap);
    else lr_treecopy_unmake(d, name, out, st);
  }
done:
  close(in);
  if (out != -1) close(out);

  return rc == 1 ? 0 : rc;
}

// Move NAME in D, anything but a directory or a regular file, of status ST.
// Returns 0, CHANGED or -1.
int lr_treemove_special(struct worker *w, struct dir *d, char *name,
  struct kstat *st)
{
  int rc = lr_treecopy_special(w, d, name, st);

  if (rc || st->nlink != 1) return rc == 1 ? 0 : rc;
  if (!unlinkat(d->src, name, 0) || errno == EBUSY || errno == ENOENT)
    return 0;
  if (errno == EISDIR) return CHANGED;
  lr_walk_fail(w, "removing", d, name);
  unlinkat(d->dst, name, 0);

  return -1;
}

// Make D in the new tree, and make it possible to remove what is in the old
// one.
static int open_dir(struct worker *w, struct dir *d)
{
  return lr_treecopy_open(w, d) ? -1 : lr_treewipe_unlock(w, d);
}

static int entry(struct worker *w, struct dir *d, char *name, int type, int big)
{
  return lr_treecopy_entry(w, d, name, type, big, lr_treemove_file,
    lr_treemove_special);
}

// Everything in D is done: finish the new directory, remove the old one.
// Returns 0, 1 when the old one has to stay for now, or -1. It stays when it is
// a mount point (EBUSY), or when names of inodes with several are in it
// (ENOTEMPTY, EEXIST), or what is there now is none (ENOTDIR).
int lr_treemove_finish(struct worker *w, struct dir *d)
{
  if (lr_treecopy_finish(w, d)) return -1;
  if (!d->parent || !unlinkat(d->parent->src, d->name, AT_REMOVEDIR)
    || errno == ENOENT) return 0;
  if (errno == EBUSY || errno == ENOTEMPTY || errno == EEXIST
    || errno == ENOTDIR) return 1;

  return lr_walk_fail(w, "removing", d, "");
}

static int finish(struct worker *w, struct dir *d)
{
  return -(lr_treemove_finish(w, d)<0);
}

struct visitor const lr_treemove = {.fills = 1, .reserves = 1, .open = open_dir,
  .entry = entry, .finish = finish};
