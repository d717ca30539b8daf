/* leafroot.c - make the running initramfs the root filesystem for good
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 *
 * No standard.

USE_LEAFROOT(NEWTOY(leafroot, 0, TOYFLAG_SBIN|TOYFLAG_NOHELP))

config LEAFROOT
  bool "leafroot"
  default n
  help
    usage: leafroot [-2fhnpquv] [-c DEV] [-k DIR] [-o OPTS] [-t TYPE]
           [-x [ARCHIVE]] [NEWROOT [INIT [ARG...]]]

    Make the initramfs this system runs from its root file system for good:
    mount a tmpfs on NEWROOT (/newroot), move everything into it, make it "/",
    empty and seal the old root, run INIT. Where something is mounted on NEWROOT
    already that becomes "/". After that pivot_root and containers
    work. Run as PID 1: exec leafroot..., or rdinit=/sbin/leafroot on the kernel
    command line.

    -2	Copy everything first: the old root stays whole, memory holds both
    -c	Open stdin, stdout, stderr on DEV in the new root
    -f	Do it although / is no rootfs (a disk is copied, never wiped)
    -h	On failure hang instead of booting in place
    -k	Keep the old root: copy, and mount it on DIR in the new one
    -n	Dry run: look, check, say what would be done
    -o	Mount options of the new root (as rootflags= on the command line)
    -p	Probe: does pivot_root work here? Exit 0 if so, else say why not
    -q	Say nothing but errors
    -t	tmpfs or ramfs (as rootfstype= on the command line)
    -u	Only for INIT and its children, in a mount namespace of their own
    -v	Say every step and how long it took
    -x	Unpack initramfs ARCHIVE (- for stdin) instead of moving the tree, or
    	without one what the kernel kept as /sys/firmware/initrd (retain_initrd)

    INIT is, if not given, the first that can be run of init= on the kernel
    command line, /init /sbin/init /etc/init /bin/init /bin/sh. leafroot= on
    the kernel command line takes a comma list: off copy extract[=ARCHIVE] hang
    keep=DIR quiet verbose.

config LEAFROOT_ISAL
  bool "leafroot -x reads gzip archives three times as fast (x86-64)"
  default n
  depends on LEAFROOT
  help
    With ISA-L, 30 kB.

config LEAFROOT_ZSTD
  bool "leafroot -x reads zstd archives"
  default n
  depends on LEAFROOT
  help
    With libzstd, 45 kB.

config LEAFROOT_XZ
  bool "leafroot -x reads xz and lzma archives"
  default n
  depends on LEAFROOT
  help
    With liblzma, 30 kB.

config LEAFROOT_BZIP2
  bool "leafroot -x reads bzip2 archives"
  default n
  depends on LEAFROOT
  help
    With libbz2, 20 kB.

config LEAFROOT_LZ4
  bool "leafroot -x reads lz4 archives"
  default n
  depends on LEAFROOT
  help
    With liblz4, 4 kB.

config LEAFROOT_LZO
  bool "leafroot -x reads lzo archives"
  default n
  depends on LEAFROOT
  help
    With lzo2, 4 kB.
*/

#define FOR_leafroot
#include "toys.h"
#include "lib/boot.h"
#include "lib/carry.h"
#include "lib/check.h"
#include "lib/console.h"
#include "lib/fill.h"
#include "lib/init.h"
#include "lib/keep.h"
#include "lib/kernel.h"
#include "lib/mountinfo.h"
#include "lib/mountopt.h"
#include "lib/probe.h"
#include "lib/readfile.h"
#include "lib/report.h"
#include "lib/signals.h"
#include "lib/survey.h"
#include "lib/switchroot.h"
#include "lib/wiper.h"

#define VERSION "0.9.0"

enum outcome { NEXT, RUN_INIT, FAILED };

static enum outcome outcome(int rc)
{
  return rc ? FAILED : NEXT;
}

// RC of an undo. What it could not do is said. What is still in the new root,
// or mounted below it, can be reached there, so that stays mounted.
static void undone(struct boot *b, int rc)
{
  if (!rc) return;
  lr_complain(&b->why, "");
  b->done.leaf_stays = 1;
}

static enum outcome read_request(struct boot *b)
{
  char *cmdline;
  int rc;

  lr_scene_begin(&b->there);
  cmdline = lr_readfile(b->there.proc, "cmdline");
  rc = lr_request_read(&b->asked, toys.argv, b->there.pid1, cmdline,
    getenv("leafroot"), &b->why);
  lr_init_begin(&b->plan, &b->asked, &b->there);
  if (b->asked.off) return RUN_INIT;
  if (rc) return FAILED;

  return outcome(lr_plan_begin(&b->plan, &b->asked, &b->there, &b->why));
}

static enum outcome probe(struct boot *b)
{
  if (lr_probe(b->there.proc, &b->why)) return FAILED;
  if (!b->asked.quiet) lr_say("pivot_root works here");

