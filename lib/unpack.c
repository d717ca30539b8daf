/* unpack.c - make the entries of an initramfs archive in a directory
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 *
 * As the kernel's init/initramfs.c makes them, see lib/initramfs.c: down to
 * which entries it drops and what becomes of an existing file.
 */

#include "toys.h"
#include "lib/fault.h"
#include "lib/kernel.h"
#include "lib/entry.h"
#include "lib/unpack.h"

// Open both parents again the next time, even for the very same name: it may
// lead elsewhere now.
static void forget_parents(struct unpack *u)
{
  u->parent.len = u->link_parent.len = -1;
}

// Open the directory of PATH as P->fd, unless it is open already. Returns the
// last part of PATH, or 0 with errno. PATH has no slash at its end. A symlink
// on the way is followed, but never out of the tree: an absolute one starts at
// its root, and ".." ends there.
static char *open_parent(struct unpack *u, struct parent *p, char *path)
{
  struct kopen_how how = {.flags = O_PATH|O_DIRECTORY|O_CLOEXEC,
    .resolve = KRESOLVE_IN_ROOT};
  char *last;
  struct stat st;
  unsigned long len;

  while (*path == '/') path++;
  last = strrchr(path, '/');
  last = last ? last+1 : path;
  if (!strcmp(last, ".") || !strcmp(last, "..")) last = path+strlen(path);
  len = last-path;
  if (!*last) last = ".";
  if (p->fd != -1 && p->len == len && !memcmp(p->name, path, len)) return last;

  if (p->fd != -1) close(p->fd);
  p->len = -1;
  memcpy(p->name, path, len);
  p->name[len] = 0;
  path = len ? p->name : ".";
  p->fd = u->in_chroot ? openat(u->dir, path, how.flags)
    : kopenat2(u->dir, path, &how);
  if (p->fd<0) return 0;
  p->len = len;
  // If that can't be known then the owner is set, whatever it is
  p->setgid = fstat(p->fd, &st) || st.st_mode&S_ISGID;

  return last;
}

// Remove what has the name LAST, unless it has the type of MODE (0: whatever it
// is). A directory that is not empty stays: making what is to replace it fails
// then. The way to the parent can have led through what is gone now. Returns 0,
// or -1 with errno if there is no way any more.
static int remove_other(struct unpack *u, char *last, unsigned mode)
{
  struct stat st;

  if (fstatat(u->parent.fd, last, &st, AT_SYMLINK_NOFOLLOW)
    || !((st.st_mode^mode)&S_IFMT)) return 0;
  unlinkat(u->parent.fd, last, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0);
  if (S_ISREG(st.st_mode)) return 0;
  forget_parents(u);

  return open_parent(u, &u->parent, u->entry.name) ? 0 : -1;
}

// Set owner and mode of FD or, if that is -1, of LAST. MADE: we just made it,
// so it has our owner and its mode already, but for the bits over 0777:
// creating leaves them out, or changing the owner clears them.
static int set_owner(struct unpack *u, int fd, char *last, int made)
{
  struct entry *e = &u->entry;
  int chowned = !made || e->uid != u->euid || e->gid != u->egid
    || u->parent.setgid, rc = 0, dir = u->parent.fd;

  if (chowned) rc = fd == -1
    ? fchownat(dir, last, e->uid, e->gid, AT_SYMLINK_NOFOLLOW)
    : fchown(fd, e->uid, e->gid);
  if (rc && errno == EINVAL && u->unprivileged)
    rc = lr_entry_say(u,
      "its owner left out (not one of this user namespace)");
  if (!rc && !S_ISLNK(e->mode) && (chowned || e->mode&07000))
    rc = fd == -1 ? fchmodat(dir, last, e->mode&07777, 0)
      : fchmod(fd, e->mode&07777);

  return rc ? lr_entry_failed(u, "setting the owner and mode of") : 0;
}

// Set the time of LAST.
static int set_time(struct unpack *u, char *last)
{
  struct timespec ts[2] = {{.tv_sec = u->entry.mtime},
    {.tv_sec = u->entry.mtime}};

  if (!utimensat(u->parent.fd, last, ts, AT_SYMLINK_NOFOLLOW)) return 0;

  return lr_entry_failed(u, "setting the time of");
}

// Make LAST a name of what LINK->name is now. Whatever it was is gone then,
// which loses a file that has the same name twice: the kernel does the same.
// Returns 0, or -1 with errno.
static int make_link(struct unpack *u, struct link *link, char *last)
{
  struct stat st;
  char *old;

  if (remove_other(u, last, 0)) return -1;
  if (!(old = open_parent(u, &u->link_parent, link->name))) return -1;
  if (!linkat(u->link_parent.fd, old, u->parent.fd, last, 0)) return 0;
  // A directory cannot have two names: say so instead of EPERM.
  if (errno == EPERM
    && !fstatat(u->link_parent.fd, old, &st, AT_SYMLINK_NOFOLLOW)
    && S_ISDIR(st.st_mode)) errno = EISDIR;

  return -1;
}

