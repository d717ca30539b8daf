/* tree.c - count, copy, move or empty all that one file system holds
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 *
 * Workers share a stack of directories. A directory is opened below its
 * parent's descriptor when its turn comes, so that no path is ever built and
 * only the ancestors of what's being done are open. Files too big to keep one
 * worker on while the other idles wait in a list, largest first, until there
 * are no directories. A directory gets its metadata, and its source is
 * removed, when the last thing in it is done.
 *
 * A move frees as it goes, and can be taken back at any time before the wipe:
 * a name is either whole in the new tree and gone from the old one, or as it
 * was. Names with hard links stay in the old tree, emptied: the kernel then
 * tells their links (nlink) until the end, and taking them back is filling
 * them.
 */

#include "toys.h"
#include <pthread.h>
#include "lib/fault.h"
#include "lib/kernel.h"
#include "lib/filecopy.h"
#include "lib/tree.h"

// Files of this size and up wait in the list of big ones
#define BIG (4<<20)

// A directory that's waiting or not done yet
struct dir {
  struct dir *up, *next;   // parent; next on the stack
  struct dir *older, *newer;  // list of the open ones
  struct dir *twin, *kids; // taking back: what the move left unfinished of it
  struct kstat *st;        // as found, before emptying it changed its times
  int src, dst;            // descriptors, -1 while it waits
  int busy;                // 1 for being read, 1 for each thing not done in it
  char name[];
};

// A big file that's waiting
struct big {
  struct big *next;
  struct dir *dir;
  unsigned long long size;
  char name[];
};

// An inode with more than one name: the new one, to link the others to
struct link {
  struct link *next;
  unsigned long long ino;
  unsigned left;
  int fd;
};

// An inode with several names that is to be immutable or append-only when it
// has them all: link() to such a one is EPERM
struct lock {
  struct lock *next;
  int fd, attr;
};

struct worker {
  struct walk *walk;
  struct filecopy copy;
  unsigned long long bytes, inodes, names, largest, done, left;
  int stop;
  char *ents;              // getdents64() buffer, 65536 bytes
};

struct walk {
  struct tree *t;
  struct fault *f;
  struct worker worker[4];
  pthread_mutex_t lock;    // everything in here but the workers' own
  pthread_mutex_t links, cwd;
  pthread_cond_t more;     // there is work, or there will be no more
  pthread_cond_t over;     // a worker has ended
  struct dir *stack, *open;
  struct big *bigs;
  struct lock *locked;
  struct link *link[16384];
  int running, ended, threads;
  int merge;               // taking back: what's there already stays
  int go_on;               // when something fails do the rest
  unsigned uid, gid;       // what new files get by themselves
  unsigned long long mnt;  // the mount that is walked
  int noatime, noxattr, home;
};

#define OFLAGS (O_NOFOLLOW|O_CLOEXEC|O_NONBLOCK)

// The path of NAME in D, for people to read: of a very long one the beginning
// and the end. Returns it malloc()ed, or 0.
static char *path_of(struct dir *d, char *name)
{
  struct dir *up;
  int size = strlen(name)+2, len;
  char *buf, *s;

  for (up = d; up; up = up->up) size += strlen(up->name)+1;
  if (!(buf = malloc(size))) return 0;
  s = buf+size;
  *--s = 0;
  for (up = d; ; up = up->up) {
    len = strlen(name);
    memcpy(s -= len, name, len);
    if (!up->up) break;
    if (*s) *--s = '/';
    name = up->name;
  }
  *--s = '/';
  len = strlen(s);
  memmove(buf, s, len+1);
  if (len>300) {
    memcpy(buf+100, "...", 3);
    memmove(buf+103, buf+len-150, 151);
  }

  return buf;
}

// In a user namespace: is what errno says just what it may not have? Devices
// are EPERM, other users' unreadable files EACCES. Then it's left out.
static int spare(struct worker *w)
{
  if (!w->walk->t->unprivileged || (errno != EPERM && errno != EACCES)) return 0;
  w->left++;

  return 1;
}

// STEP failed on NAME in D: everything stops, unless that would make it worse.
// Returns -1.
static int fail(struct worker *w, char *step, struct dir *d, char *name)
{
  struct walk *k = w->walk;
  int err = errno;
  unsigned i;
  char *s = path_of(d, name);

  pthread_mutex_lock(&k->lock);
  lr_fault(k->f, err, step, "%s", s ? : name);
  if (k->go_on) w->left++;
  else for (i = 0; i<ARRAY_LEN(k->worker); i++) k->worker[i].stop = 1;
  pthread_cond_broadcast(&k->more);
  pthread_mutex_unlock(&k->lock);
  free(s);

  return -1;
}

// Is what ST describes on another mount than the one that's walked?
static int foreign(struct walk *k, struct kstat *st)
{
  return k->mnt && st->mnt != k->mnt;
}