  return RUN_INIT;
}

static enum outcome look(struct boot *b)
{
  if (lr_scene_look(&b->there, &b->asked, &b->why)
    || lr_plan_make(&b->plan, &b->asked, &b->there, &b->why)) return FAILED;
  if (b->plan.action == PLAN_TAKE) b->leaf.dir = b->there.newroot_dir;
  lr_plan_warn(&b->plan, &b->asked);

  return NEXT;
}

static enum outcome survey(struct boot *b)
{
  return outcome(lr_survey(b));
}

static enum outcome check(struct boot *b)
{
  if (lr_check(b)) return FAILED;
  if ((b->plan.action & PLAN_SWITCH) && !b->asked.quiet) lr_check_holders(b);
  lr_signals_catch(&b->done.signals);
  if (b->asked.dry_run || b->asked.verbose)
    lr_plan_print(&b->plan, &b->asked, &b->there, b->leaf.size,
      b->leaf.nr_inodes);

  return b->asked.dry_run ? RUN_INIT : NEXT;
}

static enum outcome remount(struct boot *b)
{
  return outcome(lr_remount(&b->done.remount, b->there.root_dir, &b->leaf,
    &b->why));
}

static void remount_back(struct boot *b)
{
  if (lr_remount_back(&b->done.remount))
    lr_say("remounting /: %s", strerror(errno));
}

static enum outcome attach(struct boot *b)
{
  return outcome(lr_newroot_attach(&b->done.newroot, b->there.cwd,
    b->asked.newroot, b->there.root_dir, b->there.root->shared, b->leaf.dir,
    &b->why));
}

// The last of each undo, as what is put on a shared root becomes shared too.
static void share(struct boot *b, int root, int new)
{
  if (b->there.root->shared || b->there.root->master)
    lr_carry_share_root(&b->done.carry, root, new);
}

static void detach(struct boot *b)
{
  if (!b->done.leaf_stays && lr_newroot_detach(&b->done.newroot, b->leaf.dir))
    lr_say("removing %s: %s", b->asked.newroot, strerror(errno));
  share(b, b->there.root_dir, 0);
}

static enum outcome unbind(struct boot *b)
{
  return outcome(b->plan.unbind && lr_carry_unbind(&b->done.carry, &b->why));
}

static void bind_back(struct boot *b)
{
  undone(b, lr_carry_bind(&b->done.carry, &b->why));
  share(b, b->there.root_dir, 0);
}

static enum outcome fill(struct boot *b)
{
  return outcome(lr_fill(b));
}

static void fill_back(struct boot *b)
{
  int rc = lr_fill_back(b);

  undone(b, rc);
  if (rc) lr_say("not all is back: the rest stays on %s", b->asked.newroot);
}

static enum outcome carry(struct boot *b)
{
  return outcome(lr_carry(&b->done.carry, &b->why));
}

static void carry_back(struct boot *b)
{
  undone(b, lr_carry_back(&b->done.carry, &b->why));
}

// A pivot puts the old root there by itself; rootfs has to be mounted again.
static enum outcome keep(struct boot *b)
{
  if (b->plan.keep && lr_keep(b->there.root_dir, b->leaf.dir, b->plan.keep,
    !b->plan.pivot, &b->why)) return FAILED;
  b->done.kept = b->plan.keep && !b->plan.pivot;

  return NEXT;
}

static void keep_back(struct boot *b)
{
  if (b->done.kept) lr_keep_back(b->leaf.dir, b->plan.keep);
}

static enum outcome change(struct boot *b)
{
  lr_signals_ignore(b->done.signals);

  return outcome(lr_switchroot(b->done.newroot.on_root ? -1
    : b->there.root_dir, b->leaf.dir, b->plan.pivot, b->plan.keep, &b->why));
}

static void say_mount(char *dir, char *what)
{
  lr_say("%s %s", dir, what);
}

static enum outcome tidy(struct boot *b)
{
  if (lr_newroot_remove(&b->done.newroot))
    lr_say("removing %s: %s", b->asked.newroot, strerror(errno));
  if (b->done.tree.src != -1) close(b->done.tree.src);
  lr_tree_free(&b->done.tree);
  lr_carry_rest(&b->done.carry, !!b->plan.keep,
    b->asked.quiet ? 0 : say_mount);
  share(b, b->leaf.dir, 1);
  lr_carry_free(&b->done.carry);
  if (b->leaf.set & MATTR_RDONLY)
    lr_mountopt_apply(b->leaf.dir, ".", MATTR_RDONLY, 0);

  return NEXT;
}

// Standard streams that are devices of the old root would keep it in use. If
// "/" stays there's only -c to obey.
static enum outcome console(struct boot *b)
{
  int stay = b->plan.action == PLAN_STAY;
  char *dev = b->asked.console;

