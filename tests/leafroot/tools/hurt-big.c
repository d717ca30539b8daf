// hurt-big.c - fill the directory DIR with what is big, or many, or far from
// where a copy expects it; hurt.c has what is small
//
// usage: hurt-big DIR [FILES|small]
//        hurt-big -d FILE
//
// FILES (100000) is how many the one wide directory gets; small is one of each
// kind, for a tree that is moved often. What the file system does not take
// (xattrs, attributes) is left out. -d prints where FILE has data that is no
// zero, byte by byte, its size and its blocks: for the file of 6 GiB, whose sum
// would take too long.
// SPDX-License-Identifier: 0BSD

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
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

#define MIB (1LL<<20)

static int files = 100000, small;

static void ok(long long rc, char *what)
{
  if (rc>=0) return;
  fprintf(stderr, "hurt-big: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void in(char *name)
{
  ok(mkdir(name, 0755), name);
  ok(chdir(name), name);
}

static int file(char *name, int mode)
{
  int fd = open(name, O_CREAT|O_EXCL|O_RDWR, 0600);

  ok(fd, name);
  ok(fchmod(fd, mode), name);

  return fd;
}

// Bytes [FROM, TO) of FD become data of which no two pages are the same.
static void data(int fd, long long from, long long to)
{
  static unsigned long long buf[8192], seed;
  long long n, rc;
  int i;

  for (; from<to; from += rc) {
    n = 65536-from%65536;
    if (n>to-from) n = to-from;
    for (i = 0; i<8192; i++) buf[i] = (seed += 0x9e3779b97f4a7c15)|1;
    ok(rc = pwrite(fd, buf, n, from), "write");
  }
}

static void stamp(char *name, long long sec, long nsec)
{
  struct timespec t[] = {{1, 2}, {sec, nsec}};

  ok(utimensat(AT_FDCWD, name, t, AT_SYMLINK_NOFOLLOW), name);
}

// Data at OFFSETs in pairs, in a file of SIZE bytes
static void sparse(char *name, long long size, long long *at)
{
  int fd = file(name, 0644);

  ok(ftruncate(fd, size), name);
  for (; at[1]; at += 2) data(fd, at[0], at[1]);
  close(fd);
  stamp(name, size, size&0xffffff);
}

static void holes(void)
{
  int fd;
  long long i;

  in("holes");
  if (small) {
    sparse("small", 17*MIB+5,
      (long long[]){MIB+1, 2*MIB, 15*MIB, 17*MIB, 0, 0});
    return;
  }
  sparse("start", 40*MIB, (long long[]){35*MIB+5, 40*MIB, 0, 0});
  sparse("middle", 36*MIB+1, (long long[]){0, MIB, 34*MIB, 36*MIB+1, 0, 0});
  sparse("end", 50*MIB+123, (long long[]){0, 17*MIB+1, 0, 0});
  sparse("edges", 48*MIB+123, (long long[]){16*MIB-4096, 16*MIB+4096,
    32*MIB-1, 32*MIB, 48*MIB, 48*MIB+1, 0, 0});
  sparse("none", 64*MIB, (long long[]){0, 0});
  fd = file("comb", 0600);
  for (i = 0; i<20*MIB; i += 8192) ok(pwrite(fd, "tooth", 5, i), "comb");
  close(fd);

  ok(chdir(".."), "..");
  fd = file("six", 0640);
  ok(ftruncate(fd, 6144*MIB), "six");
  for (i = 1; i<4; i++)
    ok(pwrite(fd, "abc"+i-1, 1, (2*i-1)*1024*MIB+4095), "six");
  close(fd);
  stamp("six", -1, 999999999);
}

static void xattr(char *name, char *key, int len)
{
  static char buf[65536];
  int i;

  for (i = 0; i<len; i++) buf[i] = i*7+*key+key[8];
  if (lsetxattr(name, key, buf, len, 0) && errno!=EOPNOTSUPP && errno!=EPERM)
    ok(-1, key);
}

static void flags(char *name, long flags)
{
  int fd = open(name, O_RDONLY);

  ok(fd, name);
  if (ioctl(fd, KFS_SETFLAGS, &flags) && errno!=ENOTTY && errno!=EOPNOTSUPP)
    ok(-1, name);
  close(fd);
}

// Around the size of a piece, and what a big file can be besides
static void sizes(void)
{
  long long size[] = {4*MIB-1, 4*MIB, 16*MIB-1, 16*MIB, 16*MIB+1, 33*MIB+4097};
  // struct vfs_cap_data, revision 2: cap_net_raw, effective
  unsigned cap[] = {0x02000001, 0x2000, 0, 0, 0};
  char name[32];
  int fd;
  size_t i;

  in("sizes");
  for (i = 0; i<sizeof(size)/sizeof(*size) && !small; i++) {
    sprintf(name, "%lld", size[i]);
    data(fd = file(name, i ? 0644 : 0), 0, size[i]);
    close(fd);
    stamp(name, 1e9+i, i);
  }
  data(fd = file("suid", 0700), 0, (small ? 5 : 17)*MIB);
  ok(fchown(fd, 1000, 1001), "suid");
  ok(fchmod(fd, 06755), "suid");
  close(fd);
  if (lsetxattr("suid", "security.capability", cap, sizeof(cap), 0)
    && errno!=EOPNOTSUPP) ok(-1, "capability");
  data(fd = file("fixed", 0400), 0, (small ? 1 : 18)*MIB);
  close(fd);
  ok(link("fixed", "fixed2"), "fixed2");
  flags("fixed", KFS_IMMUTABLE);
  data(fd = file("append", 0600), 0, (small ? 1 : 17)*MIB+5);
  close(fd);
  flags("append", KFS_APPEND);
}

static void xattrs(void)
{
  char *name[] = {"file", "dir", "sym", "dev"}, *key[] = {"user.a", "user.b",
    "trusted.a", "trusted.b", "security.a", "security.b"};
  int i, j;

  in("xattrs");
  close(file("file", 0644));
  ok(mkdir("dir", 0755), "dir");
  ok(symlink("file", "sym"), "sym");
  ok(mknod("dev", S_IFCHR|0600, makedev(1, 3)), "dev");
  for (i = 0; i<4; i++) for (j = 0; j<6; j++) xattr(name[i], key[j], 60*1024);
}

// 5000 names of one file in 50 directories, and one that is big
static void links(void)
{
  char name[64], first[64];
  int i, fd;

  in("links");
  for (i = 0; i<50; i++) {
    sprintf(name, "%02d", i);
    ok(mkdir(name, 0755), name);
  }
  data(fd = file("big", 0644), 0, 16*MIB+7);
  close(fd);
  ok(link("big", "00/big"), "big");
  ok(link("big", "49/big"), "big");
  stamp("big", 1234567890, 1);
  close(file("00/0", 0640));
  for (i = 1; i<(small ? 100 : 5000); i++) {
    sprintf(name, "%02d/%d", i%50, i);
    ok(link("00/0", name), name);
  }
  // Pairs far from each other
  for (i = 0; i<(small ? 50 : 500); i++) {
    sprintf(first, "%02d/p%d", i%50, i);
    sprintf(name, "%02d/q%d", (i*7+25)%50, i);
    close(file(first, 0600+i%64));
    ok(link(first, name), name);
  }
}

// Over PATH_MAX with names of 255 bytes
static void longnames(void)
{
  char name[256];
  int i;

  in("long");
  for (i = 0; i<(small ? 4 : 40); i++) {
    memset(name, 'a'+i%26, 255);
    name[255] = 0;
    close(file("beside", 0644));
    in(name);
  }
  close(file("bottom", 0644));
}

static void locked(void)
{
  char *name[] = {"immutable", "append"};
  long flag[] = {KFS_IMMUTABLE, KFS_APPEND};
  int i;

  in("locked");
  for (i = 0; i<2; i++) {
    in(name[i]);
    in("sub");
    close(file("file", 0600));
    ok(link("file", "../link"), "link");
    ok(symlink("file", "sym"), "sym");
    ok(chdir("../.."), "..");
    stamp(name[i], 1e9, 1);
    flags(name[i], flag[i]);
  }
}

static void times(void)
{
  char *name[] = {"file", "dir", "sym", "fifo"};
  long long sec[] = {-2147483648LL, -86400, 4294967296LL, 16725225600LL};
  char to[32];
  int i, j;

  in("times");
  for (i = 0; i<4; i++) for (j = 0; j<4; j++) {
    sprintf(to, "%s%d", name[i], j);
    if (!i) close(file(to, 0));
    else if (i==1) ok(mkdir(to, 0), to);
    else if (i==2) ok(symlink("to", to), to);
    else ok(mkfifo(to, 0), to);
    stamp(to, sec[j], 999999999-j);
  }
}

static void wide(void)
{
  char name[32];
  int i, fd;

  in("wide");
  for (i = 0; i<files; i++) {
    sprintf(name, "%x", i*2654435761u);
    fd = file(name, 0644);
    if (!(i&15)) ok(write(fd, name, strlen(name)), name);
    close(fd);
  }
}

// FILE's bytes that are no zero. Only pages that are in memory are read: ramfs
// makes those of a hole when it is read, and has no SEEK_DATA.
static int nonzero(char *name)
{
  static unsigned char there[8192];
  unsigned char *map;
  long long at, i, n, window = 8192*4096, size;
  struct stat st;
  int fd = open(name, O_RDONLY|O_NOATIME), j;

  ok(fd, name);
  ok(fstat(fd, &st), name);
  size = st.st_size;
  printf("%lld %lld\n", size, (long long)st.st_blocks);
  for (at = 0; at<size; at += window) {
    n = size-at<window ? size-at : window;
    map = mmap(0, n, PROT_READ, MAP_SHARED, fd, at);
    if (map==MAP_FAILED || mincore(map, n, there)) ok(-1, name);
    for (i = 0; i<n; i += 4096) if (there[i/4096]&1)
      for (j = 0; j<4096 && i+j<n; j++)
        if (map[i+j]) printf("%lld %c\n", at+i+j, map[i+j]);
    munmap(map, n);
  }

  return 0;
}

int main(int argc, char **argv)
{
  void (*part[])(void) = {holes, sizes, xattrs, links, longnames, locked, times,
    wide};
  size_t i;
  int fd;

  umask(0);
  if (argc==3 && !strcmp(argv[1], "-d")) return nonzero(argv[2]);
  if (argc<2) return 1;
  if (argc>2 && !(small = !strcmp(argv[2], "small"))) files = atoi(argv[2]);
  if (small) files = 50;
  ok(mkdir(argv[1], 0755), argv[1]);
  ok(fd = open(argv[1], O_RDONLY), argv[1]);
  for (i = 0; i<sizeof(part)/sizeof(*part); i++) {
    ok(fchdir(fd), argv[1]);
    part[i]();
  }

  return 0;
}
