/* treecopy.c - make in a second tree what is in the first one
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 *
 * A directory gets its owner, mode, attributes and times when the last thing in
 * it is done. A move (treemove.c) is made of the same parts.
 *
 * Others can change the tree meanwhile. What they remove is left out, what is
 * another type of thing by now is done as that, and of what they remove and
 * make again the later one counts.
 */

#include "toys.h"
#include <pthread.h>
#include "lib/fault.h"
#include "lib/kernel.h"
#include "lib/filecopy.h"
#include "lib/xattrs.h"
#include "lib/walk.h"
#include "lib/links.h"
#include "lib/treevisit.h"

// Files of this size and up wait in the list of big ones
#define BIG (4<<20)

// NAME could not be made in D->dst, and errno says why. If it's there already
// then D was changed while it was read, and NAME was read twice. So what was
// made first has to go, unless it's a directory. (An undo keeps what it finds.)
// Returns 1 if it's gone, 0 if it's a directory, or -1 and errno as it was.
static int made_before(struct worker *w, struct dir *d, char *name)
{
  if (errno != EEXIST || w->walk->visitor->inherits) return -1;
  if (!unlinkat(d->dst, name, 0)) return 1;
  if (errno == EISDIR) return 0;
  errno = EEXIST;

  return -1;
}

// Remove NAME in D->dst, which is not whole: an undo would take
// it for the file. So it is tried again.
static void unmake(struct dir *d, char *name)
{
  int tries = 3;

  while (tries-- && unlinkat(d->dst, name, 0));
}

// Make NAME in D->dst as ST says: a regular file (*FD is then open) or anything
// else but a directory. Its owner and mode are right afterwards. Returns 0, 1
// if it's left out, CHANGED, or -1.
static int create(struct worker *w, struct dir *d, char *name, struct kstat *st,
  int *fd)
{
  struct treevisit *tv = w->walk->visit;
  int mode = st->mode&07777, inherits = w->walk->visitor->inherits, rc, was;
  char *target = w->buf;

  if (S_ISLNK(st->mode)) {
    rc = readlinkat(d->src, name, target, 65535);
    if (rc<0 && errno == ENOENT) return 1;
    if (rc<0 && errno == EINVAL) return CHANGED;
    if (rc<0) return lr_walk_fail(w, "reading", d, name);
    target[rc] = 0;
  }
  do {
    if (S_ISREG(st->mode)) {
      *fd = openat(d->dst, name, O_RDWR|O_CREAT|O_EXCL|WALK_OPEN, mode);
      rc = -(*fd == -1);
    } else if (S_ISLNK(st->mode)) rc = symlinkat(target, d->dst, name);
    else rc = mknodat(d->dst, name, st->mode, makedev(st->rmaj, st->rmin));
  } while (rc && 1 == (was = made_before(w, d, name)));
  if (rc) return !was || lr_walk_left_out(w) ? 1
    : lr_walk_fail(w, "creating", d, name);

  // chown() drops suid and sgid, whoever does it: mode after owner. The group
  // can be that of a sgid directory, the mode what a default ACL leaves of it.
  if (inherits || st->uid != tv->uid || st->gid != tv->gid) {
    if (fchownat(d->dst, name, st->uid, st->gid, AT_SYMLINK_NOFOLLOW)
      && !w->walk->unprivileged)
        rc = lr_walk_fail(w, "setting the owner of", d, name);
    else if (!S_ISLNK(st->mode) && (inherits || (mode&06000))
      && fchmodat(d->dst, name, mode, 0))
        rc = lr_walk_fail(w, "setting the mode of", d, name);
    if (rc) unmake(d, name);
  }

  return rc;
}

// The same for NAME of an inode with several names. If another of them was made
// already, NAME is linked to that, and 1 is returned.
static int create_or_link(struct worker *w, struct dir *d, char *name,
  struct kstat *st, int *fd)
{
  struct links *ls = &((struct treevisit *)w->walk->visit)->links;
  char *path;
  int rc, was;

