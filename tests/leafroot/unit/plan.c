// plan.c - what is done about a request on a scene, or why nothing is
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// unit: lib/plan.c lib/memory.c lib/mountinfo.c lib/readfile.c lib/report.c
// unit: lib/fault.c

#include "toys.h"
#include "check.h"
#include "said.h"
#include "lib/fault.h"
#include "lib/mountinfo.h"
#include "lib/newroot.h"
#include "lib/plan.h"
#include "lib/report.h"
#include "lib/request.h"
#include "lib/scene.h"

#define MIB (1ULL<<20)
#define GIB (1ULL<<30)

// What a copy of the ordinary tree takes: an inode takes 1 KiB.
#define COPY_NEEDS (100*MIB+1000*1024)

// The ordinary scene is PID 1 on rootfs, NEWROOT still to be made, and 100 MiB
// of files where 1 GiB is available. A row says what is different: these bits,
// and the figures of its scene that are not 0.
enum {
  LEAF = 1,       // "/" has a parent
  DISK = 2,
  RO = 4,         // nothing can be written to it
  NOT_PID1 = 8,
  UNKNOWN = 16,   // nobody knows how much memory is available
  NO_LIMIT = 32   // the new root is a ramfs, or has size=0 and nr_inodes=0
};

static struct scene ordinary = {
  .available = GIB, .bytes = 100*MIB, .inodes = 1000, .names = 1100,
  .size = 500*MIB, .files = 100000
};

static struct arg_list opts = {0, "size=100M"}, archive = {0, "a"};
static char *sh[] = {"/bin/sh", 0};

// A row: the plan, or what is said because there is none. The plan is words in
// this order: what is done; "pivot"; the new root's type; "wipe"; "keep=DIR";
// "mounts" if those are copied; "ignored"; "careful"; "empty" if the old root is emptied
// before; "count"; "unknown=" and the word of rootfstype=; "because" and why it
// is a copy.
#define PLAN(text) .line = __LINE__, .plan = text
#define NO(text) .line = __LINE__, .refusal = text
#define X .r.archives = &archive, .s.archives = 1
#define NO_INIT "unpacking needs 132 MiB, 1 MiB are available, and the old" \
  " root has to stay as no init is sure to run"
