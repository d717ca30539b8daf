/* mountopt.c - the words of mount options, and the flags that some of them are
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
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
  {MATTR_RDONLY, MS_RDONLY, KST_RDONLY},
  {MATTR_NOSUID, MS_NOSUID, KST_NOSUID},
  {MATTR_NODEV, MS_NODEV, KST_NODEV},
  {MATTR_NOEXEC, MS_NOEXEC, KST_NOEXEC},
  {MATTR_NOATIME, MS_NOATIME, KST_NOATIME},
  {MATTR_NODIRATIME, MS_NODIRATIME, KST_NODIRATIME},
  {MATTR_STRICTATIME, MS_STRICTATIME, 0},
  {MATTR_NOSYMFOLLOW, MSFLAG_NOSYMFOLLOW, KST_NOSYMFOLLOW},
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

// The flags (MATTR_*) of the mount that PATH below directory DIR is on. The
// current directory is DIR then. Returns 0, or -1 and errno.
int lr_mountopt_get(int dir, char *path, unsigned *attr)
{
  struct statfs sf;
  unsigned i;

  if (fchdir(dir) || statfs(path, &sf)) return -1;

  // A mount with neither noatime nor relatime is strictatime
  *attr = (sf.f_flags & (KST_NOATIME|KST_RELATIME)) ? 0 : MATTR_STRICTATIME;
  for (i = 0; i<ARRAY_LEN(bits); i++)
    if (sf.f_flags & bits[i].st) *attr |= bits[i].attr;

  return 0;
}

// Change the flags of the mount whose root is PATH below directory DIR: CLEAR
// goes, SET comes (MATTR_*), the rest stays. With mount(), as mount_setattr()
// is of 5.12. The current directory is DIR then. Returns 0, or -1 and errno.
int lr_mountopt_apply(int dir, char *path, unsigned set, unsigned clear)
{
  unsigned long ms = MS_REMOUNT|MS_BIND;
  unsigned attr, i;

  if (lr_mountopt_get(dir, path, &attr)) return -1;
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
