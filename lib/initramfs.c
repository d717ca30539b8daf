/* initramfs.c - read an initramfs archive as the kernel does
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 *
 * See the kernel's Documentation/driver-api/early-userspace/buffer-format.rst,
 * and init/initramfs.c for what it leaves open. The tree is the kernel's tree,
 * down to which entries it drops and what becomes of an existing file, as
 * 7.x does it (6.1 differs where a comment says so). On purpose different:
 * - what the kernel leaves out without a word is said,
 * - an archive that ends inside an entry, a write that fails (but for an
 *   entry that cannot be there, such as one without a parent) and a wrong
 *   checksum of compressed data are errors: the kernel goes on.
 *
 * This file reads: headers, names, and what lies between entries and archives.
 * lib/unpack.c makes the entries. In a dry pass (only verifying) lib/names.c
 * notes them instead.
 */

#include "toys.h"
#include "lib/fault.h"
#include "lib/kernel.h"
#include "lib/names.h"
#include "lib/initramfs.h"
#include "lib/initcheck.h"
#include "lib/entry.h"
#include "lib/memory.h"
#include "lib/unpack.h"

// Copy exactly LEN bytes of the archive to BUF (0: drop them). Returns 0, or
// -1 with a fault.
static int get(struct unpack *u, char *buf, unsigned long long len)
{
  unsigned long n;
  int rc;

  for (; len; len -= n) {
    if ((rc = lr_decompress_more(&u->in, u->f))<0) return -1;
    if (!rc) return lr_entry_bad(u, u->at, "ends inside an entry");
    n = u->in.have>len ? len : u->in.have;
    if (buf) {
      memcpy(buf, u->in.at, n);
      buf += n;
    }
    lr_decompress_use(&u->in, n);
  }

  return 0;
}

// Drop what is left up to offset END, and the padding to a multiple of 4 behind
// it. The padding may be missing at the end of a plain archive (but not of a
// compressed one). Returns 0, or -1 with a fault.
static int drop(struct unpack *u, unsigned long long end)
{
  int rc;

  if (get(u, 0, end-u->in.offset)) return -1;
  while (u->in.offset&3) {
    if ((rc = lr_decompress_more(&u->in, u->f))<0) return -1;
    if (!rc)
      return u->format ? lr_entry_bad(u, u->at, "ends inside an entry") : 0;
    lr_decompress_use(&u->in, 1);
  }

  return 0;
}

// Find the entry's file under the first name that it had, or note that it has
// this one. Sets *FIRST, to 0 if it is new. Returns 0, or -1 with a fault.
static int find_link(struct unpack *u, struct link **first)
{
  struct entry *e = &u->entry;
  struct link *l, **ll = u->links
    +((e->ino^e->ino>>12^e->minor<<4^e->major<<8)&(ARRAY_LEN(u->links)-1));

  for (*first = l = *ll; l; *first = l = l->next)
    if (l->ino == e->ino && l->major == e->major && l->minor == e->minor
      && l->type == (e->mode&S_IFMT)) return 0;
  if (!(l = malloc(sizeof(*l)+strlen(e->name)+1)))
    return lr_fault(u->f, ENOMEM, "noting the links of", "%s", e->name);
  l->ino = e->ino;
  l->major = e->major;
  l->minor = e->minor;
  l->type = e->mode&S_IFMT;
  l->size = e->size;
  strcpy(l->name, e->name);
  l->next = *ll;
  *ll = l;

  return 0;
}

static void free_links(struct unpack *u)
{
  struct link *l;
  unsigned i;

  for (i = 0; i<ARRAY_LEN(u->links); i++) while ((l = u->links[i])) {
    u->links[i] = l->next;
    free(l);
  }
}

