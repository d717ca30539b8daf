// mountopt.c - words of an option list, and the flags of a mount
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// unit: lib/mountopt.c

#include "toys.h"
#include <sys/statvfs.h>
#include "check.h"
#include "lib/kernel.h"
#include "lib/mountopt.h"

// A list, and what lr_mountopt_next() makes of it, with | behind each option
static struct {
  char *list, *options;
} lists[] = {
  {"", ""},
  {",", ""},
  {",,,,", ""},
  {"a", "a|"},
  {"a,", "a|"},
  {",a", "a|"},
  {",,a,,,b,,", "a|b|"},
  {"size=10M,nosuid", "size=10M|nosuid|"},
  {"a=", "a=|"},
  {"=", "=|"},
  {"=a,b=", "=a|b=|"},
  {"a b,c\td\n", "a b|c\td\n|"},

  // A comma before a digit separates nothing: mpol=bind:0,2
  {"mpol=bind:0,2,size=1M", "mpol=bind:0,2|size=1M|"},
  {"mpol=interleave:0-3,5,7-9,ro", "mpol=interleave:0-3,5,7-9|ro|"},
  {"mpol=bind:0,,2", "mpol=bind:0|2|"},
  {",0", "0|"},
  {"a,0", "a,0|"},
  {"a,0,b", "a,0|b|"},
  {"a,-1", "a|-1|"},

  // Nor does one inside double quotes, which go.
  {"context=\"a:b:c0,d\",ro", "context=a:b:c0,d|ro|"},
  {"\"a,b\"", "a,b|"},
  {"\"a\",b", "a|b|"},
  {"a\"b,c\"d,e", "ab,cd|e|"},
  {"\"\"", "|"},
  {"\"\",a", "|a|"},
  {"a,\"\",b", "a||b|"},
  {"\"a,b", "a,b|"},
  {"a,\"", "a||"},
  {"a\",", "a,|"},
  {"\",\",\",\"", ",|,|"},

  // Any other byte is the option's.
  {"\x01\xff\x80,\\,'a,b'", "\x01\xff\x80|\\|'a|b'|"},
  {"%s%n,%n", "%s%n|%n|"},
};

// Options of the mount one after the other, and the MATTR_* they come to
static struct {
  char *words;
  unsigned set, clear;
} flags[] = {
  {"defaults", 0, 0},
  {"ro", MATTR_RDONLY, MATTR_RDONLY},
  {"rw", 0, MATTR_RDONLY},
  {"nosuid", MATTR_NOSUID, MATTR_NOSUID},
  {"suid", 0, MATTR_NOSUID},
  {"nodev", MATTR_NODEV, MATTR_NODEV},
  {"dev", 0, MATTR_NODEV},
  {"noexec", MATTR_NOEXEC, MATTR_NOEXEC},
  {"exec", 0, MATTR_NOEXEC},
  {"noatime", MATTR_NOATIME, MATTR_ATIME},
  {"atime", 0, MATTR_ATIME},
  {"relatime", 0, MATTR_ATIME},
  {"norelatime", 0, 0},
  {"strictatime", MATTR_STRICTATIME, MATTR_ATIME},
  {"nodiratime", MATTR_NODIRATIME, MATTR_NODIRATIME},
  {"diratime", 0, MATTR_NODIRATIME},
  {"nosymfollow", MATTR_NOSYMFOLLOW, MATTR_NOSYMFOLLOW},
  {"symfollow", 0, MATTR_NOSYMFOLLOW},

  // The last one counts.
  {"ro,rw", 0, MATTR_RDONLY},
  {"rw,ro", MATTR_RDONLY, MATTR_RDONLY},
  {"nosuid,suid,nosuid", MATTR_NOSUID, MATTR_NOSUID},
  {"noatime,strictatime", MATTR_STRICTATIME, MATTR_ATIME},
  {"strictatime,noatime", MATTR_NOATIME, MATTR_ATIME},
  {"noatime,relatime", 0, MATTR_ATIME},
  {"noatime,norelatime", MATTR_NOATIME, MATTR_ATIME},
  {"ro,nosuid,nodev,noexec,defaults",
    MATTR_RDONLY|MATTR_NOSUID|MATTR_NODEV|MATTR_NOEXEC,
    MATTR_RDONLY|MATTR_NOSUID|MATTR_NODEV|MATTR_NOEXEC},
};

