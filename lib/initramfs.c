/* initramfs.c - unpack an initramfs archive as the kernel does
 *
 * Copyright 2026 The leafroot authors
 *
 * See the kernel's Documentation/driver-api/early-userspace/buffer-format.rst,
 * and init/initramfs.c for what it leaves open. The tree is the kernel's tree,
 * down to which entries it drops and what becomes of an existing file, as
 * 7.x does it (6.1 differs where a comment says so). On purpose different:
 * - what the kernel leaves out without a word is said,
 * - an archive that ends inside an entry, a write that fails (but for an
 *   entry that cannot be there, such as one without a parent) and a wrong
 *   checksum of compressed data are errors: the kernel goes on.
 */

#include "toys.h"
#include "lib/fault.h"
#include "lib/kernel.h"
#include "lib/decompress.h"
#include "lib/names.h"
#include "lib/initramfs.h"

// A file with several names, by the first. Kept until the trailer.
struct link {
  struct link *next;
  unsigned ino, major, minor, type, size;
  char name[];
};

// A directory whose time is set at the end.
struct dir {
  struct dir *next;
  unsigned mtime;
  char name[];
};

// A directory that was opened last, and stays open for what comes next.
struct parent {
  int fd, sgid;             // fd: -1 none. sgid: what is made in it inherits
  unsigned long len;
  char name[4097];
};

struct unpack {
  struct initramfs *a;
  struct fault *f;
  struct decompress d;
  struct names *names;
  struct link *links[4096];
  struct dir *dirs;
  struct parent parent, other;
  unsigned long long at;    // where the entry starts
  uid_t euid;
  gid_t egid;
  char *format;             // of the compressed data we are in, 0: plain
  // begun: an entry was seen. padded: so far after one in plain data
  char begun, padded, trailer, chroot, crc;

  // the header's fields, in their order
  unsigned ino, mode, uid, gid, nlink, mtime, size, major, minor, rmajor,
    rminor, namesize, sum;
  char name[4096+4], target[4096+1];
};

// Offset AT as text to the 80 bytes of BUF, as it counts where we are.
static char *where(struct unpack *u, unsigned long long at, char *buf)
{
  if (u->format) sprintf(buf, "offset %llu of the %s data at %llu", at,
    u->format, u->d.start);
  else sprintf(buf, "offset %llu", at);

  return buf;
}

// The archive can't be read on from AT because of WHY. Returns -1.
static int bad(struct unpack *u, unsigned long long at, char *why)
{
  char buf[80];

  return lr_fault(u->f, 0, "archive", "%s: %s", where(u, at, buf), why);
}

// What the kernel does without a word: WHY, of the entry. Returns 0.
static int say(struct unpack *u, char *why)
{
  char buf[80], *line;

  if (u->a->say && 0<asprintf(&line, "%s: %s%s%s", where(u, u->at, buf),
    u->name, *u->name ? ": " : "", why))
  {
    u->a->say(u->a->context, line);
    free(line);
  }

  return 0;
}

// A system call failed for the entry, with errno. The kernel leaves an entry
// out whatever the reason; here only one that cannot be there, such as one
// without a parent directory. Returns 0, or -1 with a fault.
static int failed(struct unpack *u, char *step)
{
  static const short out[] = {ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG, EEXIST,
    EISDIR, EINVAL, ENOTEMPTY, EXDEV};
  char buf[128];
  int i;

  for (i = 0; i<(int)ARRAY_LEN(out); i++) if (errno == out[i]) {
    snprintf(buf, sizeof(buf), "left out (%s: %s)", step, strerror(errno));

    return say(u, buf);
  }

  return lr_fault(u->f, errno, step, "%s", u->name);
}

// Get exactly LEN bytes of the archive to BUF (0: drop them).
static int get(struct unpack *u, char *buf, unsigned long long len)
{
  unsigned long n;
  int rc;

  for (; len; len -= n) {
    if ((rc = lr_decompress_more(&u->d, u->f))<0) return -1;
    if (!rc) return bad(u, u->at, "ends inside an entry");
    n = u->d.have>len ? len : u->d.have;
    if (buf) {
      memcpy(buf, u->d.at, n);
      buf += n;
    }
    lr_decompress_use(&u->d, n);
  }

  return 0;
}