// Wait for D's turn to be opened. Returns 0 or -1.
static int push_dir(struct worker *w, struct dir *up, char *name)
{
  struct walk *k = w->walk;
  struct dir *d = malloc(sizeof(*d)+strlen(name)+1);

  if (!d) return fail(w, "opening", up, name);
  memset(d, 0, sizeof(*d));
  strcpy(d->name, name);
  d->up = up;
  d->src = d->dst = -1;
  d->busy = 1;
  pthread_mutex_lock(&k->lock);
  if (up) up->busy++;
  // One directory is for who found it, or a chain of them would wake the other
  // thread at each level
  if ((d->next = k->stack)) pthread_cond_signal(&k->more);
  k->stack = d;
  pthread_mutex_unlock(&k->lock);

  return 0;
}

// Queue NAME of SIZE bytes in D, largest first.
static int push_big(struct worker *w, struct dir *d, char *name,
  unsigned long long size)
{
  struct walk *k = w->walk;
  struct big *b = malloc(sizeof(*b)+strlen(name)+1), **at = &k->bigs;

  if (!b) return fail(w, "opening", d, name);
  strcpy(b->name, name);
  b->dir = d;
  b->size = size;
  pthread_mutex_lock(&k->lock);
  d->busy++;
  while (*at && (*at)->size>size) at = &(*at)->next;
  b->next = *at;
  *at = b;
  pthread_cond_signal(&k->more);
  pthread_mutex_unlock(&k->lock);

  return 0;
}

// Extended attributes of what can't be opened (symlinks, devices, sockets): by
// name, which before setxattrat() (6.13) means from the current directory.
// That is the process's, so one thread at a time; the others don't use theirs.
static int name_xattrs(struct worker *w, struct dir *d, char *name)
{
  struct walk *k = w->walk;
  char *list = w->copy.buf, *val = list+65536, *s;
  ssize_t len = 0, vlen;
  int rc = 0;

  pthread_mutex_lock(&k->cwd);
  if (fchdir(d->src) || 0>(len = llistxattr(name, list, 65536)))
    rc = -(errno != EOPNOTSUPP);
  for (s = list; !rc && s<list+len; s += strlen(s)+1) {
    vlen = fchdir(d->src) ? -1 : lgetxattr(name, s, val, 65536);
    if (vlen<0 || fchdir(d->dst) || lsetxattr(name, s, val, vlen, 0)) rc = -1;
  }
  pthread_mutex_unlock(&k->cwd);

  return rc;
}

// Make NAME in D->dst as ST says: a regular file (*fd is then open) or anything
// else but a directory. Owner and mode are right afterwards. Returns 0, 1 if
// it's left out, or -1.
static int create(struct worker *w, struct dir *d, char *name, struct kstat *st,
  int *fd)
{
  struct walk *k = w->walk;
  int mode = st->mode&07777, rc;
  char *target = w->copy.buf;

  if (S_ISREG(st->mode)) {
    rc = *fd = openat(d->dst, name, O_RDWR|O_CREAT|O_EXCL|OFLAGS, mode);
    if (rc != -1) rc = 0;
  } else if (S_ISLNK(st->mode)) {
    rc = readlinkat(d->src, name, target, 65535);
    if (rc<0) return fail(w, "reading", d, name);
    target[rc] = 0;
    rc = symlinkat(target, d->dst, name);
  } else rc = mknodat(d->dst, name, st->mode, makedev(st->rmaj, st->rmin));
  if (rc) return spare(w) ? 1 : fail(w, "creating", d, name);

  // chown drops suid and sgid, whoever does it: mode after owner
  if (st->uid != k->uid || st->gid != k->gid) {
    if (fchownat(d->dst, name, st->uid, st->gid, AT_SYMLINK_NOFOLLOW)
      && !w->walk->t->unprivileged) rc = fail(w, "setting the owner of", d, name);
    else if (!S_ISLNK(st->mode) && (mode&06000)
      && fchmodat(d->dst, name, mode, 0))
        rc = fail(w, "setting the mode of", d, name);
    if (rc) unlinkat(d->dst, name, 0);
  }

  return rc;
}

// Is ST's inode, which has several names, met for the first time? (To count.)
static int first_link(struct worker *w, struct kstat *st)
{
  struct walk *k = w->walk;
  struct link **at = &k->link[st->ino%ARRAY_LEN(k->link)], *l;
  int first = 0;

  pthread_mutex_lock(&k->links);
  while (*at && (*at)->ino != st->ino) at = &(*at)->next;
  if (!*at) {
    first = 1;
    if ((l = calloc(1, sizeof(*l)))) {
      l->ino = st->ino;
      l->fd = -1;
      *at = l;
    }
  }
  pthread_mutex_unlock(&k->links);

  return first;
}

// NAME in D has more names than one. If another was made already link NAME to
// it, else make this one (*fd as create() has it). Returns 0 when made, 1 when
// linked, -1 on failure.
static int link_or_create(struct worker *w, struct dir *d, char *name,
  struct kstat *st, int *fd)
{
  struct walk *k = w->walk;
  struct link **at = &k->link[st->ino%ARRAY_LEN(k->link)], *l;
  int rc = 0;