#define CHECKED X, .s.archives_checked = 1, .s.archives_init = 3
#define FILLED .s.newroot = NEWROOT_FILLED
#define SIZE .size = "-o size=100M"
#define INODES .nr_inodes = "-o nr_inodes=2k"
static struct row {
  int line, there;
  char *plan, *refusal, *warning, *print;
  struct request r;
  struct scene s;
  char *size, *nr_inodes;     // the options that limit the new root
  // What a mount needs of the old root: it is one of NEWROOT, on NEWROOT, or ON
  // something else, and a BIND or an overlay
  char *uses;
  enum {ON_ROOT = 1, ON_OTHER = 2, ON_SELF = 3, ON_NEWROOT = 4} where;
  int bind;
} rows[] = {
  // The root as it is, and what overrules that
  {PLAN("move tmpfs wipe")},
  {PLAN("stay pivot"), .there = LEAF},
  {PLAN("stay pivot"), .there = LEAF|DISK},
  {PLAN("stay pivot"), .there = LEAF|RO},
  {PLAN("stay pivot"), .there = LEAF|NOT_PID1},
  {PLAN("move pivot tmpfs"), .there = LEAF, .r.force = 1},
  {PLAN("move pivot tmpfs"), .there = LEAF|NOT_PID1, .r.force = 1},
  {PLAN("copy pivot tmpfs count because the old root is a disk"),
    .there = LEAF|DISK, .r.force = 1},
  {PLAN("copy pivot tmpfs count because the old root is a disk"),
    .there = LEAF|DISK|RO, .r.force = 1},
  {PLAN("copy pivot tmpfs count because the old root is read-only"),
    .there = LEAF|RO, .r.force = 1},
  {PLAN("copy tmpfs wipe count because the old root is read-only"),
    .there = RO},
  // A disk is never wiped, even if it could be rootfs
  {PLAN("copy tmpfs count because the old root is a disk"), .there = DISK},
  {PLAN("move tmpfs wipe"), .r.force = 1},

  // -p looks at nothing of this
  {PLAN("probe"), .r.probe = 1},
  {PLAN("probe"), .there = LEAF|NOT_PID1, .r.probe = 1},
  {PLAN("probe"), .r.probe = 1, .r.own_namespace = 1},
  {PLAN("probe"), .r.probe = 1, .s.newroot = NEWROOT_ROOT},

  // -2
  {PLAN("copy tmpfs wipe count because that was asked for"), .r.copy = 1},
  {PLAN("copy pivot tmpfs count because that was asked for"),
    .there = LEAF, .r.copy = 1, .r.force = 1},
  {PLAN("stay pivot"), .there = LEAF, .r.copy = 1},
  {PLAN("copy tmpfs wipe count because the old root is read-only"),
    .there = RO, .r.copy = 1},

  // -k and keep=
  {PLAN("copy tmpfs keep=old count because the old root is kept"),
    .r.keep = "old", .r.keep_arg = "old"},
  {PLAN("copy tmpfs keep=old count because the old root is kept"),
    .r.keep = "old"},
  {PLAN("copy pivot tmpfs keep=old count because the old root is kept"),
    .there = LEAF|DISK, .r.keep = "old", .r.force = 1},
  // The place itself is looked at when it is checked
  {PLAN("copy tmpfs keep= count because the old root is kept"), .r.keep = ""},
  {PLAN("stay pivot ignored"), .there = LEAF, .r.keep = "old",
    .warning = "/ can be pivoted from: nothing is kept without -f\n"},
  {PLAN("stay pivot ignored"), .there = LEAF, .r.keep = "old", .r.quiet = 1},
  {PLAN("take keep=old"), .s.newroot = NEWROOT_FILLED, .r.keep = "old",
    .r.keep_arg = "old"},
  {PLAN("take wipe"), .s.newroot = NEWROOT_FILLED, .r.keep = "old"},
  {PLAN("take keep=b"), .s.newroot = NEWROOT_FILLED, .r.keep = "b",
    .r.keep_arg = "b"},

  // -u: with PID 1 it would be the kernel's helpers that lose their root
  {NO("-u: not for PID 1, whose root the kernel's helpers use"),
    .r.own_namespace = 1},
  {NO("-u: not for PID 1, whose root the kernel's helpers use"),
    .there = LEAF, .r.own_namespace = 1, .s.newroot = NEWROOT_ROOT},
  {PLAN("copy tmpfs mounts count because others use the old root"),
    .there = NOT_PID1, .r.own_namespace = 1},
  {PLAN("copy pivot tmpfs mounts count because others use the old root"),
    .there = LEAF|NOT_PID1, .r.own_namespace = 1},
  {PLAN("copy pivot tmpfs mounts count because others use the old root"),
    .there = LEAF|DISK|RO|NOT_PID1, .r.own_namespace = 1, .r.copy = 1},
  {PLAN("copy pivot tmpfs keep=o mounts count because the old root is kept"),
    .there = LEAF|NOT_PID1, .r.own_namespace = 1, .r.keep = "o"},
  {PLAN("take mounts"), .there = NOT_PID1, .r.own_namespace = 1,
    .s.newroot = NEWROOT_FILLED},
  {PLAN("unpack pivot tmpfs mounts because others use the old root"),
    .there = LEAF|NOT_PID1, .r.own_namespace = 1, X, .s.bytes = 1},

  // Only PID 1 can leave rootfs. A dry run leaves nothing.
  {NO("only PID 1 can leave rootfs, run it as: exec leafroot /newroot ..."),
    .there = NOT_PID1},
  {NO("only PID 1 can leave rootfs, run it as: exec leafroot /newroot ..."),
    .there = NOT_PID1, .s.newroot = NEWROOT_FILLED},
  {NO("only PID 1 can leave rootfs, run it as: exec leafroot /newroot ..."),
    .there = NOT_PID1, X},
  {PLAN("move tmpfs wipe count"), .there = NOT_PID1, .r.dry_run = 1},
  {PLAN("take wipe count"), .there = NOT_PID1, .r.dry_run = 1,
    .s.newroot = NEWROOT_FILLED},
  {PLAN("take pivot"), .there = LEAF|NOT_PID1, .s.newroot = NEWROOT_FILLED},

  // -n and -v count, -q does not
  {PLAN("move tmpfs wipe count"), .r.dry_run = 1},
  {PLAN("move tmpfs wipe count"), .r.verbose = 1},
  {PLAN("move tmpfs wipe"), .r.quiet = 1},
  {PLAN("stay pivot count"), .there = LEAF, .r.dry_run = 1},

  // NEWROOT
  {PLAN("move tmpfs wipe"), .s.newroot = NEWROOT_DIRECTORY},
  {PLAN("take wipe"), .s.newroot = NEWROOT_FILLED},
  {PLAN("take pivot"), .there = LEAF, .s.newroot = NEWROOT_FILLED},
  {PLAN("take pivot"), .there = LEAF|DISK, .s.newroot = NEWROOT_FILLED},
  {PLAN("take"), .there = DISK, .s.newroot = NEWROOT_FILLED},
  {PLAN("take wipe"), .there = RO, .s.newroot = NEWROOT_FILLED},
  {PLAN("take pivot"), .there = LEAF, .r.force = 1, .r.copy = 1,
    .s.newroot = NEWROOT_FILLED},
  {NO("NEWROOT /newroot: is /"), .s.newroot = NEWROOT_ROOT},
  {NO("NEWROOT /newroot: is /"), .there = LEAF, .s.newroot = NEWROOT_ROOT},
  {NO("NEWROOT /newroot: has to be on /"), .s.newroot = NEWROOT_MADE_OFF},
  {NO("NEWROOT /newroot: has to be on / or to be a mount point itself"),
    .s.newroot = NEWROOT_OFF},
  {NO("NEWROOT %s: is a mount point with nothing in it"), .r.newroot = "%s",
    .s.newroot = NEWROOT_EMPTY},
  {NO("NEWROOT /newroot: has to be mounted on /"),
    .s.newroot = NEWROOT_NESTED},
  {NO("NEWROOT /newroot: has to be mounted on /"), .there = LEAF,
    .r.force = 1, .s.newroot = NEWROOT_NESTED},
  {PLAN("take pivot mounts"), .there = LEAF|NOT_PID1, .r.own_namespace = 1,
    .s.newroot = NEWROOT_NESTED},

  // What needs the old root, where that is going to be emptied
#define BIND(path, on) .uses = path, .bind = 1, .where = on
#define OVERLAY(path, on) .uses = path, .where = on
#define IS(what) what " of the old root, which would be emptied (-k keeps it)"
  {NO(IS("NEWROOT /m: is /real")), FILLED, BIND("/real", ON_SELF)},
  {NO(IS("NEWROOT /m: is /")), FILLED, BIND("/", ON_SELF), .r.dry_run = 1},
  {NO(IS("NEWROOT /m: has the layer /low")), FILLED, OVERLAY("/low", ON_SELF)},
  {NO(IS("mount /m: is /data")), FILLED, BIND("/data", ON_NEWROOT)},
  {NO(IS("mount /m: has the layer rw")), FILLED, OVERLAY("rw", ON_NEWROOT)},
  {NO(IS("mount /m: has the layer /low")), FILLED, OVERLAY("/low", ON_ROOT)},
  {NO(IS("mount /m: has the layer /low")), FILLED, OVERLAY("/low", ON_OTHER)},
  {NO(IS("mount /m: has the layer /low")), X, OVERLAY("/low", ON_OTHER)},
  // A bind elsewhere shows what the new root has there, or is unmounted
  {PLAN("take wipe"), FILLED, BIND("/data", ON_ROOT)},
  {PLAN("take wipe"), FILLED, BIND("/data", ON_OTHER)},
  {PLAN("unpack tmpfs wipe"), X, BIND("/data", ON_OTHER)},
  // What goes along with its files
  {PLAN("move tmpfs wipe"), BIND("/data", ON_ROOT)},
  {PLAN("move tmpfs wipe"), OVERLAY("/low", ON_ROOT)},
  {PLAN("copy tmpfs wipe count because that was asked for"), .r.copy = 1,
    OVERLAY("/low", ON_ROOT)},
  // The old root stays whole
  {PLAN("take keep=old"), FILLED, BIND("/real", ON_SELF), .r.keep = "old",
    .r.keep_arg = "old"},
  {PLAN("take keep=old"), FILLED, OVERLAY("/low", ON_NEWROOT),
    .r.keep = "old", .r.keep_arg = "old"},
  {NO(IS("NEWROOT /m: is /real")), FILLED, BIND("/real", ON_SELF),
    .r.keep = "old"},
  {PLAN("unpack tmpfs keep=old because the old root is kept"), X,
    .r.keep = "old", OVERLAY("/low", ON_ROOT)},
  {PLAN("take pivot"), .there = LEAF, FILLED, BIND("/real", ON_SELF)},
  {PLAN("unpack pivot tmpfs"), X, .there = LEAF, .r.force = 1,
    OVERLAY("/low", ON_ROOT)},
  {PLAN("take"), .there = DISK, FILLED, BIND("/real", ON_SELF)},

  // What a filled NEWROOT has no use for
  {PLAN("take wipe ignored"), .s.newroot = NEWROOT_FILLED, .r.options = &opts,
    .warning = "NEWROOT /newroot: is filled, so -o, -t and -x do nothing\n"},
  {PLAN("take wipe ignored"), .s.newroot = NEWROOT_FILLED, .r.type = "ramfs",
    .warning = "NEWROOT /newroot: is filled, so -o, -t and -x do nothing\n"},
  {PLAN("take wipe ignored"), .s.newroot = NEWROOT_FILLED, X,
    .warning = "NEWROOT /newroot: is filled, so -o, -t and -x do nothing\n"},
  {PLAN("take wipe ignored"), .s.newroot = NEWROOT_FILLED, X, .r.quiet = 1},
  {PLAN("take wipe"), .s.newroot = NEWROOT_FILLED, .r.rootfstype = "ext4"},
  {PLAN("take wipe"), .s.newroot = NEWROOT_FILLED, .r.flags = "size=1M"},

  // -t and rootfstype=
  {PLAN("move ramfs wipe"), .r.type = "ramfs"},
  {PLAN("move tmpfs wipe"), .r.type = "tmpfs"},
  {PLAN("move ramfs wipe"), .r.rootfstype = "ramfs"},
  {PLAN("move tmpfs wipe"), .r.rootfstype = "tmpfs"},
  {PLAN("move ramfs wipe"), .r.rootfstype = "ramfs,tmpfs"},
  {PLAN("move tmpfs wipe"), .r.rootfstype = "tmpfs,ramfs"},
  {PLAN("move tmpfs wipe unknown=ext4"), .r.rootfstype = "ext4",
    .warning = "rootfstype=ext4: neither tmpfs nor ramfs, left out\n"},
  {PLAN("move tmpfs wipe unknown=ext4,ramfs"), .r.rootfstype = "ext4,ramfs",
    .warning = "rootfstype=ext4,ramfs: neither tmpfs nor ramfs, left out\n"},
  {PLAN("move tmpfs wipe unknown="), .r.rootfstype = "", .r.quiet = 1,
    .warning = "rootfstype=: neither tmpfs nor ramfs, left out\n"},
  {PLAN("move tmpfs wipe"), .r.type = "tmpfs", .r.rootfstype = "ramfs"},
  {PLAN("move ramfs wipe"), .r.type = "ramfs", .r.rootfstype = "ext4"},
  // That was for the disk
  {PLAN("copy pivot tmpfs count because the old root is a disk"),
    .there = LEAF|DISK, .r.force = 1, .r.rootfstype = "ramfs"},
  {PLAN("copy pivot tmpfs count because the old root is a disk"),
    .there = LEAF|DISK, .r.force = 1, .r.rootfstype = "ext4"},
  {PLAN("copy pivot ramfs count because the old root is a disk"),
    .there = LEAF|DISK, .r.force = 1, .r.rootfstype = "ext4",
    .r.type = "ramfs"},
  {PLAN("stay pivot"), .there = LEAF, .r.rootfstype = "ext4"},

  // A limit that was given: what is there just fits, or is one too much.
  {PLAN("move tmpfs wipe"), SIZE, .s.size = 100*MIB},
  {NO("tree needs 100 MiB in 1000 inodes, -o size=100M holds 99 MiB"), SIZE,
    .s.size = 100*MIB-1},
  {NO("tree needs 100 MiB in 1000 inodes, -o size=100M holds 4 KiB"), SIZE,
    .s.size = 4096},
  {PLAN("move tmpfs wipe"), INODES, .s.files = 1100},
  {NO("tree needs 100 MiB in 1100 inodes, -o nr_inodes=2k holds 1099"), INODES,
    .s.files = 1099},
  // The default is raised where it is too small
  {PLAN("move tmpfs wipe"), .s.size = 100*MIB-1, .s.files = 1},
  {PLAN("move tmpfs wipe"), INODES, .s.size = 1},
  {PLAN("move tmpfs wipe"), SIZE, .s.files = 1},
  {PLAN("move tmpfs wipe"), SIZE, INODES, .there = NO_LIMIT},
  {NO("tree needs 16777215 MiB in 1000 inodes, -o size=100M holds 500 MiB"),
    SIZE, .s.bytes = (1ULL<<44)-1},
  {PLAN("take wipe"), SIZE, INODES, .s.size = 1, .s.files = 1,
    .s.newroot = NEWROOT_FILLED},
  {PLAN("stay pivot"), SIZE, INODES, .there = LEAF, .s.size = 1, .s.files = 1},
  {NO("tree needs 100 MiB in 1000 inodes, -o size=100M holds 0 KiB"), SIZE,
    CHECKED, .s.size = 1},

  // Memory for a copy. A move needs none of the tree's size.
  {PLAN("copy tmpfs wipe count because that was asked for"), .r.copy = 1,
    .s.available = COPY_NEEDS},
  {NO("a copy needs 100 MiB more memory, 100 MiB are available"), .r.copy = 1,
    .s.available = COPY_NEEDS-1},
  {NO("a copy needs 100 MiB more memory, 1023 KiB are available"),
    .there = LEAF|DISK, .r.force = 1, .s.available = MIB-1},
  {NO("a copy needs 100 MiB more memory, 0 KiB are available"),
    .there = LEAF|NOT_PID1, .r.own_namespace = 1, .s.available = 1},
  {PLAN("copy tmpfs wipe count because that was asked for"), .r.copy = 1,
    .there = UNKNOWN},
  {PLAN("copy tmpfs wipe count because that was asked for"), .r.copy = 1,
    .s.available = COPY_NEEDS, .s.free = COPY_NEEDS},
  {NO("a copy needs 100 MiB more memory, 100 MiB are available"), .r.copy = 1,
    .s.available = GIB, .s.free = COPY_NEEDS-1},
  {PLAN("copy pivot tmpfs count because the old root is a disk"),
    .there = LEAF|DISK, .r.force = 1, .s.available = COPY_NEEDS, .s.free = 1},
  {NO("a move needs 4 MiB, 0 KiB are available"), .s.available = 1},
  {NO("a move needs 4 MiB, 4 MiB are available"),
    .s.available = 4*MIB+1000*1024-1},
  {PLAN("move tmpfs wipe careful"), .s.available = 4*MIB+1000*1024},
  {PLAN("move tmpfs wipe careful"), .s.available = 32*MIB-1},
  {PLAN("move tmpfs wipe"), .s.available = 32*MIB},
  {PLAN("move tmpfs wipe"), .s.available = 32*MIB, .s.free = 32*MIB},
  {PLAN("move tmpfs wipe careful"), .s.available = GIB, .s.free = 32*MIB-1},
  {NO("a move needs 4 MiB, 0 KiB are available"), .s.available = GIB,
    .s.free = 1},
  // A small tree needs less than two pieces
  {PLAN("move tmpfs wipe"), .s.available = 25*MIB, .s.bytes = MIB},
  {PLAN("move tmpfs wipe careful"), .s.available = 25*MIB-1, .s.bytes = MIB},
  {PLAN("move tmpfs wipe"), .there = UNKNOWN},
  // What was said first of two that are wrong
  {NO("tree needs 100 MiB in 1000 inodes, -o size=100M holds 0 KiB"), SIZE,
    INODES, .r.copy = 1, .s.available = 1, .s.size = 1, .s.files = 1},

  // Archives. Memory is enough where what they hold and 32 MiB are available.
  {PLAN("unpack tmpfs wipe"), X},
  {PLAN("unpack tmpfs wipe"), CHECKED, .s.available = 132*MIB},
  {PLAN("unpack tmpfs wipe empty"), CHECKED, .s.available = 132*MIB-1,
    .s.freed = 1000*1024+1},
  {NO("unpacking needs 132 MiB, 132 MiB are available without the old root"),
    CHECKED, .s.available = 132*MIB-1, .s.freed = 1000*1024},
  {NO("unpacking needs 132 MiB, 512 KiB are available without the old root"),
    CHECKED, .s.available = 1, .s.freed = MIB/2-1},
  // What is not known is no reason to empty it
  {PLAN("unpack tmpfs wipe"), CHECKED, .there = UNKNOWN, .s.freed = GIB},
  // Then what was unpacked would be all there is: the old root stays where an
  // archive was not verified (unpacking that ends in time), and where it has no
  // init or one that cannot be run, or where it is not ours to empty. Then it is
  // known that what they hold does not fit.
  {PLAN("unpack tmpfs wipe"), X, .s.available = 1, .s.freed = GIB},
  {PLAN("unpack tmpfs wipe"), X, .s.archives_init = 3, .s.available = 1,
    .s.freed = GIB},
  {PLAN("unpack tmpfs wipe"), .r.archives = &archive, .s.archives = 2,
    .s.archives_checked = 1, .s.archives_init = 3, .s.available = 1,
    .s.freed = GIB},
  {NO(NO_INIT), X, .s.archives_checked = 1, .s.available = MIB,
    .s.freed = GIB},
  {NO(NO_INIT), X, .s.archives_checked = 1, .s.archives_init = 1,
    .s.available = MIB, .s.freed = GIB},
  {NO("unpacking needs 132 MiB, 1 MiB are available, and the old root has to"
    " stay"), CHECKED, .there = LEAF, .r.force = 1, .s.available = MIB,
    .s.freed = GIB},
  {PLAN("unpack tmpfs wipe because that was asked for"), CHECKED, .r.copy = 1,
    .s.available = 132*MIB},
  // What is kept is none that can go before, and a copy has to fit
  {NO("a copy needs 100 MiB more memory, 0 KiB are available"), CHECKED,
    .r.keep = "old", .s.available = 1, .s.freed = GIB},
  {NO("unpacking needs 132 MiB, 131 MiB are available, and the old root has to"
    " stay"), CHECKED, .r.keep = "old", .s.available = 132*MIB-1},
  {PLAN("unpack tmpfs keep=old because the old root is kept"), CHECKED,
    .r.keep = "old", .s.available = 132*MIB},
  {PLAN("unpack tmpfs wipe because the old root is read-only"), X, .there = RO},
  {PLAN("unpack tmpfs wipe count"), X, .r.dry_run = 1},
  {PLAN("unpack ramfs wipe"), X, .r.rootfstype = "ramfs"},
  {PLAN("stay pivot ignored"), X, .there = LEAF,
    .warning = "/ can be pivoted from: nothing is unpacked without -f\n"},
  {PLAN("stay pivot ignored"), X, .there = LEAF, .r.keep = "old",
    .warning = "/ can be pivoted from: nothing is unpacked without -f\n"},
  {PLAN("stay pivot ignored"), X, .there = LEAF, .r.quiet = 1},

  // The same in sentences. Of the mounts three are neither root.
  {PLAN("stay pivot"), .there = LEAF, .r.init = sh, .print =
    "plan: / can be pivoted from: give it the options and run /bin/sh\n"},
  {PLAN("stay pivot"), .there = LEAF, SIZE, .print =
    "plan: / can be pivoted from: give it the options and run init\n"},
  {PLAN("take wipe"), .s.newroot = NEWROOT_FILLED, .r.init = sh, .print =
    "plan: take what is on /newroot, move it over / and run /bin/sh\n"
    "plan: mounts carried over: 2; the old root is emptied and sealed\n"},
  {PLAN("take pivot"), .there = LEAF, .s.newroot = NEWROOT_FILLED, SIZE,
    .print = "plan: take what is on /newroot, pivot to it and run init\n"
    "plan: mounts carried over: 2; the old root is unmounted\n"},
  {PLAN("take pivot keep=mnt/old"), .there = LEAF, .r.keep_arg = "mnt/old",
    .s.newroot = NEWROOT_FILLED,
    .print = "plan: take what is on /newroot, pivot to it and run init\n"
    "plan: mounts carried over: 2; the old root is kept at /mnt/old\n"},
  {PLAN("move tmpfs wipe"), .print =
    "plan: move / to a tmpfs on /newroot, move it over / and run init\n"
    "plan: the new root holds 500 MiB, or more if the tree needs it\n"
    "plan: mounts carried over: 3; the old root is emptied and sealed\n"},
  {PLAN("move ramfs wipe"), .r.type = "ramfs", .there = NO_LIMIT, .print =
    "plan: move / to a ramfs on /newroot, move it over / and run init\n"
    "plan: the new root has no limit\n"
    "plan: mounts carried over: 3; the old root is emptied and sealed\n"},
  {PLAN("move pivot tmpfs"), .there = LEAF, .r.force = 1, SIZE, .print =
    "plan: move / to a tmpfs on /newroot, pivot to it and run init\n"
    "plan: the new root is limited by -o size=100M\n"
    "plan: mounts carried over: 3; the old root is unmounted\n"},
  {PLAN("copy tmpfs wipe count because that was asked for"), .r.copy = 1,
    .r.newroot = "n", INODES, .print =
    "plan: copy / to a tmpfs on n as that was asked for, move it over / and"
    " run init\nplan: the new root is limited by -o nr_inodes=2k\n"
    "plan: mounts carried over: 3; the old root is emptied and sealed\n"},
  {PLAN("copy tmpfs keep=old count because the old root is kept"),
    .r.keep = "old", SIZE, INODES, .print =
    "plan: copy / to a tmpfs on /newroot as the old root is kept, move it over"
    " / and run init\n"
    "plan: the new root is limited by -o size=100M and -o nr_inodes=2k\n"
    "plan: mounts carried over: 3; the old root is kept at /old\n"},
  {PLAN("copy pivot tmpfs mounts count because others use the old root"),
    .there = LEAF|NOT_PID1, .r.own_namespace = 1, .r.init = sh, .print =
    "plan: copy / to a tmpfs on /newroot as others use the old root, pivot to"
    " it and run /bin/sh\n"
    "plan: the new root holds 500 MiB, or more if the tree needs it\n"
    "plan: mounts copied: 3; the old root stays as it is\n"},
  {PLAN("unpack tmpfs wipe"), CHECKED, .print =
    "plan: unpack to a tmpfs on /newroot, move it over / and run init\n"
    "plan: the new root holds 500 MiB, or more if the tree needs it\n"
    "plan: mounts carried over: 3; the old root is emptied and sealed\n"},
  {PLAN("unpack tmpfs keep=old because the old root is kept"), CHECKED,
    .r.keep = "old", .print =
    "plan: unpack to a tmpfs on /newroot, move it over / and run init\n"
    "plan: the new root holds 500 MiB, or more if the tree needs it\n"
    "plan: mounts carried over: 3; the old root is kept at /old\n"}
};

