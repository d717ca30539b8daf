// manifest.c - print a directory tree as text, one line an entry, for diff
//
// usage: manifest [-bq] [-t PATH]... [-x PATH]... DIR
//
// -b	Allocated blocks of files with holes
// -q	A sum of 64 bits that nobody attacks, 20 times as fast as sha256
// -t	Leave out the time of PATH (as printed: /a/b, relative to DIR)
// -x	Leave out PATH and what is below it
//
// A line has the path, type, mode, owner and mtime in ns, then what applies:
// size and sha256, link=GROUP/COUNT (groups numbered by their first path),
// rdev, attr (chattr's, as statx has them), xattrs, the symlink's target.
// Entries are sorted within a directory. A mount point is one line "PATH
// mount": no mount is entered. Depth is bounded by memory only: it goes by
// chdir() with an explicit stack.
// SPDX-License-Identifier: 0BSD

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "../../../lib/kernel.h"

struct level {
  char **name;
  size_t count, at, len;
};

struct link {
  uint64_t ino, group;
  uint32_t maj, min;
};

static char *path, **notime, **nothing;
static size_t len, room;
static int blocks, quick, ramfs, notimes, nothings;
static uint64_t mnt, groups;
static void *links;
static unsigned char buf[(1<<18)+8];

static void die(char *what)
{
  fflush(stdout);
  fprintf(stderr, "manifest: %s: %s: %s\n", path, what, strerror(errno));
  exit(1);
}

static void *grow(void *old, size_t size)
{
  if (!(old = realloc(old, size))) die("memory");

  return old;
}

// SHA-256, FIPS 180-4. The constants are fractional parts of roots of primes,
// so they are computed: integer roots of p*2^64 (square) and p*2^96 (cube).
static uint32_t K[64], H0[8];

static void sha_init(void)
{
  int i, bit, p, q, n = 0;
  unsigned __int128 r, want;

  for (p = 2; n<64; p++) {
    for (q = 2; q*q<=p && p%q; q++);
    if (q*q<=p) continue;
    for (i = 0; i<2; i++) {
      want = (unsigned __int128)p<<(i ? 64 : 96);
      for (r = 0, bit = 40; bit>=0; bit--) {
        r |= (unsigned __int128)1<<bit;
        if ((i ? r*r : r*r*r)>want) r &= ~((unsigned __int128)1<<bit);
      }
      if (!i) K[n] = r;
      else if (n<8) H0[n] = r;
    }
    n++;
  }
}

#define ROR(x, n) ((x)>>n|(x)<<(32-n))

static void sha_block(uint32_t *h, unsigned char *p)
{
  uint32_t w[64], s[8], *v, a, b;
  int i;

  for (i = 0; i<16; i++, p += 4)
    w[i] = (uint32_t)*p<<24|p[1]<<16|p[2]<<8|p[3];
  for (; i<64; i++) {
    a = w[i-15];
    b = w[i-2];
    w[i] = w[i-16]+w[i-7]+(ROR(a, 7)^ROR(a, 18)^a>>3)
      +(ROR(b, 17)^ROR(b, 19)^b>>10);
  }
  memcpy(s, h, sizeof(s));
  // The standard's a to h are s[-i&7] and on: turning the names saves moving.
  for (i = 0; i<64; i++) {
#define S(n) s[((n)-i)&7]
    a = S(4);
    b = S(0);
    v = &S(7);
    *v += (ROR(a, 6)^ROR(a, 11)^ROR(a, 25))+((a&S(5))^(~a&S(6)))+K[i]+w[i];
    S(3) += *v;
    *v += (ROR(b, 2)^ROR(b, 13)^ROR(b, 22))+((b&S(1))^(b&S(2))^(S(1)&S(2)));
  }
  for (i = 0; i<8; i++) h[i] += s[i];
}

// Add LEN bytes (a multiple of 64, or the last) of TOTAL to the sum H.
static void sha_add(uint32_t *h, unsigned char *p, size_t n, uint64_t total,
  int last)
{
  unsigned char end[128] = {0};
  size_t i, tail;

  for (; n>=64; n -= 64, p += 64) sha_block(h, p);
  if (!last) return;
  memcpy(end, p, n);
  end[n] = 128;
  tail = n<56 ? 64 : 128;
  for (i = 0; i<8; i++) end[tail-1-i] = total*8>>8*i;
  for (i = 0; i<tail; i += 64) sha_block(h, end+i);
}

// Add N bytes of P (of which there are as many as a multiple of 8) at AT of a
// file to the quick sum H. Holes are not added.
static void quick_add(uint64_t *h, unsigned char *p, size_t n, uint64_t at)
{
  uint64_t word;
  size_t i;

  *h ^= at;
  memset(p+n, 0, -n&7);
  for (i = 0; i<n; i += 8) {
    memcpy(&word, p+i, 8);
    *h = (*h^word)*0x9e3779b97f4a7c15;
    *h ^= *h>>29;
  }
}