  pthread_mutex_lock(&k->links);
  while (*at && (*at)->ino != st->ino) at = &(*at)->next;
  if ((l = *at)) {
    char path[32];

    // By descriptor needs CAP_DAC_READ_SEARCH (ENOENT) until 6.10, /proc none
    rc = 1;
    sprintf(path, "/proc/self/fd/%d", l->fd);
    if (linkat(l->fd, "", d->dst, name, AT_EMPTY_PATH) && (errno != ENOENT
      || linkat(AT_FDCWD, path, d->dst, name, AT_SYMLINK_FOLLOW)))
        rc = fail(w, "linking", d, name);
    else if (!--l->left) {
      *at = l->next;
      close(l->fd);
      free(l);
    }
  } else if (!(rc = create(w, d, name, st, fd))) {
    if ((l = malloc(sizeof(*l)))) {
      l->ino = st->ino;
      l->left = st->nlink-1;
      l->fd = openat(d->dst, name, O_PATH|O_NOFOLLOW|O_CLOEXEC);
      l->next = *at;
    }
    if (!l || l->fd == -1) {
      rc = fail(w, "linking", d, name);
      free(l);
    } else *at = l;
  }
  pthread_mutex_unlock(&k->links);

  return rc;
}

// Can NAME in D be emptied while it's being copied? A write lease is given only
// when nobody else has the file open, executes or maps it, and a loop device is
// such a somebody (fs/locks.c check_conflicting_open(), since 5.4). *IN is open
// to read; if the file can be written at all, *IN is then open for that.
static int may_free(struct worker *w, struct dir *d, char *name, int *in,
  struct kstat *st)
{
  struct tree *t = w->walk->t;
  int fd = openat(d->src, name, O_RDWR|OFLAGS|w->walk->noatime);
  char *path;

  if (fd != -1) {
    close(*in);
    *in = fd;
    if (!fcntl(fd, F_SETLEASE, F_WRLCK)) {
      fcntl(fd, F_SETLEASE, F_UNLCK);

      return 1;
    }
  }
  if (st->size>COPY_CHUNK && t->in_use && (path = path_of(d, name))) {
    t->in_use(t->context, path, st->blocks*512);
    free(path);
  }

  return 0;
}

// A file's capabilities: emptying it drops them (security_inode_killpriv()).
#define CAPABILITY "security.capability"
struct cap {
  int len;
  char buf[64];
};

// Lock the inode of FD, which has NLINK names, by the flags of ATTR (KATTR_*).
// Returns 0, or -1 and errno.
static int lock(struct worker *w, int fd, int nlink, int attr)
{
  struct lock *l;

  if (!(attr &= KATTR_IMMUTABLE|KATTR_APPEND)) return 0;
  if (nlink == 1) return lr_filecopy_thaw(fd, attr);
  if (!(l = malloc(sizeof(*l)))) return -1;
  l->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  l->attr = attr;
  pthread_mutex_lock(&w->walk->lock);
  l->next = w->walk->locked;
  w->walk->locked = l;
  pthread_mutex_unlock(&w->walk->lock);

  return -(l->fd == -1);
}

// A file could not be moved whole: put back what was freed of IN, which was ST
// and now ends at CUT. OUT keeps the right times, as other names can be its.
static void file_back(struct worker *w, struct dir *d, char *name, int in,
  int out, struct kstat *st, off_t *cut, struct cap *cap)
{
  struct filecopy c = w->copy;
  int err = errno, on = 0;
  unsigned long long done;

  c.stop = &on;
  c.done = &done;
  if (cut && *cut<(off_t)st->size) {
    if (ftruncate(in, st->size)
      || lr_filecopy_data(&c, out, in, *cut, st->size, 0, 0)
      || (cap->len>0 && fsetxattr(in, CAPABILITY, cap->buf, cap->len, 0)))
        fail(w, "putting back", d, name);
    lr_filecopy_times(in, st);
  }
  if (st->attr & (KATTR_IMMUTABLE|KATTR_APPEND)) {
    lr_filecopy_thaw(out, 0);
    if (w->walk->t->mode == TREE_MOVE) lr_filecopy_thaw(in, st->attr);
  }
  lr_filecopy_times(out, st);
  unlinkat(d->dst, name, 0);

  // Its other names in the new tree are how taking back knows of the lock
  if (st->nlink>1) lock(w, out, st->nlink, st->attr);
  errno = err;
}

// A file is there on both sides: it has links, or was a mount point. Taking
// back a move means to fill it again (IN, of status ST, has what OUT has lost).
static int file_refill(struct worker *w, int in, int out, struct kstat *st)
{
  struct kstat now;

  if (kstatx(out, "", AT_EMPTY_PATH, &now)) return -1;
  if (now.size<st->size && (ftruncate(out, st->size)
    || lr_filecopy_data(&w->copy, in, out, now.size, st->size, 0, 0)
    || (!w->walk->noxattr && lr_filecopy_xattrs(&w->copy, in, out)))) return -1;
  if (lr_filecopy_times(out, st)) return -1;

  return lock(w, out, 2, st->attr);
}

