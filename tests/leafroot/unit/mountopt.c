// mountopt.c - words of an option list, and what tmpfs and ramfs say to them
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// unit: lib/mountopt.c lib/fsnew.c lib/mountinfo.c lib/fault.c

#include "toys.h"
#include <sys/statvfs.h>
#include "check.h"
#include "lib/fault.h"
#include "lib/kernel.h"
#include "lib/mountinfo.h"
#include "lib/fsnew.h"
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

// What a file system of TYPE says to an option. FAULT: the name of the fault.
static struct {
  char *type, *option, *fault;
} options[] = {
  {"tmpfs", "size=10M", 0},
  {"tmpfs", "size=1%", 0},
  {"tmpfs", "nr_blocks=100", 0},
  {"tmpfs", "nr_inodes=2k", 0},
  {"tmpfs", "mode=1777", 0},
  {"tmpfs", "nosuid", 0},
  {"tmpfs", "size=many", "-o size=many: tmpfs: Bad value for 'size'"},
  {"tmpfs", "size=", "-o size=: tmpfs: Bad value for 'size'"},
  {"tmpfs", "mode=9", "-o mode=9: tmpfs: Bad value for 'mode'"},
  {"tmpfs", "none=1", "-o none=1: tmpfs: Unknown parameter 'none'"},
  {"tmpfs", "none", "-o none: tmpfs: Unknown parameter 'none'"},
  // fs/fs_context.c vfs_parse_sb_flag() looks at the name alone.
  {"tmpfs", "sync=1", 0},
  {"tmpfs", "=", "-o ="},
  {"tmpfs", "=1", "-o =1"},
  {"tmpfs", "%s%n=\xff", "-o %s%n=\xff: tmpfs: Unknown parameter '%s%n'"},
  {"ramfs", "mode=700", 0},
  {"ramfs", "noexec", 0},
  {"ramfs", "mode=9", "-o mode=9: ramfs: Bad value for 'mode'"},
  {"ramfs", "size=1M", "-o size=1M: ramfs has no such option"},
  {"ramfs", "x=", "-o x=: ramfs has no such option"},
  {"ramfs", "=1", "-o =1: ramfs has no such option"},
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

// Give the options of LIST to N; each has to be taken.
static void give(struct fsnew *n, char *list)
{
  struct fault f = {0};
  char text[256], *next = strcpy(text, list), *opt;

  while ((opt = lr_mountopt_next(&next))) {
    check(!lr_fsnew_option(n, "", opt, &f), "%s is taken: %s", opt, f.name);
    lr_fault_clear(&f);
  }
}

static void systems(void)
{
  struct fault f = {0};
  struct statfs sf;
  struct stat st;
  struct fsnew n, m;
  unsigned i;
  int dir;

  for (i = 0; i<ARRAY_LEN(options); i++) {
    check_need(!lr_fsnew_open(&n, options[i].type, &f));
    check_num(lr_fsnew_option(&n, "-o ", options[i].option, &f),
      options[i].fault ? -1 : 0, "%s, %s", options[i].type, options[i].option);
    check_str(f.step, options[i].fault ? "option" : 0, "step of %s",
      options[i].option);
    // The kernel's words may be followed by more than is known here.
    check(!options[i].fault || (f.name && !strncmp(f.name, options[i].fault,
      strlen(options[i].fault))), "%s: %s", options[i].option, f.name);
    lr_fault_clear(&f);
    // It can be used on without the option.
    check(!lr_fsnew_mount(&n, &f) && !fstatfs(n.dir, &sf)
      && (unsigned)sf.f_type == (n.ramfs ? MAGIC_RAMFS : MAGIC_TMPFS),
      "%s is mounted with or without %s", options[i].type, options[i].option);
    lr_fault_clear(&f);
    lr_fsnew_close(&n);
    check(n.dir == -1 && n.ctx == -1 && !n.size && !n.nr_inodes, "closed");
  }

  check(lr_fsnew_open(&n, "no such", &f) && f.err == ENODEV, "no such type");
  check_str(f.step, "mounting", "step of no such type");
  check_str(f.name, "no such", "name of no such type");
  lr_fault_clear(&f);
  lr_fsnew_close(&n);

  // Limits are kept as they were said, the last of each.
  check_need(!lr_fsnew_open(&n, "tmpfs", &f));
  check(!n.given && !n.owned, "nothing given");
  give(&n, "nosuid,nodev");
  check(!n.given, "what is the mount's is not the file system's");
  give(&n, "size=1M,nr_inodes=50,size=2M,mode=711,noexec,ro");
  check(n.given && n.owned, "given");
  check_str(n.size, "size=2M", "size");
  check_str(n.nr_inodes, "nr_inodes=50", "inodes");
  check_need(!lr_fsnew_mount(&n, &f));
  check(!fstatfs(n.dir, &sf) && sf.f_bsize*sf.f_blocks == 2<<20
    && sf.f_files == 50, "limits of the file system");
  check(!fstat(n.dir, &st) && (st.st_mode&07777) == 0711, "mode of its root");
  check((sf.f_flags&15) == 14, "nosuid, nodev, noexec, but not ro yet");

  // The context takes more after the mount.
  n.given = 0;
  check(!lr_fsnew_remount(&n, &f), "a remount with nothing given");
  give(&n, "nr_inodes=60");
  check(!lr_fsnew_remount(&n, &f) && !fstatfs(n.dir, &sf) && sf.f_files == 60,
    "a remount with new options");
  give(&n, "nr_blocks=1000");
  check_str(n.size, "nr_blocks=1000", "blocks are a size too");
  // Its root takes an inode already, and so do the others.
  check_need(!mkdirat(n.dir, "a", 0700) && !mkdirat(n.dir, "b", 0700));
  give(&n, "nr_inodes=1");
  check(lr_fsnew_remount(&n, &f) == -1 && f.step
    && !strcmp(f.step, "remounting"), "a limit below what is used");
  check(f.name && strstr(f.name, "tmpfs: "), "named: %s", f.name);
  lr_fault_clear(&f);

  // Picked up again, and made read-only by hand meanwhile
  check_need(!lr_fsnew_pick(&m, n.dir, "that", &f));
  check(!m.ramfs && m.dir == -1, "picked");
  give(&m, "size=3M");
  check(!lr_fsnew_remount(&m, &f) && !fstatfs(n.dir, &sf)
    && sf.f_bsize*sf.f_blocks == 3<<20, "options of what was picked");
  check(lr_fsnew_option(&m, "x ", "bogus", &f) == -1 && f.name
    && !strncmp(f.name, "x bogus: ", 9), "bogus: %s", f.name);
  lr_fault_clear(&f);
  lr_fsnew_close(&m);

  check(lr_fsnew_pick(&m, open("/proc/self", O_RDONLY|O_DIRECTORY), "/x", &f)
    && f.step && !strcmp(f.step, "remounting"), "what is no root of a mount");
  check_str(f.name, "/x", "its name");
  lr_fault_clear(&f);
  lr_fsnew_close(&m);
  lr_fsnew_close(&n);

  check_need((dir = lr_fs_detached("ramfs")) > 2);
  check_need(!lr_fsnew_pick(&m, dir, "ramfs", &f));
  check(m.ramfs, "a ramfs is known when it's picked");
  lr_fsnew_close(&m);
  close(dir);
  errno = 0;
  check(lr_fs_detached("no such") == -1 && errno == ENODEV, "detached: none");
}

// Does the file system on check_dir() itself say OPTION, "ro" or "rw"? That its
// mount is read-only is another thing, and all that statfs() says.
static int super(char *option)
{
  int proc = open("/proc", O_RDONLY|O_DIRECTORY), found = 0;
  struct fault f = {0};
  struct mountinfo *list, *m;

  check_need(list = lr_mountinfo_read(proc, &f));
  for (m = list; m; m = m->next) {
    if (strcmp(m->dir, check_dir())) continue;
    found = !strncmp(m->super, option, strlen(option));
  }
  lr_mountinfo_free(list);
  close(proc);

  return found;
}

// What the read-only file system of a picked mount does
static void read_only(void)
{
  struct fault f = {0};
  struct fsnew n;
  int dir;

  check_need(!mount("t", check_dir(), "tmpfs", MS_RDONLY, 0));
  check_need((dir = open(check_dir(), O_RDONLY|O_DIRECTORY)) != -1);
  check_need(!lr_fsnew_pick(&n, dir, "t", &f));
  n.ro = 1;
  check(super("ro"), "it is read-only");
  give(&n, "size=3M");
  check(!lr_fsnew_remount(&n, &f), "read-only, an option");
  check(super("ro"), "it stays read-only");
  n.given = 0;
  check(!lr_fsnew_remount(&n, &f) && super("ro"), "nothing given");
  give(&n, "rw");
  check(!lr_fsnew_remount(&n, &f), "read-only, rw");
  check(super("rw"), "it is read-write");
  lr_fsnew_close(&n);
  close(dir);
  check_need(!umount2(check_dir(), MNT_DETACH));
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

int main(void)
{
  words();
  check_dir();
  check_namespace();
  read_only();
  systems();
  apply();

  return check_done();
}
