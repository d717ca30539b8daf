// hurt.c - fill the directory DIR with what a copy gets wrong
//
// usage: hurt DIR [LEVELS|small|few]
//
// With LEVELS only that many directories in each other; small leaves out what
// is deep or wide, and few also what is more of the same. What this file system does not take (xattrs on ramfs, user.*
// on tmpfs before 6.6, attributes) is left out; the manifest tells what is
// there.
// SPDX-License-Identifier: 0BSD

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>
#include "../../../lib/kernel.h"

static int few;

static void ok(int rc, char *what)
{
  if (rc>=0) return;
  fprintf(stderr, "hurt: %s: %s\n", what, strerror(errno));
  exit(1);
}

static int file(char *name, char *text)
{
  int fd = open(name, O_CREAT|O_EXCL|O_RDWR, 0644);

  ok(fd, name);
  ok(write(fd, text, strlen(text)), name);

  return fd;
}

static void in(char *name)
{
  ok(mkdir(name, 0755), name);
  ok(chdir(name), name);
}

static void names(void)
{
  char name[256];
  int i;

  in("names");
  for (i = 1; i<256; i++) if (i!='/' && (!few || !(i%51))) {
    sprintf(name, "%c", i);
    close(file(i=='.' ? "..." : name, "x"));
  }
  memset(name, 'n', 255);
  name[255] = 0;
  close(file(name, "long"));
  close(file("-rf", "option"));
  close(file("a\\040b \t\n", "escape"));
  close(file("\xff\xfe\xc3(", "not utf8"));
}

static void links(void)
{
  char name[32];
  int i;

  in("links");
  ok(mkdir("a", 0755), "a");
  ok(mkdir("b", 0755), "b");
  close(file("a/one", "linked"));
  ok(link("a/one", "b/two"), "b/two");
  ok(link("a/one", "three"), "three");
  ok(symlink("a/one", "sym"), "sym");
  ok(link("sym", "b/sym2"), "sym2");
  ok(mkfifo("fifo", 0600), "fifo");
  ok(link("fifo", "a/fifo2"), "fifo2");
  ok(mknod("null", S_IFCHR|0666, makedev(1, 3)), "null");
  ok(link("null", "b/null2"), "null2");
  close(file("many", "of a hundred"));
  for (i = 0; i<(few ? 3 : 100); i++) {
    sprintf(name, "%c/many%d", "ab"[i&1], i);
    ok(link("many", name), name);
  }
}

static void modes(void)
{
  char name[32];
  unsigned id[] = {0, 1, 1000, 65534, 65536, 4294967294u};
  int i, mode;

  in("modes");
  for (i = 0; i<24; i += few ? 6 : 1) {
    mode = (i&7)<<9|(i<8 ? 0 : i<16 ? 0755 : 0777);
    sprintf(name, "f%04o", mode);
    close(file(name, name));
    ok(chown(name, id[i%6], id[(i+1)%6]), name);
    ok(chmod(name, mode), name);
    *name = 'd';
    ok(mkdir(name, 0), name);
    ok(chown(name, id[i%6], id[(i+2)%6]), name);
    ok(chmod(name, mode), name);
    // What is made in a setgid directory gets its group: this is not that.
    strcat(name, "/x");
    close(file(name, "inside"));
    ok(chown(name, 3, 4), name);
  }
}

static void nodes(void)
{
  struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "socket"};
  char target[4096];
  int fd;

  in("nodes");
  ok(mknod("zero", S_IFCHR|0666, makedev(1, 5)), "zero");
  ok(mknod("big", S_IFCHR|0600, makedev(4095, 1048575)), "big");
  ok(mknod("disk", S_IFBLK|0660, makedev(7, 200)), "disk");
  ok(mknod("suid", S_IFCHR|06755, makedev(1, 3)), "suid");
  ok(chown("suid", 1, 2), "suid");
  ok(chmod("suid", 06755), "suid");
  ok(mkfifo("pipe", 01622), "pipe");
  ok(fd = socket(AF_UNIX, SOCK_STREAM, 0), "socket");
  ok(bind(fd, (void *)&un, sizeof(un)), "bind");
  close(fd);
  ok(chown("socket", 5, 6), "socket");
  ok(symlink("nowhere", "dangling"), "dangling");
  ok(symlink("/", "root"), "root");
  ok(symlink(".", "loop"), "loop");
  memset(target, 't', 4095);
  target[4095] = 0;
  ok(symlink(target, "long"), "long");
  ok(lchown("long", 7, 8), "long");
}