// Open the file that is there already. Without O_CREAT: with it
// fs.protected_regular (4.19) forbids even root another user's file in a sticky
// directory. When the first of its names became something else, the kernel
// would write to that, be it a device; we do not. Returns a descriptor, or -1
// with errno.
static int open_existing(struct unpack *u, char *last, int flags)
{
  struct stat st;

  if (fstatat(u->parent.fd, last, &st, AT_SYMLINK_NOFOLLOW)) return -1;
  if (!S_ISREG(st.st_mode)) {
    errno = S_ISDIR(st.st_mode) ? EISDIR : EEXIST;

    return -1;
  }

  return openat(u->parent.fd, last, flags);
}

// Open the regular file of the entry for writing. *FD stays -1 if it is left
// out. Where a file is already, its contents are replaced in place.
static int open_file(struct unpack *u, struct link *link, char *last, int *fd)
{
  int flags = O_WRONLY|O_NOFOLLOW|O_CLOEXEC, new = flags|O_CREAT|O_EXCL,
    made = 0, dir = u->parent.fd;
  struct entry *e = &u->entry;

  if (link) {
    if (make_link(u, link, last)) return lr_entry_failed(u, "linking");
    *fd = open_existing(u, last, flags);
  } else if (!(made = 0<=(*fd = openat(dir, last, new, e->mode&07777)))) {
    if (errno != EEXIST || remove_other(u, last, e->mode))
      return lr_entry_failed(u, "creating");
    *fd = open_existing(u, last, flags|O_TRUNC);
    if (*fd == -1 && errno == ENOENT)
      made = 0<=(*fd = openat(u->parent.fd, last, new, e->mode&07777));
  }
  if (*fd == -1) return lr_entry_failed(u, "opening");
  if (set_owner(u, *fd, last, made)) return -1;
  if (e->size && (!made || e->size>=1<<20) && ftruncate(*fd, e->size))
    return lr_fault(u->f, errno, "writing", "%s", e->name);

  return 0;
}

static int make_file(struct unpack *u, struct link *link, char *last)
{
  struct timespec ts[2] = {{.tv_sec = u->entry.mtime},
    {.tv_sec = u->entry.mtime}};
  int fd = -1, rc = open_file(u, link, last, &fd);

  if (!rc) rc = lr_entry_contents(u, fd);
  if (fd != -1) {
    // The kernel sets the time before it looks at the checksum.
    if (futimens(fd, ts) && !rc)
      rc = lr_entry_failed(u, "setting the time of");
    close(fd);
  }

  return rc;
}

// A directory that is there already gets the entry's owner, mode and time.
static int make_directory(struct unpack *u, char *last)
{
  struct entry *e = &u->entry;
  struct dir_time *later;
  int fd = -1, rc;

  if ((rc = mkdirat(u->parent.fd, last, e->mode&07777)) && errno == EEXIST
    && !remove_other(u, last, e->mode)
    && (rc = mkdirat(u->parent.fd, last, e->mode&07777)) && errno == EEXIST)
    fd = openat(u->parent.fd, last,
      O_RDONLY|O_DIRECTORY|O_NOFOLLOW|O_CLOEXEC);
  if (rc && fd == -1) return lr_entry_failed(u, "creating");
  rc = set_owner(u, fd, last, fd == -1);
  if (fd != -1) {
    close(fd);
    forget_parents(u);
  }
  if (rc) return -1;

  if (!(later = malloc(sizeof(*later)+strlen(e->name)+1)))
    return lr_fault(u->f, ENOMEM, "noting the time of", "%s", e->name);
  later->mtime = e->mtime;
  strcpy(later->name, e->name);
  later->next = u->dir_times;
  u->dir_times = later;

  return 0;
}

// A device, FIFO or socket. One that is there already keeps its numbers, and
// gets the entry's owner, mode and time; so does a directory that is not empty.
static int make_node(struct unpack *u, struct link *link, char *last)
{
  struct entry *e = &u->entry;
  // The kernel's MKDEV() shifts without a mask: a minor over 20 bits spills
  // into the major.
  unsigned dev = e->rmajor<<20 | e->rminor, mode = e->mode&(S_IFMT|07777);
  dev_t rdev = makedev(dev>>20, dev&0xfffff);
  struct stat st;
  int rc;

  if (link)
    return make_link(u, link, last) ? lr_entry_failed(u, "linking") : 0;
  if ((rc = mknodat(u->parent.fd, last, mode, rdev)) && errno == EEXIST
    && !remove_other(u, last, e->mode))
  {
    rc = mknodat(u->parent.fd, last, mode, rdev);
    if (rc && errno == EEXIST) {
      if (fstatat(u->parent.fd, last, &st, AT_SYMLINK_NOFOLLOW)
        || S_ISLNK(st.st_mode)) return lr_entry_failed(u, "creating");
      if (S_ISDIR(st.st_mode) || st.st_rdev != rdev)
        lr_entry_say(u,
          "what was there is kept, with this owner, mode and time");
      forget_parents(u);

      return set_owner(u, -1, last, 0) ? -1 : set_time(u, last);
    }
  }
  // In a user namespace mknod() gives EPERM, but for FIFOs and sockets.
  if (rc && errno == EPERM && u->unprivileged)
    return lr_entry_say(u, "left out (a device)");
  if (rc) return lr_entry_failed(u, "creating");

  return set_owner(u, -1, last, 1) ? -1 : set_time(u, last);
}

