/* fsnew.c - a file system that is being mounted or remounted
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 *
 * fsopen() (5.2) takes one option at a time and says why it refuses one, where
 * mount() takes them all and says EINVAL. What it makes is attached nowhere:
 * every option is checked before anything has changed. See fsopen(2).
 */

#include "toys.h"
#include "lib/fault.h"
#include "lib/fsnew.h"
#include "lib/kernel.h"
#include "lib/mountopt.h"

// Fault: STEP failed on FROM OPT because of errno, with the kernel's own words
// where the context of N has some ("e tmpfs: Bad value for 'size'").
static int refused(struct fsnew *n, char *step, char *from, char *opt,
  struct fault *f)
{
  char words[512];
  int err = errno, len = read(n->ctx, words, sizeof(words)-1);

  if (len<3) return lr_fault(f, err, step, "%s%s", from, opt);
  words[len] = 0;
  words[2+strcspn(words+2, "\n")] = 0;

  return lr_fault(f, 0, step, "%s%s: %s", from, opt, words+2);
}

// Start a file system of TYPE, which stays the caller's. Leaves a fault
// "mounting" TYPE. Returns 0 or -1.
int lr_fsnew_open(struct fsnew *n, char *type, struct fault *f)
{
  memset(n, 0, sizeof(*n));
  n->name = type;
  n->dir = -1;
  n->ramfs = !strcmp(type, "ramfs");
  n->ctx = fsopen(type, FSOPEN_CLOEXEC_);
  if (n->ctx == -1) return lr_fault(f, errno, "mounting", "%s", type);

  return 0;
}

// Take the file system that directory DIR is the root of, to give it options by
// lr_fsnew_remount(). DIR is the caller's to close, and so is NAME, what faults
// call it. Leaves a fault "remounting" NAME. Returns 0 or -1.
int lr_fsnew_pick(struct fsnew *n, int dir, char *name, struct fault *f)
{
  struct statfs sf;

  memset(n, 0, sizeof(*n));
  n->name = name;
  n->dir = -1;
  n->ctx = fspick(dir, "", FSPICK_CLOEXEC_|FSPICK_EMPTY);
  if (n->ctx == -1 || fstatfs(dir, &sf))
    return lr_fault(f, errno, "remounting", "%s", name);
  n->ramfs = (unsigned)sf.f_type == MAGIC_RAMFS;

  return 0;
}

// Give option OPT ("key=value" or "flag") to N, before or after it's mounted.
// FROM is said before OPT where that's named: where it was found. Leaves a
// fault "option" with the kernel's reason; N can be used on without that
// option. Returns 0 or -1.
int lr_fsnew_option(struct fsnew *n, char *from, char *opt, struct fault *f)
{
  char *eq = strchr(opt, '='), *key, **limit = 0;
  int rc;

  if (!eq && lr_mountopt_flag(opt, &n->set, &n->clear)) return 0;
  if (!(key = strndup(opt, eq ? eq-opt : (long)strlen(opt))))
    return lr_fault(f, errno, "option", "%s%s", from, opt);

  // ramfs takes any word at all and does nothing about it, but for mode=
  // (fs/ramfs/inode.c ramfs_parse_param())
  if (n->ramfs && eq && strcmp(key, "mode") && strcmp(key, "source")
    && !strstr(key, "context"))
    rc = lr_fault(f, 0, "option", "%s%s: ramfs has no such option", from, opt);
  else if (fsconfig(n->ctx, eq ? FSCONFIG_STRING : FSCONFIG_FLAG, key,
    eq ? eq+1 : 0, 0)) rc = refused(n, "option", from, opt, f);
  else {
    rc = 0;
    n->given = 1;
    if (!strcmp(key, "size") || !strcmp(key, "nr_blocks")) limit = &n->size;
    if (!strcmp(key, "nr_inodes")) limit = &n->nr_inodes;
    if (limit) {
      free(*limit);
      if (0>asprintf(limit, "%s%s", from, opt)) *limit = 0;
    }
    if (!strcmp(key, "mode") || !strcmp(key, "uid") || !strcmp(key, "gid"))
      n->owned = 1;
  }
  free(key);

  return rc;
}

// Make the file system of N and mount it detached at N->dir, writable for now.
// Leaves a fault "mounting". Returns 0 or -1.
int lr_fsnew_mount(struct fsnew *n, struct fault *f)
{
  if (!fsconfig(n->ctx, FSCONFIG_CREATE, 0, 0, 0)) n->dir =
    fsmount(n->ctx, FSMOUNT_CLOEXEC_, n->set & ~MATTR_RDONLY);
  if (n->dir != -1) return 0;

  return refused(n, "mounting", "", n->name, f);
}

// Put the options given since the last mount or remount in force, if there are
// any: after fsmount() the context takes new ones. Leaves a fault "remounting".
// Returns 0 or -1. What is read-only has to be told to stay so, or else not to:
// a context of fspick() has neither "ro" nor "rw", and ext4 takes that for "rw"
// (6.1, 7.2) and writes to the disk.
int lr_fsnew_remount(struct fsnew *n, struct fault *f)
{
  int rw = !!(n->clear & ~n->set & MATTR_RDONLY);

  if (!n->given && !(n->ro && rw)) return 0;
  if ((!n->ro || !fsconfig(n->ctx, FSCONFIG_FLAG, rw ? "rw" : "ro", 0, 0))
    && !fsconfig(n->ctx, FSCONFIG_RECONF, 0, 0, 0)) return 0;

  return refused(n, "remounting", "", n->name, f);
}

// Let go of N. A mount that was not attached anywhere is gone with it.
void lr_fsnew_close(struct fsnew *n)
{
  if (n->dir != -1) close(n->dir);
  if (n->ctx != -1) close(n->ctx);
  n->dir = n->ctx = -1;
  free(n->size);
  free(n->nr_inodes);
  n->size = n->nr_inodes = 0;
}

// Mount a file system of TYPE with no options, attached nowhere: it needs no
// directory and nobody else sees it. Returns its root directory, or -1 and
// errno.
int lr_fs_detached(char *type)
{
  struct fsnew n;
  struct fault f = {0};
  int dir = -1;

  if (!lr_fsnew_open(&n, type, &f) && !lr_fsnew_mount(&n, &f))
    dir = fcntl(n.dir, F_DUPFD_CLOEXEC, 3);
  lr_fsnew_close(&n);
  if (dir == -1) errno = f.err ? : EINVAL;
  lr_fault_clear(&f);

  return dir;
}
