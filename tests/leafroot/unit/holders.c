// holders.c - processes that hold a file system, as a made-up procfs shows them
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// unit: lib/holders.c

#include "toys.h"
#include "check.h"
#include "lib/holders.h"
#include "lib/kernel.h"

static struct holder seen[16];
static int count;

static void each(struct holder *h)
{
  if (count<16) seen[count] = *h;
  count++;
}

// What was seen of process PID, or else 0
static struct holder *of(int pid)
{
  int i;

  for (i = 0; i<count && i<16; i++) if (seen[i].pid == pid) return seen+i;

  return 0;
}

static char *path(char *name)
{
  static char buf[4][4096];
  static int i;

  snprintf(buf[i = (i+1)%4], 4096, "%s/%s", check_dir(), name);

  return buf[i];
}

// A process directory in the made-up procfs. LINKS: pairs of names and targets,
// where what begins with @ is on the file system that's looked for.
static void process(char *pid, char *comm, char *cmdline, char *links)
{
  char name[256], target[4096], *copy = strdup(links), *word, *to, *rest = copy;

  check_need(copy);
  snprintf(name, sizeof(name), "proc/%s", pid);
  check_need(!mkdir(path(name), 0700));
  snprintf(name, sizeof(name), "proc/%s/fd", pid);
  check_need(!mkdir(path(name), 0700));
  snprintf(name, sizeof(name), "proc/%s/map_files", pid);
  check_need(!mkdir(path(name), 0700));
  snprintf(name, sizeof(name), "proc/%s/comm", pid);
  check_file(name, 0600, comm, strlen(comm));
  snprintf(name, sizeof(name), "proc/%s/cmdline", pid);
  check_file(name, 0600, cmdline, strlen(cmdline)+1);
  while ((word = strsep(&rest, " ")) && (to = strsep(&rest, " "))) {
    snprintf(name, sizeof(name), "proc/%s/%s", pid, word);
    if (*to == '@') snprintf(target, sizeof(target), "%s", path(to+1));
    else snprintf(target, sizeof(target), "%s", to);
    check_need(!symlink(target, path(name)));
  }
  free(copy);
}

// /proc/self and /dev/null are on file systems of their own.
#define ELSE "/proc/self/status"

static void processes(void)
{
  struct holder *h;
  struct stat st;
  char me[32];
  int dir, n;

  check_file("f1", 0700, "x", 1);
  check_file("f2", 0700, "x", 1);
  check_need(!truncate(path("f1"), 3<<20) && !truncate(path("f2"), 1<<20));
  check_need(!stat(check_dir(), &st));
  check_need((dir = open(path("f1"), O_WRONLY)) != -1
    && !posix_fallocate(dir, 0, 3<<20) && !close(dir));
  check_need(!mkdir(path("d"), 0700) && !mkdir(path("proc"), 0700));

  process("10", "elsewhere\n", "x", "exe " ELSE " root " ELSE " cwd " ELSE
    " fd/0 " ELSE " map_files/1-2 " ELSE);
  process("11", "root\n", "x", "exe " ELSE " root @d cwd " ELSE);
  process("12", "cwd\n", "x", "exe " ELSE " root " ELSE " cwd @d");
  process("13", "exe\n", "x", "exe @f1 root " ELSE " cwd " ELSE);
  process("14", "open\n", "@dm", "exe " ELSE " fd/5 @f1 fd/6 @f1 fd/.x @f2");
  process("15", "mapped\n", "", "exe " ELSE " map_files/1-2 @f1 "
    "map_files/2-3 @f1 fd/1 @f1");
  process("16", "kthread\n", "", "root @d cwd @d");
  process("17", "gone\n", "x", "exe " ELSE " fd/3 @lacks cwd @lacks");
  process("18", "a name \xff%s that is too long\n", "x@",
    "exe " ELSE " fd/3 @d");
  process("19", "except\n", "x", "exe @f1 root @d cwd @d");
  process("self", "self\n", "x", "exe @f1 root @d cwd @d");
  process("x19", "none\n", "x", "exe @f1 root @d cwd @d");
  sprintf(me, "%d", getpid());
  process(me, "me\n", "x", "exe @f1 root @d cwd @d");
  check_file("proc/20", 0600, "", 0);

  check_need((dir = open(path("proc"), O_RDONLY|O_DIRECTORY)) != -1);
  n = lr_holders(dir, st.st_dev, 19, each);
  check_num(n, 6, "holders");
  check_num(count, 6, "calls");
  check(!of(10), "a process that is elsewhere");
  check((h = of(11)) && h->root && !h->cwd && !h->exe && !h->bytes, "by root");
  check_str(h ? h->name : 0, "root", "its name");
  check((h = of(12)) && !h->root && h->cwd && !h->exe && !h->bytes, "by cwd");
  check_need(!stat(path("f1"), &st));
  check((h = of(13)) && !h->root && !h->cwd && h->exe
    && h->bytes == st.st_blocks*512ULL, "by program");
  check(h && !h->storage, "no storage daemon");
  check((h = of(14)) && !h->root && !h->cwd && !h->exe
    && h->bytes == st.st_blocks*512ULL, "by an open file, counted once");
  check(h && h->storage, "a storage daemon");
  check((h = of(15)) && h->bytes == st.st_blocks*512ULL && !h->storage,
    "by a mapped file, counted once");
  check(!of(16), "a kernel thread");
  check(!of(17), "what is gone");
  check((h = of(18)) && !h->bytes, "by an open directory");
  check_str(h ? h->name : 0, "a name \xff%s that", "a name that is cut");
  check(!of(19), "the one that's left out");
  check(!of(getpid()), "this process");
  close(dir);

  // Anybody's own processes at least can be looked at.
  check_need((dir = open("/proc", O_RDONLY|O_DIRECTORY)) != -1);
  count = 0;
  check(lr_holders(dir, 12345678, 0, each) == 0 && !count, "no such device");
  close(dir);
  errno = 0;
  check(lr_holders(-1, 1, 0, each) == -1 && errno == EBADF, "no procfs");
}

