// leaf.c - the new root's file system: its options, and its limits
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// unit: lib/leaf.c lib/fsnew.c lib/mountopt.c lib/memory.c lib/readfile.c
// unit: lib/report.c lib/fault.c

#include "toys.h"
#include "check.h"
#include "said.h"
#include "lib/fault.h"
#include "lib/fsnew.h"
#include "lib/kernel.h"
#include "lib/leaf.h"
#include "lib/memory.h"
#include "lib/report.h"
#include "lib/request.h"
#include "lib/scene.h"

#define MIB (1ULL<<20)

// The type; rootflags= (or, where that is 0, initramfs_options=), two of -o,
// and whether the old root is a disk; the limits and the mode of what is made,
// 0 if that is not looked at; which options limit it, and whether one says who
// owns it; what is said, and what is refused
static struct row {
  char *type, *flags, *other, *o[2];
  int disk;
  unsigned long long size, files;
  int mode;
  char *limits;
  int owned;
  char *said, *fault;
} rows[] = {
  {"tmpfs", 0, 0, {0, 0}, 0, 0, 0, 0755, "- -", 0, "", 0},
  {"ramfs", 0, 0, {0, 0}, 0, 0, 0, 0755, "- -", 0, "", 0},
  {"tmpfs", 0, 0, {"size=4M", 0}, 0, 4*MIB, 0, 0755, "-o size=4M -", 0, "", 0},
  {"tmpfs", 0, 0, {"size=4M,nr_inodes=50", 0}, 0, 4*MIB, 50, 0755,
    "-o size=4M -o nr_inodes=50", 0, "", 0},
  {"tmpfs", 0, 0, {"size=4M", "size=8M,mode=700"}, 0, 8*MIB, 0, 0700,
    "-o size=8M -", 1, "", 0},
  {"tmpfs", 0, 0, {"size=0", 0}, 0, 0, 0, 0755, "-o size=0 -", 0, "", 0},
  {"tmpfs", 0, 0, {"nosuid,ro", "noatime"}, 0, 0, 0, 0755, "- -", 0, "", 0},
  {"tmpfs", 0, 0, {"", ",,"}, 0, 0, 0, 0755, "- -", 0, "", 0},
  {"tmpfs", 0, 0, {"uid=0", 0}, 0, 0, 0, 0755, "- -", 1, "", 0},

  // The kernel command line's come first; a bad one is left out
  {"tmpfs", "size=4M", 0, {0, 0}, 0, 4*MIB, 0, 0755, "rootflags size=4M -", 0,
    "", 0},
  {"tmpfs", "size=4M,nr_inodes=60", 0, {"size=8M", 0}, 0, 8*MIB, 60, 0755,
    "-o size=8M rootflags nr_inodes=60", 0, "", 0},
  {"tmpfs", 0, "size=4M", {0, 0}, 0, 4*MIB, 0, 0755,
    "initramfs_options size=4M -", 0, "", 0},
  {"tmpfs", "size=many,x=1,size=4M,y", 0, {0, 0}, 0, 4*MIB, 0, 0755,
    "rootflags size=4M -", 0,
    "option rootflags size=many: tmpfs: Bad value for 'size', left out\n"
    "option rootflags x=1: tmpfs: Unknown parameter 'x', left out\n"
    "option rootflags y: tmpfs: Unknown parameter 'y', left out\n", 0},
  {"tmpfs", 0, "x", {"size=4M", 0}, 0, 4*MIB, 0, 0755, "-o size=4M -", 0,
    "option initramfs_options x: tmpfs: Unknown parameter 'x', left out\n", 0},
  {"ramfs", "size=4M,mode=711", 0, {0, 0}, 0, 0, 0, 0711, "- -", 1,
    "option rootflags size=4M: ramfs has no such option, left out\n", 0},
  {"tmpfs", "", 0, {0, 0}, 0, 0, 0, 0755, "- -", 0, "", 0},
  // No init could be run with it
  {"tmpfs", "noexec,size=4M", 0, {0, 0}, 0, 4*MIB, 0, 0755,
    "rootflags size=4M -", 0,
    "option rootflags noexec: init could not be run, left out\n", 0},
  {"ramfs", 0, "nodev,noexec", {0, 0}, 0, 0, 0, 0755, "- -", 0,
    "option initramfs_options noexec: init could not be run, left out\n", 0},
  {"tmpfs", "noexec", 0, {0, 0}, 1, 0, 0, 0755, "- -", 0, "", 0},
  // They were for the disk
  {"tmpfs", "errors=panic,size=4M", 0, {0, 0}, 1, 0, 0, 0755, "- -", 0, "", 0},
  {"tmpfs", "errors=panic", 0, {"size=4M", 0}, 1, 4*MIB, 0, 0755,
    "-o size=4M -", 0, "", 0},

  // Given as an argument it is refused
  {"tmpfs", 0, 0, {"size=many", 0}, 0, 0, 0, 0, 0, 0, "",
    "option -o size=many: tmpfs: Bad value for 'size'"},
  {"tmpfs", 0, 0, {"size=4M", "nosuid,none,size=many"}, 0, 0, 0, 0, 0, 0, "",
    "option -o none: tmpfs: Unknown parameter 'none'"},
  {"tmpfs", "x", 0, {"y", 0}, 0, 0, 0, 0, 0, 0,
    "option rootflags x: tmpfs: Unknown parameter 'x', left out\n",
    "option -o y: tmpfs: Unknown parameter 'y'"},
  {"ramfs", 0, 0, {"size=4M", 0}, 0, 0, 0, 0, 0, 0, "",
    "option -o size=4M: ramfs has no such option"},
  {"none such", 0, 0, {0, 0}, 0, 0, 0, 0, 0, 0, "",
    "mounting none such: No such device"},
};