  if ((dev || (!stay && b->there.pid1)) && lr_console_leave(stay
    ? b->there.root_dir : b->leaf.dir, b->there.root_dev, dev))
      lr_say("%s: %s", dev ? : "/dev/console", strerror(errno));

  return NEXT;
}

static enum outcome wipe(struct boot *b)
{
  if (b->plan.wipe) lr_wiper_start(&b->there, b->asked.verbose);

  return NEXT;
}

static enum outcome tell(struct boot *b)
{
  struct tree *t = &b->done.tree;
  int unpacked = b->plan.action == PLAN_UNPACK;

  if (b->asked.quiet) return NEXT;
  if (b->plan.action == PLAN_TAKE)
    lr_say("/ is what was on %s now", b->asked.newroot);
  else lr_say("/ is a %s now: %s in %llu inodes %s in %lld ms", b->plan.type,
    lr_size(unpacked ? b->there.bytes : t->bytes).text,
    unpacked ? b->there.inodes : t->inodes, unpacked ? "unpacked"
    : t->mode == TREE_MOVE ? "moved" : "copied", millitime()-b->begun);

  return NEXT;
}

// The steps in their order, each with its undo and with the plans it is one of.
static const struct step {
  char *name;
  enum outcome (*go)(struct boot *);
  void (*undo)(struct boot *);
  int plans;
} steps[] = {
  {"read",    read_request, 0,            PLAN_ALL},
  {"probe",   probe,        0,            PLAN_PROBE},
  {"look",    look,         0,            PLAN_ALL},
  {"survey",  survey,       0,            PLAN_FILL|PLAN_STAY},
  {"check",   check,        0,            PLAN_ALL},
  // ---- Up to here nothing has been changed.
  {"remount", remount,      remount_back, PLAN_STAY},
  {"mount",   attach,       detach,       PLAN_FILL},
  {"unbind",  unbind,       bind_back,    PLAN_SWITCH},
  {"fill",    fill,         fill_back,    PLAN_FILL},
  {"carry",   carry,        carry_back,   PLAN_SWITCH},
  {"keep",    keep,         keep_back,    PLAN_SWITCH},
  {"switch",  change,       0,            PLAN_SWITCH},
  // ---- From here on nothing goes back: what fails is said, and init is run.
  {"tidy",    tidy,         0,            PLAN_SWITCH},
  {"console", console,      0,            PLAN_SWITCH|PLAN_STAY},
  {"wipe",    wipe,         0,            PLAN_SWITCH},
  {"tell",    tell,         0,            PLAN_SWITCH}
};

// Do the steps of B. If one fails undo them, the half-done one first. Returns
// the outcome of the last.
static enum outcome walk(struct boot *b)
{
  enum outcome rc = NEXT;
  const struct step *s;
  long long ms;

  for (s = steps; rc == NEXT && s<steps+ARRAY_LEN(steps); s++) {
    if (!(s->plans & b->plan.action)) continue;
    ms = millitime();
    rc = s->go(b);
    if (rc == NEXT && *lr_signals_asked())
      rc = outcome(lr_fault(&b->why, 0, "stopped by", "a signal"));

    // Where the old root was emptied, what there is of the new one is better
    if (rc == FAILED && b->done.emptied) {
      lr_complain(&b->why, "");
      rc = NEXT;
    }
    if (rc == NEXT && b->asked.verbose)
      lr_say("%s: %lld ms", s->name, millitime()-ms);
  }
  if (rc == FAILED) {
    lr_signals_ignore(b->done.signals);
    lr_complain(&b->why, "");
    while (s-- > steps) if (s->undo && (s->plans & b->plan.action)) s->undo(b);
  }

  return rc;
}

void leafroot_main(void)
{
  struct boot b = {.begun = millitime(), .plan.action = PLAN_OPEN};
  enum outcome rc;

  if (toys.optc && !strcmp(*toys.optargs, WIPER)) _exit(lr_wiper(toys.optc>1));
  if (getpid() != 1 && toys.optc) {
    if (!strcmp(*toys.optargs, "--version")) {
      dprintf(1, "leafroot "VERSION"\n");

      return;
    }
    toys.which->flags &= ~TOYFLAG_NOHELP;
    check_help(toys.optargs);
  }
  lr_console_fill();
  b.leaf.dir = b.leaf.ctx = b.done.tree.src = b.done.newroot.parent = -1;

  rc = walk(&b);
  if (rc == FAILED) {
    if (b.asked.hang) lr_hang();
    if (!b.there.pid1) _exit(1);
    if (b.asked.verbose) lr_say("booting in place");
  }
  if (rc == RUN_INIT && !b.there.pid1 && (b.asked.dry_run || b.asked.probe))
    _exit(0);

  // init gets the umask and the signals as we had them
  umask(toys.old_umask);
  lr_signals_restore(b.done.signals);
  _exit(lr_init_run(&b.plan, &b.asked, &b.there));
}