static void holes(void)
{
  int fd;

  in("holes");
  fd = file("start", "");
  ok(pwrite(fd, "end", 3, 8<<20), "start");
  close(fd);
  fd = file("end", "start");
  ok(ftruncate(fd, 2<<20), "end");
  close(fd);
  fd = file("both", "");
  ok(pwrite(fd, "middle", 6, (1<<20)+4094), "both");
  ok(ftruncate(fd, (2<<20)+1), "both");
  close(fd);
  fd = file("only", "");
  ok(ftruncate(fd, (1<<20)+5), "only");
  close(fd);
  // Zeros that were written are no hole.
  fd = file("zeros", "");
  ok(pwrite(fd, calloc(1, 16384), 16384, 0), "zeros");
  close(fd);
  fd = file("comb", "");
  for (int i = 0; i<(few ? 6 : 256); i += 2) ok(pwrite(fd, "tooth", 5, i*4096), "comb");
  close(fd);
  close(file("empty", ""));
  fd = file("4096", "");
  ok(pwrite(fd, "x", 1, 4095), "4096");
  close(fd);
  fd = file("4097", "");
  ok(pwrite(fd, "x", 1, 4096), "4097");
  close(fd);
}

static void xattr(char *name, char *key, void *value, size_t len)
{
  if (lsetxattr(name, key, value, len, 0) && errno!=EOPNOTSUPP && errno!=EPERM)
    ok(-1, key);
}

static void xattrs(void)
{
  // struct vfs_cap_data, revision 2: cap_net_raw and cap_net_admin, effective;
  // revision 3 adds the user namespace's root
  unsigned cap[] = {0x02000001, 0x3000, 0, 0, 0}, cap3[] =
    {0x03000001, 1, 0, 0, 0, 100000};
  // ACL version 2: owner rwx, user 1000 r--, group r-x, mask r-x, other ---
  unsigned acl[] = {2, 7<<16|1, -1, 4<<16|2, 1000, 5<<16|4, -1, 5<<16|16, -1,
    32, -1};
  char big[2048];

  in("xattrs");
  close(file("cap", "capable"));
  ok(chown("cap", 9, 10), "cap");
  ok(chmod("cap", 04755), "cap");
  xattr("cap", "security.capability", cap, sizeof(cap));
  close(file("cap3", "capable"));
  xattr("cap3", "security.capability", cap3, sizeof(cap3));
  close(file("all", "labels"));
  xattr("all", "trusted.overlay.opaque", "y", 1);
  xattr("all", "trusted.empty", "", 0);
  xattr("all", "security.selinux", "system_u:object_r:bin_t:s0", 27);
  xattr("all", "user.note", "user", 4);
  memset(big, 0, sizeof(big));
  xattr("all", "trusted.big", big, sizeof(big));
  ok(symlink("all", "sym"), "sym");
  xattr("sym", "trusted.sym", "of the link", 11);
  ok(mkfifo("fifo", 0600), "fifo");
  xattr("fifo", "trusted.fifo", "f", 1);
  ok(mknod("dev", S_IFCHR|0600, makedev(1, 3)), "dev");
  xattr("dev", "trusted.dev", "d", 1);
  ok(mkdir("dir", 0755), "dir");
  xattr("dir", "trusted.dir", "d", 1);
  close(file("acl", "acl"));
  ok(chmod("acl", 0750), "acl");
  xattr("acl", "system.posix_acl_access", acl, sizeof(acl));
  // A default ACL is inherited by what is made below it; these were there first
  ok(mkdir("inherit", 0755), "inherit");
  close(file("inherit/before", "plain"));
  ok(mkdir("inherit/sub", 0755), "sub");
  xattr("inherit", "system.posix_acl_default", acl, sizeof(acl));
  close(file("inherit/after", "inherits"));
}

