/* plan.c - what will be done, and because of what
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 *
 * All decisions are here, and nothing but decisions: no function makes a system
 * call. So a table of requests and scenes can test each of them
 * (tests/leafroot/unit/plan.c).
 */

#include "toys.h"
#include "lib/fault.h"
#include "lib/memory.h"
#include "lib/mountinfo.h"
#include "lib/newroot.h"
#include "lib/plan.h"
#include "lib/report.h"
#include "lib/request.h"
#include "lib/scene.h"

// What is known before anything has been looked at: P, which is all 0, for the
// request R to us, who S says are PID 1 or not. Leaves a fault where that can't
// be. Returns 0 or -1.
int lr_plan_begin(struct plan *p, struct request *r, struct scene *s,
  struct fault *f)
{
  p->action = r->probe ? PLAN_PROBE : PLAN_OPEN;
  if (!r->probe && r->own_namespace && s->pid1)
    return lr_fault(f, 0, "-u:",
      "not for PID 1, whose root the kernel's helpers use");

  return 0;
}

// What NEWROOT can't be. Returns 0, or -1 and a fault.
static int refuse_newroot(struct request *r, struct scene *s, struct fault *f)
{
  char *why = 0;

  if (s->newroot == NEWROOT_ROOT) why = "is /";
  else if (s->newroot == NEWROOT_MADE_OFF) why = "has to be on /";
  else if (s->newroot == NEWROOT_OFF)
    why = "has to be on / or to be a mount point itself";
  else if (s->newroot == NEWROOT_EMPTY)
    why = "is a mount point with nothing in it";
  else if (s->newroot == NEWROOT_NESTED && !r->own_namespace)
    why = "has to be mounted on /";

  return why ? lr_fault(f, 0, "NEWROOT", "%s: %s", r->newroot, why) : 0;
}

// Is M mounted on NEWROOT, or on what is mounted there? It's also NEWROOT's own
// mount that counts.
static int is_on_newroot(struct scene *s, struct mountinfo *m)
{
  while (m && m->id != s->newroot_mount)
    m = m->id == m->parent ? 0 : lr_mountinfo_find(s->mounts, m->parent);

  return !!m;
}

// The old root is going to be emptied: nothing that init gets to see may need
// what is in there. With a tree that is moved or copied what they need is in
// the new root too. A bind that is not on NEWROOT is none of what init was
// promised. Returns 0, or -1 and a fault that names the mount and what it
// needs.
static int refuse_uses(struct plan *p, struct scene *s, struct fault *f)
{
  struct mountinfo *m;
  int bind;

  if (!p->wipe || (p->action & PLAN_TREE)) return 0;
  for (m = s->mounts; m; m = m->next) {
    if (!m->uses) continue;
    bind = !!lr_mountinfo_shows(s->root, m);
    if (bind && !is_on_newroot(s, m)) continue;

    return lr_fault(f, 0, m->id == s->newroot_mount ? "NEWROOT" : "mount",
      "%s: %s %s of the old root, which would be emptied (-k keeps it)",
      m->dir, bind ? "is" : "has the layer", m->uses);
  }

  return 0;
}

// Why the tree has to be copied instead of moved, or 0: because the old root
// has to stay whole, or because nothing can be removed from it before the
// switch.
static char *copy_because(struct request *r, struct scene *s)
{
  if (r->keep) return "the old root is kept";
  if (r->own_namespace) return "others use the old root";
  if (s->is_disk) return "the old root is a disk";
  if (s->is_ro) return "the old root is read-only";

  return r->copy ? "that was asked for" : 0;
}

// What type the new root is of, where -t doesn't say. What rootfstype= says of
// a disk root was for the disk.
static void choose_type(struct plan *p, struct request *r, struct scene *s)
{
  char *type = s->is_disk ? 0 : r->rootfstype;

  p->type = r->type ? : "tmpfs";
  if (r->type || !type) return;
  // A list, of which the kernel takes the first that works
  if (!strncmp(type, "ramfs", 5)) p->type = "ramfs";
  else if (strncmp(type, "tmpfs", 5)) p->unknown_type = type;
}