// Count what the entry, a further name of LINK if that is not 0, adds to the
// tree. As tmpfs counts: each name is an inode, and a symlink of 128 bytes or
// more has a page.
static void count_entry(struct unpack *u, struct link *link)
{
  struct initramfs *a = u->a;
  unsigned long long size = u->entry.size, old = link ? link->size : 0,
    mask = a->page-1;

  a->inodes++;
  if (S_ISLNK(u->entry.mode)) size = size>127 ? 1 : 0;
  if (link && size>old) link->size = size;
  if (size>a->largest) a->largest = size;
  size = (size+mask)&~mask;
  old = (old+mask)&~mask;
  if (size>old) a->bytes += size-old;
}

static int is_node(unsigned mode)
{
  return S_ISCHR(mode) || S_ISBLK(mode) || S_ISFIFO(mode) || S_ISSOCK(mode);
}

// The dry pass: note the entry, a further name of LINK if that is not 0, as
// lr_unpack_entry() would make it. Returns 0, or -1 with a fault.
static int note_entry(struct unpack *u, struct link *link)
{
  struct entry *e = &u->entry;
  struct program p = {u->head, 0, -1};
  char needs[4096];
  int known = is_node(e->mode) || S_ISREG(e->mode) || S_ISDIR(e->mode)
    || S_ISLNK(e->mode);

  // A further name and an entry of no known type both remove what is in their
  // way first. Of a further name that can be its own file, which is gone then.
  if (link || !known) lr_names_remove(u->names, e->name);
  // The mode of a further name becomes that of all names.
  if (link && !((lr_names_find(u->names, link->name, 1)^e->mode)&S_IFMT))
    lr_names_add(u->names, link->name, e->mode, 0);
  else if (link) known = 0;
  if (known && lr_names_add(u->names, e->name, e->mode, e->target)
    && lr_entry_failed(u, "creating")) return -1;
  if (known && link) lr_names_link(u->names, e->name, link->name);
  if (!S_ISREG(e->mode)) return 0;
  if (lr_entry_contents(u, -1)) return -1;

  // Of a file with several names only one entry has the contents
  p.len = u->head_len;
  if (p.len && lr_names_program(u->names, e->name,
    lr_initcheck_needs(&p, needs, sizeof(needs)) ? needs : 0))
      return lr_fault(u->f, errno, "noting", "%s", e->name);

  return 0;
}

// How much of PATH is there: 0 no regular file, 1 one that can't be run, 3 one
// that can, with all that it needs. lr_initcheck() asks the same of a tree that
// exists.
static int can_run(struct names *n, char *path)
{
  int depth;

  for (depth = 0; path && *path && depth<5; depth++) {
    if (!S_ISREG(lr_names_find(n, path, 0))) return !!depth;
    path = lr_names_needs(n, path);
  }

  return (!path || *path) ? 1 : 3;
}

// Do what the entry says, whose name (and target) was read. What is not read
// of its body then is to be dropped. Returns 0, or -1 with a fault.
static int take_entry(struct unpack *u)
{
  struct entry *e = &u->entry;
  struct link *link = 0;

  if (e->nlink>1 && (S_ISREG(e->mode) || is_node(e->mode))
    && find_link(u, &link)) return -1;
  count_entry(u, link);
  if (u->dir != -1 && u->a->limit
    && u->a->bytes+u->a->inodes*MEMORY_INODE>u->a->limit)
      return lr_fault(u->f, ENOSPC, "unpacking", "%s", e->name);

  return u->dir == -1 ? note_entry(u, link) : lr_unpack_entry(u, link);
}

// A name that ends in slashes can only be a directory's, or lead to one: for
// what is no directory itself "/." is appended then. Returns 1 if the kernel
// leaves such an entry out, else 0.
static int trim_slashes(struct unpack *u)
{
  char *name = u->entry.name;
  unsigned long len = strlen(name);
  unsigned mode;

  if (len<2 || name[len-1] != '/') return 0;
  while (len>1 && name[len-1] == '/') name[--len] = 0;
  if (!S_ISDIR(u->entry.mode)) return 1;
  mode = u->dir == -1 ? lr_names_find(u->names, name, 1) : lr_unpack_mode(u);
  if (mode && !S_ISDIR(mode)) strcpy(name+len, "/.");

  return 0;
}