// A symlink always replaces what is there, but for a directory that is not
// empty: that gets the owner and time.
static int make_symlink(struct unpack *u, char *last)
{
  char *target = u->entry.target;
  int rc = symlinkat(target, u->parent.fd, last);

  if (rc && errno == EEXIST && !remove_other(u, last, 0)) {
    rc = symlinkat(target, u->parent.fd, last);
    if (rc && errno == EEXIST)
      lr_entry_say(u, "what was there is kept, with this owner and time");
    else if (rc) return lr_entry_failed(u, "creating");
  } else if (rc) return lr_entry_failed(u, "creating");

  return set_owner(u, -1, last, !rc) ? -1 : set_time(u, last);
}

// Make U->entry, a further name of LINK if that is not 0, and read its contents
// if it is a regular file. Returns 0, also when it was left out and that was
// said, or -1 with a fault.
int lr_unpack_entry(struct unpack *u, struct link *link)
{
  struct entry *e = &u->entry;
  char *last = open_parent(u, &u->parent, e->name);

  if (!last) {
    if (lr_entry_failed(u, "creating")) return -1;

    return S_ISREG(e->mode) ? lr_entry_contents(u, -1) : 0;
  }
  switch (e->mode&S_IFMT) {
  case S_IFREG: return make_file(u, link, last);
  case S_IFDIR: return make_directory(u, last);
  case S_IFLNK: return make_symlink(u, last);
  case S_IFCHR:
  case S_IFBLK:
  case S_IFIFO:
  case S_IFSOCK: return make_node(u, link, last);
  }
  // The kernel removes what is in the way of it, and then does nothing more
  // with a type that it does not know.
  remove_other(u, last, e->mode);

  return lr_entry_say(u, "left out (no known type of file)");
}

// The mode of what has the name of U->entry, not followed if it is a symlink.
// 0: nothing.
unsigned lr_unpack_mode(struct unpack *u)
{
  char *last = open_parent(u, &u->parent, u->entry.name);
  struct stat st;

  if (!last || fstatat(u->parent.fd, last, &st, AT_SYMLINK_NOFOLLOW)) return 0;

  return st.st_mode;
}

// Get ready to make entries in U->dir. Names are resolved inside of it by
// openat2() (5.6). Without that (ENOSYS, or EPERM from a seccomp filter) only a
// chroot keeps them there. Returns 0, or -1 with a fault: U->dir cannot be
// opened, or is not "/" where it has to be.
int lr_unpack_start(struct unpack *u)
{
  struct kopen_how how = {.flags = O_PATH|O_DIRECTORY|O_CLOEXEC,
    .resolve = KRESOLVE_IN_ROOT};
  struct stat st, root;
  int fd = kopenat2(u->dir, ".", &how);

  u->euid = geteuid();
  u->egid = getegid();
  u->parent.fd = u->link_parent.fd = -1;
  if (fd != -1) return close(fd);
  if (errno != ENOSYS && errno != EPERM)
    return lr_fault(u->f, errno, "opening", "the directory to unpack to");
  if (fstat(u->dir, &st) || stat("/", &root) || st.st_dev != root.st_dev
    || st.st_ino != root.st_ino)
    return lr_fault(u->f, ENOSYS, "unpacking", "archive outside of a chroot");
  u->in_chroot = 1;

  return 0;
}

// Set the times of the directories, and free what lr_unpack_entry() left in U.
// The directory made last comes first, because children are made after their
// parents and change the parents' times. RC is 0 or -1, as unpacking went.
// Returns RC, or -1 with a fault of "setting the time of" a directory.
int lr_unpack_end(struct unpack *u, int rc)
{
  struct dir_time *d;
  char *last;

  while ((d = u->dir_times)) {
    struct timespec ts[2] = {{.tv_sec = d->mtime}, {.tv_sec = d->mtime}};

    u->dir_times = d->next;
    last = open_parent(u, &u->parent, d->name);

    // It may be gone, or no directory any more: the kernel does not look
    // either.
    if ((!last || utimensat(u->parent.fd, last, ts, AT_SYMLINK_NOFOLLOW))
      && !rc && errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
        rc = lr_fault(u->f, errno, "setting the time of", "%s", d->name);
    free(d);
  }
  if (u->parent.fd != -1) close(u->parent.fd);
  if (u->link_parent.fd != -1) close(u->link_parent.fd);

  return rc;
}