// Open what's left of NAME in D to fill it again, or -1. The move may have been
// taken back so far that it's locked already.
static int open_left(struct dir *d, char *name)
{
  int fd = openat(d->dst, name, O_RDWR|OFLAGS), ro;

  if (fd != -1 || errno != EPERM) return fd;
  ro = openat(d->dst, name, O_RDONLY|OFLAGS);
  if (ro == -1) return -1;
  lr_filecopy_thaw(ro, 0);
  close(ro);

  return openat(d->dst, name, O_RDWR|OFLAGS);
}

// Add what ST says to W's counts. The unit is the memory a tmpfs needs.
static void count(struct worker *w, struct dir *d, char *name, struct kstat *st)
{
  struct tree *t = w->walk->t;
  unsigned long long bytes = S_ISDIR(st->mode) ? 0 : st->blocks*512;

  w->inodes++;
  w->bytes += bytes;
  if (!S_ISREG(st->mode) || bytes<=w->largest) return;
  w->largest = bytes;
  if (t->mode != TREE_COUNT) return;
  pthread_mutex_lock(&w->walk->lock);
  if (bytes>t->largest) {
    t->largest = bytes;
    free(t->big);
    t->big = path_of(d, name);
  }
  pthread_mutex_unlock(&w->walk->lock);
}

// One regular file, NAME in D. IN is open and ST its status. Closes IN.
static int move_file(struct worker *w, struct dir *d, char *name, int in,
  struct kstat *st)
{
  struct walk *k = w->walk;
  int move = k->t->mode == TREE_MOVE, out = -1, rc,
    frozen = move ? st->attr & (KATTR_IMMUTABLE|KATTR_APPEND) : 0;
  off_t end = st->size, *cut = 0;
  struct cap cap = {0};

  if (k->merge) {
    out = open_left(d, name);
    if (out != -1) {
      if ((rc = file_refill(w, in, out, st)))
        rc = fail(w, "putting back", d, name);
      goto done;
    }
  }
  if (st->nlink>1) rc = link_or_create(w, d, name, st, &out);
  else rc = create(w, d, name, st, &out);
  if (rc) goto done;
  count(w, d, name, st);

  if (frozen && (rc = lr_filecopy_thaw(in, 0))) {
    fail(w, "unlocking", d, name);
    goto undo;
  }
  if (move && end && (end>COPY_CHUNK || st->nlink>1)
    && may_free(w, d, name, &in, st))
  {
    cut = &end;
    if (!k->noxattr)
      cap.len = fgetxattr(in, CAPABILITY, cap.buf, sizeof(cap.buf));
  }
  if (!rc && st->size && (rc = lr_filecopy_data(&w->copy, in, out, 0, st->size,
    st->blocks*512>=st->size, cut))) fail(w, "copying", d, name);
  // write() drops them where we lack CAP_FSETID in the first user namespace
  if (!rc && (st->mode&06000) && (rc = fchmod(out, st->mode&07777)))
    fail(w, "setting the mode of", d, name);
  if (!rc && !k->noxattr && ((rc = lr_filecopy_xattrs(&w->copy, in, out))
    || (cap.len>0 && (rc = fsetxattr(out, CAPABILITY, cap.buf, cap.len, 0)))))
    fail(w, "copying the attributes of", d, name);
  if (!rc && (rc = lr_filecopy_times(out, st)))
    fail(w, "setting the times of", d, name);
  if (!rc && (rc = lock(w, out, st->nlink, st->attr)))
    fail(w, "locking", d, name);
  if (!rc && move) {
    if (st->nlink>1) rc = lr_filecopy_times(in, st);
    else if ((rc = unlinkat(d->src, name, 0)) && errno == EBUSY) rc = 0;
    if (rc) fail(w, "removing", d, name);
  }
undo:
  if (rc) file_back(w, d, name, in, out, st, cut, &cap);
done:
  close(in);
  if (out != -1) close(out);

  return rc<0 ? -1 : 0;
}

// NAME in D, anything but a directory or a regular file, of status ST.
static int move_special(struct worker *w, struct dir *d, char *name,
  struct kstat *st)
{
  struct walk *k = w->walk;
  struct timespec ts[2] = {{st->atime.sec, st->atime.nsec},
    {st->mtime.sec, st->mtime.nsec}};
  int rc, fd = -1;

  if (k->merge && !faccessat(d->dst, name, F_OK, AT_SYMLINK_NOFOLLOW)) return 0;
  if (st->nlink>1) rc = link_or_create(w, d, name, st, &fd);
  else rc = create(w, d, name, st, &fd);
  if (fd != -1) close(fd);
  if (rc) return rc<0 ? -1 : 0;
  count(w, d, name, st);

