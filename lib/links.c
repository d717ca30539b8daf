/* links.c - inodes that have several names
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include <pthread.h>
#include "lib/fault.h"
#include "lib/kernel.h"
#include "lib/filecopy.h"
#include "lib/links.h"

// An inode of the old tree that was met, and the new one that was made of it
struct link {
  struct link *next;
  unsigned long long ino;  // of the old one
  uint32_t maj, min;       // and the device that it is on
  unsigned left;           // names that the new one is still to get
  int fd;                  // of the new one, to link to, or -1:
  char *path;              // where it is, malloc()ed,
  ino_t inode;             // and its number
};

// A new inode with several names that is to be immutable or append-only. It
// becomes that when it has all of them: link() to such an inode is EPERM.
struct frozen {
  struct frozen *next;
  int fd, attr;
};

// Where the inode of ST is kept, or is to be kept. The number alone does not
// name an inode: one mount can show files of several file systems, each with
// its own device and its own numbers. That is so on an overlay of two file
// systems without xino (fs/overlayfs/inode.c ovl_map_dev_ino(): a device for
// each layer, seen on 6.1) and on btrfs, for each subvolume.
static struct link **place(struct links *ls, struct kstat *st)
{
  struct link **at = &ls->hash[st->ino%ARRAY_LEN(ls->hash)];

  while (*at && ((*at)->ino != st->ino || (*at)->maj != st->maj
    || (*at)->min != st->min)) at = &(*at)->next;

  return at;
}

// L is the inode of ST from now on, kept at AT, which place() has found.
static void keep(struct link **at, struct link *l, struct kstat *st)
{
  l->ino = st->ino;
  l->maj = st->maj;
  l->min = st->min;
  l->next = *at;
  *at = l;
}

// Forget the link at AT.
static void forget(struct links *ls, struct link **at)
{
  struct link *l = *at;

  *at = l->next;
  if (l->fd != -1) {
    close(l->fd);
    ls->held--;
  }
  free(l->path);
  free(l);
}

// To count: is the inode of ST, which has several names, met for the first
// time? Returns 1 if so, else 0.
int lr_links_first(struct links *ls, struct kstat *st)
{
  struct link **at, *l;
  int first = 0;

  pthread_mutex_lock(&ls->lock);
  at = place(ls, st);
  if (!*at) {
    first = 1;
    if ((l = malloc(sizeof(*l)))) {
      l->fd = -1;
      l->path = 0;
      keep(at, l, st);
    }
  }
  pthread_mutex_unlock(&ls->lock);

  return first;
}

// Open the new inode of L. Returns a descriptor that names it (O_PATH), which
// is to be closed if L has a path, or -1 and errno: ENOENT if it's not there.
static int open_new(struct links *ls, struct link *l)
{
  struct stat st;
  int fd;

  if (!l->path) return l->fd;
  fd = openat(ls->root, l->path, O_PATH|O_NOFOLLOW|O_CLOEXEC);
  if (fd == -1 || fstat(fd, &st) || st.st_ino == l->inode) return fd;
  close(fd);
  errno = ENOENT;

  return -1;
}

// Has FD, or what could not be opened (-1), lost all names that it had? That is
// so if made_before() (treecopy.c) has removed them. Returns 1 if so, else 0.
static int has_no_name(int fd)
{
  struct stat st;

  return fd == -1 || (!fstat(fd, &st) && !st.st_nlink);
}

// Make NAME in directory DIR a name of the inode that lr_links_add() was told
// to be the new one of ST. To be called with the lock held, which the caller
// keeps until it has made and added the inode if there was none. Returns 1, 0
// if there is none, or -1 and errno.
int lr_links_join(struct links *ls, struct kstat *st, int dir, char *name)
{
  struct link **at = place(ls, st), *l = *at;
  char path[32];
  int fd, rc;

  if (!l) return 0;
  fd = open_new(ls, l);

  // By descriptor needs CAP_DAC_READ_SEARCH (else ENOENT) before 6.10. By /proc
  // it needs nothing, but a /proc.
  sprintf(path, "/proc/self/fd/%d", fd);
  if (fd != -1 && (!linkat(fd, "", dir, name, AT_EMPTY_PATH)
    || (errno == ENOENT
      && !linkat(AT_FDCWD, path, dir, name, AT_SYMLINK_FOLLOW)))) rc = 1;
  else rc = -(errno != ENOENT || !has_no_name(fd));
  if (l->path && fd != -1) close(fd);
  if (!rc || (rc>0 && !--l->left)) forget(ls, at);

  return rc;
}

// NAME in directory DIR was made as the new inode of ST: the other names of ST
// are to be linked to it. PATH is where that is from the root on, malloc()ed,
// if LS holds LINKS_HELD or more, and then it's kept; else it's 0. To be called
// with the lock held since lr_links_join() returned 0. Returns 0, or -1 and
// errno.
int lr_links_add(struct links *ls, struct kstat *st, int dir, char *name,
  char *path)
{
  struct link *l = malloc(sizeof(*l));
  struct stat now;
  int rc = -1, err;

  if (l) l->fd = path ? -1 : openat(dir, name, O_PATH|O_NOFOLLOW|O_CLOEXEC);
  if (l && path) rc = fstatat(dir, name, &now, AT_SYMLINK_NOFOLLOW);
  else if (l) rc = -(l->fd == -1);
  if (rc) {
    err = errno;
    free(l);
    free(path);
    errno = err;

    return -1;
  }
  if ((l->path = path)) l->inode = now.st_ino;
  else ls->held++;
  l->left = st->nlink-1;
  keep(place(ls, st), l, st);

  return 0;
}

// Freeze the inode of FD, which has NLINK names, by the flags in ATTR
// (KATTR_*): now if it has one name only, else in lr_links_end(). FD is not
// needed after that. Returns 0, or -1 and errno.
int lr_links_freeze(struct links *ls, int fd, int nlink, int attr)
{
  struct frozen *z;

  if (!(attr &= KATTR_FROZEN)) return 0;
  if (nlink == 1) return lr_filecopy_freeze(fd, attr);
  if (!(z = malloc(sizeof(*z)))) return -1;
  z->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  z->attr = attr;
  pthread_mutex_lock(&ls->lock);
  z->next = ls->frozen;
  ls->frozen = z;
  pthread_mutex_unlock(&ls->lock);

  return -(z->fd == -1);
}

// Forget all links, and freeze what is to be frozen. That is done after a
// failure too, because an undo learns from it what has to be frozen again.
// Leaves the fault "locking".
void lr_links_end(struct links *ls, struct fault *f)
{
  struct frozen *z;
  unsigned i;

  for (i = 0; i<ARRAY_LEN(ls->hash); i++)
    while (ls->hash[i]) forget(ls, ls->hash+i);
  while ((z = ls->frozen)) {
    ls->frozen = z->next;
    if (lr_filecopy_freeze(z->fd, z->attr))
      lr_fault(f, errno, "locking", "a file");
    close(z->fd);
    free(z);
  }
}
