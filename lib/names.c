/* names.c - the paths of a tree that is not there (yet), to look them up
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 *
 * Of each path only a hash of 64 bits is kept, so that a million names fit in
 * tens of megabytes; of symlinks the target, too, and of programs what they
 * need to start. When two paths have the same
 * hash (by chance once in 2^24 trees of a million names) an answer is wrong,
 * nothing worse.
 */

#include "toys.h"
#include "lib/names.h"

struct name {
  uint64_t hash;
  unsigned target;          // of a symlink: offset in texts. Of a regular file:
                            // place in needs, the same for all of its names
  unsigned children;        // of a directory: how many names it has in it
  unsigned short mode;      // S_IFMT and 0111 bits. 0: an unused place
};

// The mode of what was a name once. No type of file has all bits set.
#define REMOVED S_IFMT

struct names {
  struct name *table;       // by hash
  unsigned long size;       // places in table, a power of 2
  unsigned long used;       // places with a mode
  char *texts;              // targets of symlinks, each with its NUL
  unsigned long len, room;  // bytes of texts: filled, allocated
  unsigned *needs;          // what a regular file needs to start: offset in
                            // texts and 1. 0: it can't be run
  unsigned files, space;    // places in needs: filled, allocated
  unsigned last;            // what was put there last
  char path[8192];          // where resolve() is
};

// Make a set with only the root in it. 0: no memory.
struct names *lr_names_new(void)
{
  struct names *n = calloc(1, sizeof(*n));

  if (n && !(n->table = calloc(n->size = 1024, sizeof(*n->table)))) {
    free(n);
    n = 0;
  }

  return n;
}

// Free N, which can be 0.
void lr_names_free(struct names *n)
{
  if (!n) return;
  free(n->table);
  free(n->texts);
  free(n->needs);
  free(n);
}

// Find the place of the path of LEN bytes. It has no mode if the path was never
// added.
static struct name *place(struct names *n, char *path, unsigned long len)
{
  uint64_t hash = 0xcbf29ce484222325;
  unsigned long i;

  // FNV-1a, mixed once more since the table uses its low bits
  for (i = 0; i<len; i++) hash = (hash^(unsigned char)path[i])*0x100000001b3;
  hash ^= hash>>32;
  for (i = hash;; i++) {
    struct name *name = n->table+(i&(n->size-1));

    if (name->mode && name->hash != hash) continue;
    name->hash = hash;

    return name;
  }
}

// Double the table. Returns 0, or -1 if there is no memory.
static int grow(struct names *n)
{
  struct name *old = n->table, *new = calloc(n->size*2, sizeof(*new));
  unsigned long i, j;

  if (!new) return -1;
  for (i = 0; i<n->size; i++) if (old[i].mode) {
    for (j = old[i].hash;; j++) if (!new[j&(n->size*2-1)].mode) break;
    new[j&(n->size*2-1)] = old[i];
  }
  free(old);
  n->table = new;
  n->size *= 2;

  return 0;
}

// What is left of a path that resolve() follows
struct rest {
  char buf[8192], *at;
  int links;                // symlinks followed so far
};

static long too_long(void)
{
  errno = ENAMETOOLONG;

  return -1;
}

// Append the first of the names at REST->at to n->path, which has length LEN,
// or take off its last for "..". Leaves REST->at at the next name. Returns the
// new length, or -1 with errno.
static long append(struct names *n, struct rest *rest, long len)
{
  char *s = rest->at;
  long part = strcspn(s, "/");

  rest->at = s+part+strspn(s+part, "/");
  if (part == 1 && *s == '.') return len;
  if (part == 2 && s[0] == '.' && s[1] == '.') {
    while (len && n->path[--len] != '/');

    return len;
  }
  if (part>255 || len+part+1>=(long)sizeof(n->path)) return too_long();
  n->path[len++] = '/';
  memcpy(n->path+len, s, part);

  return len+part;
}

// Put symlink NAME's target in front of what is left of the path. Returns the
// length of n->path where that starts: 0 if the target is absolute, else DIR,
// that of the symlink's directory. Or -1 with errno: ELOOP after 40 symlinks,
// as in the kernel, or ENAMETOOLONG.
static long follow(struct names *n, struct name *name, struct rest *rest,
  long dir)
{
  char *target = n->texts+name->target;
  unsigned long len = strlen(target), left = strlen(rest->at);

  errno = ELOOP;
  if (++rest->links>40) return -1;
  if (len+1+left>=sizeof(rest->buf)) return too_long();
  memmove(rest->buf+len+1, rest->at, left+1);
  memcpy(rest->buf, target, len);
  rest->buf[len] = '/';
  rest->at = rest->buf+strspn(rest->buf, "/");

  return *target == '/' ? 0 : dir;
}

// Resolve PATH to n->path, which then has no symlink, "." or ".." in it. Only
// its last name can be a symlink, when NOFOLLOW says not to follow that one.
// That one need not exist either. Returns the length of n->path (0: the root),
// or -1 with errno.
static long resolve(struct names *n, char *path, int nofollow)
{
  struct rest rest = {.links = 0};
  long len = 0, dir;
  struct name *name;

  if (strlen(path)>=sizeof(rest.buf)) return too_long();
  strcpy(rest.buf, path);
  for (rest.at = rest.buf+strspn(rest.buf, "/"); *rest.at;) {
    dir = len;
    if ((len = append(n, &rest, dir))<0) return -1;
    // After "." and "..", n->path is a directory that was looked up before.
    if (len<=dir) continue;
    if (!*rest.at && nofollow) return len;
    name = place(n, n->path, len);
    errno = ENOENT;
    if (!name->mode || name->mode == REMOVED) return -1;
    errno = ENOTDIR;
    if (S_ISLNK(name->mode)) {
      if ((len = follow(n, name, &rest, dir))<0) return -1;
    } else if (*rest.at && !S_ISDIR(name->mode)) return -1;
  }

  return len;
}