  if (!k->noxattr && (rc = name_xattrs(w, d, name)))
    fail(w, "copying the attributes of", d, name);
  else if ((rc = utimensat(d->dst, name, ts, AT_SYMLINK_NOFOLLOW)))
    fail(w, "setting the times of", d, name);
  else if (k->t->mode == TREE_MOVE && st->nlink == 1
    && (rc = unlinkat(d->src, name, 0)) && errno == EBUSY) rc = 0;
  if (rc) {
    fail(w, "removing", d, name);
    unlinkat(d->dst, name, 0);
  }

  return rc;
}

// Remove NAME in D. What can't be removed is counted, and stays.
static void wipe(struct worker *w, struct dir *d, char *name)
{
  int fd;

  if (!unlinkat(d->src, name, 0) || errno == ENOENT) return;
  if (errno == EPERM) {
    fd = openat(d->src, name, O_RDONLY|OFLAGS);
    if (fd != -1) {
      lr_filecopy_thaw(fd, 0);
      close(fd);
    }
    if (!unlinkat(d->src, name, 0)) return;
  }
  w->left++;
}

// Do NAME in D, of directory entry TYPE (DT_*). BIG: it has waited its turn.
// Returns 0 or -1, and then everything is to stop.
static int do_entry(struct worker *w, struct dir *d, char *name, int type,
  int big)
{
  struct walk *k = w->walk;
  int mode = k->t->mode, in;
  struct kstat st;

  if (type == DT_DIR) return push_dir(w, d, name);
  if (mode == TREE_WIPE && type != DT_UNKNOWN) {
    wipe(w, d, name);

    return 0;
  }
  if (type != DT_REG || mode == TREE_COUNT) {
    if (kstatx(d->src, name, AT_SYMLINK_NOFOLLOW, &st))
      return errno == ENOENT ? 0 : fail(w, "looking at", d, name);
    if (type == DT_UNKNOWN && S_ISDIR(st.mode)) return push_dir(w, d, name);
    if (mode == TREE_WIPE) {
      wipe(w, d, name);

      return 0;
    }
    if (mode == TREE_COUNT || !S_ISREG(st.mode) || foreign(k, &st)) {
      w->names++;
      if (mode != TREE_COUNT) return move_special(w, d, name, &st);
      if (st.nlink == 1 || first_link(w, &st)) count(w, d, name, &st);

      return 0;
    }
  }

  // EAGAIN: somebody has a lease, as the other thread does for a moment in
  // may_free() on another name of the file. Then wait for it.
  in = openat(d->src, name, O_RDONLY|OFLAGS|k->noatime);
  if (in == -1 && errno == EAGAIN)
    in = openat(d->src, name, O_RDONLY|(OFLAGS&~O_NONBLOCK)|k->noatime);
  if (in == -1)
    return (errno == ENOENT || spare(w)) ? 0 : fail(w, "opening", d, name);
  if (kstatx(in, "", AT_EMPTY_PATH, &st)) {
    fail(w, "looking at", d, name);
    close(in);

    return -1;
  }
  if (foreign(k, &st)) {
    // A file is mounted on this one, which can't be seen: an empty one is as
    // good a place to mount on
    close(in);
    st.size = st.nlink = 1;
    st.mode = S_IFREG|0600;

    return move_special(w, d, name, &st);
  }
  if (!big && st.size>=BIG) {
    close(in);

    return push_big(w, d, name, st.size);
  }
  w->names++;

  return move_file(w, d, name, in, &st);
}

// Open D, whose turn has come, on both sides. Returns 0; 1 when it's not to be
// entered; -1 on failure.
static int open_dir(struct worker *w, struct dir *d)
{
  struct walk *k = w->walk;
  struct tree *t = k->t;
  int at = d->up ? d->up->src : t->src, fill = t->mode == TREE_COPY
    || t->mode == TREE_MOVE;
  char *name = d->up ? d->name : ".";
  struct kstat there;

  pthread_mutex_lock(&k->lock);
  if ((d->older = k->open)) d->older->newer = d;
  k->open = d;
  pthread_mutex_unlock(&k->lock);
  if (!(d->st = malloc(sizeof(*d->st)))) return fail(w, "opening", d, "");
  d->src = openat(at, name, O_RDONLY|O_DIRECTORY|OFLAGS|k->noatime);
  if (d->src == -1) {
    // Removed under us, as a temporary directory can be
    if (errno == ENOENT || spare(w)) return 1;

    return fail(w, "opening", d, "");
  }
  if (kstatx(d->src, "", AT_EMPTY_PATH, d->st))
    return fail(w, "looking at", d, "");
  if (d->up && d->up->twin) for (d->twin = d->up->twin->kids; d->twin
    && strcmp(d->twin->name, name); ) d->twin = d->twin->next;
  if (!d->up) k->mnt = (d->st->mask&0x1000) ? d->st->mnt : 0;
  if (t->skip && d->st->ino == t->skip) return 1;
  if (t->mode == TREE_WIPE && foreign(k, d->st)) {
    w->left++;

    return 1;
  }
  w->names++;
  count(w, d, "", d->st);
  if (fill) {
    // Times, mode and the rest come last: making entries changes them, and
    // sgid or a default ACL would change the entries
    if (d->up && mkdirat(d->up->dst, name, 0700)
      && (errno != EEXIST || !k->merge)) return fail(w, "creating", d, "");
    d->dst = openat(d->up ? d->up->dst : t->dst, name,
      O_RDONLY|O_DIRECTORY|OFLAGS);
    if (d->dst == -1) return fail(w, "opening", d, "");

    // Never unlocked, or locked again by the try before
    if (k->merge && !kstatx(d->dst, "", AT_EMPTY_PATH, &there)
      && (there.attr & (KATTR_IMMUTABLE|KATTR_APPEND)))
        lr_filecopy_thaw(d->dst, 0);
  }
  if ((t->mode == TREE_MOVE || t->mode == TREE_WIPE)
    && (d->st->attr & (KATTR_IMMUTABLE|KATTR_APPEND))
    && lr_filecopy_thaw(d->src, 0)) return fail(w, "unlocking", d, "");

  return 0;
}

