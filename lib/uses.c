/* uses.c - what a mount needs of another file system
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 *
 * The files of the old root are removed, but a mount can still need them: a
 * bind of one of its directories shows what is in there, and an overlay keeps
 * its files in other directories, its layers. The kernel has no call that says
 * which file systems an overlay is made of. Its mount options have the layers'
 * paths.
 *
 * What needs only a file is safe: a file whose last name is removed exists
 * until nobody has it open or mounted. So a bind of a file and a loop device
 * keep what they have.
 */

#include "toys.h"
#include "lib/fault.h"
#include "lib/kernel.h"
#include "lib/mountinfo.h"
#include "lib/newroot.h"
#include "lib/uses.h"

// Copy the path that is the LEN bytes at FROM to TO, without the backslash that
// protects the character behind it if UNESCAPE. Returns the end of the copy,
// behind its 0.
static char *copy_path(char *to, char *from, int len, int unescape)
{
  char *end = from+len;

  while (from<end) {
    if (unescape && *from == '\\' && from+1<end) from++;
    *to++ = *from++;
  }
  *to = 0;

  return to+1;
}

// The length of the first path of LIST, which has a colon between two. One with
// a backslash before it belongs to the path.
static int first_path(char *list)
{
  char *s = list;

  for (; *s && *s != ':'; s++) if (*s == '\\' && s[1]) s++;

  return s-list;
}

// Is WORD=... the option NAME=...?
static int is_option(char *word, char *name)
{
  int len = strlen(name);

  return !strncmp(word, name, len) && word[len] == '=';
}

// The layers of M, a mount of the mount table, read from its options:
// "lowerdir" is a list, "lowerdir+" and "datadir+" of newer kernels are one
// path each, so are "upperdir" and "workdir". Whether a backslash in a single
// path protects what is behind it depends on the kernel and on how it was
// mounted: so a path that has one is there twice, in both ways. Returns the
// list, to be passed to free(), which is empty if M is no overlay; or 0 when
// memory is out.
struct layer *lr_uses_layers(struct mountinfo *m)
{
  struct layer *list, *l;
  char *word, *next, *to;
  int len = strlen(m->super), max = 2, i, one;

  // A path has two characters at least, one of the two before it
  for (i = 0; i<len; i++) max += 2*(m->super[i] == ',' || m->super[i] == ':');
  if (!(l = list = calloc(1, (max+2)*sizeof(*l)+3*len+3))) return 0;
  if (strcmp(m->type, "overlay")) return list;

  // The paths are behind the list, and behind them is the text they are from.
  // The kernel shows a comma that is none between options as \054.
  to = (void *)(list+max+2);
  next = strcpy(to+2*len+2, m->super);
  while ((word = strsep(&next, ","))) {
    one = is_option(word, "upperdir") || is_option(word, "workdir");
    l->lower = !one;
    if (is_option(word, "lowerdir+") || is_option(word, "datadir+")) one = 1;
    if (!one && !is_option(word, "lowerdir")) continue;
    lr_mountinfo_unescape(word = strchr(word, '=')+1);
    for (; *word; word += len+!!word[len]) {
      len = one ? (int)strlen(word) : first_path(word);
      if (!len) continue;
      for (i = one && strchr(word, '\\'); i>=0; i--) {
        l[1].lower = l->lower;
        l++->path = to;
        to = copy_path(to, word, len, !i);
      }
    }
  }
  l->lower = 0;

  return list;
}

// Does layer L need the directory that DIR, a descriptor or -1, is, and is that
// in the file system that FS is a mount of? Only a lower layer with nothing in
// it loses nothing when it is removed. Closes DIR.
static int needs(struct layer *l, struct mountinfo *fs, int dir)
{
  struct kstat st;
  int fd, rc;

  if (dir == -1) return 0;

  // (A network file system is not asked for what it has to say of it now.)
  rc = !kstatx(dir, "", AT_EMPTY_PATH|AT_DONT_SYNC, &st) && st.maj == fs->maj
    && st.min == fs->min;
  if (rc && l->lower) {
    fd = openat(dir, ".", O_RDONLY|O_DIRECTORY|O_CLOEXEC);
    rc = fd == -1 || !lr_newroot_is_empty(fd);
    if (fd != -1) close(fd);
  }
  close(dir);

  return rc;
}

// Is layer L in the file system that FS is a mount of? (See lr_uses() for
// BARE.) Its path can lead there with the mounts that are there now, or without
// them, if something was mounted on the way later. It is taken to be there in
// both cases. A path that leads nowhere is one of a mount that was moved:
// live-boot and casper move the file systems of the layers before init runs.
// They leave empty directories of rootfs behind, which is why needs() lets
// those pass. A relative path can't be judged, so it counts as one that is
// there.
static int layer_in(struct layer *l, struct mountinfo *fs, int bare)
{
  struct kopen_how how = {O_PATH|O_DIRECTORY|O_CLOEXEC, 0, KRESOLVE_IN_ROOT};

  return *l->path != '/' || needs(l, fs, kopenat2(bare, l->path, &how))
    || needs(l, fs, open(l->path, O_PATH|O_DIRECTORY|O_CLOEXEC));
}

// Is what M, a bind, shows of the file system that BARE has a directory? PATH
// is where. What was removed has "//deleted" behind its path: nothing of it is
// left to be emptied.
static int is_directory(struct mountinfo *m, char *path, int bare)
{
  struct kopen_how how = {O_PATH|O_DIRECTORY|O_NOFOLLOW|O_CLOEXEC, 0,
    KRESOLVE_IN_ROOT};
  char *end = strrchr(m->root, '/');
  int fd = kopenat2(bare, *path ? path : ".", &how);

  if (fd != -1) close(fd);
  else if (errno == ENOTDIR || (end>m->root && !strcmp(end-1, "//deleted")))
    return 0;

  return 1;
}

// Does M, a mount of the mount table, need directories of the file system that
// FS is another mount of? It does if M is a bind of one, or an overlay with a
// layer in there. BARE is the root directory of FS with no other mount on it.
// If so *WHAT is the path of the directory in FS, or of the layer as it was
// given: to be freed. Device numbers tell file systems apart, in the mount
// table as in statx(). (On btrfs a subvolume has another one in statx(), but
// only a tmpfs or ramfs is ever emptied.) Nothing is asked of a file system
// that may not answer, but for those on the way to a layer. Returns 1 or 0, or
// -1 when memory is out.
int lr_uses(struct mountinfo *m, struct mountinfo *fs, int bare, char **what)
{
  char *shown = lr_mountinfo_shows(fs, m);
  struct layer *layers, *l;
  int rc = 0;

  if (shown) {
    if (!is_directory(m, shown, bare)) return 0;

    return (*what = strdup(m->root)) ? 1 : -1;
  }
  if (!(layers = lr_uses_layers(m))) return -1;
  for (l = layers; l->path && !layer_in(l, fs, bare); ) l++;
  if (l->path) rc = (*what = strdup(l->path)) ? 1 : -1;
  free(layers);

  return rc;
}