// What will be done, by what R asks for and S shows. Leaves a fault where
// nothing can be. Returns 0 or -1.
int lr_plan_make(struct plan *p, struct request *r, struct scene *s,
  struct fault *f)
{
  int filled = s->newroot == NEWROOT_FILLED || s->newroot == NEWROOT_NESTED;

  if (refuse_newroot(r, s, f)) return -1;
  p->pivot = !s->is_rootfs;
  p->copy_mounts = r->own_namespace;
  p->keep = r->keep;
  if (filled) {
    p->action = PLAN_TAKE;
    p->ignored = r->options || r->archives || r->type;

    // keep= of the kernel command line was for the way to the new root. -k is
    // for the one that is asked for now.
    p->keep = r->keep_arg;
  } else if (!s->is_rootfs && !r->force && !r->own_namespace) {
    p->action = PLAN_STAY;
    p->ignored = r->archives || r->keep;
    p->keep = 0;
  } else {
    choose_type(p, r, s);
    p->because = copy_because(r, s);
    if (r->archives) p->action = PLAN_UNPACK;
    else p->action = p->because ? PLAN_COPY : PLAN_MOVE;
  }
  p->wipe = (p->action & PLAN_SWITCH) && s->is_rootfs && !p->keep
    && !r->own_namespace && !s->is_disk;

  // A copy or an archive leaves the files there that binds of the old root
  // show, so those can stay for as long. And what is on the scratch mount, on
  // top of the new root, would be found by ".." of an archive's symlinks
  p->unbind = p->action == PLAN_MOVE || p->action == PLAN_TAKE;
  p->count = p->action == PLAN_COPY || r->dry_run || r->verbose;

  return refuse_uses(p, s, f);
}

// What is available, as far as that is known, in bytes
static unsigned long long available(struct scene *s)
{
  return s->is_disk || !s->free ? s->available : s->free;
}

// Could the old root have to go before the archives are unpacked, by what S
// says of them? Then it has to be known how much that would free.
int lr_plan_may_empty(struct plan *p, struct scene *s)
{
  return p->action == PLAN_UNPACK && p->wipe && available(s)
    && available(s)<s->bytes+MEMORY_UNPACK
    && s->archives_checked == s->archives && s->archives_init == 3;
}

// Is memory too short for what was archived beside the old root? Then that goes
// first, but only if nothing can go wrong any more: every archive has been
// verified whole, there is an init in them with all that it needs, and there
// will be memory enough. Leaves a fault if there won't be. Returns 0 or -1.
static int fit_archives(struct plan *p, struct scene *s, struct fault *f)
{
  unsigned long long need = lr_memory_unpack(s->bytes, s->inodes),
    have = available(s);

  if (p->action != PLAN_UNPACK || !have || have>=s->bytes+MEMORY_UNPACK
    || s->archives_checked != s->archives) return 0;
  if (!lr_plan_may_empty(p, s)) return lr_fault(f, 0, "unpacking needs",
    "%s, %s are available, and the old root has to stay%s", lr_size(need).text,
    lr_size(have).text, p->wipe ? " as no init is sure to run" : "");
  if ((have += s->freed)<need) return lr_fault(f, 0, "unpacking needs",
    "%s, %s are available without the old root", lr_size(need).text,
    lr_size(have).text);
  p->empty_first = 1;

  return 0;
}

// Is there the memory that a move takes at its fastest? Else it goes slowly,
// but not where even that would take the last of it: PID 1 would be killed.
// Leaves a fault. Returns 0 or -1.
static int fit_move(struct plan *p, struct scene *s, struct fault *f)
{
  unsigned long long have = available(s), need = lr_memory_least(s->inodes);

  if (p->action != PLAN_MOVE || !have
    || have>=lr_memory_move(s->bytes ? : ~0ULL)) return 0;
  if (have<need) return lr_fault(f, 0, "a move needs", "%s, %s are available",
    lr_size(need).text, lr_size(have).text);
  p->careful = 1;

  return 0;
}