// P in words
static void describe(char *text, struct plan *p)
{
  struct { int action; char *word; } words[] = {{PLAN_OPEN, "open"},
    {PLAN_PROBE, "probe"}, {PLAN_STAY, "stay"}, {PLAN_TAKE, "take"},
    {PLAN_MOVE, "move"}, {PLAN_COPY, "copy"}, {PLAN_UNPACK, "unpack"}};
  unsigned i;

  for (i = 0; i<ARRAY_LEN(words); i++)
    if (p->action == words[i].action) text += sprintf(text, words[i].word);
  if (p->pivot) text += sprintf(text, " pivot");
  if (p->type) text += sprintf(text, " %s", p->type);
  if (p->wipe) text += sprintf(text, " wipe");
  if (p->keep) text += sprintf(text, " keep=%s", p->keep);
  if (p->copy_mounts) text += sprintf(text, " mounts");
  if (p->ignored) text += sprintf(text, " ignored");
  if (p->careful) text += sprintf(text, " careful");
  if (p->empty_first) text += sprintf(text, " empty");
  if (p->count) text += sprintf(text, " count");
  if (p->unknown_type) text += sprintf(text, " unknown=%s", p->unknown_type);
  if (p->because) sprintf(text, " because %s", p->because);
}

// The scene of ROW
static void set_scene(struct scene *s, struct row *row)
{
  static struct mountinfo mounts[] = {{.next = mounts+1, .id = 1, .parent = 1},
    {.next = mounts+2, .id = 2, .parent = 1},
    {.next = mounts+3, .id = 3, .parent = 2}, {.id = 9, .parent = 1},
    {.id = 10, .parent = 9}}, *m;
  struct { unsigned long long *to, from; } figures[] = {
    {&s->available, row->s.available}, {&s->bytes, row->s.bytes},
    {&s->free, row->s.free}, {&s->size, row->s.size}, {&s->files, row->s.files}};
  unsigned i;

  *s = ordinary;
  for (i = 0; i<ARRAY_LEN(figures); i++)
    if (figures[i].from) *figures[i].to = figures[i].from;
  if (row->there & UNKNOWN) s->available = 0;
  if (row->there & NO_LIMIT) s->size = s->files = 0;
  s->pid1 = !(row->there & NOT_PID1);
  s->is_rootfs = !(row->there & LEAF);
  s->is_disk = !!(row->there & DISK);
  s->is_ro = !!(row->there & RO);
  s->mounts = s->root = mounts;
  s->newroot = row->s.newroot;
  if (s->newroot == NEWROOT_FILLED || s->newroot == NEWROOT_NESTED)
    s->newroot_mount = 9;
  mounts[3].next = row->where == ON_NEWROOT ? mounts+4 : 0;
  mounts->root = "/";
  for (m = mounts; m<mounts+5; m++) m->uses = 0;
  if (row->uses) {
    m = mounts+row->where;
    m->dir = "/m";
    m->uses = row->uses;
    m->root = row->bind ? row->uses : "/";
    m->min = !row->bind;
  }
  s->freed = row->s.freed;
  s->archives = row->s.archives;
  s->archives_checked = row->s.archives_checked;
  s->archives_init = row->s.archives_init;
}

