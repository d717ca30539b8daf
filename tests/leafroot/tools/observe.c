// observe.c - print all that a program can see of mounts and files
//
// usage: observe MANIFEST
//
// A line for each mount, with what its files are below it as MANIFEST, a
// program, prints them, and then the mounts on it, in the order of their
// directories. What other mounts hide is there too: it is looked at in a private
// copy of the mount namespace, which is taken down from the top. Of the root's
// own file system, and of the root's mount, there is only what a move has to
// keep. The last line is the root's mount id. Files of a procfs, sysfs and
// devtmpfs, of file systems called "out", "run" and "kit", and those in /t, which
// are the tests' own, are not looked at.
//
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../../../lib/kernel.h"

#define MOUNTS 4096

static struct m {
  unsigned id, parent, maj, min;
  char *root, *dir, *flags, *propagation, *type, *source, *super, *files;
  int gone;
} list[MOUNTS], *root;
static int count, manifest;

static void die(char *what)
{
  fprintf(stderr, "observe: %s: %s\n", what, strerror(errno));
  exit(1);
}

static char *slurp(int fd)
{
  char *buf = 0;
  size_t len = 0;
  ssize_t n;

  do {
    if (!(buf = realloc(buf, len+65537))) die("memory");
    if ((n = read(fd, buf+len, 65536))<0) die("read");
    len += n;
  } while (n);
  buf[len] = 0;

  return buf;
}

static void parse(char *text)
{
  char *line, *word, *s;
  struct m *m;

  while ((line = strsep(&text, "\n")) && *line) {
    if (count == MOUNTS) die("too many mounts");
    m = list+count++;
    m->id = atoi(strsep(&line, " "));
    m->parent = atoi(strsep(&line, " "));
    m->maj = strtoul(word = strsep(&line, " "), &s, 10);
    m->min = atoi(s+1);
    m->root = strsep(&line, " ");
    m->dir = strsep(&line, " ");
    m->flags = strsep(&line, " ");
    m->propagation = line;
    while (strcmp(word = strsep(&line, " "), "-")) if (line) line[-1] = ' ';
    word[-(word != m->propagation)] = 0;
    m->type = strsep(&line, " ");
    m->source = strsep(&line, " ");
    m->super = line ? line : "";
  }
}

// The path that leads to M, if one does: mounts on top of "/" are behind "/.."
static char *path_to(struct m *m)
{
  static char path[2][8192];
  struct kstat st;
  int i;

  for (i = 0; i<2; i++) {
    sprintf(path[i], "%s%s", i ? "/.." : "", m->dir);
    if (!kstatx(AT_FDCWD, path[i], AT_SYMLINK_NOFOLLOW, &st) && st.mnt == m->id)
      return path[i];
  }

  return 0;
}

// What is on M, which PATH leads to
static char *files(struct m *m, char *path)
{
  char *argv[] = {"manifest", "-bqt", "/dev/console", "-x", "/t", path, 0},
    *text;
  struct stat st;
  int fds[2], status;

  if (!strcmp(m->type, "proc") || !strcmp(m->type, "sysfs")
    || !strcmp(m->type, "devtmpfs") || !strcmp(m->source, "out")
    || !strcmp(m->source, "run") || !strcmp(m->source, "kit")) return "";
  if (lstat(path, &st)) die(path);
  if (!S_ISDIR(st.st_mode)) {
    if (asprintf(&text, "file %o %d:%d %lld.%09ld %lld\n", st.st_mode,
      st.st_uid, st.st_gid, (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
      (long long)st.st_size)<0) exit(1);
    if (S_ISREG(st.st_mode) && st.st_size) {
      fds[0] = open(path, O_RDONLY);
      argv[0] = slurp(fds[0]);
      close(fds[0]);
      if (asprintf(&argv[1], "%s %.99s\n", text, argv[0])<0) exit(1);
      text = argv[1];
    }

    return text;
  }
  if (pipe2(fds, O_CLOEXEC)) die("pipe");
  if (!fork()) {
    dup2(fds[1], 1);
    close(2);
    syscall(SYS_execveat, manifest, "", argv, environ, AT_EMPTY_PATH);
    die("manifest");
  }
  close(fds[1]);
  text = slurp(fds[0]);
  close(fds[0]);
  if (wait(&status)<0 || status) text = strdup("unreadable\n");

  return text;
}

static int has_children(struct m *m)
{
  int i;

  for (i = 0; i<count; i++)
    if (!list[i].gone && list+i != m && list[i].parent == m->id) return 1;

  return 0;
}

// Take the namespace down, and note what is on each mount.
static void peel(void)
{
  int i, again;
  struct m *m;
  char *path;

  do for (again = 0, i = count; i--; ) {
    m = list+i;
    if (m == root || m->gone || has_children(m) || !(path = path_to(m)))
      continue;
    m->files = files(m, path);
    if (umount2(path, MNT_DETACH|UMOUNT_NOFOLLOW)) die(path);
    m->gone = again = 1;
  } while (again);
  root->files = files(root, "/");
}

static int by_dir(const void *a, const void *b)
{
  struct m *x = *(struct m **)a, *y = *(struct m **)b;
  int rc = strcmp(x->dir, y->dir);

  return rc ? rc : x<y ? -1 : 1;
}

static void print(struct m *m, int depth)
{
  struct m *child[MOUNTS];
  char *line;
  int i, n = 0;

  printf("%d %s fs:%u:%u", depth, m->dir, m->maj, m->min);
  if (m != root) printf(" root=%s %s", m->root, m->flags);
  if (m->maj != root->maj || m->min != root->min) {
    printf(" %s %s", m->type, m->source);
    // An overlay's layers can have other names
    if (strcmp(m->type, "overlay")) printf(" %s", m->super);
  }
  printf(" %s%s\n", m->propagation, m->files ? "" : " unreachable");
  while (m->files && (line = strsep(&m->files, "\n"))) if (*line)
    printf("- %s\n", line);
  for (i = 0; i<count; i++)
    if (list+i != m && list[i].parent == m->id) child[n++] = list+i;
  qsort(child, n, sizeof(*child), by_dir);
  for (i = 0; i<n; i++) print(child[i], depth+1);
}

int main(int argc, char **argv)
{
  int fd = fsopen("proc", 0), i;
  struct kstat st;
  unsigned id;

  if (argc != 2) return 1;
  if (fd == -1 || fsconfig(fd, FSCONFIG_CREATE, 0, 0, 0)
    || (fd = fsmount(fd, 0, 0)) == -1) die("proc");
  if ((manifest = open(argv[1], O_PATH|O_CLOEXEC)) == -1) die(argv[1]);
  if (kstatx(AT_FDCWD, "/", 0, &st)) die("/");
  id = st.mnt;
  if (unshare(CLONE_NEWNS)) die("unshare");
  parse(slurp(openat(fd, "self/mountinfo", O_RDONLY|O_CLOEXEC)));
  if (mount(0, "/", 0, MS_REC|MS_PRIVATE, 0)) die("private");
  if (chdir("/") || kstatx(AT_FDCWD, "/", 0, &st)) die("/");
  for (i = 0; i<count; i++) if (list[i].id == st.mnt) root = list+i;
  if (!root) die("no root");
  peel();
  print(root, 0);
  printf("id %u\n", id);

  return 0;
}
