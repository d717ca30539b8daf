// mutate.c - change a tree while somebody else copies it
//
// usage: mutate SEED DIR   until killed: create, rename, truncate, lengthen, link
//                          and remove files and directories below DIR, and swap
//                          one type of thing for another
//        mutate -c DIR     print what no such tree can have in it
//
// All lines of a file are the same one, which no other file has. So what has parts
// of two files, or a hole, is found. At the end there can be zeros: the kernel
// clears the rest of a page when a file is truncated, also under who reads it.
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define LINE 9
#define DIRS 5

static char buf[LINE*8192];

static unsigned below(unsigned n)
{
  return random()%n;
}

// A name that may be anything: a file, a directory, not there
static char *name(char *s)
{
  unsigned d = below(DIRS), sub = below(4);

  if (sub) sprintf(s, "m%u/f%u", d, below(12));
  else sprintf(s, "m%u/f%u/g%u", d, below(12), below(6));

  return s;
}

// Add LINES lines like its first one to FD
static void lengthen(int fd, int lines)
{
  char line[LINE+1];
  int i, n;

  if (pread(fd, line, LINE, 0) != LINE) sprintf(line, "%08lx\n", random());
  for (i = 0; i<8192; i++) memcpy(buf+i*LINE, line, LINE);
  for (; lines>0; lines -= n) {
    n = lines<8192 ? lines : 8192;
    if (write(fd, buf, n*LINE) != n*LINE) break;
  }
}

static void create(char *path)
{
  int fd = open(path, O_RDWR|O_CREAT|O_EXCL|O_NOFOLLOW|O_CLOEXEC, 0640);

  if (fd == -1) return;

  // Now and then one that is copied in pieces
  lengthen(fd, below(200) ? below(700) : 500000+below(200000));
  if (!below(8)) fsetxattr(fd, "trusted.one", "1", 1, 0);
  close(fd);
}

static void change(void)
{
  static char *targets[] = {"/a", "/hurt", "..", "/big", "f1", "/c/d", "/"};
  char a[64], b[64];
  struct stat st;
  int fd;

  name(a);
  name(b);
  switch (below(14)) {
    case 0: case 1: case 2: return create(a);
    case 3: unlink(a); return create(a);
    case 4: rename(a, b); break;
    case 5: unlink(a); break;
    case 6: case 7:
      fd = open(a, O_RDWR|O_APPEND|O_NOFOLLOW|O_NONBLOCK|O_CLOEXEC);
      if (fd == -1) break;
      if (!fstat(fd, &st) && S_ISREG(st.st_mode)) {
        if (below(2)) lengthen(fd, 100);
        else if (ftruncate(fd, below(st.st_size/LINE+1)*LINE)) break;
      }
      close(fd);
      break;
    case 8:
      if (symlink(targets[below(7)], "new") || rename("new", a)) unlink("new");
      break;
    case 9: unlink(a); mkdir(a, 0750); break;
    case 10: rmdir(a); break;
    case 11: if (linkat(AT_FDCWD, a, AT_FDCWD, b, 0)) unlink(b); break;
    case 12:
      if (mkfifo("new", 0600) || rename("new", a)) unlink("new");
      break;
    case 13:
      if (!lstat(a, &st) && S_ISDIR(st.st_mode)) rename(a, b);
      else lremovexattr(a, "trusted.one");
  }
}

// Are the N bytes at S, and what follows in F, all 0? Not more than the page of the
// end, and the one before that.
static int zeros(FILE *f, char *s, int n)
{
  int c, count = 0;

  while (n--) if (s[n]) return 0;
  while (EOF != (c = getc(f))) if (c || count++>8192) return 0;

  return 1;
}

static int check(const char *path, const struct stat *st, int type,
  struct FTW *ftw)
{
  FILE *f;
  char first[LINE+1], line[LINE+1];
  long at = 0;
  size_t n, i, len = 0;

  (void)type, (void)ftw;
  if (!S_ISREG(st->st_mode) || !(f = fopen(path, "r"))) return 0;
  for (; (n = fread(line, 1, LINE, f)); at += n) {
    if (!at) memcpy(first, line, len = n);
    for (i = 0; i<n && line[i] == (i<len ? first[i] : 0); i++);
    if (i<n && !line[i] && zeros(f, line+i, n-i)) break;
    if (i<n) {
      printf("%s: other content at %ld of %ld\n", path, at, (long)st->st_size);
      break;
    }
  }
  fclose(f);

  return 0;
}

int main(int argc, char **argv)
{
  cpu_set_t all;
  char dir[16];
  int i;

  if (argc != 3) return 1;
  if (!strcmp(argv[1], "-c")) return nftw(argv[2], check, 32, FTW_PHYS) ? 1 : 0;

  prctl(PR_SET_PDEATHSIG, SIGKILL);
  memset(&all, -1, sizeof(all));
  sched_setaffinity(0, sizeof(all), &all);
  srandom(atoi(argv[1]));
  // Symlinks out of it are for others to follow
  if (chroot(argv[2]) || chdir("/")) return 1;
  for (i = 0; i<DIRS; i++) {
    sprintf(dir, "m%d", i);
    mkdir(dir, 0755);
  }

  for (;;) change();
}
