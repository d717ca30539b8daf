/* walkdir.c - a directory that is walked, and where the walk remembers it
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 *
 * That is memory of its own or, in an undo, a level of what the move reserved.
 */

#include "toys.h"
#include <pthread.h>
#include "lib/fault.h"
#include "lib/kernel.h"
#include "lib/walk.h"

// The path of NAME in D from the root of the tree on, which is "" itself.
// Returns it malloc()ed, or 0.
char *lr_walk_whole_path(struct dir *d, char *name)
{
  struct dir *up;
  int size = strlen(name)+1, len;
  char *buf, *s;

  for (up = d; up && up->parent; up = up->parent) size += strlen(up->name)+1;
  if (!(buf = malloc(size))) return 0;
  s = buf+size;
  *--s = 0;
  for (up = d; ; up = up->parent) {
    len = strlen(name);
    memcpy(s -= len, name, len);
    if (!up || !up->parent) break;
    if (*s) *--s = '/';
    name = up->name;
  }
  memmove(buf, s, strlen(s)+1);

  return buf;
}

// The same for people to read: with a slash before it, and of one with more
// than 300 bytes the beginning and the end. Returns it malloc()ed, or 0.
char *lr_walk_path(struct dir *d, char *name)
{
  char *s = lr_walk_whole_path(d, name), *buf;
  int len = s ? strlen(s) : 0;

  if (!s || !(buf = malloc(minof(len, 300)+2))) {
    free(s);

    return 0;
  }
  if (len<300) sprintf(buf, "/%s", s);
  else sprintf(buf, "/%.99s...%s", s, s+len-150);
  free(s);

  return buf;
}

// Something failed, and errno says why: does it only say what a user namespace
// may not have? To make a device is EPERM there, to open other users'
// unreadable files EACCES. Such an entry is then counted as left, and is left
// out. Returns 1 if so, else 0.
int lr_walk_left_out(struct worker *w)
{
  if (!w->walk->unprivileged || (errno != EPERM && errno != EACCES)) return 0;
  w->counts.left++;

  return 1;
}

// Add what ST says to W's counts. Returns 1 if it's the largest regular file
// that W has met, else 0.
int lr_walk_count(struct worker *w, struct kstat *st)
{
  unsigned long long bytes = S_ISDIR(st->mode) ? 0 : st->blocks*512;

  w->counts.inodes++;
  w->counts.bytes += bytes;
  if (!S_ISREG(st->mode) || bytes<=w->counts.largest) return 0;
  w->counts.largest = bytes;

  return 1;
}

// Fill D with what is known of it: it is NAME in PARENT.
void lr_walk_init(struct dir *d, struct dir *parent, char *name)
{
  memset(d, 0, sizeof(*d));
  strcpy(d->name, name);
  if ((d->parent = parent)) d->depth = parent->depth+1;
  d->src = d->dst = -1;
  d->busy = 1;
}

// The same in a level of the reserve that nobody uses. Returns the directory,
// or 0 when there is no level.
struct dir *lr_walk_level(struct reserve *r, struct dir *parent, char *name)
{
  struct level *l = r ? r->levels : 0;

  if (!l) return 0;
  r->levels = l->next;
  l->at = l->len = 0;
  lr_walk_init(&l->dir, parent, name);
  l->dir.level = l;
  l->dir.st = &l->st;

  return &l->dir;
}

// Have as many levels as an undo needs that comes down to DEPTH: one for the
// root, one to read again a directory that is anywhere, and one for each below
// that. Returns 0, or -1 and errno.
int lr_walk_reserve(struct walk *k, int depth)
{
  struct level *l;
  int rc = 0;

  pthread_mutex_lock(&k->low);
  while (k->reserve->count<depth+2 && !rc) {
    if ((l = malloc(sizeof(*l)+256))) {
      l->next = k->reserve->levels;
      k->reserve->levels = l;
      k->reserve->count++;
    } else rc = -1;
  }
  pthread_mutex_unlock(&k->low);

  return rc;
}

// Was D met on the way to it, too? That is only so if others have moved one of
// the two meanwhile. If they go on with it the way down could have no end, so
// every 16th directory on it is looked at. Returns 1 if so, else 0.
int lr_walk_inside_itself(struct dir *d)
{
  struct dir *up;

  if (!d->parent || d->depth%16) return 0;
  for (up = d->parent; up; up = up->parent)
    if (up->st->ino == d->st->ino && up->st->maj == d->st->maj
      && up->st->min == d->st->min) return 1;

  return 0;
}

// Free the list UNFINISHED that a walk has left.
void lr_walk_forget(struct dir *unfinished)
{
  struct dir *d;

  while ((d = unfinished)) {
    unfinished = d->older;
    if (d->level) continue;
    free(d->st);
    free(d);
  }
}

// Free what R has reserved.
void lr_walk_release(struct reserve *r)
{
  struct level *l;

  while ((l = r->levels)) {
    r->levels = l->next;
    free(l);
  }
  free(r->buffer);
  memset(r, 0, sizeof(*r));
}