#define LOOP(sys, dev, n, size) \
  lr_holders_loop(dir, sys, dev, n, text, size, &found)

static void loops(void)
{
  static struct { char *name, *file; int want; } rows[] = {
    {"loop0", "/f1\n", 1},
    {"loop1", "/f1", 1},
    {"loop2", "/d/../d/f3\n", 1},
    {"loop3", "/lacks\n", 0},
    {"loop4", "", 0},
    {"loop5", "\n", 0},
    {"loop6", 0, 0},
    {"loop7", "/f1 (deleted)\n", 0},
    {"loop8", "relative\n", 0},
  };
  char name[4096], text[4096];
  struct kstat found;
  struct stat st, f1;
  unsigned i;
  int dir;

  check_file("d/f3", 0600, "x", 1);
  check_need(!stat(path("f1"), &f1) && !stat(check_dir(), &st)
    && !mkdir(path("block"), 0700));
  for (i = 0; i<ARRAY_LEN(rows); i++) {
    snprintf(name, sizeof(name), "block/%s", rows[i].name);
    check_need(!mkdir(path(name), 0700));
    if (!rows[i].file) continue;
    strcat(name, "/loop");
    check_need(!mkdir(path(name), 0700));
    strcat(name, "/backing_file");
    check_file(name, 0600, rows[i].file, strlen(rows[i].file));
  }
  check_need((dir = open(check_dir(), O_RDONLY|O_DIRECTORY)) != -1);
  for (i = 0; i<ARRAY_LEN(rows); i++)
    check_num(LOOP(dir, st.st_dev, i, sizeof(text)),
      rows[i].want, "%s: %s", rows[i].name, rows[i].file);
  check_num(LOOP(dir, st.st_dev, i, sizeof(text)), -1,
    "the device behind the last");
  check_num(LOOP(dir, st.st_dev, 0, sizeof(text)), 1, "the first");
  check_str(text, "/f1", "its file");
  check(found.ino == f1.st_ino && found.size == 3<<20, "its status");
  check_num(LOOP(dir, st.st_dev+1, 0, sizeof(text)), 0,
    "of another file system");
  check_num(LOOP(dir, st.st_dev, 0, 3), 0, "a name that's cut");
  check_num(strlen(text), 2, "is cut");
  check_num(LOOP(-1, st.st_dev, 0, sizeof(text)), -1, "no sysfs");
  close(dir);
}

int main(void)
{
  processes();
  loops();

  return check_done();
}