// The request and the scene of ROW
static void ask(struct row *row, struct request *r, struct scene *s)
{
  static struct arg_list o[2];

  memset(r, 0, sizeof(*r));
  memset(s, 0, sizeof(*s));
  o[0].arg = row->o[0];
  o[1].arg = row->o[1];
  o[0].next = row->o[1] ? o+1 : 0;
  if (row->o[0]) r->options = o;
  r->flags = row->flags ? : row->other;
  r->flags_name = row->flags ? "rootflags" : "initramfs_options";
  s->is_disk = row->disk;
}

static void make(unsigned i)
{
  struct row *row = rows+i;
  struct request r;
  struct scene s;
  struct fsnew leaf;
  struct fault f = {0};
  struct statfs sf;
  struct stat st;
  char limits[256], *said;
  int rc;

  ask(row, &r, &s);
  listen_begin();
  rc = lr_leaf_make(&leaf, row->type, &r, &s, &f);
  said = listen_end();
  check_str(said, row->said, "row %u: said", i);
  check_num(rc, row->fault ? -1 : 0, "row %u", i);
  listen_begin();
  lr_complain(&f, "");
  said = listen_end();
  said[strcspn(said, "\n")] = 0;
  check_str(said, row->fault ? : "", "row %u: fault", i);
  if (!rc) {
    check_need(!fstatfs(leaf.dir, &sf) && !fstat(leaf.dir, &st));
    check_num(st.st_mode & 07777, row->mode, "row %u: mode", i);
    check_num(s.size, sf.f_blocks*sf.f_bsize, "row %u: what it holds", i);
    check_num(s.files, sf.f_files, "row %u: how many files", i);
    if (row->size) check_num(s.size, row->size, "row %u: size", i);
    if (row->files) check_num(s.files, row->files, "row %u: files", i);
    snprintf(limits, sizeof(limits), "%s %s", leaf.size ? : "-",
      leaf.nr_inodes ? : "-");
    check_str(limits, row->limits, "row %u: limits", i);
    check_num(leaf.owned, row->owned, "row %u: owned", i);
    // It's filled before it is read-only
    check(!(sf.f_flags & 1), "row %u: can be written to", i);
  }
  lr_fsnew_close(&leaf);
}