// Make the plan of ROW, in the order in which leafroot does.
static void run(struct row *row)
{
  struct request r = row->r;
  struct scene s, same;
  struct plan p = {0};
  struct fault f = {0};
  char text[256], *said;
  int rc;

  if (!r.newroot) r.newroot = "/newroot";
  set_scene(&s, row);
  same = s;
  rc = lr_plan_begin(&p, &r, &s, &f);
  p.init = r.init;
  if (!rc && p.action != PLAN_PROBE && !(rc = lr_plan_make(&p, &r, &s, &f)))
    rc = lr_plan_fits(&p, &r, &s, row->size, row->nr_inodes, &f);
  check(rc == -!!row->refusal && !f.step == !rc, "line %d: it is %s",
    row->line, row->refusal ? "refused" : "planned");
  check(!memcmp(&s, &same, sizeof(s)), "line %d: the scene stays", row->line);
  if (rc) {
    listen_begin();
    lr_complain(&f, "");
    said = listen_end();
    said[strcspn(said, "\n")] = 0;
    check_str(said, row->refusal, "line %d", row->line);

    return;
  }
  describe(text, &p);
  check_str(text, row->plan, "line %d", row->line);
  check_num(p.empty_first, lr_plan_may_empty(&p, &s),
    "line %d: who counts what emptying would free", row->line);
  listen_begin();
  lr_plan_warn(&p, &r);
  check_str(listen_end(), row->warning ? : "", "line %d: warned", row->line);
  if (!row->print) return;
  listen_begin();
  lr_plan_print(&p, &r, &s, row->size, row->nr_inodes);
  check_str(listen_end(), row->print, "line %d: printed", row->line);
}

int main(void)
{
  unsigned i;

  for (i = 0; i<ARRAY_LEN(rows); i++) run(rows+i);

  return check_done();
}
