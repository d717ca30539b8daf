/* leaf.c - the new root's file system
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include "lib/fault.h"
#include "lib/fsnew.h"
#include "lib/kernel.h"
#include "lib/leaf.h"
#include "lib/memory.h"
#include "lib/mountopt.h"
#include "lib/report.h"
#include "lib/request.h"
#include "lib/scene.h"

// Give N the options of the comma list LIST. FROM names where it was found. Of
// a LIST of the kernel command line a bad option is left out with a warning, as
// the boot has to go on, and so is noexec, with which no init could be run; one
// that was given as an ARGUMENT is a fault. Returns 0 or -1.
static int give(struct fsnew *n, char *from, char *list, int argument,
  struct fault *f)
{
  char *copy = strdup(list), *s = copy, *option, prefix[32];
  int rc = 0;

  if (!copy) return lr_fault(f, errno, "option", "%s %s", from, list);
  sprintf(prefix, "%s ", from);
  while (!rc && (option = lr_mountopt_next(&s))) {
    if (!argument && !strcmp(option, "noexec"))
      lr_fault(f, 0, "option", "%s%s: init could not be run", prefix, option);
    else if (!lr_fsnew_option(n, prefix, option, f)) continue;
    if (argument) rc = -1;
    else lr_complain(f, ", left out");
  }
  free(copy);

  return rc;
}

// Give N the options of request R: those of the kernel command line, unless the
// root is a DISK, for which they were meant and where they are in force
// already; then those of -o. Leaves a fault "option". Returns 0 or -1.
int lr_leaf_options(struct fsnew *n, struct request *r, int disk,
  struct fault *f)
{
  struct arg_list *a;

  if (!disk && r->flags && give(n, r->flags_name, r->flags, 0, f)) return -1;
  for (a = r->options; a; a = a->next)
    if (give(n, "-o", a->arg, 1, f)) return -1;

  return 0;
}

// Make the new root's file system, of TYPE and with the options of R, as a
// mount that is attached nowhere: so every option is checked, and every limit
// known, before anything changes. Sets what S says it can hold. Leaves a fault
// "option" or "mounting". Returns 0 or -1; LEAF is to be closed either way.
int lr_leaf_make(struct fsnew *leaf, char *type, struct request *r,
  struct scene *s, struct fault *f)
{
  struct statfs sf;

  if (lr_fsnew_open(leaf, type, f)
    || lr_fsnew_option(leaf, "", "source=leafroot", f)
    || lr_fsnew_option(leaf, "", "mode=0755", f)) return -1;
  leaf->owned = 0;
  if (lr_leaf_options(leaf, r, s->is_disk, f) || lr_fsnew_mount(leaf, f))
    return -1;
  if (fstatfs(leaf->dir, &sf))
    return lr_fault(f, errno, "mounting", "%s", type);
  s->size = sf.f_blocks*(unsigned long long)sf.f_bsize;
  s->files = sf.f_files;

  return 0;
}

// Set LEAF's limits to BYTES and INODES, where no option has set them.
static int set_limits(struct fsnew *leaf, unsigned long long bytes,
  unsigned long long inodes, struct fault *f)
{
  struct fsnew n;
  char buf[64];
  int rc = 0;

  if (leaf->ramfs || (leaf->size && leaf->nr_inodes)) return 0;
  if (!lr_fsnew_pick(&n, leaf->dir, "the new root", f)) {
    sprintf(buf, "size=%llu", bytes);
    if (!leaf->size) rc = lr_fsnew_option(&n, "", buf, f);
    sprintf(buf, "nr_inodes=%llu", inodes);
    if (!rc && !leaf->nr_inodes) rc = lr_fsnew_option(&n, "", buf, f);
    if (!rc) rc = lr_fsnew_remount(&n, f);
  } else rc = -1;
  lr_fsnew_close(&n);

  return rc;
}

// Before LEAF is filled: it has no limit but what options set, as where a limit
// is needed the tree decides which. Leaves a fault "remounting". Returns 0 or
// -1.
int lr_leaf_unlimit(struct fsnew *leaf, struct scene *s, struct fault *f)
{
  return set_limits(leaf, s->size*MEMORY_NO_LIMIT, s->files*MEMORY_NO_LIMIT, f);
}

// After it was filled: the kernel's default, or more where what is in it needs
// more, as a root without room would be of no use. Leaves a fault "filling" or
// "remounting". Returns 0 or -1.
int lr_leaf_limit(struct fsnew *leaf, struct scene *s, struct fault *f)
{
  struct statfs sf;

  if (fstatfs(leaf->dir, &sf))
    return lr_fault(f, errno, "filling", "the new root");

  return set_limits(leaf,
    lr_memory_limit(s->size, (sf.f_blocks-sf.f_bfree)*sf.f_bsize, MEMORY_SLACK),
    lr_memory_limit(s->files, sf.f_files-sf.f_ffree, MEMORY_SLACK_INODES), f);
}