// Is the page at byte AT of a ramfs file there? Reading would make it be.
static int present(int fd, uint64_t at)
{
  static unsigned char in[1];
  long page = sysconf(_SC_PAGESIZE);
  void *map = mmap(0, page, PROT_READ, MAP_SHARED, fd, at&~(page-1));

  if (map==MAP_FAILED || mincore(map, page, in)) die("mincore");
  munmap(map, page);

  return *in&1;
}

// One page of a ramfs file at a time, anything else by its own report.
static int hole(int fd, uint64_t at, uint64_t *until)
{
  off_t data, here = at;

  if (ramfs) {
    *until = (at|4095)+1;
    return !present(fd, at);
  }
  if ((data = lseek(fd, here, SEEK_DATA))<0) {
    if (errno!=ENXIO) die("SEEK_DATA");
    *until = UINT64_MAX;
    return 1;
  }
  if (data!=here) return *until = data, 1;
  *until = lseek(fd, here, SEEK_HOLE);

  return 0;
}

static void contents(char *name, struct kstat *st)
{
  uint32_t h[8];
  uint64_t at = 0, until = 0, fast = 1;
  size_t n, got;
  ssize_t rc;
  int i, empty = 0, sparse = st->blocks*512<st->size,
    fd = open(name, O_RDONLY|O_NOFOLLOW|O_NOATIME|O_NONBLOCK);

  if (fd<0) die("open");
  memcpy(h, H0, sizeof(h));
  do {
    n = st->size-at>1<<18 ? 1<<18 : st->size-at;
    for (got = 0; got<n; got += rc) {
      if (sparse && at+got>=until) empty = hole(fd, at+got, &until);
      rc = n-got;
      if (sparse && at+got+rc>until) rc = until-at-got;
      if (empty) {
        if (!quick) memset(buf+got, 0, rc);
      } else if ((rc = pread(fd, buf+got, rc, at+got))<1) die("read");
      else if (quick) quick_add(&fast, buf+got, rc, at+got);
    }
    at += n;
    if (!quick) sha_add(h, buf, n, st->size, at==st->size);
  } while (at<st->size);
  close(fd);
  printf(" size=%llu ", (long long)st->size);
  if (quick) printf("sum=%016llx", (long long)fast);
  else printf("sha256=");
  for (i = 0; i<8 && !quick; i++) printf("%08x", h[i]);
  if (blocks && sparse) printf(" blocks=%llu", (long long)st->blocks);
}

static int bylink(const void *a, const void *b)
{
  const struct link *x = a, *y = b;

  if (x->ino!=y->ino) return x->ino<y->ino ? -1 : 1;
  if (x->maj!=y->maj) return x->maj<y->maj ? -1 : 1;

  return x->min<y->min ? -1 : x->min>y->min;
}

static void linked(struct kstat *st)
{
  struct link *new = grow(0, sizeof(*new)), **old;

  *new = (struct link){st->ino, groups+1, st->maj, st->min};
  if (!(old = tsearch(new, &links, bylink))) die("memory");
  if (*old==new) groups++;
  else free(new);
  printf(" link=%llu/%u", (long long)(*old)->group, st->nlink);
}

// Write the N bytes of S to OUT with those that are not plain as \ooo; returns
// the end. OUT has room for 4*N+1.
static char *escape(char *out, char *s, size_t n)
{
  for (; n--; s++) {
    if (*s>32 && *s<127 && *s!='\\') *out++ = *s;
    else out += sprintf(out, "\\%03o", *s&255);
  }
  *out = 0;

  return out;
}

static int byname(const void *a, const void *b)
{
  return strcmp(*(char **)a, *(char **)b);
}

static void xattrs(char *name)
{
  static char list[65536], value[65536], *key[32768], out[1024];
  ssize_t n = llistxattr(name, list, sizeof(list)), v, i;
  char *s;
  int keys = 0;

  if (n<0 && errno!=EOPNOTSUPP) die("listxattr");
  for (s = list; s<list+n; s += strlen(s)+1) key[keys++] = s;
  qsort(key, keys, sizeof(*key), byname);
  for (n = 0; n<keys; n++) {
    if ((v = lgetxattr(name, key[n], value, sizeof(value)))<0) die(key[n]);
    escape(out, key[n], strlen(key[n]));
    printf(" %s=", out);
    for (i = 0; i<v; i++) printf("%02x", value[i]&255);
  }
}

