/* newroot.c - NEWROOT, where the new root is mounted while it is filled
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include "lib/fault.h"
#include "lib/kernel.h"
#include "lib/mountinfo.h"
#include "lib/newroot.h"

// Open the directory that PATH, which is taken from directory CWD, is in.
// Returns a descriptor, or -1 and errno.
static int open_parent(int cwd, char *path)
{
  char *copy = strdup(path);
  int fd = copy ? openat(cwd, dirname(copy), O_RDONLY|O_DIRECTORY|O_CLOEXEC)
    : -1;

  free(copy);

  return fd;
}

// What undoes a change, and fails, is tried as often as this: there's no other
// way back.
#define TRIES 3

// Set the times of directory DIR to those in ST. Returns 0, or -1 and errno.
static int set_times(int dir, struct stat *st)
{
  struct timespec ts[2] = {st->st_atim, st->st_mtim};
  int i = TRIES, rc;

  while ((rc = futimens(dir, ts)) && --i);

  return rc;
}

// Has directory FD nothing in it? Of an empty one getdents64() returns no more
// than "." and "..", which take 24 bytes each. Returns 1 or 0; 1 also where it
// can't be read.
int lr_newroot_is_empty(int fd)
{
  char buf[512];

  return syscall(SYS_getdents64, fd, buf, sizeof(buf))<=48;
}

// NEWROOT is open as FD and its status is ST: fill N. See lr_newroot_look().
static void look_there(struct newroot_found *n, int fd, struct kstat *st,
  struct mountinfo *list, struct mountinfo *root, unsigned long long root_ino)
{
  if (st->mnt == root->id)
    n->is = st->ino == root_ino ? NEWROOT_ROOT : NEWROOT_DIRECTORY;
  else if (!(st->attr&KATTR_MOUNT_ROOT)) n->is = NEWROOT_OFF;
  else if (lr_newroot_is_empty(fd)) n->is = NEWROOT_EMPTY;
  else {
    while (list && list->id != st->mnt) list = list->next;
    n->is = (list && list->parent != root->id) ? NEWROOT_NESTED
      : NEWROOT_FILLED;
    n->mount = st->mnt;
    n->dir = fd;

    return;
  }
  close(fd);
}

// Look what PATH, taken from directory CWD, is: fills N. A mount that is filled
// stays open. LIST is the mount table, ROOT its line of "/", and ROOT_INO the
// inode number of "/". Nothing is changed. Leaves a fault "NEWROOT" PATH if it
// can't be looked at or is no directory. Returns 0 or -1.
int lr_newroot_look(struct newroot_found *n, int cwd, char *path,
  struct mountinfo *list, struct mountinfo *root, unsigned long long root_ino,
  struct fault *f)
{
  struct kstat st;
  int fd = openat(cwd, path, O_RDONLY|O_NONBLOCK|O_CLOEXEC);

  n->mount = 0;
  n->dir = -1;
  if (fd != -1) {
    if (kstatx(fd, "", AT_EMPTY_PATH, &st)) st.mode = 0;
    if (S_ISDIR(st.mode)) look_there(n, fd, &st, list, root, root_ino);
    else {
      close(fd);

      return lr_fault(f, ENOTDIR, "NEWROOT", "%s", path);
    }
  } else {
    if (errno != ENOENT) return lr_fault(f, errno, "NEWROOT", "%s", path);
    n->is = NEWROOT_ABSENT;
    if (-1 != (fd = open_parent(cwd, path))) {
      if (!kstatx(fd, "", AT_EMPTY_PATH, &st) && st.mnt != root->id)
        n->is = NEWROOT_MADE_OFF;
      close(fd);
    }
  }

  return 0;
}

// Make the directory of N, in a parent whose times don't show it. Returns 0, 1
// where none can be made (a read-only disk, or one of somebody else's), or -1
// and errno.
static int make(struct newroot *n)
{
  struct stat st;

  if (-1 == (n->parent = open_parent(n->cwd, n->path))) return -1;
  if (fstat(n->parent, &n->times) || mkdirat(n->cwd, n->path, 0755)) {
    close(n->parent);
    n->parent = -1;

    return errno == EROFS || errno == EACCES || errno == EPERM ? 1 : -1;
  }
  if (set_times(n->parent, &n->times) || fstatat(n->cwd, n->path, &st, 0))
    return -1;
  n->ino = st.st_ino;
  n->dev = st.st_dev;

  return 0;
}

// Attach the detached MOUNT_FD (its root directory) to PATH, taken from
// directory CWD, which is made if need be. Where none can be made there is
// still room for a mount on top of "/", which is ROOT_DIR. SHARED: so is the
// mount of "/". Fills N, and leaves a fault "creating" or "mounting on" PATH.
// Returns 0, or -1 and lr_newroot_detach() is to be called.
int lr_newroot_attach(struct newroot *n, int cwd, char *path, int root_dir,
  int shared, int mount_fd, struct fault *f)
{
  int rc = 0;

  memset(n, 0, sizeof(*n));
  n->path = path;
  n->cwd = cwd;
  n->parent = -1;

  // On a shared root the new one would be shared too, and then nothing could be
  // moved off it (fs/namespace.c do_move_mount(): EINVAL)
  if (shared) mount(0, "/", 0, MS_PRIVATE, 0);
  if (faccessat(n->cwd, path, F_OK, 0) && 0>(rc = make(n)))
    return lr_fault(f, errno, "creating", "%s", path);
  if (rc) {
    if (move_mount(mount_fd, "", root_dir, "",
      MOVEMOUNT_F_EMPTY|MOVEMOUNT_T_EMPTY))
        return lr_fault(f, errno, "mounting on", "/");
    n->on_root = 1;
  } else if (move_mount(mount_fd, "", n->cwd, path,
    MOVEMOUNT_F_EMPTY|MOVEMOUNT_T_SYMLINKS))
      return lr_fault(f, errno, "mounting on", "%s", path);
  n->attached = 1;

  return 0;
}

// Remove the directory of N again if it was made, which its parent's times
// don't show either. Returns 0, or -1 and errno.
int lr_newroot_remove(struct newroot *n)
{
  char *name;
  int i = TRIES, rc;

  if (n->parent == -1) return 0;
  name = strrchr(n->path, '/');
  name = name ? name+1 : n->path;
  while ((rc = unlinkat(n->parent, name, AT_REMOVEDIR)) && --i);
  if (!rc) set_times(n->parent, &n->times);
  close(n->parent);
  n->parent = -1;

  return rc;
}

// Undo lr_newroot_attach() of MOUNT, done or failed half-way. The current
// directory is N->cwd afterwards. A "/" that was shared is still private: the
// caller shares it again. Returns 0, or -1 and errno if it can't be unmounted
// or the directory can't be removed.
int lr_newroot_detach(struct newroot *n, int mount_fd)
{
  int i;

  for (i = TRIES; i && n->attached; i--)
    if (!fchdir(mount_fd) && !umount2(".", MNT_DETACH)) n->attached = 0;
  for (i = TRIES; i && fchdir(n->cwd); i--);
  i = lr_newroot_remove(n);

  return n->attached ? -1 : i;
}
