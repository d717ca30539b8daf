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
  unsigned short type;      // S_IFMT bits. 0: no name here
};

struct names {
  struct name *table;
  unsigned long size, used; // a power of 2
  char *texts;
  unsigned long len, room;
  char path[8192];          // where resolve() is
};

// Make a set with only the root in it. 0: no memory.
struct names *names_new(void)
{
  struct names *n = calloc(1, sizeof(*n));

  if (n && !(n->table = calloc(n->size = 1024, sizeof(*n->table)))) {
    free(n);
    n = 0;
  }

  return n;
}

void names_free(struct names *n)
{
  if (!n) return;
  free(n->table);
  free(n->texts);
  free(n);
}

// The place of the path of LEN bytes, which is free if it has no type.
static struct name *place(struct names *n, char *path, unsigned long len)
{
  uint64_t hash = 0xcbf29ce484222325;
  unsigned long i;

  // FNV-1a, mixed once more since the table uses its low bits
  for (i = 0; i<len; i++) hash = (hash^(unsigned char)path[i])*0x100000001b3;
  hash ^= hash>>32;
  for (i = hash;; i++) {
    struct name *nn = n->table+(i&(n->size-1));

    if (nn->type && nn->hash != hash) continue;
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
  for (i = 0; i<n->size; i++) if (old[i].type) {
    for (j = old[i].hash;; j++) if (!nn[j&(n->size*2-1)].type) break;
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
    if (len+(end-s)+1>=(long)sizeof(n->path)) goto toolong;
    n->path[len++] = '/';
    memcpy(n->path+len, s, end-s);
    len += end-s;
    s = end+strspn(end, "/");
    nn = place(n, n->path, len);
    if (!*s && last) return len;
    errno = ENOENT;
    if (!nn->type) return -1;
    errno = ENOTDIR;
    if (S_ISLNK(nn->type)) {
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
    } else if (*s && !S_ISDIR(nn->type)) return -1;
  }

toolong:
  errno = ENAMETOOLONG;

  return -1;
}

// Note that PATH is of TYPE (S_IFMT bits) now, a symlink to TARGET. What was
// there is replaced, except for a directory that is not empty. Returns 0, or
// -1 with errno: ENOENT, ENOTDIR or ELOOP if PATH cannot be there, ENOTEMPTY,
// ENOMEM.
int names_add(struct names *n, char *path, unsigned type, char *target)
{
  unsigned long parent, len;
  struct name *nn;
  long rc;

  errno = ENOMEM;
  if (n->used*2>=n->size && grow(n)) return -1;
  if ((rc = resolve(n, path, 1))<1) return rc;
  for (parent = len = rc; n->path[--parent] != '/';);
  nn = place(n, n->path, len);
  if (S_ISDIR(nn->type) && nn->kids && !S_ISDIR(type)) {
    errno = ENOTEMPTY;

    return -1;
  }
  if (S_ISLNK(type)) {
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
  if (!nn->type) {
    n->used++;
    if (parent) place(n, n->path, parent)->kids++;
  }
  nn->type = type&S_IFMT;

  return 0;
}

// What PATH leads to: its type (S_IFMT bits), 0 if nothing.
int names_find(struct names *n, char *path)
{
  long len = resolve(n, path, 0);

  if (len<1) return len ? 0 : S_IFDIR;

  return place(n, n->path, len)->type;
}
