/* holders.c - processes that keep a file system in use
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include "lib/holders.h"

// Inodes already counted, of which there are few: an array will do.
struct seen {
  ino_t *ino;
  int count;
};

// Add the memory of what PATH in directory DIR is of to H, if it is of DEV and
// new in S. Returns 1 if it's of DEV.
static int add(struct holder *h, struct seen *s, int dir, char *path, dev_t dev)
{
  struct stat st;
  ino_t *new;
  int i;

  if (fstatat(dir, path, &st, 0) || st.st_dev != dev) return 0;
  for (i = 0; i<s->count; i++) if (s->ino[i] == st.st_ino) return 1;
  if ((new = realloc(s->ino, (s->count+1)*sizeof(ino_t)))) {
    s->ino = new;
    s->ino[s->count++] = st.st_ino;
  }
  if (S_ISREG(st.st_mode)) h->bytes += st.st_blocks*512ULL;

  return 1;
}

// add() everything in directory NAME of process directory PID. Returns how many
// were of DEV.
static int add_all(struct holder *h, struct seen *s, int pid, char *name,
  dev_t dev)
{
  int fd = openat(pid, name, O_RDONLY|O_DIRECTORY|O_CLOEXEC), n = 0;
  DIR *dir = fd == -1 ? 0 : fdopendir(fd);
  struct dirent *de;

  if (!dir) {
    if (fd != -1) close(fd);

    return 0;
  }
  while ((de = readdir(dir)))
    if (*de->d_name != '.') n += add(h, s, fd, de->d_name, dev);
  closedir(dir);

  return n;
}

// Read up to LEN-1 bytes of file NAME in DIR, and end them.
static void first_bytes(int dir, char *name, char *buf, int len)
{
  int fd = openat(dir, name, O_RDONLY|O_CLOEXEC), got = 0;

  if (fd != -1) {
    got = read(fd, buf, len-1);
    close(fd);
  }
  buf[got>0 ? got : 0] = 0;
}

// The file that is the Nth loop device, as NAME of SIZE bytes, if it's of file
// system DEV. SYS is a directory of sysfs. Returns 1 if it is, 0 if not, -1
// when there is no such device.
int lr_holders_loop(int sys, dev_t dev, int n, char *name, int size)
{
  char path[64];
  struct stat st;

  sprintf(path, "block/loop%d", n);
  if (faccessat(sys, path, F_OK, 0)) return -1;
  strcat(path, "/loop/backing_file");
  first_bytes(sys, path, name, size);
  name[strcspn(name, "\n")] = 0;

  return *name && !stat(name, &st) && st.st_dev == dev;
}

// Call EACH for every process that has something of file system DEV as root,
// current directory, program, mapping or open file, but for this one. PROC is
// a directory of procfs. Kernel threads have no program and follow PID 1.
// Returns how many there are, or -1 and errno.
int lr_holders(int proc, dev_t dev, void (*each)(struct holder *))
{
  int fd = openat(proc, ".", O_RDONLY|O_DIRECTORY|O_CLOEXEC), pid, n = 0;
  DIR *dir = fd == -1 ? 0 : fdopendir(fd);
  struct dirent *de;
  char argv0[2];

  if (!dir) return -1;
  while ((de = readdir(dir))) {
    struct holder h = {0};
    struct seen seen = {0};
    struct stat st;
    int held;

    if (!isdigit(*de->d_name) || (h.pid = atoi(de->d_name)) == getpid())
      continue;
    pid = openat(fd, de->d_name, O_RDONLY|O_DIRECTORY|O_CLOEXEC);
    if (pid == -1) continue;
    if (!fstatat(pid, "exe", &st, 0)) {
      h.root = add(&h, &seen, pid, "root", dev);
      h.cwd = add(&h, &seen, pid, "cwd", dev);
      h.exe = add(&h, &seen, pid, "exe", dev);
      held = h.root|h.cwd|h.exe;
      held |= add_all(&h, &seen, pid, "map_files", dev);
      held |= add_all(&h, &seen, pid, "fd", dev);
      if (held) {
        first_bytes(pid, "comm", h.name, sizeof(h.name));
        h.name[strcspn(h.name, "\n")] = 0;
        first_bytes(pid, "cmdline", argv0, sizeof(argv0));
        h.storage = *argv0 == '@';
        n++;
        each(&h);
      }
    }
    free(seen.ino);
    close(pid);
  }
  closedir(dir);

  return n;
}