  pthread_mutex_lock(&ls->lock);
  do rc = lr_links_join(ls, st, d->dst, name);
  while (rc<0 && 1 == (was = made_before(w, d, name)));
  if (rc<0) rc = was ? lr_walk_fail(w, "linking", d, name) : 1;
  else if (!rc && !(rc = create(w, d, name, st, fd))) {
    // What is too long to be opened again is held open
    path = ls->held<LINKS_HELD ? 0 : lr_walk_whole_path(d, name);
    if (path && strlen(path)>=PATH_MAX) {
      free(path);
      path = 0;
    }
    if (lr_links_add(ls, st, d->dst, name, path)) {
      rc = lr_walk_fail(w, "linking", d, name);
      unmake(d, name);
    }
  }
  pthread_mutex_unlock(&ls->lock);

  return rc;
}

// Make NAME in D->dst as ST says, and count it: a regular file, still empty
// (*FD is then open), or anything else but a directory. Returns 0, 1 when there
// is nothing to do any more (it's linked to another name, or left out),
// CHANGED, or -1.
int lr_treecopy_make(struct worker *w, struct dir *d, char *name,
  struct kstat *st, int *fd)
{
  int rc = st->nlink>1 ? create_or_link(w, d, name, st, fd)
    : create(w, d, name, st, fd);

  if (!rc) lr_walk_count(w, st);

  return rc;
}

// Copy content and metadata of file IN, NAME in D and of status ST, to OUT. CUT
// as lr_filecopy_data() has it. CAP are the file's capabilities if IN has been
// emptied, which drops them. Returns 0 or -1.
int lr_treecopy_fill(struct worker *w, struct dir *d, char *name, int in,
  int out, struct kstat *st, off_t *cut, struct capability *cap)
{
  struct treevisit *tv = w->walk->visit;
  struct filecopy c = {&w->stop, &w->counts.done, tv->piece};

  if (st->size && lr_filecopy_data(&c, in, out, 0, st->size,
    st->blocks*512>=st->size, cut)) return lr_walk_fail(w, "copying", d, name);

  // write() drops suid and sgid where we lack CAP_FSETID in the first user
  // namespace
  if ((st->mode&06000) && fchmod(out, st->mode&07777))
    return lr_walk_fail(w, "setting the mode of", d, name);
  if (w->walk->visitor->inherits) lr_xattrs_no_acl(out, 0);
  if (!tv->no_xattrs && (lr_xattrs_copy(w->buf, in, out, 0)
    || lr_xattrs_set_capability(out, cap)))
      return lr_walk_fail(w, "copying the attributes of", d, name);
  if (tv->flags && lr_filecopy_flags(in, out))
    return lr_walk_fail(w, "copying the flags of", d, name);
  if (lr_filecopy_times(out, st))
    return lr_walk_fail(w, "setting the times of", d, name);
  if (lr_links_freeze(&tv->links, out, st->nlink, st->attr))
    return lr_walk_fail(w, "locking", d, name);

  return 0;
}

// A file could not be copied whole: remove NAME in D->dst, which is OUT. It
// gets the right times all the same, as it can have other names.
void lr_treecopy_unmake(struct dir *d, char *name, int out, struct kstat *st)
{
  if (st->attr & KATTR_FROZEN) lr_filecopy_freeze(out, 0);
  lr_filecopy_times(out, st);
  unmake(d, name);
}

// Copy regular file NAME in D. IN is open and ST its status. Closes IN. Returns
// 0 or -1.
static int copy_file(struct worker *w, struct dir *d, char *name, int in,
  struct kstat *st)
{
  struct capability none = {0};
  int out = -1, rc = lr_treecopy_make(w, d, name, st, &out);

  if (!rc && (rc = lr_treecopy_fill(w, d, name, in, out, st, 0, &none)))
    lr_treecopy_unmake(d, name, out, st);
  close(in);
  if (out != -1) close(out);