static void flags(char *name, int fd, long flags)
{
  if (ioctl(fd, KFS_SETFLAGS, &flags) && errno!=ENOTTY && errno!=EOPNOTSUPP)
    ok(-1, name);
  close(fd);
}

static void attrs(void)
{
  in("attrs");
  flags("immutable", file("immutable", "i"), KFS_IMMUTABLE);
  flags("append", file("append", "a"), KFS_APPEND);
  ok(mkdir("fixed", 0755), "fixed");
  close(file("fixed/file", "in it"));
  flags("fixed", open("fixed", O_RDONLY), KFS_IMMUTABLE);
  flags("nodump", file("nodump", "d"), KFS_NODUMP|KFS_NOATIME);
  ok(mkdir("nodumps", 0755), "nodumps");
  flags("nodumps", open("nodumps", O_RDONLY), KFS_NODUMP|KFS_NOATIME);
}

// 2500 levels are over PATH_MAX, and over 1024 open files.
static int levels = 2500;

static void deep(void)
{
  int i;

  in("deep");
  for (i = 0; i<levels; i++) in("d");
  close(file("bottom", "here"));
}

static void wide(void)
{
  char name[32];
  int i;

  in("wide");
  for (i = 0; i<3000; i++) {
    sprintf(name, "%d", i*7919%3000);
    close(file(name, name));
  }
  ok(mkdir("empty", 0700), "empty");
}

static void stamp(char *name, long long sec, long nsec)
{
  struct timespec t[] = {{1, 2}, {sec, nsec}};

  ok(utimensat(AT_FDCWD, name, t, AT_SYMLINK_NOFOLLOW), name);
}

static void times(void)
{
  in("times");
  close(file("ns", "123456789"));
  stamp("ns", 1000000000, 123456789);
  close(file("epoch", "0"));
  stamp("epoch", 0, 0);
  close(file("past", "1960"));
  stamp("past", -315619200, 999999999);
  close(file("future", "2200"));
  stamp("future", 7258118400, 1);
  ok(symlink("ns", "sym"), "sym");
  stamp("sym", 1111111111, 1);
  ok(mkfifo("fifo", 0600), "fifo");
  stamp("fifo", 1222222222, 22);
  ok(mknod("dev", S_IFCHR|0600, makedev(1, 3)), "dev");
  stamp("dev", 1333333333, 333);
  ok(mkdir("dir", 0755), "dir");
  ok(mkdir("dir/sub", 0755), "sub");
  close(file("dir/sub/file", "x"));
  stamp("dir/sub", 1444444444, 4444);
  stamp("dir", 1555555555, 55555);
}

int main(int argc, char **argv)
{
  void (*part[])(void) = {names, links, modes, nodes, holes, xattrs, attrs,
    deep, wide, times};
  size_t i;
  int fd, small = argc>2 && (!strcmp(argv[2], "small")
    || (few = !strcmp(argv[2], "few")));

  umask(0);
  if (argc<2) return 1;
  ok(mkdir(argv[1], 0755), argv[1]);
  ok(fd = open(argv[1], O_RDONLY), argv[1]);
  if (argc>2 && !small) {
    levels = atoi(argv[2]);
    ok(fchdir(fd), argv[1]);
    deep();
    return 0;
  }
  for (i = 0; i<sizeof(part)/sizeof(*part); i++) {
    if (small && (part[i]==deep || part[i]==wide)) continue;
    ok(fchdir(fd), argv[1]);
    part[i]();
  }
  ok(fchdir(fd), argv[1]);
  stamp("times", 1666666666, 666666);

  return 0;
}