// Does what is to be in the new root fit, as S has it now that it was counted?
// SIZE and NR_INODES are the options that limit it, or 0. And may we do it at
// all? Leaves a fault with the figures. Returns 0 or -1.
int lr_plan_fits(struct plan *p, struct request *r, struct scene *s,
  char *size, char *nr_inodes, struct fault *f)
{
  unsigned long long need = lr_memory_copy(s->bytes, s->inodes);

  // Only PID 1's own chroot counts for the kernel's helpers, and a pivot, which
  // would move it along, does not work on rootfs
  if ((p->action & PLAN_SWITCH) && !s->pid1 && !r->dry_run && s->is_rootfs
    && !r->own_namespace) return lr_fault(f, 0, "only PID 1",
      "can leave rootfs, run it as: exec leafroot %s ...", r->newroot);
  if (!(p->action & PLAN_FILL)) return 0;
  if (size && s->size && s->size<s->bytes)
    return lr_fault(f, 0, "tree needs", "%s in %llu inodes, %s holds %s",
      lr_size(s->bytes).text, s->inodes, size, lr_size(s->size).text);
  if (nr_inodes && s->files && s->files<s->names)
    return lr_fault(f, 0, "tree needs", "%s in %llu inodes, %s holds %llu",
      lr_size(s->bytes).text, s->names, nr_inodes, s->files);
  if (p->because && available(s) && available(s)<need)
    return lr_fault(f, 0, "a copy needs",
      "%s more memory, %s are available", lr_size(need).text,
      lr_size(available(s)).text);

  return fit_move(p, s, f) ? -1 : fit_archives(p, s, f);
}

// Say what was asked for and does nothing.
void lr_plan_warn(struct plan *p, struct request *r)
{
  if (p->unknown_type) lr_say("rootfstype=%s: neither tmpfs nor ramfs, left"
    " out", p->unknown_type);
  if (!p->ignored || r->quiet) return;
  if (p->action == PLAN_TAKE)
    lr_say("NEWROOT %s: is filled, so -o, -t and -x do nothing", r->newroot);
  else lr_say("/ can be pivoted from: nothing is %s without -f",
    r->archives ? "unpacked" : "kept");
}

// What becomes of the old root.
static char *old_root(struct plan *p)
{
  if (p->wipe) return "the old root is emptied and sealed";
  if (p->keep) return "the old root is kept at /";
  if (p->copy_mounts) return "the old root stays as it is";

  return "the old root is unmounted";
}

// Say what will be done, a line for each kind of decision. SIZE and NR_INODES
// are the options that limit the new root, or 0.
void lr_plan_print(struct plan *p, struct request *r, struct scene *s,
  char *size, char *nr_inodes)
{
  char *init = p->init ? *p->init : "init",
    *change = p->pivot ? "pivot to it" : "move it over /";
  struct mountinfo *m;
  int mounts = 0;

  if (p->action == PLAN_STAY) {
    lr_say("plan: / can be pivoted from: give it the options and run %s", init);

    return;
  }
  if (p->action == PLAN_TAKE)
    lr_say("plan: take what is on %s, %s and run %s", r->newroot, change, init);
  else {
    lr_say("plan: %s to a %s on %s%s%s, %s and run %s",
      p->action == PLAN_UNPACK ? "unpack" : p->action == PLAN_COPY ? "copy /"
      : "move /", p->type, r->newroot, p->action == PLAN_COPY ? " as " : "",
      p->action == PLAN_COPY ? p->because : "", change, init);
    if (size || nr_inodes) lr_say("plan: the new root is limited by %s%s%s",
      size ? : "", (size && nr_inodes) ? " and " : "", nr_inodes ? : "");
    else if (s->size) lr_say("plan: the new root holds %s, or more if the tree"
      " needs it", lr_size(s->size).text);
    else lr_say("plan: the new root has no limit");
  }
  for (m = s->mounts; m; m = m->next)
    mounts += m != s->root && m->id != s->newroot_mount;
  lr_say("plan: mounts %s: %d; %s%s",
    p->copy_mounts ? "copied" : "carried over", mounts, old_root(p),
    p->keep ? : "");
}
