/* mountpoint.c - something to mount on
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include "lib/kernel.h"
#include "lib/mountpoint.h"

#define TRIES 3

// Open PATH below directory ROOT, which is "/" to the symlinks on the way:
// those of the new root lead to the new root. FLAGS: O_NOFOLLOW for the last
// name. Returns a descriptor that names it (O_PATH), or -1 and errno.
int lr_open_in_root(int root, char *path, int flags)
{
  struct kopen_how how = {O_PATH|O_CLOEXEC|flags, 0, KRESOLVE_IN_ROOT};

  return kopenat2(root, path, &how);
}

// Is what PATH below directory DIR leads to, or DIR itself if that is "", a
// directory? The mount can be of a server that's gone, so nobody asks that.
// Returns 1 or 0, or -1 and errno when it is unknown.
int lr_mountpoint_directory(int dir, char *path)
{
  struct kstat st;

  if (kstatx(dir, path, AT_SYMLINK_NOFOLLOW|AT_EMPTY_PATH|AT_DONT_SYNC, &st))
    return -1;

  return S_ISDIR(st.mode);
}

// Make PATH below directory ROOT something to mount on, unless there is
// something: an empty DIRECTORY or file, with its parents. Returns 0, or -1 and
// errno.
int lr_mountpoint_make(int root, char *path, int directory)
{
  char *name = strrchr(path, '/');
  int fd = lr_open_in_root(root, path, O_NOFOLLOW), rc;

  if (fd != -1) return close(fd);
  if (errno != ENOENT) return -1;
  fd = root;
  if (name) {
    *name = 0;
    fd = lr_mountpoint_make(root, path, 1) ? -1
      : lr_open_in_root(root, path, 0);
    *name = '/';
    if (fd == -1) return -1;
  }
  name = name ? name+1 : path;
  if (directory) rc = mkdirat(fd, name, 0755);
  else if ((rc = openat(fd, name, O_CREAT|O_EXCL|O_CLOEXEC, 0600)) != -1)
    rc = close(rc);
  if (fd != root) close(fd);

  return rc;
}

// How many bytes of PATH, a path below directory ROOT, lead to something that
// is there: up to a slash, or all of it; 0 stands for ROOT. TIMES are those of
// that, which are read or SET. What fails is tried again: this is the way back.
// Returns the number.
int lr_mountpoint_there(int root, char *path, struct timespec *times, int set)
{
  int len = strlen(path), tries = TRIES, fd, rc;
  struct stat st;
  char *slash;

  while ((fd = lr_open_in_root(root, path, O_NOFOLLOW)) == -1) {
    if (errno != ENOENT && tries-->0) continue;
    if (!(slash = strrchr(path, '/'))) break;
    *slash = 0;
  }
  if (!set) times[0].tv_nsec = times[1].tv_nsec = UTIME_OMIT;

  // An O_PATH descriptor takes no futimens(), but this since 5.8
  for (tries = TRIES, rc = -1; rc && tries--; ) {
    rc = set ? utimensat(fd == -1 ? root : fd, "", times, AT_EMPTY_PATH)
      : fstatat(fd == -1 ? root : fd, "", &st, AT_EMPTY_PATH);
    if (set || rc) continue;
    times[0] = st.st_atim;
    times[1] = st.st_mtim;
  }
  rc = fd == -1 ? 0 : strlen(path);
  if (fd != -1) close(fd);
  while (len--) if (!path[len]) path[len] = '/';

  return rc;
}

// Undo lr_mountpoint_make() of PATH below directory ROOT, done or failed
// half-way, where THERE is what lr_mountpoint_there() said before it. Returns
// 0, or -1 and errno, also when something is not empty, which stays.
int lr_mountpoint_remove(int root, char *path, int there)
{
  int len = strlen(path), fd, rc = 0, i;
  char *name;

  for (i = len; !rc && i>there; ) {
    name = strrchr(path, '/');
    fd = root;
    if (name) {
      *name = 0;
      fd = lr_open_in_root(root, path, 0);
    }
    if ((fd == -1 || (unlinkat(fd, name ? name+1 : path, AT_REMOVEDIR)
      && unlinkat(fd, name ? name+1 : path, 0))) && errno != ENOENT) rc = -1;
    if (fd != root && fd != -1) close(fd);
    i = name ? name-path : 0;
  }
  while (len--) if (!path[len]) path[len] = '/';

  return rc;
}