static int listed(char **list, int n)
{
  while (n--) if (!strcmp(list[n], *path ? path : "/")) return 1;

  return 0;
}

// Print the entry NAME of the current directory, whose path as printed is in
// path[], of length len.
// Returns 1 if it is a directory to go into.
// Has NAME no access times? statx() doesn't tell, so those that are not to be dumped
// are asked.
static void noatime(char *name)
{
  int fd = open(name, O_RDONLY|O_NOFOLLOW|O_NONBLOCK), flags = 0;

  if (fd<0) die("open");
  if (!ioctl(fd, KFS_GETFLAGS, &flags) && (flags&KFS_NOATIME)) printf(" noatime");
  close(fd);
}

static int entry(char *name)
{
  static char target[65537], out[4*65536+1];
  struct kstat st;
  ssize_t n;
  int type;

  if (listed(nothing, nothings)) return 0;
  if (kstatx(AT_FDCWD, name, AT_SYMLINK_NOFOLLOW, &st)) die("statx");
  fwrite(len ? path : "/", len ? len : 1, 1, stdout);
  if (st.mnt!=mnt) return puts(" mount"), 0;

  type = st.mode&S_IFMT;
  printf(" %c %04o %u:%u", "?pc?d?b?f?l?s???"[type>>12], st.mode&07777, st.uid,
    st.gid);
  if (!listed(notime, notimes))
    printf(" %lld.%09u", (long long)st.mtime.sec, st.mtime.nsec);
  if (type==S_IFREG) contents(name, &st);
  if (type==S_IFCHR || type==S_IFBLK) printf(" rdev=%u:%u", st.rmaj, st.rmin);
  if (type!=S_IFDIR && st.nlink>1) linked(&st);
  // immutable, append only, no dump
  if (st.attr&0x70) printf(" attr=%02x", (int)st.attr&0x70);
  if (st.attr&0x40) noatime(name);
  xattrs(name);
  if (type==S_IFLNK) {
    if ((n = readlink(name, target, sizeof(target)))<0) die("readlink");
    escape(out, target, n);
    printf(" -> %s", out);
  }
  putchar('\n');

  return type==S_IFDIR;
}

static void names(struct level *l)
{
  DIR *dir = opendir(".");
  struct dirent *d;

  if (!dir) die("opendir");
  *l = (struct level){.len = len};
  while ((errno = 0, d = readdir(dir))) {
    if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, "..")) continue;
    if (!(l->count&(l->count-1)))
      l->name = grow(l->name, (2*l->count+1)*sizeof(char *));
    if (!(l->name[l->count++] = strdup(d->d_name))) die("memory");
  }
  if (errno) die("readdir");
  closedir(dir);
  qsort(l->name, l->count, sizeof(char *), byname);
}

static void walk(void)
{
  struct level *stack = 0, *l;
  size_t depth = 0, n;
  char *name;

  if (!entry(".")) return;
  names(stack = grow(0, sizeof(*stack)));
  for (;;) {
    l = stack+depth;
    if (l->at==l->count) {
      free(l->name);
      if (!depth--) break;
      if (chdir("..")) die("chdir ..");
      continue;
    }
    name = l->name[l->at++];
    n = l->len+2+4*strlen(name);
    if (n>room) path = grow(path, room = 2*n);
    path[l->len] = '/';
    len = escape(path+l->len+1, name, strlen(name))-path;
    if (entry(name)) {
      if (chdir(name)) die("chdir");
      stack = grow(stack, (++depth+1)*sizeof(*stack));
      names(stack+depth);
    }
    free(name);
  }
  free(stack);
}

int main(int argc, char **argv)
{
  struct kstat st;
  struct statfs fs;
  int c;

  path = grow(0, room = 4096);
  *path = 0;
  notime = grow(0, argc*sizeof(char *));
  nothing = grow(0, argc*sizeof(char *));
  while ((c = getopt(argc, argv, "bqt:x:"))!=-1) {
    if (c=='b') blocks = 1;
    else if (c=='q') quick = 1;
    else if (c=='t') notime[notimes++] = optarg;
    else if (c=='x') nothing[nothings++] = optarg;
    else return 1;
  }
  if (optind+1!=argc) {
    fprintf(stderr, "usage: manifest [-bq] [-t PATH] [-x PATH] DIR\n");
    return 1;
  }
  sha_init();
  if (chdir(argv[optind]) || statfs(".", &fs)) die(argv[optind]);
  ramfs = (uint32_t)fs.f_type==MAGIC_RAMFS;
  if (kstatx(AT_FDCWD, ".", 0, &st)) die("statx");
  mnt = st.mnt;
  walk();
  if (fflush(stdout) || ferror(stdout)) die("write");

  return 0;
}