  return rc<0 ? -1 : 0;
}

// Copy NAME in D, anything but a directory or a regular file, of status ST.
// Returns 0, 1 when there is nothing to do any more (it's linked to another
// name, or left out), CHANGED, or -1, and then it's not there.
int lr_treecopy_special(struct worker *w, struct dir *d, char *name,
  struct kstat *st)
{
  struct treevisit *tv = w->walk->visit;
  struct timespec ts[2] = {{st->atime.sec, st->atime.nsec},
    {st->mtime.sec, st->mtime.nsec}};
  int fd = -1, rc = lr_treecopy_make(w, d, name, st, &fd);

  if (fd != -1) close(fd);
  if (rc) return rc;
  if (!tv->no_xattrs) {
    pthread_mutex_lock(&tv->cwd);
    if (w->walk->visitor->inherits) lr_xattrs_no_acl(d->dst, name);
    rc = lr_xattrs_copy(w->buf, d->src, d->dst, name) && errno != ENOENT;
    pthread_mutex_unlock(&tv->cwd);
  }
  if (rc) rc = lr_walk_fail(w, "copying the attributes of", d, name);
  else if ((rc = utimensat(d->dst, name, ts, AT_SYMLINK_NOFOLLOW)))
    lr_walk_fail(w, "setting the times of", d, name);
  if (rc) unmake(d, name);

  return rc;
}

static int copy_special(struct worker *w, struct dir *d, char *name,
  struct kstat *st)
{
  int rc = lr_treecopy_special(w, d, name, st);

  return rc == 1 ? 0 : rc;
}

// Have regular file NAME in D, which may also be something else by now, done by
// FILE. BIG: it has waited in the list of big files. Something that is mounted
// on it can't be seen: an empty file is as good a place to mount on, and is
// made by SPECIAL. Returns 0, CHANGED and errno, or -1.
static int open_file(struct worker *w, struct dir *d, char *name, int big,
  int (*file)(struct worker *, struct dir *, char *, int, struct kstat *),
  int (*special)(struct worker *, struct dir *, char *, struct kstat *))
{
  struct walk *k = w->walk;
  struct kstat st;
  int in, ms;

  // EAGAIN: somebody has a lease, as the other thread does for a moment in
  // may_free() (treemove.c) on another name of the file. The kernel lets it be
  // had for 45 s (lease-break-time). openat() is not to wait for that: it could
  // be a FIFO by then, and the wait for ever.
  for (ms = 0; ; usleep(1000)) {
    in = openat(d->src, name, O_RDONLY|WALK_OPEN|k->noatime);
    if (in != -1 || errno != EAGAIN || w->stop || ms++ == 60000) break;
  }
  if (in == -1) {
    // A symlink, a socket, a device
    if (errno == ELOOP || errno == ENXIO || errno == ENODEV) return CHANGED;
    if (errno == ENOENT || lr_walk_left_out(w)) return 0;

    return lr_walk_fail(w, "opening", d, name);
  }
  if (kstatx(in, "", AT_EMPTY_PATH, &st)) {
    lr_walk_fail(w, "looking at", d, name);
    close(in);

    return -1;
  }
  if (walk_foreign(k, &st)) {
    close(in);
    st.size = st.nlink = 1;
    st.mode = S_IFREG|0600;

    return special(w, d, name, &st);
  }
  if (!S_ISREG(st.mode)) {
    close(in);
    errno = EBUSY;

    return CHANGED;
  }
  if (!big && st.size>=BIG && !lr_walk_push_big(w, d, name, st.size))
    return close(in);
  w->counts.names++;

  return file(w, d, name, in, &st);
}