// The limits of a leaf with the options O: what its scene says, a factor of
// which is no limit, and then what is in it decides. 0: it has no limit at all.
static struct {
  char *type, *o;
  unsigned long long size, files, fill;   // of the scene; bytes in one file
  unsigned long long most[2], after[2];   // bytes and files
} limits[] = {
  // The default is enough, or it is not: then an eighth more, and some slack
  {"tmpfs", 0, 64*MIB, 5000, 0, {1024*MIB, 80000}, {64*MIB, 5000}},
  {"tmpfs", 0, 4*MIB, 5000, 16*MIB, {64*MIB, 80000}, {26*MIB, 5000}},
  {"tmpfs", 0, 26*MIB, 5000, 16*MIB, {416*MIB, 80000}, {26*MIB, 5000}},
  {"tmpfs", 0, 27*MIB, 5000, 16*MIB, {432*MIB, 80000}, {27*MIB, 5000}},
  // Its root and one file: two inodes
  {"tmpfs", 0, 64*MIB, 100, 4096, {1024*MIB, 1600}, {64*MIB, 1026}},
  {"tmpfs", 0, 64*MIB, 1026, 4096, {1024*MIB, 16416}, {64*MIB, 1026}},
  // What an option has set stays
  {"tmpfs", "size=20M", 4*MIB, 5000, 16*MIB, {20*MIB, 80000}, {20*MIB, 5000}},
  {"tmpfs", "nr_inodes=77", 4*MIB, 5000, 16*MIB, {64*MIB, 77}, {26*MIB, 77}},
  {"tmpfs", "size=20M,nr_inodes=77", 1, 1, MIB, {20*MIB, 77}, {20*MIB, 77}},
  {"ramfs", 0, 0, 0, MIB, {0, 0}, {0, 0}},
};

// What the file system of directory DIR can hold: bytes and files
static void holds(int dir, unsigned long long *most)
{
  struct statfs sf;

  check_need(!fstatfs(dir, &sf));
  most[0] = sf.f_blocks*sf.f_bsize;
  most[1] = sf.f_files;
}

static void limit(unsigned i)
{
  struct row row = {.type = limits[i].type, .o = {limits[i].o}};
  struct request r;
  struct scene s;
  struct fsnew leaf;
  struct fault f = {0};
  unsigned long long got[2];
  int fd, j;

  ask(&row, &r, &s);
  check_need(!lr_leaf_make(&leaf, row.type, &r, &s, &f));
  s.size = limits[i].size;
  s.files = limits[i].files;
  check(!lr_leaf_unlimit(&leaf, &s, &f), "limit %u: off: %s", i, f.name);
  holds(leaf.dir, got);
  for (j = 0; j<2; j++)
    check_num(got[j], limits[i].most[j], "limit %u: off, %d", i, j);
  if (limits[i].fill) {
    check_need((fd = openat(leaf.dir, "f", O_WRONLY|O_CREAT, 0600)) != -1);
    check_need(!fallocate(fd, 0, 0, limits[i].fill)
      || (errno == EOPNOTSUPP && leaf.ramfs));
    close(fd);
  }
  check(!lr_leaf_limit(&leaf, &s, &f), "limit %u: on: %s", i, f.name);
  holds(leaf.dir, got);
  for (j = 0; j<2; j++)
    check_num(got[j], limits[i].after[j], "limit %u: on, %d", i, j);
  lr_fsnew_close(&leaf);
}

// What can't be done
static void faults(void)
{
  struct row row = {.type = "tmpfs"};
  struct request r;
  struct scene s;
  struct fsnew leaf;
  struct fault f = {0};
  int fd;

  ask(&row, &r, &s);
  check_need(!lr_leaf_make(&leaf, row.type, &r, &s, &f));
  fd = leaf.dir;
  leaf.dir = -1;
  check(lr_leaf_unlimit(&leaf, &s, &f) == -1 && f.err == EBADF, "no root: off");
  check_str(f.step, "remounting", "no root: off: step");
  check_str(f.name, "the new root", "no root: off: name");
  lr_fault_clear(&f);
  check(lr_leaf_limit(&leaf, &s, &f) == -1 && f.err == EBADF, "no root: on");
  check_str(f.step, "filling", "no root: on: step");
  lr_fault_clear(&f);

  // A tmpfs without a limit can't be given one (mm/shmem.c)
  leaf.dir = fd;
  s.size = s.files = 0;
  check(!lr_leaf_unlimit(&leaf, &s, &f), "no limit");
  check(lr_leaf_limit(&leaf, &s, &f) == -1 && f.step
    && !strcmp(f.step, "remounting") && f.name && strstr(f.name, "tmpfs: "),
    "a limit behind that: %s", f.name);
  lr_fault_clear(&f);
  lr_fsnew_close(&leaf);
}

int main(void)
{
  unsigned i;

  check_namespace();
  for (i = 0; i<ARRAY_LEN(rows); i++) make(i);
  for (i = 0; i<ARRAY_LEN(limits); i++) limit(i);
  faults();

  return check_done();
}
