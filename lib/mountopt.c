/* mountopt.c - a file system, its options and the flags of its mount
 *
 * Copyright 2026 The leafroot authors
 *
 * fsopen() (5.2) takes one option at a time and says why it refuses one, where
 * mount() takes them all and says EINVAL. What it makes is attached nowhere:
 * every option is checked before anything has changed. See fsopen(2).
 */

#include "toys.h"
#include "lib/fault.h"
#include "lib/kernel.h"
#include "lib/mountopt.h"

// Options that belong to the mount, not to the file system: as data they are
// EINVAL to tmpfs. The superblock's own flags (sync, dirsync, lazytime, mand
// and their opposites) are not here, fsconfig() knows them by name.
static const struct {
  char *word;
  unsigned clear, set;
} flags[] = {
  {"defaults", 0, 0},
  {"rw", MATTR_RDONLY, 0}, {"ro", 0, MATTR_RDONLY},
  {"suid", MATTR_NOSUID, 0}, {"nosuid", 0, MATTR_NOSUID},
  {"dev", MATTR_NODEV, 0}, {"nodev", 0, MATTR_NODEV},
  {"exec", MATTR_NOEXEC, 0}, {"noexec", 0, MATTR_NOEXEC},
  {"atime", MATTR_ATIME, 0}, {"noatime", MATTR_ATIME, MATTR_NOATIME},
  {"relatime", MATTR_ATIME, 0}, {"norelatime", 0, 0},
  {"strictatime", MATTR_ATIME, MATTR_STRICTATIME},
  {"diratime", MATTR_NODIRATIME, 0}, {"nodiratime", 0, MATTR_NODIRATIME},
  {"symfollow", MATTR_NOSYMFOLLOW, 0}, {"nosymfollow", 0, MATTR_NOSYMFOLLOW},
};

// The same flags as fsmount(), mount() and statfs() have them
static const struct {
  unsigned attr;
  unsigned long ms, st;
} bits[] = {
  {MATTR_RDONLY, MS_RDONLY, 1}, {MATTR_NOSUID, MS_NOSUID, 2},
  {MATTR_NODEV, MS_NODEV, 4}, {MATTR_NOEXEC, MS_NOEXEC, 8},
  {MATTR_NOATIME, MS_NOATIME, 0x400}, {MATTR_NODIRATIME, MS_NODIRATIME, 0x800},
  {MATTR_STRICTATIME, MS_STRICTATIME, 0},
  {MATTR_NOSYMFOLLOW, MSFLAG_NOSYMFOLLOW, 0x2000},
};

// Apply option WORD to the MATTR_* in *SET and *CLEAR. Returns 1 if it's an
// option of the mount, else 0.
int lr_mountopt_flag(char *word, unsigned *set, unsigned *clear)
{
  unsigned i;

  for (i = 0; i<ARRAY_LEN(flags); i++) {
    if (strcmp(word, flags[i].word)) continue;
    *clear |= flags[i].clear|flags[i].set;
    *set = (*set & ~flags[i].clear) | flags[i].set;

    return 1;
  }

  return 0;
}

// Change the flags of the mount whose root is PATH below directory DIR: CLEAR
// goes, SET comes (MATTR_*), the rest stays. With mount(), as mount_setattr()
// is of 5.12. The current directory is DIR then. Returns 0, or -1 and errno.
int lr_mountopt_apply(int dir, char *path, unsigned set, unsigned clear)
{
  struct statfs sf;
  unsigned long ms = MS_REMOUNT|MS_BIND;
  unsigned attr = 0, i;

  if (fchdir(dir) || statfs(path, &sf)) return -1;

  // Neither noatime nor relatime is strictatime
  if (!(sf.f_flags & 0x1400)) attr = MATTR_STRICTATIME;
  for (i = 0; i<ARRAY_LEN(bits); i++)
    if (sf.f_flags & bits[i].st) attr |= bits[i].attr;
  attr = (attr & ~clear) | set;
  if (!(attr & MATTR_ATIME)) ms |= MS_RELATIME;
  for (i = 0; i<ARRAY_LEN(bits); i++) if (attr & bits[i].attr) ms |= bits[i].ms;

  return mount(0, path, 0, ms, 0);
}

// Cut the next option off the comma list *OPTS, which is written to. A comma
// inside double quotes separates nothing, nor does one before a digit: that is
// how tmpfs itself reads mpol=bind:0,2 (mm/shmem.c). Returns the option, or 0
// at the end.
char *lr_mountopt_next(char **opts)
{
  char *from, *to, *s;
  int quote = 0, end;

  while (**opts == ',') ++*opts;
  if (!**opts) return 0;
  for (from = to = s = *opts; *s; s++) {
    if (*s == '"') quote = !quote;
    else if (*s == ',' && !quote && !isdigit(s[1])) break;
    else *to++ = *s;
  }
  end = !*s;
  *opts = s+!end;
  *to = 0;

  return from;
}

// Fault: STEP failed on FROM OPT because of errno, with the kernel's own words
// where the context of N has some ("e tmpfs: Bad value for 'size'").
static int refused(struct fsnew *n, char *step, char *from, char *opt,
  struct fault *f)
{
  int err = errno, len = read(n->ctx, libbuf, sizeof(libbuf)-1);

  if (len<3) return lr_fault(f, err, step, "%s%s", from, opt);
  libbuf[len] = 0;
  libbuf[2+strcspn(libbuf+2, "\n")] = 0;

  return lr_fault(f, 0, step, "%s%s: %s", from, opt, libbuf+2);
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
      n->mode = 1;
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