// Everything in D is done: give the new one its metadata, remove the old one.
static int finish_dir(struct worker *w, struct dir *d)
{
  struct walk *k = w->walk;
  struct tree *t = k->t;
  struct kstat *st = (d->twin && d->twin->st) ? d->twin->st : d->st;
  char *name = d->name;

  if (t->mode == TREE_COUNT) return 0;
  if (t->mode != TREE_WIPE) {
    if (d->up || !t->keep_root_meta) {
      if (fchown(d->dst, st->uid, st->gid) && !t->unprivileged)
        return fail(w, "setting the owner of", d, "");
      if (fchmod(d->dst, st->mode&07777))
        return fail(w, "setting the mode of", d, "");
    }
    if (!k->noxattr && !foreign(k, st)
      && lr_filecopy_xattrs(&w->copy, d->src, d->dst))
      return fail(w, "copying the attributes of", d, "");
    if (lr_filecopy_times(d->dst, st))
      return fail(w, "setting the times of", d, "");
    if ((st->attr & (KATTR_IMMUTABLE|KATTR_APPEND))
      && lr_filecopy_thaw(d->dst, st->attr)) return fail(w, "locking", d, "");
  }
  // A mount point is EBUSY, one with linked names in it ENOTEMPTY: for later
  if (!d->up || t->mode == TREE_COPY
    || !unlinkat(d->up->src, name, AT_REMOVEDIR) || errno == ENOENT) return 0;
  if (t->mode == TREE_WIPE) w->left++;
  else if (errno != EBUSY && errno != ENOTEMPTY && errno != EEXIST)
    return fail(w, "removing", d, "");

  return -k->merge;
}

// Let go of D.
static void free_dir(struct walk *k, struct dir *d)
{
  pthread_mutex_lock(&k->lock);
  if (d->newer) d->newer->older = d->older;
  else if (k->open == d) k->open = d->older;
  if (d->older) d->older->newer = d->newer;
  pthread_mutex_unlock(&k->lock);
  if (d->src != -1) close(d->src);
  if (d->dst != -1) close(d->dst);
  free(d->st);
  free(d);
}

// One thing in D is done, or its reading. If it was the last, finish D, which
// is one thing done in its parent.
static int put_dir(struct worker *w, struct dir *d, int skipped)
{
  struct walk *k = w->walk;

  while (d) {
    struct dir *up = d->up;
    int busy;

    pthread_mutex_lock(&k->lock);
    busy = --d->busy;
    pthread_mutex_unlock(&k->lock);
    if (busy) return 0;
    if (!skipped && finish_dir(w, d)) {
      if (w->stop) return -1;
      // It's tried again, by its times as they were before it was emptied
      if (k->merge) lr_filecopy_times(d->src, d->st);
    }
    skipped = 0;
    free_dir(k, d);
    d = up;
  }

  return 0;
}

// Do all entries of D.
static int do_dir(struct worker *w, struct dir *d)
{
  struct dirent *de;
  long len, off;
  int rc = open_dir(w, d);

  if (w->stop) return -1;
  if (rc || (foreign(w->walk, d->st))) return put_dir(w, d, rc);
  for (;;) {
    len = syscall(SYS_getdents64, d->src, w->ents, 65536);
    if (len<0 && errno != ENOENT) fail(w, "reading", d, "");
    if (w->stop) return -1;
    if (len<1) return put_dir(w, d, 0);
    for (off = 0; off<len; off += de->d_reclen) {
      de = (void *)(w->ents+off);
      if (de->d_name[0] == '.' && (!de->d_name[1]
        || (de->d_name[1] == '.' && !de->d_name[2]))) continue;
      do_entry(w, d, de->d_name, de->d_type, 0);
      if (w->stop) return -1;
    }
  }
}