// Read the header: 13 numbers of 8 hexadecimal digits, upper and lower case, as
// hex2bin() takes them in the kernel since 7.0. Before, what was no such digit
// ended a number. Returns 0, or -1 with a fault.
static int read_header(struct unpack *u)
{
  unsigned *field = &u->entry.ino, n, i, j;
  char buf[110], *s = buf+6;

  if (get(u, buf, 110)) return -1;
  if (memcmp(buf, "070701", 6) && memcmp(buf, "070702", 6))
    return lr_entry_bad(u, u->at, memcmp(buf, "070707", 6) ? "no cpio magic"
      : "an old cpio format: use cpio -H newc");
  u->entry.has_sum = buf[5] == '2';
  for (i = 0; i<13; i++) {
    for (n = j = 0; j<8; j++, s++) {
      if (!isxdigit(*s)) return lr_entry_bad(u, u->at, "damaged header");
      n = n<<4 | (*s<='9' ? *s-'0' : (*s|32)-'a'+10);
    }
    field[i] = n;
  }
  u->entry.mode &= 0xffff;

  return 0;
}

// Read the name, unless the header says already that the entry is left out.
// Sets *WHY if it is left out, and u->trailer. Returns 0, or -1 with a fault.
static int read_name(struct unpack *u, char **why)
{
  struct entry *e = &u->entry;

  u->trailer = 0;
  *why = 0;
  if (!e->namesize) *why = "left out (it has no name)";
  else if (e->namesize>4096) *why = "left out (its name is over 4095 bytes)";
  else {
    if (get(u, e->name, e->namesize)) return -1;
    e->name[e->namesize] = 0;
    if (S_ISLNK(e->mode) && e->size>4096)
      *why = "left out (its target is over 4096 bytes)";
    else if (e->size && !S_ISREG(e->mode) && !S_ISLNK(e->mode))
      *why = "left out (it has contents and is no regular file)";
    else if (e->name[e->namesize-1])
      return lr_entry_bad(u, u->at, "malformed: its name has no end");
    else if (!S_ISLNK(e->mode) && !strcmp(e->name, "TRAILER!!!"))
      u->trailer = 1;
    else if (trim_slashes(u)) *why = "left out (a slash after its name)";
  }

  return 0;
}

// Read one entry, from its header to the next. Returns 0, or -1 with a fault.
static int read_entry(struct unpack *u)
{
  struct entry *e = &u->entry;
  unsigned long long body, end;
  char *why;

  u->at = u->in.offset;
  *e->name = 0;
  if (read_header(u)) return -1;
  // The name with its NUL is padded so that the header and it are a multiple
  // of 4 together.
  body = u->at+110+((e->namesize+1ULL)&~3ULL)+2;
  end = body+e->size;
  if (read_name(u, &why)) return -1;
  if (u->trailer) free_links(u);
  else if (why) lr_entry_say(u, why);
  if (u->trailer || why) return drop(u, end);

  if (get(u, 0, body-u->in.offset)) return -1;
  *e->target = 0;
  if (S_ISLNK(e->mode)) {
    if (get(u, e->target, e->size)) return -1;
    e->target[e->size] = 0;
  }

  return take_entry(u) ? -1 : drop(u, end);
}

// See what the bytes at hand are, which do not belong to an entry. Returns 1
// when an entry starts, 0 when something else is to be seen next, or -1 with a
// fault.
static int between_entries(struct unpack *u)
{
  struct decompress *in = &u->in;
  unsigned long n;

  // When compressed data is the first of all, it cannot start with padding.
  if (u->format && !u->begun) return u->begun = 1;
  for (n = 0; n<in->have && !in->at[n]; n++);
  if (n) {
    lr_decompress_use(in, n);

    return 0;
  }
  // After a plain archive even compressed data has to be aligned.
  if (u->padded && in->offset&3)
    return lr_entry_bad(u, in->offset, "broken padding");
  if (*in->at == '0' && (u->format || !(in->offset&3))) return 1;
  if (u->format) return lr_entry_bad(u, in->offset, "junk between archives");
  if (lr_decompress_open(in, u->f)) return -1;
  u->padded = u->begun;

  return 0;
}

