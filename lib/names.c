/* names.c - the paths of a tree that is not there (yet), to look them up
 *
 * Copyright 2026 The leafroot authors
 *
 * Of each path only a 64 bit hash is kept, so that a million names fit in
 * tens of megabytes; of symlinks the target, too. A collision (by chance once
 * in 2^24 trees of a million names) makes an answer wrong, nothing worse.
 */

#include "toys.h"
#include "lib/names.h"

struct name {
  uint64_t hash;
  unsigned target, kids;    // offset in texts; how many names it contains
  unsigned short mode;      // S_IFMT and 0111 bits. 0: no name here
};

// What was a name once: no S_IFMT has all bits set
#define GONE S_IFMT

struct names {
  struct name *table;
  unsigned long size, used; // a power of 2
  char *texts;
  unsigned long len, room;
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

void lr_names_free(struct names *n)
{
  if (!n) return;
  free(n->table);
  free(n->texts);
  free(n);
}

// The place of the path of LEN bytes, which is free if it has no mode.
static struct name *place(struct names *n, char *path, unsigned long len)
{
  uint64_t hash = 0xcbf29ce484222325;
  unsigned long i;

  // FNV-1a, mixed once more since the table uses its low bits
  for (i = 0; i<len; i++) hash = (hash^(unsigned char)path[i])*0x100000001b3;
  hash ^= hash>>32;
  for (i = hash;; i++) {
    struct name *nn = n->table+(i&(n->size-1));

    if (nn->mode && nn->hash != hash) continue;
    nn->hash = hash;

    return nn;
  }
}

// Double the table. -1: no memory.
static int grow(struct names *n)
{
  struct name *old = n->table, *nn = calloc(n->size*2, sizeof(*nn));
  unsigned long i, j;

  if (!nn) return -1;
  for (i = 0; i<n->size; i++) if (old[i].mode) {
    for (j = old[i].hash;; j++) if (!nn[j&(n->size*2-1)].mode) break;
    nn[j&(n->size*2-1)] = old[i];
  }
  free(old);
  n->table = nn;
  n->size *= 2;

  return 0;
}

// Follow PATH to n->path, which has no symlink, "." or ".." in it then, but
// for its last name, when LAST says that this isn't followed. Returns n->path's
// length (0: the root), or -1 with errno.
static long resolve(struct names *n, char *path, int last)
{
  char rest[8192], *s = rest, *end;
  long len = 0, old, links = 0;
  struct name *nn;

  if (strlen(path)>=sizeof(rest)) goto toolong;
  strcpy(rest, path);
  for (;;) {
    while (*s == '/') s++;
    if (!*s) return len;
    for (end = s; *end && *end != '/'; end++);
    old = len;
    if (end-s == 1 && *s == '.') {
      s = end;
      continue;
    }
    if (end-s == 2 && s[0] == '.' && s[1] == '.') {
      while (len && n->path[--len] != '/');
      s = end;
      continue;
    }
    if (end-s>255 || len+(end-s)+1>=(long)sizeof(n->path)) goto toolong;
    n->path[len++] = '/';
    memcpy(n->path+len, s, end-s);
    len += end-s;
    s = end+strspn(end, "/");
    nn = place(n, n->path, len);
    if (!*s && last) return len;
    errno = ENOENT;
    if (!nn->mode || nn->mode == GONE) return -1;
    errno = ENOTDIR;
    if (S_ISLNK(nn->mode)) {
      char *target = n->texts+nn->target;
      unsigned long tl = strlen(target), sl = strlen(s);

      errno = ELOOP;
      if (++links>40) return -1;
      if (tl+1+sl>=sizeof(rest)) goto toolong;
      memmove(rest+tl+1, s, sl+1);
      memcpy(rest, target, tl);
      rest[tl] = '/';
      s = rest;
      len = *target == '/' ? 0 : old;
    } else if (*s && !S_ISDIR(nn->mode)) return -1;
  }

toolong:
  errno = ENAMETOOLONG;

  return -1;
}

// Note that PATH is of MODE (S_IFMT and 0111 bits) now, a symlink to TARGET.
// What was there is replaced, except for a directory that is not empty. Returns
// 0, or -1 with errno: ENOENT, ENOTDIR or ELOOP if PATH cannot be there,
// ENOTEMPTY, ENOMEM.
int lr_names_add(struct names *n, char *path, unsigned mode, char *target)
{
  unsigned long parent, len;
  struct name *nn;
  long rc;

  errno = ENOMEM;
  if (n->used*2>=n->size && grow(n)) return -1;
  if ((rc = resolve(n, path, 1))<1) return rc;
  for (parent = len = rc; n->path[--parent] != '/';);
  nn = place(n, n->path, len);
  if (S_ISDIR(nn->mode) && nn->kids && !S_ISDIR(mode)) {
    errno = ENOTEMPTY;

    return -1;
  }
  if (S_ISLNK(mode)) {
    unsigned long tl = strlen(target)+1;

    if (n->len+tl>1<<30) return -1;

    if (n->len+tl>n->room) {
      char *texts = realloc(n->texts, n->room = (n->len+tl)*2);

      if (!texts) return -1;
      n->texts = texts;
    }
    nn->target = n->len;
    memcpy(n->texts+n->len, target, tl);
    n->len += tl;
  }
  if (!nn->mode) n->used++;
  if ((!nn->mode || nn->mode == GONE) && parent)
    place(n, n->path, parent)->kids++;
  nn->mode = mode&(S_IFMT|0111);

  return 0;
}

// PATH is gone, if there is one, and no directory that is not empty.
void lr_names_remove(struct names *n, char *path)
{
  long parent, len = resolve(n, path, 1);
  struct name *nn;

  if (len<1) return;
  nn = place(n, n->path, len);
  if (!nn->mode || nn->mode == GONE || (S_ISDIR(nn->mode) && nn->kids)) return;
  nn->mode = GONE;
  for (parent = len; n->path[--parent] != '/';);
  if (parent) place(n, n->path, parent)->kids--;
}

// The mode (S_IFMT and 0111 bits) of what PATH leads to or, if LAST, of a
// symlink that is its last name. 0 if there's nothing.
unsigned lr_names_find(struct names *n, char *path, int last)
{
  long len = resolve(n, path, last);
  unsigned mode;

  if (len<1) return len ? 0 : S_IFDIR;
  mode = place(n, n->path, len)->mode;

  return mode == GONE ? 0 : mode;
}
