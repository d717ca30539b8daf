// seal.c - a tmpfs and a ramfs wiped and sealed, and what is not touched
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// unit: lib/seal.c lib/tree*.c lib/walk*.c lib/links.c lib/xattrs.c
// unit: lib/filecopy.c lib/fault.c -pthread

#include "toys.h"
#include "check.h"
#include <sys/statvfs.h>
#include "lib/fault.h"
#include "lib/kernel.h"
#include "lib/seal.h"

// A tree in directory DIR: files, a link, directories 50 deep, and a mount
static void fill(int dir)
{
  char name[64];
  int i, fd, at = dup(dir);

  for (i = 0; i<100; i++) {
    sprintf(name, "file%d", i);
    check_need((fd = openat(dir, name, O_WRONLY|O_CREAT, 0600)) != -1);
    check_need(write(fd, name, 5) == 5);
    close(fd);
  }
  check_need(!symlinkat("/", dir, "link") && !mkfifoat(dir, "fifo", 0));
  for (i = 0; i<50; i++) {
    check_need(!mkdirat(at, "deep", i%2 ? 0700 : 0));
    fd = openat(at, "deep", O_PATH);
    close(at);
    at = fd;
  }
  close(at);
}

// How many entries DIR has, but for itself and its parent
static int entries(int dir)
{
  DIR *d = fdopendir(openat(dir, ".", O_RDONLY|O_DIRECTORY));
  int n = 0;

  check_need(d);
  while (readdir(d)) n++;
  closedir(d);

  return n-2;
}

static void sealed(char *type, int read_only)
{
  unsigned long long left = 99;
  struct fault f = {0};
  struct statfs sf;
  struct stat st;
  char below[256];
  int dir, fd, held;

  check_need(!mount("t", check_dir(), type, 0, 0));
  check_need((dir = open(check_dir(), O_RDONLY|O_DIRECTORY|O_CLOEXEC)) != -1);
  fill(dir);
  // What is mounted below is another file system, which stays.
  snprintf(below, sizeof(below), "%s/below", check_dir());
  check_need(!mkdir(below, 0700) && !mount("b", below, "tmpfs", 0, 0));
  check_need((fd = openat(dir, "below/stays", O_WRONLY|O_CREAT, 0600)) != -1);
  close(fd);
  if (read_only) check_need(!mount(0, check_dir(), 0, MS_REMOUNT|MS_RDONLY, 0));

  check(!lr_seal_wipe(dir, &left, &f), "%s, ro %d, wiped: %s", type, read_only,
    f.name);
  lr_fault_clear(&f);
  check_num(left, 1, "%s, ro %d: the mount point is left", type, read_only);
  check_num(entries(dir), 1, "%s: so it's all there is", type);
  check(!faccessat(dir, "below/stays", F_OK, 0), "%s: what's on it", type);
  check_need(!umount2(below, MNT_DETACH));
  check(!lr_seal_wipe(dir, &left, &f) && !left, "%s, again", type);
  check_num(entries(dir), 0, "%s is empty", type);

  // While a file of it is open to write it can't be read-only: tried for the
  // seconds that are given, at least once.
  check_need((held = openat(dir, "held", O_WRONLY|O_CREAT, 0600)) != -1);
  check_need(!unlinkat(dir, "held", 0));
  check(lr_seal_root(dir, 0, &f) == -1 && f.step && !strcmp(f.step, "sealing"),
    "%s with a file in use", type);
  check(f.err == EBUSY || f.err == EINVAL, "%s in use: errno %d", type, f.err);
  lr_fault_clear(&f);
  close(held);

  check(!lr_seal_root(dir, 1, &f), "%s sealed: %s", type, f.name);
  lr_fault_clear(&f);
  check_need(!fstatfs(dir, &sf) && !fstat(dir, &st));
  check((sf.f_flags&15) == 15, "%s: ro,nosuid,nodev,noexec: %lx", type,
    (long)sf.f_flags);
  check((st.st_mode&0777) == 0555, "%s: mode %o", type, st.st_mode);
  if ((unsigned)sf.f_type == MAGIC_TMPFS) {
    check_num(sf.f_files, 1, "inodes of a sealed tmpfs");
    check_num(sf.f_blocks, 1, "pages of a sealed tmpfs");
  }
  check(mkdirat(dir, "x", 0700) == -1 && errno == EROFS, "%s: no more", type);

  // It can be emptied again nonetheless: there is nothing in it.
  check(!lr_seal_wipe(dir, &left, &f) && !left, "%s, sealed and wiped", type);
  lr_fault_clear(&f);
  close(dir);
  check_need(!umount2(check_dir(), MNT_DETACH));
}

// What is neither a tmpfs nor a ramfs may be somebody's disk. Here it is a
// devpts of our own: a procfs would be the machine's, and a lr_seal_root() that
// does not refuse would make that read-only for everyone.
static void refused(void)
{
  unsigned long long left = 99;
  struct fault f = {0};
  struct stat root, now;
  struct statfs sf;
  int dir;

  check_need(!stat("/dev/pts", &root));
  check_need(!mount("d", check_dir(), "devpts", 0, "newinstance"));
  check_need((dir = open(check_dir(), O_RDONLY|O_DIRECTORY|O_CLOEXEC)) != -1);
  check_need(!fstat(dir, &now) && now.st_dev != root.st_dev);
  check(lr_seal_wipe(dir, &left, &f) == -1, "a devpts is not wiped");
  check_str(f.step, "not wiping", "step");
  check_str(f.name, "the old root: neither ramfs nor tmpfs", "name");
  check_num(left, 99, "nothing is said to be left");
  lr_fault_clear(&f);
  check(lr_seal_root(dir, 0, &f) == -1, "a devpts is not sealed");
  check_str(f.step, "not wiping", "step of sealing");
  lr_fault_clear(&f);
  check(!fstatfs(dir, &sf) && !(sf.f_flags&ST_RDONLY), "it can be written to");
  close(dir);
  check_need(!umount2(check_dir(), MNT_DETACH));
  check(lr_seal_wipe(-1, &left, &f) == -1 && f.err == EBADF, "no root");
  check_str(f.step, "looking at", "step of no root");
  lr_fault_clear(&f);
  check(lr_seal_root(-1, 0, &f) == -1 && f.err == EBADF, "no root to seal");
  lr_fault_clear(&f);
}

int main(void)
{
  check_dir();
  check_namespace();
  sealed("tmpfs", 0);
  sealed("ramfs", 0);
  sealed("tmpfs", 1);
  sealed("ramfs", 1);
  refused();

  return check_done();
}