// Read all of the file: archives that are joined, plain or compressed, and the
// padding between them. Returns 0, or -1 with a fault.
static int read_archives(struct unpack *u)
{
  struct decompress *in = &u->in;
  int rc;

  for (;;) {
    u->format = in->format;
    if ((rc = lr_decompress_more(in, u->f))<0) return -1;
    if (!rc && !u->format) break;
    if (!rc) {
      // Compressed data with nothing in it: only the first may not be so.
      if (!u->begun) return lr_entry_bad(u, 0, "empty");
      u->padded = 0;
    } else if ((rc = between_entries(u))<0) return -1;
    else if (rc) {
      u->padded = u->begun = 1;
      if (read_entry(u)) return -1;
    }
  }
  if (!u->begun) return lr_entry_bad(u, in->offset, "no archive");
  if (!u->trailer) {
    *u->entry.name = 0;
    u->at = in->offset;
    lr_entry_say(u,
      "ends without a trailer, so perhaps not all of it is here");
  }

  return 0;
}

// Read the archive that A->fd gives to its end, and unpack it to A->dir, or
// only verify it: see initramfs.h. Sets the umask of the process while it runs.
// Leaves both descriptors open, and the tree as far as it came. Returns 0, or
// -1 with a fault: what is wrong with the archive and at which offset
// ("archive", "reading"), or which entry could not be made and why.
int lr_initramfs_read(struct initramfs *a, struct fault *f)
{
  struct unpack *u = calloc(1, sizeof(*u));
  char **want = a->want;
  mode_t mask = umask(0);
  int rc = -1;

  a->bytes = a->inodes = a->largest = a->found = 0;
  if (!a->page) a->page = sysconf(_SC_PAGESIZE);
  if (!u || (a->dir == -1 && !(u->names = a->names ? : lr_names_new()))) {
    lr_fault(f, ENOMEM, "reading", "archive");
    goto done;
  }
  u->a = a;
  u->dir = a->dir;
  u->unprivileged = a->unprivileged;
  u->say = a->say;
  u->context = a->context;
  u->f = f;
  u->in.fd = a->fd;
  if (a->dir == -1) rc = read_archives(u);
  else {
    if (!(rc = lr_unpack_start(u))) rc = read_archives(u);
    rc = lr_unpack_end(u, rc);
  }
  while (u->names && want && *want && a->found<3)
    a->found |= can_run(u->names, *want++);

done:
  if (u) {
    lr_decompress_free(&u->in);
    free_links(u);
    if (u->names != a->names) lr_names_free(u->names);
    free(u);
  }
  umask(mask);

  return rc;
}

// Make in directory DIR what the archive inside every kernel makes
// (usr/default_cpio_list), and what no other archive has to have: /dev,
// /dev/console and /root, each unless it is there. Sets the umask of the
// process while it runs. UNPRIVILEGED: we are in a user namespace, where
// mknod() of the console is EPERM: go without. Returns 0, or -1 with a fault
// "creating".
int lr_initramfs_builtin(int dir, int unprivileged, struct fault *f)
{
  mode_t mask = umask(0);
  char *what = "/dev";
  int rc;

  if ((rc = mkdirat(dir, "dev", 0755)) && errno == EEXIST) rc = 0;
  if (!rc) {
    what = "/dev/console";
    rc = mknodat(dir, "dev/console", S_IFCHR|0600, makedev(5, 1));
    if (rc && (errno == EEXIST || (errno == EPERM && unprivileged))) rc = 0;
  }
  if (!rc) {
    what = "/root";
    if ((rc = mkdirat(dir, "root", 0700)) && errno == EEXIST) rc = 0;
  }
  umask(mask);

  return rc ? lr_fault(f, errno, "creating", "%s", what) : 0;
}
