/* probe.c - does pivot_root work here?
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include <sched.h>
#include "lib/fault.h"
#include "lib/kernel.h"
#include "lib/mountinfo.h"
#include "lib/probe.h"

// Why does pivot_root(2) not work with "/" as it is, whose mount is ID in the
// mount table LIST? 0 if it does (fs/namespace.c path_pivot_root(): EINVAL).
static char *why_not(struct mountinfo *list, unsigned id)
{
  while (list && list->id != id) list = list->next;
  if (!list) return "is a chroot";
  if (list->id == list->parent) return "has no parent mount";

  return list->shared ? "is shared" : 0;
}

// Does pivot_root(2) work for this process? PROC is a directory of procfs.
// Leaves a fault: why not. Returns 0 if it does, or -1.
int lr_probe(int proc, struct fault *f)
{
  struct mountinfo *list;
  struct kstat st;
  char *why;
  int status = 0;
  pid_t pid;

  if (kstatx(AT_FDCWD, "/", 0, &st))
    return lr_fault(f, errno, "looking at", "/");
  if (!(list = lr_mountinfo_read(proc, f)) && f->step) return -1;
  why = why_not(list, st.mnt);
  lr_mountinfo_free(list);
  if (why) return lr_fault(f, 0, "/", "%s", why);

  // Has it the privilege? Found out in a child, as PID 1 must not do this: only
  // its own namespace counts
  if (!(pid = fork())) _exit(!!syscall(SYS_unshare, CLONE_NEWNS));
  if (pid != waitpid(pid, &status, 0) || status)
    return lr_fault(f, 0, "no", "privilege");

  return 0;
}