// A thread: do directories, then big files, until nothing is left of either
// and nobody can add more.
static void *work(void *arg)
{
  struct worker *w = arg;
  struct walk *k = w->walk;
  struct dir *d;
  struct big *b;

  pthread_mutex_lock(&k->lock);
  while (!w->stop) {
    if ((d = k->stack)) k->stack = d->next;
    else if ((b = k->bigs)) k->bigs = b->next;
    else if (!k->running) break;
    else {
      pthread_cond_wait(&k->more, &k->lock);
      continue;
    }
    k->running++;
    pthread_mutex_unlock(&k->lock);
    if (d) do_dir(w, d);
    else {
      do_entry(w, b->dir, b->name, DT_REG, 1);
      if (!w->stop) put_dir(w, b->dir, 0);
      free(b);
    }
    pthread_mutex_lock(&k->lock);
    k->running--;
  }
  k->ended++;
  pthread_cond_broadcast(&k->more);
  pthread_cond_signal(&k->over);
  pthread_mutex_unlock(&k->lock);

  return 0;
}

// Add up what the workers counted.
static void sum(struct walk *k)
{
  struct tree *t = k->t;
  unsigned i;

  t->bytes = t->inodes = t->names = t->done = t->left = 0;
  for (i = 0; i<ARRAY_LEN(k->worker); i++) {
    struct worker *w = &k->worker[i];

    t->bytes += w->bytes;
    t->inodes += w->inodes;
    t->names += w->names;
    t->done += w->done;
    t->left += w->left;
    t->largest = maxof(t->largest, w->largest);
  }
}

// Run the workers of K to their end, in threads or, if there can be none, here.
static void run_workers(struct walk *k)
{
  struct tree *t = k->t;
  pthread_t thread[ARRAY_LEN(k->worker)];
  struct timespec ts;
  int n = 0;
  unsigned i;

  while (n<k->threads && !pthread_create(thread+n, 0, work, k->worker+n)) n++;
  if (!n) work(k->worker);
  pthread_mutex_lock(&k->lock);
  while (k->ended<n) {
    clock_gettime(CLOCK_REALTIME, &ts);
    ts.tv_nsec += 50000000;
    ts.tv_sec += ts.tv_nsec/1000000000;
    ts.tv_nsec %= 1000000000;
    if (!pthread_cond_timedwait(&k->over, &k->lock, &ts)) continue;
    sum(k);
    if (t->cancel && *t->cancel && !k->merge) {
      lr_fault(k->f, EINTR, "filling", "the new root");
      for (i = 0; i<ARRAY_LEN(k->worker); i++) k->worker[i].stop = 1;
      pthread_cond_broadcast(&k->more);
    }
    pthread_mutex_unlock(&k->lock);
    if (t->tick) t->tick(t->context, t);
    pthread_mutex_lock(&k->lock);
  }
  pthread_mutex_unlock(&k->lock);
  while (n) pthread_join(thread[--n], 0);
  sum(k);
}

// Can the file system of FD hold no extended attributes? To list those of one
// that can't is no error (fs/xattr.c vfs_listxattr()), and gives what a
// security module makes up; tmpfs takes trusted.* always, user.* since 6.6.
static int no_xattrs(int fd)
{
  return !flistxattr(fd, 0, 0)
    && 0>fgetxattr(fd, "trusted.leafroot", 0, 0) && errno == EOPNOTSUPP
    && 0>fgetxattr(fd, "user.leafroot", 0, 0) && errno == EOPNOTSUPP;
}

// Ready K for T: buffers, counts, limits. Returns 0 or -1.
static int start(struct walk *k, struct tree *t, struct fault *f)
{
  cpu_set_t cpus;
  int i, n = t->workers;

  memset(k, 0, sizeof(*k));
  k->t = t;
  k->f = f;
  k->uid = geteuid();
  k->gid = getegid();
  pthread_mutex_init(&k->lock, 0);
  pthread_mutex_init(&k->links, 0);
  pthread_mutex_init(&k->cwd, 0);
  pthread_cond_init(&k->more, 0);
  pthread_cond_init(&k->over, 0);
  // Not to count, which progress() does while others copy: it's all threads'
  k->home = t->mode == TREE_COUNT ? -1
    : open(".", O_PATH|O_DIRECTORY|O_CLOEXEC);
  if (!n && !sched_getaffinity(0, sizeof(cpus), &cpus)) n = CPU_COUNT(&cpus);
  k->threads = maxof(1, minof(n, (int)ARRAY_LEN(k->worker)));
  for (i = 0; i<k->threads; i++) {
    struct worker *w = &k->worker[i];

    w->walk = k;
    w->copy.stop = &w->stop;
    w->copy.done = &w->done;
    if (!(w->ents = malloc(3*65536)))
      return lr_fault(f, errno, "getting memory for", "the tree");
    w->copy.buf = w->ents+65536;
  }

  // What open_tree() opened is no more than a place (O_PATH): open it to ask.
  // O_NOATIME is only for who owns everything.
  i = openat(t->src, ".", O_RDONLY|O_DIRECTORY|OFLAGS);
  if (i != -1) {
    k->noxattr = no_xattrs(i);
    close(i);
  }
  if (!t->unprivileged) k->noatime = O_NOATIME;

  // Growing a descriptor table that threads share waits for RCU, each time it
  // doubles (fs/file.c expand_fdtable()): grow it while we are alone
  if (-1 != (i = fcntl(t->src, F_DUPFD_CLOEXEC, 16383))) close(i);

  return 0;
}