// Keep TEXT. Returns its offset in n->texts, or -1 with errno.
static long add_text(struct names *n, char *text)
{
  unsigned long len = strlen(text)+1, room = (n->len+len)*2;

  errno = ENOMEM;
  if (n->len+len>1<<30) return -1;
  if (n->len+len>n->room) {
    char *texts = realloc(n->texts, room);

    if (!texts) return -1;
    n->texts = texts;
    n->room = room;
  }
  memcpy(n->texts+n->len, text, len);
  n->len += len;

  return n->len-len;
}

// Have a place for what a further regular file needs. Returns 0, or -1 and
// errno.
static int add_file(struct names *n)
{
  unsigned space = n->space ? n->space*2 : 1024, *needs;

  if (n->files == n->space) {
    if (!(needs = realloc(n->needs, space*sizeof(unsigned)))) return -1;
    n->needs = needs;
    n->space = space;
  }
  n->needs[n->files++] = 0;

  return 0;
}

// Find the place of the directory that n->path, of length LEN, is in. Returns 0
// if that is the root, which has none.
static struct name *parent_place(struct names *n, unsigned long len)
{
  while (n->path[--len] != '/');

  return len ? place(n, n->path, len) : 0;
}

// Note that PATH is of MODE (S_IFMT and 0111 bits) now, a symlink to TARGET.
// What was there is replaced, except for a directory that is not empty. Returns
// 0, or -1 with errno: ENOENT, ENOTDIR, ELOOP or ENAMETOOLONG if PATH cannot be
// there, ENOTEMPTY, ENOMEM.
int lr_names_add(struct names *n, char *path, unsigned mode, char *target)
{
  struct name *name, *parent;
  long len, text = 0;

  errno = ENOMEM;
  if (n->used*2>=n->size && grow(n)) return -1;
  if ((len = resolve(n, path, 1))<1) return len;
  name = place(n, n->path, len);
  if (S_ISDIR(name->mode) && name->children && !S_ISDIR(mode)) {
    errno = ENOTEMPTY;

    return -1;
  }
  if (S_ISLNK(mode) && 0>(text = add_text(n, target))) return -1;

  // A regular file in place of another is the same file with other contents
  if (S_ISREG(mode) && !S_ISREG(name->mode)) {
    if (add_file(n)) return -1;
    name->target = n->files-1;
  } else if (S_ISLNK(mode)) name->target = text;
  parent = parent_place(n, len);
  if (!name->mode) n->used++;
  if ((!name->mode || name->mode == REMOVED) && parent) parent->children++;
  name->mode = mode&(S_IFMT|0111);

  return 0;
}

// Find regular file PATH, whose last name is no symlink. Returns its place, or
// 0.
static struct name *find_file(struct names *n, char *path)
{
  long len = resolve(n, path, 1);
  struct name *name = len<1 ? 0 : place(n, n->path, len);

  return name && S_ISREG(name->mode) ? name : 0;
}

// Regular files PATH and OLD, which were added, are one file.
void lr_names_link(struct names *n, char *path, char *old)
{
  struct name *from = find_file(n, old), *to = find_file(n, path);

  if (from && to) to->target = from->target;
}

// Regular file PATH, if it was added, needs file NEEDS to start, "" for
// nothing; or can't be run, if that is 0. Returns 0, or -1 with errno: ENOMEM.
int lr_names_program(struct names *n, char *path, char *needs)
{
  struct name *name = find_file(n, path);
  long text;

  if (!name) return 0;
  if (needs && (!n->last || strcmp(n->texts+n->last-1, needs))) {
    if (0>(text = add_text(n, needs))) return -1;
    n->last = text+1;
  }
  n->needs[name->target] = needs ? n->last : 0;

  return 0;
}

// What the file that PATH leads to needs to start, "" for nothing. 0: it can't
// be run. It's valid until the next name is added.
char *lr_names_needs(struct names *n, char *path)
{
  long len = resolve(n, path, 0);
  struct name *name = len<1 ? 0 : place(n, n->path, len);
  unsigned text = name && S_ISREG(name->mode) && (name->mode&0111)
    ? n->needs[name->target] : 0;

  return text ? n->texts+text-1 : 0;
}

// Remove PATH, if it is there and is no directory that is not empty.
void lr_names_remove(struct names *n, char *path)
{
  struct name *name, *parent;
  long len = resolve(n, path, 1);

  if (len<1) return;
  name = place(n, n->path, len);
  if (!name->mode || name->mode == REMOVED
    || (S_ISDIR(name->mode) && name->children)) return;
  name->mode = REMOVED;
  if ((parent = parent_place(n, len))) parent->children--;
}

// Returns the mode (S_IFMT and 0111 bits) of what PATH leads to. NOFOLLOW: if
// its last name is a symlink, that one's own. 0: nothing is there.
unsigned lr_names_find(struct names *n, char *path, int nofollow)
{
  long len = resolve(n, path, nofollow);
  unsigned mode;

  if (len<1) return len ? 0 : S_IFDIR;
  mode = place(n, n->path, len)->mode;

  return mode == REMOVED ? 0 : mode;
}