// What is none of the mount's: the file system gets it.
static char *others[] = {
  "", " ", "r", "roo", "RO", "ro ", " ro", "ro=1", "ro,rw", "size=1M", "sync",
  "dirsync", "lazytime", "mand", "nosuidx", "noatime\n", "no", "default",
  "\xff", "bind", "remount", "private",
};

static void words(void)
{
  char text[256], *list, *next, *opt, *end;
  unsigned i, set, clear;
  int rc;

  for (i = 0; i<ARRAY_LEN(lists); i++) {
    check_need(next = list = strdup(lists[i].list));
    for (end = text; (opt = lr_mountopt_next(&next)); )
      end += sprintf(end, "%s|", opt);
    *end = 0;
    check_str(text, lists[i].options, "list %u, <%s>", i, lists[i].list);
    check(next == list+strlen(lists[i].list), "list %u ends at its end", i);
    check(!lr_mountopt_next(&next), "list %u stays at its end", i);
    free(list);
  }

  for (i = 0; i<ARRAY_LEN(flags); i++) {
    set = clear = 0;
    strcpy(next = text, flags[i].words);
    for (rc = 1; (opt = lr_mountopt_next(&next)); )
      rc &= lr_mountopt_flag(opt, &set, &clear);
    check(rc, "%s: each is an option of the mount", flags[i].words);
    check_num(set, flags[i].set, "%s: set", flags[i].words);
    check_num(clear, flags[i].clear, "%s: clear", flags[i].words);
  }

  for (i = 0; i<ARRAY_LEN(others); i++) {
    set = MATTR_NODEV;
    clear = MATTR_NOEXEC;
    check(!lr_mountopt_flag(others[i], &set, &clear) && set == MATTR_NODEV
      && clear == MATTR_NOEXEC, "<%s> is not the mount's", others[i]);
  }
}

// Flags of a mount before, a list of options, and what statfs() says then
static struct {
  char *list;
  unsigned long before, after;
} applied[] = {
  {"", 0, ST_RELATIME},
  {"", MS_NOSUID|MS_NODEV, ST_NOSUID|ST_NODEV|ST_RELATIME},
  {"", MS_RDONLY|MS_NOEXEC|MS_NOATIME, ST_RDONLY|ST_NOEXEC|ST_NOATIME},
  {"", MS_STRICTATIME, 0},
  {"", MS_NODIRATIME|MS_STRICTATIME, ST_NODIRATIME},
  {"ro", 0, ST_RDONLY|ST_RELATIME},
  {"rw", MS_RDONLY, ST_RELATIME},
  {"rw", MS_NOSUID|MS_RDONLY, ST_NOSUID|ST_RELATIME},
  {"nosuid,nodev,noexec", 0, ST_NOSUID|ST_NODEV|ST_NOEXEC|ST_RELATIME},
  {"suid,exec", MS_NOSUID|MS_NODEV|MS_NOEXEC, ST_NODEV|ST_RELATIME},
  {"noatime", 0, ST_NOATIME},
  {"noatime", MS_STRICTATIME, ST_NOATIME},
  {"strictatime", MS_NOATIME, 0},
  {"relatime", MS_STRICTATIME, ST_RELATIME},
  {"relatime", MS_NOATIME|MS_NOSUID, ST_RELATIME|ST_NOSUID},
  {"nodiratime", 0, ST_NODIRATIME|ST_RELATIME},
  {"diratime", MS_NODIRATIME, ST_RELATIME},
  {"nosymfollow", 0, 0x2000|ST_RELATIME},
  {"symfollow", 256, ST_RELATIME},
};