// What start() made, and everything still waiting, is let go of. What's to be
// locked is, even after a failure: that is how taking back knows of it.
static void end(struct walk *k)
{
  struct dir *d;
  struct big *b;
  struct link *l;
  struct lock *lk;
  unsigned i;

  while ((d = k->stack)) {
    k->stack = d->next;
    d->next = 0;
    if (d->src == -1) free_dir(k, d);
  }
  while ((b = k->bigs)) {
    k->bigs = b->next;
    free(b);
  }
  for (i = 0; i<ARRAY_LEN(k->link); i++) while ((l = k->link[i])) {
    k->link[i] = l->next;
    if (l->fd != -1) close(l->fd);
    free(l);
  }
  while ((lk = k->locked)) {
    k->locked = lk->next;
    if (lr_filecopy_thaw(lk->fd, lk->attr))
      lr_fault(k->f, errno, "locking", "a file");
    close(lk->fd);
    free(lk);
  }
  for (i = 0; i<ARRAY_LEN(k->worker); i++) free(k->worker[i].ents);
  if (k->home != -1) {
    if (fchdir(k->home)) errno = 0;
    close(k->home);
  }
}

// lr_tree_run(), or with MERGE the way back.
static int run(struct tree *t, struct fault *f, struct dir *merge)
{
  struct rlimit old, most = {1<<20, 1<<20};
  struct walk *k = malloc(sizeof(*k));
  struct dir *d;
  int mask = umask(0), rc, limit;
  void (*sigio)(int);

  if (!k) return lr_fault(f, errno, "getting memory for", "the tree");

  // Two descriptors for each level: 1<<20 is what the kernel's own fs.nr_open
  // allows root, PID 1 starts with 1024. Others get what they may have. A few
  // are put by for the way back.
  limit = !getrlimit(RLIMIT_NOFILE, &old);
  if (limit && setrlimit(RLIMIT_NOFILE, &most)) {
    most.rlim_max = old.rlim_max;
    most.rlim_cur = merge ? old.rlim_max : old.rlim_max-64;
    limit = !setrlimit(RLIMIT_NOFILE, &most);
  }

  // Breaking a lease of may_free() sends one, which would end us
  sigio = signal(SIGIO, SIG_IGN);
  rc = start(k, t, f);
  k->merge = !!merge;
  k->go_on = merge || t->mode == TREE_WIPE;
  if (!rc && !(rc = push_dir(k->worker, 0, ""))) {
    k->stack->twin = merge;
    run_workers(k);
  }

  // Directories not finished hold what taking back needs: their old times. As a
  // tree, with "next" for the next of the same parent, whose kids they are.
  t->undo = k->open;
  for (d = k->open; d; d = d->older) {
    if (d->src != -1) close(d->src);
    if (d->dst != -1) close(d->dst);
    d->src = d->dst = -1;
    d->next = d->up ? d->up->kids : 0;
    if (d->up) d->up->kids = d;
  }
  end(k);
  if (f->step) rc = -1;
  free(k);
  signal(SIGIO, sigio);
  if (limit) setrlimit(RLIMIT_NOFILE, &old);
  umask(mask);

  return rc;
}

// Do to T->src what T->mode says: all of it or, if that fails, part of it, and
// then lr_tree_back() can undo that. Memory, while it runs: some 200 kB a
// thread, 100 bytes and its name for each directory waiting, descriptors for
// each level of depth. Leaves a fault, what was being done to which path. Returns 0 or -1.
int lr_tree_run(struct tree *t, struct fault *f)
{
  return run(t, f, 0);
}

// Undo what lr_tree_run() did for T, whether it failed or not: what was moved
// is put back, times of directories included. (A copy has changed nothing.)
// What fails is tried three times, as another thing put back can be what it needs.
// Leaves a fault if even that fails; some is then still in the new tree only.
// Returns 0 or -1.
int lr_tree_back(struct tree *t, struct fault *f)
{
  struct tree back = {.mode = TREE_MOVE, .src = t->dst, .dst = t->src,
    .keep_root_meta = 1, .workers = t->workers, .tick = t->tick, .context = t->context};
  static struct dir whole;
  struct dir *root = t->undo;
  int rc, tries = 3;

  if (t->mode != TREE_MOVE) return 0;
  while (root && root->up) root = root->up;
  while ((rc = run(&back, f, root ? root : &whole)) && --tries) {
    lr_tree_free(&back);
    lr_fault_clear(f);
  }
  lr_tree_free(&back);
  lr_tree_free(t);

  return rc;
}

// Forget what lr_tree_back() would need, and the names of files.
void lr_tree_free(struct tree *t)
{
  struct dir *d = t->undo, *next;

  for (t->undo = 0; d; d = next) {
    next = d->older;
    free(d->st);
    free(d);
  }
  free(t->big);
  t->big = 0;
}