// Have NAME in D, of type TYPE (DT_*) and BIG as a visitor's entry() has them,
// done: a regular file by FILE, which gets it open, anything else but a
// directory by SPECIAL. Both return 0, CHANGED or -1. Returns 0 or -1.
int lr_treecopy_entry(struct worker *w, struct dir *d, char *name, int type,
  int big,
  int (*file)(struct worker *, struct dir *, char *, int, struct kstat *),
  int (*special)(struct worker *, struct dir *, char *, struct kstat *))
{
  struct kstat st;
  int tries = 100, rc;

  do {
    if (type != DT_REG) {
      if (kstatx(d->src, name, AT_SYMLINK_NOFOLLOW, &st))
        return errno == ENOENT ? 0 : lr_walk_fail(w, "looking at", d, name);
      if (S_ISDIR(st.mode)) return lr_walk_push_dir(w, d, name);
    }
    if (type == DT_REG || (S_ISREG(st.mode) && !walk_foreign(w->walk, &st)))
      rc = open_file(w, d, name, big, file, special);
    else {
      w->counts.names++;
      rc = special(w, d, name, &st);
    }
    type = DT_UNKNOWN;
  } while (rc == CHANGED && --tries);

  return rc == CHANGED ? lr_walk_fail(w, "opening", d, name) : rc;
}

static int entry(struct worker *w, struct dir *d, char *name, int type, int big)
{
  return lr_treecopy_entry(w, d, name, type, big, copy_file, copy_special);
}

// Open D->dst, which has been made. Returns 0 or -1.
int lr_treecopy_enter(struct worker *w, struct dir *d)
{
  struct treevisit *tv = w->walk->visit;

  d->dst = openat(d->parent ? d->parent->dst : tv->dst,
    d->parent ? d->name : ".", O_RDONLY|O_DIRECTORY|WALK_OPEN);
  if (d->dst == -1) return lr_walk_fail(w, "opening", d, "");

  return 0;
}

// Make D in the second tree, and open it there. One that is there already was
// read twice (see made_before()), and gets what else there is by now. Its
// times, mode and the rest come last, as making entries changes them, and sgid
// or a default ACL would change the entries. Returns 0 or -1.
int lr_treecopy_open(struct worker *w, struct dir *d)
{
  int was = 1;

  while (was && d->parent && mkdirat(d->parent->dst, d->name, 0700))
    if (0>(was = made_before(w, d->parent, d->name)))
      return lr_walk_fail(w, "creating", d, "");

  return lr_treecopy_enter(w, d);
}

// Everything in D is done: give the new directory the metadata of the old one,
// or of what the old one was before an earlier walk changed it. Returns 0 or
// -1.
int lr_treecopy_finish(struct worker *w, struct dir *d)
{
  struct treevisit *tv = w->walk->visit;
  struct kstat *st = (d->earlier && d->earlier->st) ? d->earlier->st : d->st;

  if (d->parent || !tv->keep_root_meta) {
    if (fchown(d->dst, st->uid, st->gid) && !w->walk->unprivileged)
      return lr_walk_fail(w, "setting the owner of", d, "");
    if (fchmod(d->dst, st->mode&07777))
      return lr_walk_fail(w, "setting the mode of", d, "");
  }
  if (!tv->no_xattrs && !walk_foreign(w->walk, st)
    && lr_xattrs_copy(w->buf, d->src, d->dst, 0))
      return lr_walk_fail(w, "copying the attributes of", d, "");
  if (tv->flags && !walk_foreign(w->walk, st)
    && lr_filecopy_flags(d->src, d->dst))
      return lr_walk_fail(w, "copying the flags of", d, "");
  if (lr_filecopy_times(d->dst, st))
    return lr_walk_fail(w, "setting the times of", d, "");
  if ((st->attr & KATTR_FROZEN) && lr_filecopy_freeze(d->dst, st->attr))
    return lr_walk_fail(w, "locking", d, "");

  return 0;
}

struct visitor const lr_treecopy = {.fills = 1, .open = lr_treecopy_open,
  .entry = entry, .finish = lr_treecopy_finish};