// Drop LEN bytes and the padding to a multiple of 4 after them, which may be
// missing at the end of a plain archive (but not of a compressed one).
static int drop(struct unpack *u, unsigned long long len)
{
  int rc;

  if (get(u, 0, len)) return -1;
  while (u->d.offset&3) {
    if ((rc = lr_decompress_more(&u->d, u->f))<0) return -1;
    if (!rc) return u->format ? bad(u, u->at, "ends inside an entry") : 0;
    lr_decompress_use(&u->d, 1);
  }

  return 0;
}

// Open a directory anew the next time, although its name was just the same: it
// may lead elsewhere now.
static void forget(struct unpack *u)
{
  u->parent.len = u->other.len = -1;
}

// Open the directory of PATH as P->fd. Returns the last part of PATH, or 0
// with errno. PATH has no slash at its end. A symlink on the way is followed,
// never out of the tree: an absolute one starts, and ".." ends, at its root.
static char *locate(struct unpack *u, struct parent *p, char *path)
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
  p->fd = u->chroot ? openat(u->a->dir, path, how.flags)
    : kopenat2(u->a->dir, path, &how);
  if (p->fd<0) return 0;
  p->len = len;
  p->sgid = !fstat(p->fd, &st) && st.st_mode&S_ISGID;

  return last;
}

// Remove what LAST is, unless it is of the type of MODE (0: whatever it is).
// A directory that isn't empty stays: what is to replace it fails then. The
// parent can have been found by way of what is gone now: -1 with errno if so.
static int clean(struct unpack *u, char *last, unsigned mode)
{
  struct stat st;

  if (fstatat(u->parent.fd, last, &st, AT_SYMLINK_NOFOLLOW)
    || !((st.st_mode^mode)&S_IFMT)) return 0;
  unlinkat(u->parent.fd, last, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0);
  if (S_ISREG(st.st_mode)) return 0;
  forget(u);

  return locate(u, &u->parent, u->name) ? 0 : -1;
}

// Set owner and mode of LAST, or of FD if that isn't -1. FRESH: we just made
// it, with its mode but for the bits that creation leaves out (or a change of
// owner takes away).
static int own(struct unpack *u, int fd, char *last, int fresh)
{
  int chowned = !fresh || u->uid != u->euid || u->gid != u->egid
    || u->parent.sgid, rc = 0, dir = u->parent.fd;

  if (chowned) rc = fd == -1
    ? fchownat(dir, last, u->uid, u->gid, AT_SYMLINK_NOFOLLOW)
    : fchown(fd, u->uid, u->gid);
  if (rc && errno == EINVAL && u->a->unprivileged)
    rc = say(u, "its owner left out (not one of this user namespace)");
  if (!rc && !S_ISLNK(u->mode) && (chowned || u->mode&07000))
    rc = fd == -1 ? fchmodat(dir, last, u->mode&07777, 0)
      : fchmod(fd, u->mode&07777);

  return rc ? failed(u, "setting the owner and mode of") : 0;
}

// Set the time of LAST.
static int touch(struct unpack *u, char *last)
{
  struct timespec ts[2] = {{.tv_sec = u->mtime}, {.tv_sec = u->mtime}};

  if (!utimensat(u->parent.fd, last, ts, AT_SYMLINK_NOFOLLOW)) return 0;

  return failed(u, "setting the time of");
}

