// tree.c - fill a directory with a tree to move
//
// usage: tree KIND DIR [N]
//
// tiny	N files of 0 to 2047 bytes, 98 in a directory
// few	N MiB in six files: a half, a quarter, four sixteenths
// links	what a root of the distribution has little of: 900 files with three
// 	names each in different directories, 200 devices, a FIFO
// traits	one of everything that a faithful copy keeps, for a file system
// 	that has extended attributes
// SPDX-License-Identifier: 0BSD

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

static char buf[1<<20];

static void ok(int rc, char *name)
{
  if (rc>=0) return;
  fprintf(stderr, "tree: %s: %s\n", name, strerror(errno));
  exit(1);
}

static void file(char *name, long long size)
{
  int fd = open(name, O_WRONLY|O_CREAT|O_EXCL, 0644);
  ssize_t n;

  ok(fd, name);
  for (; size; size -= n)
    ok(n = write(fd, buf, size<(1<<20) ? size : 1<<20),
      name);
  close(fd);
}

static void dir(char *name)
{
  if (mkdir(name, 0755) && errno != EEXIST) ok(-1, name);
}

static void tiny(long n)
{
  char name[64];
  unsigned size = 1;
  long i, d;

  for (i = 0; i<n; i++) {
    d = i/98;
    if (!(i%98)) {
      sprintf(name, "d%03ld", d/45);
      dir(name);
      sprintf(name, "d%03ld/e%02ld", d/45, d%45);
      dir(name);
    }
    size = size*1103515245+12345;
    sprintf(name, "d%03ld/e%02ld/file%08ld", d/45, d%45, i);
    file(name, size>>16&2047);
  }
}

static void few(long mib)
{
  static int part[] = {2, 4, 16, 16, 16, 16};
  char name[16];
  int i;

  for (i = 0; i<6; i++) {
    sprintf(name, "file%d", i);
    file(name, ((long long)mib<<20)/part[i]);
  }
}

static void links(void)
{
  char name[64], other[64];
  int i, j;

  dir("links");
  for (i = 0; i<30; i++) {
    sprintf(name, "links/%02d", i);
    dir(name);
  }
  for (i = 0; i<900; i++) {
    sprintf(name, "links/%02d/first%03d", i%10, i);
    file(name, i*17);
    for (j = 1; j<3; j++) {
      sprintf(other, "links/%02d/other%03d", j*10+i%10, i);
      ok(link(name, other), other);
    }
  }
  for (i = 0; i<200; i++) {
    sprintf(name, "links/tty%03d", i);
    ok(mknod(name, S_IFCHR|0620, makedev(4, i)), name);
  }
  ok(mkfifo("links/fifo", 0600), "links/fifo");
}

static void traits(void)
{
  // linux/capability.h: revision 2, cap_net_raw effective and permitted;
  // linux/posix_acl_xattr.h: version 2; tag, permissions, id
  static unsigned cap[] = {0x02000001, 1<<13, 0, 0, 0};
  static unsigned acl[] = {2, 6<<16|1, -1, 4<<16|2, 1000, 4<<16|4, -1,
    6<<16|16, -1, 4<<16|32, -1};
  int i;
  char name[16];

  links();
  for (i = 0; i<8; i++) {
    sprintf(name, "mode%d", i);
    file(name, 10+i);
    ok(chown(name, i*100, i*1000), name);
    ok(chmod(name, i<<9|0755), name);
  }
  ok(setxattr("mode0", "user.note", "some text", 9, 0), "user.note");
  ok(setxattr("mode1", "trusted.note", "more", 4, 0), "trusted.note");
  ok(setxattr("mode2", "security.capability", cap, sizeof(cap), 0), "cap");
  ok(setxattr("mode3", "system.posix_acl_access", acl, sizeof(acl), 0), "acl");
  dir("dir");
  ok(setxattr("dir", "system.posix_acl_default", acl, sizeof(acl), 0), "acl");
  ok(setxattr("dir", "user.note", "on a directory", 14, 0), "user.note");
  file("dir/below", 5000);
  ok(mknod("disk", S_IFBLK|0660, makedev(7, 200)), "disk");
  ok(symlink("nowhere", "dangling"), "dangling");
  ok(lchown("dangling", 7, 8), "dangling");
}

int main(int argc, char **argv)
{
  long n = argc == 4 ? atol(argv[3]) : 0;
  unsigned i, x = 1;

  umask(0);
  for (i = 0; i<sizeof(buf); i++) buf[i] = (x = x*1103515245+12345)>>16|1;
  if (argc<3) return fprintf(stderr, "usage: tree KIND DIR [N]\n"), 1;
  ok(chdir(argv[2]), argv[2]);
  if (!strcmp(argv[1], "tiny")) tiny(n);
  else if (!strcmp(argv[1], "few")) few(n);
  else if (!strcmp(argv[1], "links")) links();
  else if (!strcmp(argv[1], "traits")) traits();
  else return fprintf(stderr, "tree: no kind %s\n", argv[1]), 1;

  return 0;
}
