// remount.c - a root gets all of its new options, or has its old ones
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// unit: lib/remount.c lib/fsnew.c lib/mountopt.c lib/mountinfo.c lib/fault.c

#include "toys.h"
#include "check.h"
#include "lib/fault.h"
#include "lib/fsnew.h"
#include "lib/kernel.h"
#include "lib/mountinfo.h"
#include "lib/mountopt.h"
#include "lib/remount.h"

// The flags of the mount before, as mount() has them
static unsigned long befores[] = {
  0, MS_NOSUID, MS_NODEV|MS_NOEXEC, MS_NOATIME, MS_STRICTATIME,
  MS_NODIRATIME|MS_STRICTATIME, MS_RDONLY, MS_RDONLY|MS_NOATIME|MS_NOSUID, 256
};

// Options to give; the flags of the mount and what its file system says then,
// as far as it's more than before; and what goes wrong
enum { TOO_FEW = 1, CLOSED, NO_DIR, NO_MOUNT };
static struct {
  char *options, *flags, *super;
  int wrong, err;
} rows[] = {
  {"", 0, 0, 0, 0},
  {"defaults", 0, 0, 0, 0},
  {"size=10M", 0, "size=10240k", 0, 0},
  {"size=10M,nosuid", "nosuid", "size=10240k", 0, 0},
  {"nosuid", "nosuid", 0, 0, 0},
  {"noatime,nodev,noexec,nr_inodes=50", "noatime", "nr_inodes=50", 0, 0},
  {"strictatime", 0, 0, 0, 0},
  {"dev,exec", 0, 0, 0, 0},

  // The file system has 20 files
  {"nr_inodes=10,nosuid", 0, 0, TOO_FEW, 0},
  {"nr_inodes=10,nodev,noatime,size=1M", 0, 0, TOO_FEW, 0},
  {"nr_inodes=10,suid,dev,exec,strictatime,diratime", 0, 0, TOO_FEW, 0},
  {"nr_inodes=10,ro", 0, 0, TOO_FEW, 0},
  {"nr_inodes=10,rw", 0, 0, TOO_FEW, 0},
  {"nr_inodes=10,nosymfollow", 0, 0, TOO_FEW, 0},
  {"nr_inodes=10", 0, 0, TOO_FEW, 0},
  {"size=10M,nosuid", 0, 0, CLOSED, EBADF},
  {"size=10M", 0, 0, CLOSED, EBADF},
  {"size=10M,nosuid", 0, 0, NO_DIR, EBADF},
  {"size=10M,nosuid", 0, 0, NO_MOUNT, EINVAL},
};

static int proc;

// The options of the mount on check_dir(): its flags, and its file system's
static void options(char *flags, char *super)
{
  struct fault f = {0};
  struct mountinfo *list, *m;
  int n = 0;

  check_need(list = lr_mountinfo_read(proc, &f));
  for (m = list; m; m = m->next) {
    if (strcmp(m->dir, check_dir())) continue;
    strcpy(flags, m->flags);
    strcpy(super, m->super);
    n++;
  }
  lr_mountinfo_free(list);
  check_need(n == 1);
}

// Is WORD, an option, in LIST?
static int has(char *list, char *word)
{
  char copy[1024], *next = strcpy(copy, list), *option;

  while ((option = lr_mountopt_next(&next)))
    if (!strcmp(option, word)) return 1;

  return 0;
}

// Row I of a mount that has BEFORE
static void run(unsigned i, unsigned long before)
{
  char flags[2][1024], super[2][1024], copy[256], *next, *option, name[32];
  struct remount m;
  struct fsnew n;
  struct fault f = {0};
  int dir, wrong = rows[i].wrong, used, j;

  check_need(!mount("t", check_dir(), "tmpfs", 0, "size=20M,nr_inodes=100"));
  for (j = 0; j<20; j++) {
    sprintf(name, "%d", j);
    close(check_open(name, O_WRONLY|O_CREAT));
  }
  check_need((dir = open(check_dir(), O_RDONLY|O_DIRECTORY|O_CLOEXEC)) != -1);
  check_need(!mkdirat(dir, "d", 0700));
  check_need(!mount(0, check_dir(), 0, MS_REMOUNT|MS_BIND|before, 0));
  options(flags[0], super[0]);
  check_need(!lr_fsnew_pick(&n, dir, "/", &f));
  strcpy(next = copy, rows[i].options);
  while ((option = lr_mountopt_next(&next)))
    check_need(!lr_fsnew_option(&n, "", option, &f));
  used = dir;
  if (wrong == CLOSED) close(n.ctx);
  if (wrong == NO_DIR) used = -1;
  if (wrong == NO_MOUNT)
    check_need((used = openat(dir, "d", O_RDONLY|O_DIRECTORY|O_CLOEXEC)) != -1);
  check_num(lr_remount(&m, used, &n, &f), wrong ? -1 : 0, "row %u on %lx", i,
    before);
  check_str(f.step, wrong ? "remounting" : 0, "row %u on %lx: step", i, before);
  check(!wrong || (f.name && *f.name == '/'), "row %u on %lx: name", i, before);
  check_num(f.err, rows[i].err, "row %u on %lx: errno", i, before);
  // The kernel says it in its own words
  check(wrong != TOO_FEW || (f.name && strstr(f.name, "/: tmpfs: ")),
    "row %u on %lx: %s", i, before, f.name);
  lr_fault_clear(&f);
  options(flags[1], super[1]);
  if (!wrong) {
    check(!rows[i].flags || has(flags[1], rows[i].flags),
      "row %u on %lx: %s", i, before, flags[1]);
    check(!rows[i].super || has(super[1], rows[i].super),
      "row %u on %lx: %s", i, before, super[1]);
    // What was not asked for is as it was.
    check_num(has(flags[1], "nosuid"), has(flags[0], "nosuid")
      || has(rows[i].options, "nosuid"), "row %u on %lx: nosuid", i, before);
    check(!has(rows[i].options, "dev") || !has(flags[1], "nodev"),
      "row %u on %lx: dev", i, before);
    check_num(has(flags[1], "ro"), has(flags[0], "ro"), "row %u on %lx: ro", i,
      before);
    check_num(has(flags[1], "nodiratime"), has(flags[0], "nodiratime"),
      "row %u on %lx: nodiratime", i, before);
  } else {
    check(!lr_remount_back(&m), "row %u on %lx: back", i, before);
    options(flags[1], super[1]);
    check_str(flags[1], flags[0], "row %u on %lx: its old flags", i, before);
    check_str(super[1], super[0], "row %u on %lx: its old options", i, before);
  }
  if (used != dir && used != -1) close(used);
  if (wrong == CLOSED) n.ctx = -1;
  lr_fsnew_close(&n);
  check_need(!chdir("/"));
  close(dir);
  check_need(!umount2(check_dir(), MNT_DETACH));
}

int main(void)
{
  unsigned i, j;

  check_dir();
  check_namespace();
  check_need((proc = open("/proc", O_RDONLY|O_DIRECTORY|O_CLOEXEC)) != -1);
  for (i = 0; i<ARRAY_LEN(rows); i++)
    for (j = 0; j<ARRAY_LEN(befores); j++) run(i, befores[j]);

  return check_done();
}