// Find the entry's inode under the name it had first, or note that it has this
// one. Sets *FIRST, 0 if it's new. Returns 0, or -1 with a fault.
static int find_link(struct unpack *u, struct link **first)
{
  struct link *l, **ll = u->links
    +((u->ino^u->ino>>12^u->minor<<4^u->major<<8)&(ARRAY_LEN(u->links)-1));

  for (*first = l = *ll; l; *first = l = l->next)
    if (l->ino == u->ino && l->major == u->major && l->minor == u->minor
      && l->type == (u->mode&S_IFMT)) return 0;
  if (!(l = malloc(sizeof(*l)+strlen(u->name)+1)))
    return lr_fault(u->f, ENOMEM, "noting the links of", "%s", u->name);
  l->ino = u->ino;
  l->major = u->major;
  l->minor = u->minor;
  l->type = u->mode&S_IFMT;
  l->size = u->size;
  strcpy(l->name, u->name);
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

// Make LAST a name of what is L->name now. Whatever it was is gone then, which
// loses a file that has the same name twice: so does the kernel.
static int link_to(struct unpack *u, struct link *l, char *last)
{
  struct stat st;
  char *old;

  if (clean(u, last, 0)) return -1;
  if (!(old = locate(u, &u->other, l->name))) return -1;
  if (!linkat(u->other.fd, old, u->parent.fd, last, 0)) return 0;
  // Directories have one name only.
  if (errno == EPERM && !fstatat(u->other.fd, old, &st, AT_SYMLINK_NOFOLLOW)
    && S_ISDIR(st.st_mode)) errno = EISDIR;

  return -1;
}

// Copy the contents of a file to FD (-1: nowhere), and verify their checksum.
static int contents(struct unpack *u, int fd)
{
  unsigned left = u->size, sum = 0, n, i;
  int rc;

  for (; left; left -= n) {
    if ((rc = lr_decompress_more(&u->d, u->f))<0) return -1;
    if (!rc) return bad(u, u->at, "ends inside an entry");
    n = u->d.have>left ? left : u->d.have;
    if (u->crc) for (i = 0; i<n; i++) sum += u->d.at[i];
    for (i = 0; fd != -1 && i<n; i += rc) {
      rc = write(fd, u->d.at+i, n-i);
      if (rc<1) {
        if (rc && errno == EINTR) rc = 0;
        else return lr_fault(u->f, rc ? errno : EIO, "writing", "%s", u->name);
      }
    }
    lr_decompress_use(&u->d, n);
  }
  if (u->crc && sum != u->sum) return bad(u, u->at, "bad data checksum");

  return 0;
}

// Open the file that is there already. Without O_CREAT, with which
// fs.protected_regular (4.19) forbids even root another user's file in a sticky
// directory. When the first of its names became something else, the kernel
// would write to that, be it a device.
static int open_old(struct unpack *u, char *last, int flags)
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
static int open_file(struct unpack *u, struct link *l, char *last, int *fd)
{
  int flags = O_WRONLY|O_NOFOLLOW|O_CLOEXEC, new = flags|O_CREAT|O_EXCL,
    fresh = 0;

  if (l) {
    if (link_to(u, l, last)) return failed(u, "linking");
    *fd = open_old(u, last, flags);
  } else if (!(fresh = 0<=(*fd
    = openat(u->parent.fd, last, new, u->mode&07777))))
  {
    if (errno != EEXIST) return failed(u, "creating");
    if (clean(u, last, u->mode)) return failed(u, "creating");
    *fd = open_old(u, last, flags|O_TRUNC);
    if (*fd == -1 && errno == ENOENT)
      fresh = 0<=(*fd = openat(u->parent.fd, last, new, u->mode&07777));
  }
  if (*fd == -1) return failed(u, "opening");
  if (own(u, *fd, last, fresh)) return -1;
  if (u->size && (!fresh || u->size>=1<<20) && ftruncate(*fd, u->size))
    return lr_fault(u->f, errno, "writing", "%s", u->name);

  return 0;
}

static int regular(struct unpack *u, struct link *l, char *last)
{
  struct timespec ts[2] = {{.tv_sec = u->mtime}, {.tv_sec = u->mtime}};
  int fd = -1, rc = open_file(u, l, last, &fd);

  if (!rc) rc = contents(u, fd);
  if (fd != -1) {
    // The kernel sets it before it looks at the checksum.
    if (futimens(fd, ts) && !rc) rc = failed(u, "setting the time of");
    close(fd);
  }

  return rc;
}

static int directory(struct unpack *u, char *last)
{
  int fd = -1, rc;
  struct dir *d;

  if ((rc = mkdirat(u->parent.fd, last, u->mode&07777)) && errno == EEXIST
    && !clean(u, last, u->mode)
    && (rc = mkdirat(u->parent.fd, last, u->mode&07777)) && errno == EEXIST)
    fd = openat(u->parent.fd, last,
      O_RDONLY|O_DIRECTORY|O_NOFOLLOW|O_CLOEXEC);
  if (rc && fd == -1) return failed(u, "creating");
  rc = own(u, fd, last, fd == -1);
  if (fd != -1) {
    close(fd);
    forget(u);
  }
  if (rc) return -1;

  if (!(d = malloc(sizeof(*d)+strlen(u->name)+1)))
    return lr_fault(u->f, ENOMEM, "noting the time of", "%s", u->name);
  d->mtime = u->mtime;
  strcpy(d->name, u->name);
  d->next = u->dirs;
  u->dirs = d;

  return 0;
}

// A device, FIFO or socket. One that is there already keeps its numbers, and
// gets the entry's owner, mode and time; so does a directory that isn't empty.
static int node(struct unpack *u, struct link *l, char *last)
{
  // The kernel's MKDEV() shifts without a mask: a minor over 20 bits spills.
  unsigned dev = u->rmajor<<20 | u->rminor, mode = u->mode&(S_IFMT|07777);
  dev_t rdev = makedev(dev>>20, dev&0xfffff);
  struct stat st;
  int rc;

  if (l) return link_to(u, l, last) ? failed(u, "linking") : 0;
  if ((rc = mknodat(u->parent.fd, last, mode, rdev)) && errno == EEXIST
    && !clean(u, last, u->mode))
  {
    rc = mknodat(u->parent.fd, last, mode, rdev);
    if (rc && errno == EEXIST) {
      if (fstatat(u->parent.fd, last, &st, AT_SYMLINK_NOFOLLOW)
        || S_ISLNK(st.st_mode)) return failed(u, "creating");
      if (S_ISDIR(st.st_mode) || st.st_rdev != rdev)
        say(u, "what was there is kept, with this owner, mode and time");
      forget(u);

      return own(u, -1, last, 0) ? -1 : touch(u, last);
    }
  }
  // To a user namespace mknod() is EPERM, but for FIFOs and sockets
  if (rc && errno == EPERM && u->a->unprivileged) return say(u, "left out (a device)");
  if (rc) return failed(u, "creating");

  return own(u, -1, last, 1) ? -1 : touch(u, last);
}

// Symlinks always replace what is there, but for a directory that isn't empty:
// that gets the owner and time.
static int symbolic(struct unpack *u, char *last)
{
  int rc = symlinkat(u->target, u->parent.fd, last);

  if (rc && errno == EEXIST && !clean(u, last, 0)) {
    rc = symlinkat(u->target, u->parent.fd, last);
    if (rc && errno == EEXIST)
      say(u, "what was there is kept, with this owner and time");
    else if (rc) return failed(u, "creating");
  } else if (rc) return failed(u, "creating");

  return own(u, -1, last, !rc) ? -1 : touch(u, last);
}

// Count what the entry adds to the tree: as tmpfs counts, where each name is
// an inode, and a symlink of 128 bytes or more has a page.
static void count(struct unpack *u, struct link *l)
{
  struct initramfs *a = u->a;
  unsigned long long size = u->size, old = l ? l->size : 0;

  a->inodes++;
  if (S_ISLNK(u->mode)) size = size>127 ? 1 : 0;
  if (l && size>old) l->size = size;
  if (size>a->largest) a->largest = size;
  size = (size+4095)&~4095ULL;
  old = (old+4095)&~4095ULL;
  if (size>old) a->bytes += size-old;
}

// Do what the entry says, whose name (and target) was read. Leaves what was
// not read of its body, and the padding after it, to be dropped.
static int entry(struct unpack *u)
{
  unsigned type = u->mode&S_IFMT, reg = type == S_IFREG,
    dev = type == S_IFCHR || type == S_IFBLK || type == S_IFIFO
      || type == S_IFSOCK;
  struct initramfs *a = u->a;
  struct link *l = 0;
  char *last = 0;

  if (u->nlink>1 && (reg || dev) && find_link(u, &l)) return -1;
  count(u, l);
  if (a->dir != -1) {
    if (!(last = locate(u, &u->parent, u->name)) && failed(u, "creating"))
      return -1;
  } else {
    int known = reg || dev || S_ISDIR(type) || S_ISLNK(type);

    // Both remove what is in the way first: of a link that can be its own file.
    // Its mode becomes that of all names
    if (l || !known) lr_names_remove(u->names, u->name);
    if (l && (lr_names_find(u->names, l->name, 1)&S_IFMT) == type)
      lr_names_add(u->names, l->name, u->mode, 0);
    else if (l) known = 0;
    if (known && lr_names_add(u->names, u->name, u->mode, u->target)
      && failed(u, "creating")) return -1;
  }
  if (!last) return reg ? contents(u, -1) : 0;

  if (reg) return regular(u, l, last);
  if (dev) return node(u, l, last);
  if (S_ISDIR(type)) return directory(u, last);
  if (S_ISLNK(type)) return symbolic(u, last);
  // The kernel removes what is in the way of it, and then doesn't know it.
  clean(u, last, u->mode);

  return say(u, "left out (no known type of file)");
}

// A name that ends in a slash is a directory's, or one that leads to one.
static int slashes(struct unpack *u)
{
  unsigned long len = strlen(u->name);
  struct stat st = {0};
  char *last;

  if (len<2 || u->name[len-1] != '/') return 0;
  while (len>1 && u->name[len-1] == '/') u->name[--len] = 0;
  if (!S_ISDIR(u->mode)) return 1;
  if (u->a->dir == -1) st.st_mode = lr_names_find(u->names, u->name, 1);
  else if ((last = locate(u, &u->parent, u->name)))
    fstatat(u->parent.fd, last, &st, AT_SYMLINK_NOFOLLOW);
  if (st.st_mode && !S_ISDIR(st.st_mode)) strcpy(u->name+len, "/.");

  return 0;
}

// The header's 13 numbers. Upper and lower case, as hex2bin() takes them in
// the kernel since 7.0; before, what wasn't hexadecimal ended a number.
static int header(struct unpack *u)
{
  unsigned *field = &u->ino, n, i, j;
  char buf[110], *s = buf+6;

  if (get(u, buf, 110)) return -1;
  if (memcmp(buf, "070701", 6) && memcmp(buf, "070702", 6))
    return bad(u, u->at, memcmp(buf, "070707", 6) ? "no cpio magic"
      : "an old cpio format: use cpio -H newc");
  u->crc = buf[5] == '2';
  for (i = 0; i<13; i++) {
    for (n = j = 0; j<8; j++, s++) {
      if (!isxdigit(*s)) return bad(u, u->at, "damaged header");
      n = n<<4 | (*s<='9' ? *s-'0' : (*s|32)-'a'+10);
    }
    field[i] = n;
  }
  u->mode &= 0xffff;

  return 0;
}

// Read one entry, from its header to the next.
static int member(struct unpack *u)
{
  unsigned long long body, size;
  char *why = 0;

  u->at = u->d.offset;
  *u->name = 0;
  if (header(u)) return -1;
  // the name and its NUL, with the header a multiple of 4
  body = u->at+110+((u->namesize+1ULL)&~3ULL)+2;
  size = u->size;
  if (!u->namesize) why = "left out (it has no name)";
  else if (u->namesize>4096) why = "left out (its name is over 4095 bytes)";
  else {
    if (get(u, u->name, u->namesize)) return -1;
    u->name[u->namesize] = 0;
    if (S_ISLNK(u->mode) && size>4096)
      why = "left out (its target is over 4096 bytes)";
    else if (size && !S_ISREG(u->mode) && !S_ISLNK(u->mode))
      why = "left out (it has contents and is no regular file)";
    else if (u->name[u->namesize-1])
      return bad(u, u->at, "malformed: its name has no end");
    else if (!S_ISLNK(u->mode) && !strcmp(u->name, "TRAILER!!!")) {
      free_links(u);
      u->trailer = 1;

      return drop(u, body+size-u->d.offset);
    } else if (slashes(u)) why = "left out (a slash after its name)";
  }
  u->trailer = 0;
  if (why) {
    say(u, why);

    return drop(u, body+size-u->d.offset);
  }

  if (get(u, 0, body-u->d.offset)) return -1;
  *u->target = 0;
  if (S_ISLNK(u->mode)) {
    if (get(u, u->target, size)) return -1;
    u->target[size] = 0;
  }

  return entry(u) ? -1 : drop(u, body+size-u->d.offset);
}

// The bytes at hand are not of an entry. Returns 1 when an entry starts, 0
// when there's something else to see next, -1 with a fault.
static int between(struct unpack *u)
{
  struct decompress *d = &u->d;
  unsigned long n;

  // Compressed data that's the first of all can't start with padding.
  if (u->format && !u->begun) return u->begun = 1;
  for (n = 0; n<d->have && !d->at[n]; n++);
  if (n) {
    lr_decompress_use(d, n);

    return 0;
  }
  // After a plain archive even compressed data has to be aligned.
  if (u->padded && d->offset&3) return bad(u, d->offset, "broken padding");
  if (*d->at == '0' && (u->format || !(d->offset&3))) return 1;
  if (u->format) return bad(u, d->offset, "junk between archives");
  if (lr_decompress_open(d, u->f)) return -1;
  u->padded = u->begun;

  return 0;
}

static int archive(struct unpack *u)
{
  struct decompress *d = &u->d;
  int rc;

  for (;;) {
    u->format = d->format;
    if ((rc = lr_decompress_more(d, u->f))<0) return -1;
    if (!rc && !u->format) break;
    if (!rc) {
      // Nothing in it: only the first may not be so.
      if (!u->begun) return bad(u, 0, "empty");
      u->padded = 0;
    } else if ((rc = between(u))<0) return -1;
    else if (rc) {
      u->padded = u->begun = 1;
      if (member(u)) return -1;
    }
  }
  if (!u->begun) return bad(u, d->offset, "no archive");
  if (!u->trailer) {
    *u->name = 0;
    u->at = d->offset;
    say(u, "ends without a trailer, so perhaps not all of it is here");
  }

  return 0;
}

// Directories' times, last made first: children are made after their parents.
static void dir_times(struct unpack *u)
{
  struct dir *d;
  char *last;

  while ((d = u->dirs)) {
    u->dirs = d->next;
    if ((last = locate(u, &u->parent, d->name))) {
      struct timespec ts[2] = {{.tv_sec = d->mtime}, {.tv_sec = d->mtime}};

      // It may be gone, or no directory any more: the kernel doesn't look.
      utimensat(u->parent.fd, last, ts, AT_SYMLINK_NOFOLLOW);
    }
    free(d);
  }
}

// Names are resolved inside DIR by openat2() (5.6). Without it only a chroot
// keeps them there.
static int inside(struct unpack *u)
{
  struct kopen_how how = {.flags = O_PATH|O_DIRECTORY|O_CLOEXEC,
    .resolve = KRESOLVE_IN_ROOT};
  struct stat st, root;
  int fd = kopenat2(u->a->dir, ".", &how);

  if (fd != -1) return close(fd);
  if (errno != ENOSYS && errno != EPERM)
    return lr_fault(u->f, errno, "opening", "the directory to unpack to");
  if (fstat(u->a->dir, &st) || stat("/", &root) || st.st_dev != root.st_dev
    || st.st_ino != root.st_ino)
    return lr_fault(u->f, ENOSYS, "unpacking", "archive outside of a chroot");
  u->chroot = 1;

  return 0;
}

// Unpack the archive that A->fd gives to A->dir, or only verify it: see
// initramfs.h. Sets the umask while it runs. Leaves both descriptors open, and
// the tree as far as it came. Returns 0, or -1 with a fault: what is wrong with
// the archive and at which offset, or which entry could not be made and why.
int lr_initramfs_read(struct initramfs *a, struct fault *f)
{
  struct unpack *u = calloc(1, sizeof(*u));
  char **want = a->want;
  mode_t mask = umask(0);
  int rc = -1;

  a->bytes = a->inodes = a->largest = a->found = 0;
  if (!u || (a->dir == -1 && !(u->names = lr_names_new()))) {
    lr_fault(f, ENOMEM, "reading", "archive");
    goto done;
  }
  u->a = a;
  u->f = f;
  u->d.fd = a->fd;
  u->euid = geteuid();
  u->egid = getegid();
  u->parent.fd = u->other.fd = -1;
  if (a->dir != -1 && inside(u)) goto done;

  rc = archive(u);
  dir_times(u);
  while (u->names && want && *want && a->found<3) {
    unsigned mode = lr_names_find(u->names, *want++, 0);

    if (S_ISREG(mode)) a->found |= mode&0111 ? 3 : 1;
  }

done:
  if (u) {
    lr_decompress_free(&u->d);
    free_links(u);
    lr_names_free(u->names);
    if (u->parent.fd != -1) close(u->parent.fd);
    if (u->other.fd != -1) close(u->other.fd);
    free(u);
  }
  umask(mask);

  return rc;
}

// What the archive inside every kernel makes (usr/default_cpio_list), and no
// other archive has to: /dev, /dev/console and /root, each unless it is there.
// Returns 0, or -1 with a fault.
int lr_initramfs_builtin(int dir, struct fault *f)
{
  mode_t mask = umask(0);
  char *what = "/dev";
  int rc;

  if ((rc = mkdirat(dir, "dev", 0755)) && errno == EEXIST) rc = 0;
  if (!rc) {
    what = "/dev/console";
    rc = mknodat(dir, "dev/console", S_IFCHR|0600, makedev(5, 1));
    if (rc && errno == EEXIST) rc = 0;
  }
  if (!rc) {
    what = "/root";
    if ((rc = mkdirat(dir, "root", 0700)) && errno == EEXIST) rc = 0;
  }
  umask(mask);

  return rc ? lr_fault(f, errno, "creating", "%s", what) : 0;
}
