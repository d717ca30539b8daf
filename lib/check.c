/* check.c - all that can be known before anything is changed
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include "lib/boot.h"
#include "lib/check.h"
#include "lib/console.h"
#include "lib/filecopy.h"
#include "lib/holders.h"
#include "lib/init.h"
#include "lib/initcheck.h"
#include "lib/keep.h"
#include "lib/kernel.h"
#include "lib/memory.h"
#include "lib/mountinfo.h"
#include "lib/report.h"

// For how long who uses the old root is looked for, in ms. Measured with two
// cores: 9,000 processes are all named in 2 s, of 24,000 it's 13,000.
#define HOLDERS_MS 2000

// Can an init be run, as far as it can be known? Where "/" stays there is no
// risk in trying, so only a dry run looks.
static int check_init(struct boot *b, int root)
{
  struct plan *p = &b->plan;

  if (p->action == PLAN_STAY) return b->asked.dry_run && p->init
    && lr_initcheck(root, *p->init, &b->why);
  if (p->action == PLAN_UNPACK)
    return lr_archives_no_init(b->archives, p, &b->asked, &b->there, &b->why);

  return lr_init_find(p, &b->asked, &b->there, root, &b->why);
}

// What has to be carried over, by the mount table.
static int plan_carry(struct boot *b)
{
  struct carry *c = &b->done.carry;
  char path[PATH_MAX], fd[32];
  int dir, len;

  c->list = b->there.mounts;
  c->root = b->there.root->id;
  c->filled = b->there.newroot_mount;
  c->copy = b->plan.copy_mounts;
  c->wiped = b->plan.wipe || b->plan.action == PLAN_MOVE;
  c->proc = b->there.proc;
  c->from = b->there.root_dir;
  c->to = b->leaf.dir;
  if (b->there.newroot == NEWROOT_DIRECTORY && (dir = openat(b->there.cwd,
    b->asked.newroot, O_PATH|O_DIRECTORY|O_CLOEXEC)) != -1)
  {
    sprintf(fd, "self/fd/%d", dir);
    len = readlinkat(c->proc, fd, path, sizeof(path)-1);
    path[maxof(len, 0)] = 0;
    c->newroot = path;
    close(dir);
  }
  len = lr_carry_plan(c, &b->why);
  c->newroot = 0;

  return len;
}

// Check that nothing is in the way of B->plan: sizes, init, the place for the
// old root, the console. Sets B->plan.init. Leaves the fault B->why. Returns 0
// or -1.
int lr_check(struct boot *b)
{
  struct plan *p = &b->plan;
  int root = p->action == PLAN_TAKE ? b->leaf.dir : b->there.root_dir, fd = -1;
  char *dev = b->asked.console;

  b->progress.quiet = b->asked.quiet;
  b->progress.verbose = b->asked.verbose;
  b->progress.proc = b->there.proc;
  if (lr_plan_fits(p, &b->asked, &b->there, b->leaf.size, b->leaf.nr_inodes,
    &b->why) || check_init(b, root)) return -1;
  if ((p->action & (PLAN_FILL|PLAN_STAY)) && (b->leaf.set & MATTR_NOEXEC))
    return lr_fault(&b->why, 0, "option noexec:", "%s could not be run",
      p->init ? *p->init : "init");
  if (p->keep && p->action != PLAN_UNPACK
    && lr_keep_check(root, p->keep, &b->why)) return -1;
  if (dev && -1 == (fd = lr_console_open(b->there.root_dir, dev)))
    return lr_fault(&b->why, errno, "-c", "%s", dev);
  if (fd != -1) close(fd);

  return (p->action & PLAN_SWITCH) ? plan_carry(b) : 0;
}

// PATH can't be emptied under who uses it, so its memory stays until then.
// (The context of a move is its struct progress.) Returns 0, or -1 when there
// is not that much memory for a second one.
int lr_check_in_use(void *progress, char *path, unsigned long long bytes)
{
  struct progress *p = progress;
  unsigned long long there = lr_memory_free(p->proc);

  if (there && there<bytes+MEMORY_LEAST) return -1;
  if (!p->quiet) lr_say("%s is in use: %s stay in memory until it's released",
    path, lr_size(bytes).text);

  return 0;
}

// A process that stays on the old root keeps what it uses of it in memory, and
// the switch can't give it the new one.
static void left_behind(struct holder *h)
{
  lr_say("process %d (%s)%s stays on the old root with %s", h->pid, h->name,
    h->storage ? ", a storage daemon," : "", lr_size(h->bytes).text);
}

// Name what will stay in use of the old root: processes, and files of loop
// devices, which keep the old ones. (Big files are named when they are moved,
// whoever it is that uses them.)
static void name_holders(struct boot *b)
{
  int sys = lr_fs_detached("sysfs"), n, rc = 0;
  char name[PATH_MAX];
  struct kstat st;

  for (n = 0; rc>=0 && b->plan.action != PLAN_TAKE; n++) {
    rc = lr_holders_loop(b->there.root_dir, sys, b->there.root_dev, n, name,
      PATH_MAX, &st);
    if (rc>0 && st.size<=COPY_CHUNK)
      lr_check_in_use(&b->progress, name, st.blocks*512);
  }
  if (b->there.pid1 || b->asked.dry_run)
    lr_holders(b->there.proc, b->there.root_dev, getppid(), left_behind);
}

// Name what will stay in use of the old root. That is only a warning, so it may
// neither block the boot nor take long: a child does it, which is given up and
// killed after HOLDERS_MS. A file system can keep it from dying (state D); it
// lets go of all it can then, as what it has open would stay in use.
void lr_check_holders(struct boot *b)
{
  struct pollfd p = {.events = POLLIN};
  int fds[2], i;
  pid_t pid;

  if (pipe2(fds, O_CLOEXEC)) return;
  if (!(pid = fork())) {
    for (i = 0; i<1024; i++)
      if (i != 2 && i != fds[1] && i != b->there.proc && i != b->there.root_dir)
        close(i);
    name_holders(b);
    _exit(0);
  }
  close(fds[1]);
  p.fd = fds[0];
  if (pid>0) {
    i = poll(&p, 1, HOLDERS_MS);
    kill(pid, SIGKILL);
    if (i) waitpid(pid, 0, 0);
    else lr_say("looking for who uses the old root took too long: there may be"
      " more");
  }
  close(fds[0]);
}
