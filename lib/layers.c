/* layers.c - is an overlay made of these directories?
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 *
 * The paths in an overlay's options were looked up when it was mounted. They
 * can lead to other directories now: what a layer was on was unmounted since,
 * or something was mounted over it. The kernel does not tell which directories
 * it has. But the size, owner and times of a file in an overlay are those of
 * the file in its layer, to the nanosecond. So a layer with another file of
 * that name, or with none, is another directory.
 *
 * A directory that only one layer has is looked at no further, as its times are
 * the layer's, too. One that several layers have shows the names of all of
 * them.
 */

#include "toys.h"
#include <sys/xattr.h>
#include "lib/kernel.h"
#include "lib/layers.h"

#define LAYER_OPEN (O_RDONLY|O_DIRECTORY|O_NOFOLLOW|O_NOATIME|O_CLOEXEC)

// Is A, seen in an overlay, file B of a layer?
static int is_same(struct stat *a, struct stat *b)
{
  return a->st_mode == b->st_mode && a->st_uid == b->st_uid
    && a->st_gid == b->st_gid && a->st_mtim.tv_sec == b->st_mtim.tv_sec
    && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec
    && a->st_ctim.tv_sec == b->st_ctim.tv_sec
    && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec
    && (S_ISDIR(a->st_mode) || a->st_size == b->st_size);
}

// Find the first of the COUNT directories at DIR, some of which can be -1, that
// has NAME, and its status. Returns its index, or COUNT if none has it.
static int find(int *dir, int count, char *name, struct stat *st)
{
  int i;

  for (i = 0; i<count; i++) if (dir[i] != -1
    && !fstatat(dir[i], name, st, AT_SYMLINK_NOFOLLOW)) break;

  return i;
}

// Is directory FD of a layer opaque, so that it hides what lower layers have?
static int is_opaque(int fd)
{
  char c;

  return (fgetxattr(fd, "trusted.overlay.opaque", &c, 1) == 1
    || fgetxattr(fd, "user.overlay.opaque", &c, 1) == 1) && c == 'y';
}

static int is_merged(int *dir, int count);

// Does the overlay show in NAME, which directory DIR[0] of it has, what the
// layers' COUNT-1 directories behind it make of that? Returns 1 or 0.
static int is_shown(int *dir, int count, char *name)
{
  struct stat st, layer;
  int i = 1+find(dir+1, count-1, name, &layer), many = 0, rc, *sub;

  if (fstatat(*dir, name, &st, AT_SYMLINK_NOFOLLOW) || i == count
    || !is_same(&st, &layer)) return 0;
  if (!S_ISDIR(st.st_mode)) return 1;

  // What the lower layers have shows as well, up to one that has no directory
  // there
  if (!(sub = malloc(count*sizeof(int)))) return 0;
  memset(sub, -1, count*sizeof(int));
  *sub = openat(*dir, name, LAYER_OPEN);
  for (; i<count; i++) {
    if (dir[i] == -1 || (-1 == (sub[i] = openat(dir[i], name, LAYER_OPEN))
      && errno == ENOENT)) continue;
    if (sub[i] == -1) break;
    many++;
    if (is_opaque(sub[i])) break;
  }
  rc = many<2 || (*sub != -1 && is_merged(sub, count));
  for (i = 0; i<count; i++) if (sub[i] != -1) close(sub[i]);
  free(sub);

  return rc;
}

// Is directory DIR[0] of an overlay made of the COUNT-1 directories behind it?
// Each name in it has to come from one of them. Each of theirs has to be there,
// unless the first layer that has it says, by a device 0:0, that it's removed.
// Returns 1 or 0.
static int is_merged(int *dir, int count)
{
  struct dirent *de;
  struct stat st;
  int i, fd, rc = 1;
  DIR *d;

  for (i = 0; rc && i<count; i++) {
    if (dir[i] == -1) continue;
    fd = openat(dir[i], ".", LAYER_OPEN);
    if (!(d = fd == -1 ? 0 : fdopendir(fd))) {
      if (fd != -1) close(fd);

      return 0;
    }
    while (rc && (de = readdir(d))) {
      if (!strcmp(de->d_name, ".") || !strcmp(de->d_name, "..")) continue;
      if (!i) rc = is_shown(dir, count, de->d_name);
      else if (find(dir, 1, de->d_name, &st)) {
        find(dir+1, count-1, de->d_name, &st);
        rc = S_ISCHR(st.st_mode) && !st.st_rdev;
      }
    }
    closedir(d);
  }

  return rc;
}

// Is DIR[0], the root of an overlay, made of the COUNT-1 directories behind it,
// the uppermost first? They have no other mount on them. Nothing is changed.
// Returns 1 or 0, also when that can't be found out.
int lr_layers_shown(int *dir, int count)
{
  struct stat st, layer;

  return count>1 && !fstat(dir[0], &st) && !fstat(dir[1], &layer)
    && is_same(&st, &layer) && is_merged(dir, count);
}
