// fsnew.c - what tmpfs and ramfs say to options, when mounted and afterwards
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// unit: lib/fsnew.c lib/mountopt.c lib/mountinfo.c lib/fault.c

#include "toys.h"
#include "check.h"
#include "lib/fault.h"
#include "lib/fsnew.h"
#include "lib/kernel.h"
#include "lib/mountinfo.h"
#include "lib/mountopt.h"

// What a file system of TYPE says to an option. FAULT: the name of the fault.
static struct {
  char *type, *option, *fault;
} options[] = {
  {"tmpfs", "size=10M", 0},
  {"tmpfs", "size=1%", 0},
  {"tmpfs", "nr_blocks=100", 0},
  {"tmpfs", "nr_inodes=2k", 0},
  {"tmpfs", "mode=1777", 0},
  {"tmpfs", "nosuid", 0},
  {"tmpfs", "size=many", "-o size=many: tmpfs: Bad value for 'size'"},
  {"tmpfs", "size=", "-o size=: tmpfs: Bad value for 'size'"},
  {"tmpfs", "mode=9", "-o mode=9: tmpfs: Bad value for 'mode'"},
  {"tmpfs", "none=1", "-o none=1: tmpfs: Unknown parameter 'none'"},
  {"tmpfs", "none", "-o none: tmpfs: Unknown parameter 'none'"},
  // fs/fs_context.c vfs_parse_sb_flag() looks at the name alone.
  {"tmpfs", "sync=1", 0},
  {"tmpfs", "=", "-o ="},
  {"tmpfs", "=1", "-o =1"},
  {"tmpfs", "%s%n=\xff", "-o %s%n=\xff: tmpfs: Unknown parameter '%s%n'"},
  {"ramfs", "mode=700", 0},
  {"ramfs", "noexec", 0},
  {"ramfs", "mode=9", "-o mode=9: ramfs: Bad value for 'mode'"},
  {"ramfs", "size=1M", "-o size=1M: ramfs has no such option"},
  {"ramfs", "x=", "-o x=: ramfs has no such option"},
  {"ramfs", "=1", "-o =1: ramfs has no such option"},
};

// Give the options of LIST to N; each has to be taken.
static void give(struct fsnew *n, char *list)
{
  struct fault f = {0};
  char text[256], *next = strcpy(text, list), *opt;

  while ((opt = lr_mountopt_next(&next))) {
    check(!lr_fsnew_option(n, "", opt, &f), "%s is taken: %s", opt, f.name);
    lr_fault_clear(&f);
  }
}