static void apply(void)
{
  char text[256], *next, *opt;
  struct statfs sf;
  unsigned i, set, clear;
  int dir;

  check_need((dir = open(check_dir(), O_RDONLY|O_DIRECTORY)) != -1);
  check_need(!mkdirat(dir, "m", 0700));
  for (i = 0; i<ARRAY_LEN(applied); i++) {
    // MS_RDONLY at once would make the file system read-only too.
    check_need(!fchdir(dir)
      && !mount("t", "m", "tmpfs", applied[i].before & ~MS_RDONLY, 0));
    if (applied[i].before & MS_RDONLY)
      check_need(!mount(0, "m", 0, applied[i].before|MS_REMOUNT|MS_BIND, 0));
    check_need(!chdir("/"));
    set = clear = 0;
    strcpy(next = text, applied[i].list);
    while ((opt = lr_mountopt_next(&next)))
      check_need(lr_mountopt_flag(opt, &set, &clear));
    check(!lr_mountopt_apply(dir, "m", set, clear), "apply %s to %lx: %s",
      applied[i].list, applied[i].before, strerror(errno));
    // 0x20: ST_VALID, always there
    check_need(!fchdir(dir) && !statfs("m", &sf));
    check_num(sf.f_flags & ~0x20, applied[i].after, "%s applied to %lx",
      applied[i].list, applied[i].before);
    check_need(!umount2("m", MNT_DETACH));
  }
  check(lr_mountopt_apply(dir, "none", 0, 0) == -1 && errno == ENOENT,
    "apply to what is not there");
  check(lr_mountopt_apply(dir, "m", 0, 0) == -1 && errno == EINVAL,
    "apply to what is no mount");
  check(lr_mountopt_apply(-1, "m", 0, 0) == -1 && errno == EBADF,
    "apply below no directory");
  check_need(!chdir("/"));
  close(dir);
}

// Flags of a mount, as mount() has them, and the MATTR_* they are
static struct {
  unsigned long ms;
  unsigned attr;
} gets[] = {
  {0, 0},
  {MS_RELATIME, 0},
  {MS_STRICTATIME, MATTR_STRICTATIME},
  {MS_NOATIME, MATTR_NOATIME},
  {MS_NODIRATIME, MATTR_NODIRATIME},
  {MS_NODIRATIME|MS_STRICTATIME, MATTR_NODIRATIME|MATTR_STRICTATIME},
  {MS_RDONLY, MATTR_RDONLY},
  {MS_NOSUID, MATTR_NOSUID},
  {MS_NODEV, MATTR_NODEV},
  {MS_NOEXEC, MATTR_NOEXEC},
  {256, MATTR_NOSYMFOLLOW},
  {MS_RDONLY|MS_NOSUID|MS_NODEV|MS_NOEXEC|MS_NOATIME|MS_NODIRATIME|256,
    MATTR_RDONLY|MATTR_NOSUID|MATTR_NODEV|MATTR_NOEXEC|MATTR_NOATIME
      |MATTR_NODIRATIME|MATTR_NOSYMFOLLOW},
};

// The flags of a mount are read, changed to the opposite, and put back.
static void get(void)
{
  unsigned i, attr;
  int dir;

  check_need((dir = open(check_dir(), O_RDONLY|O_DIRECTORY)) != -1);
  for (i = 0; i<ARRAY_LEN(gets); i++) {
    check_need(!fchdir(dir) && !mount("t", "m", "tmpfs", gets[i].ms, 0));
    check_need(!chdir("/"));
    check(!lr_mountopt_get(dir, "m", &attr), "get %lx", gets[i].ms);
    check_num(attr, gets[i].attr, "get %lx", gets[i].ms);
    check(!lr_mountopt_apply(dir, "m", MATTR_NOSUID|MATTR_NOATIME
      |MATTR_NODIRATIME, MATTR_ATIME|MATTR_NODEV|MATTR_NOEXEC|MATTR_RDONLY),
      "other flags than %lx", gets[i].ms);
    check(!lr_mountopt_apply(dir, "m", gets[i].attr, ~0U), "back to %lx",
      gets[i].ms);
    check(!lr_mountopt_get(dir, "m", &attr), "get %lx again", gets[i].ms);
    check_num(attr, gets[i].attr, "back to %lx", gets[i].ms);
    check_need(!umount2("m", MNT_DETACH));
  }
  check(lr_mountopt_get(dir, "none", &attr) == -1 && errno == ENOENT,
    "flags of what is not there");
  check(lr_mountopt_get(-1, "m", &attr) == -1 && errno == EBADF,
    "flags below no directory");
  check_need(!chdir("/"));
  close(dir);
}

int main(void)
{
  words();
  check_dir();
  check_namespace();
  apply();
  get();

  return check_done();
}