static void systems(void)
{
  struct fault f = {0};
  struct statfs sf;
  struct stat st;
  struct fsnew n, m;
  unsigned i;
  int dir;

  for (i = 0; i<ARRAY_LEN(options); i++) {
    check_need(!lr_fsnew_open(&n, options[i].type, &f));
    check_num(lr_fsnew_option(&n, "-o ", options[i].option, &f),
      options[i].fault ? -1 : 0, "%s, %s", options[i].type, options[i].option);
    check_str(f.step, options[i].fault ? "option" : 0, "step of %s",
      options[i].option);
    // The kernel's words may be followed by more than is known here.
    check(!options[i].fault || (f.name && !strncmp(f.name, options[i].fault,
      strlen(options[i].fault))), "%s: %s", options[i].option, f.name);
    lr_fault_clear(&f);
    // It can be used on without the option.
    check(!lr_fsnew_mount(&n, &f) && !fstatfs(n.dir, &sf)
      && (unsigned)sf.f_type == (n.ramfs ? MAGIC_RAMFS : MAGIC_TMPFS),
      "%s is mounted with or without %s", options[i].type, options[i].option);
    lr_fault_clear(&f);
    lr_fsnew_close(&n);
    check(n.dir == -1 && n.ctx == -1 && !n.size && !n.nr_inodes, "closed");
  }

  check(lr_fsnew_open(&n, "no such", &f) && f.err == ENODEV, "no such type");
  check_str(f.step, "mounting", "step of no such type");
  check_str(f.name, "no such", "name of no such type");
  lr_fault_clear(&f);
  lr_fsnew_close(&n);

  // Limits are kept as they were said, the last of each.
  check_need(!lr_fsnew_open(&n, "tmpfs", &f));
  check(!n.given && !n.owned, "nothing given");
  give(&n, "nosuid,nodev");
  check(!n.given, "what is the mount's is not the file system's");
  give(&n, "size=1M,nr_inodes=50,size=2M,mode=711,noexec,ro");
  check(n.given && n.owned, "given");
  check_str(n.size, "size=2M", "size");
  check_str(n.nr_inodes, "nr_inodes=50", "inodes");
  check_need(!lr_fsnew_mount(&n, &f));
  check(!fstatfs(n.dir, &sf) && sf.f_bsize*sf.f_blocks == 2<<20
    && sf.f_files == 50, "limits of the file system");
  check(!fstat(n.dir, &st) && (st.st_mode&07777) == 0711, "mode of its root");
  check((sf.f_flags&15) == 14, "nosuid, nodev, noexec, but not ro yet");

  // The context takes more after the mount.
  n.given = 0;
  check(!lr_fsnew_remount(&n, &f), "a remount with nothing given");
  give(&n, "nr_inodes=60");
  check(!lr_fsnew_remount(&n, &f) && !fstatfs(n.dir, &sf) && sf.f_files == 60,
    "a remount with new options");
  give(&n, "nr_blocks=1000");
  check_str(n.size, "nr_blocks=1000", "blocks are a size too");
  // Its root takes an inode already, and so do the others.
  check_need(!mkdirat(n.dir, "a", 0700) && !mkdirat(n.dir, "b", 0700));
  give(&n, "nr_inodes=1");
  check(lr_fsnew_remount(&n, &f) == -1 && f.step
    && !strcmp(f.step, "remounting"), "a limit below what is used");
  check(f.name && strstr(f.name, "tmpfs: "), "named: %s", f.name);
  lr_fault_clear(&f);

  // Picked up again, and made read-only by hand meanwhile
  check_need(!lr_fsnew_pick(&m, n.dir, "that", &f));
  check(!m.ramfs && m.dir == -1, "picked");
  give(&m, "size=3M");
  check(!lr_fsnew_remount(&m, &f) && !fstatfs(n.dir, &sf)
    && sf.f_bsize*sf.f_blocks == 3<<20, "options of what was picked");
  check(lr_fsnew_option(&m, "x ", "bogus", &f) == -1 && f.name
    && !strncmp(f.name, "x bogus: ", 9), "bogus: %s", f.name);
  lr_fault_clear(&f);
  lr_fsnew_close(&m);

  check(lr_fsnew_pick(&m, open("/proc/self", O_RDONLY|O_DIRECTORY), "/x", &f)
    && f.step && !strcmp(f.step, "remounting"), "what is no root of a mount");
  check_str(f.name, "/x", "its name");
  lr_fault_clear(&f);
  lr_fsnew_close(&m);
  lr_fsnew_close(&n);

  check_need((dir = lr_fs_detached("ramfs")) > 2);
  check_need(!lr_fsnew_pick(&m, dir, "ramfs", &f));
  check(m.ramfs, "a ramfs is known when it's picked");
  lr_fsnew_close(&m);
  close(dir);
  errno = 0;
  check(lr_fs_detached("no such") == -1 && errno == ENODEV, "detached: none");
}

// Does the file system on check_dir() itself say OPTION, "ro" or "rw"? That its
// mount is read-only is another thing, and all that statfs() says.
static int super(char *option)
{
  int proc = open("/proc", O_RDONLY|O_DIRECTORY), found = 0;
  struct fault f = {0};
  struct mountinfo *list, *m;

  check_need(list = lr_mountinfo_read(proc, &f));
  for (m = list; m; m = m->next) {
    if (strcmp(m->dir, check_dir())) continue;
    found = !strncmp(m->super, option, strlen(option));
  }
  lr_mountinfo_free(list);
  close(proc);

  return found;
}

// What the read-only file system of a picked mount does
static void read_only(void)
{
  struct fault f = {0};
  struct fsnew n;
  int dir;

  check_need(!mount("t", check_dir(), "tmpfs", MS_RDONLY, 0));
  check_need((dir = open(check_dir(), O_RDONLY|O_DIRECTORY)) != -1);
  check_need(!lr_fsnew_pick(&n, dir, "t", &f));
  n.ro = 1;
  check(super("ro"), "it is read-only");
  give(&n, "size=3M");
  check(!lr_fsnew_remount(&n, &f), "read-only, an option");
  check(super("ro"), "it stays read-only");
  n.given = 0;
  check(!lr_fsnew_remount(&n, &f) && super("ro"), "nothing given");
  give(&n, "rw");
  check(!lr_fsnew_remount(&n, &f), "read-only, rw");
  check(super("rw"), "it is read-write");
  lr_fsnew_close(&n);
  close(dir);
  check_need(!umount2(check_dir(), MNT_DETACH));
}

int main(void)
{
  check_dir();
  check_namespace();
  read_only();
  systems();

  return check_done();
}
