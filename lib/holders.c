/* holders.c - processes that keep a file system in use
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include "lib/holders.h"
#include "lib/kernel.h"

// The inodes of a process that are counted already. They are few, so that an
// array will do.
struct seen {
  ino_t *ino;
  int count;
};

// PATH in directory DIR leads to something that the process of H uses. If that
// is of DEV and not in S yet, add its memory to H. Returns 1 if it's of DEV.
//
// What it leads to can be on any file system, also on one whose server does not
// answer. stat() asks a FUSE server for the file's size and times and waits for
// ever, uninterruptible (seen on 6.1). With AT_DONT_SYNC the kernel tells what
// it knows by itself, and that includes the device, which is all that matters.
static int add_one(struct holder *h, struct seen *s, int dir, char *path,
  dev_t dev)
{
  struct kstat st;
  ino_t *new;
  int i;

  if (kstatx(dir, path, AT_DONT_SYNC, &st) || makedev(st.maj, st.min) != dev)
    return 0;
  for (i = 0; i<s->count; i++) if (s->ino[i] == st.ino) return 1;
  if ((new = realloc(s->ino, (s->count+1)*sizeof(ino_t)))) {
    s->ino = new;
    s->ino[s->count++] = st.ino;
  }
  if (S_ISREG(st.mode)) h->bytes += st.blocks*512;

  return 1;
}

// Do add_one() for everything in directory NAME of process directory PID.
// Returns how many of them are of DEV.
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
    if (*de->d_name != '.') n += add_one(h, s, fd, de->d_name, dev);
  closedir(dir);

  return n;
}

// Read up to LEN-1 bytes of file NAME in DIR into BUF, and end them with a 0.
// Nothing can be read: it's "".
static void first_bytes(int dir, char *name, char *buf, int len)
{
  int fd = openat(dir, name, O_RDONLY|O_CLOEXEC), got = 0;

  if (fd != -1) {
    got = read(fd, buf, len-1);
    close(fd);
  }
  buf[got>0 ? got : 0] = 0;
}

// Is the file behind loop device N one of file system DEV, of which ROOT is the
// root directory? SYS is the root directory of a sysfs. The file's path is left
// in NAME, which has SIZE bytes, and its status in ST. The path is looked up on
// ROOT's mount only, as on another one whoever serves it may not answer: a file
// that the device has by way of a bind of ROOT is not found. Returns 1 if so, 0
// if not, -1 when there is no such device.
int lr_holders_loop(int root, int sys, dev_t dev, int n, char *name, int size,
  struct kstat *st)
{
  struct kopen_how how = {O_PATH|O_CLOEXEC, 0,
    KRESOLVE_IN_ROOT|KRESOLVE_NO_XDEV};
  char path[64];
  int fd, rc;

  sprintf(path, "block/loop%d", n);
  if (faccessat(sys, path, F_OK, 0)) return -1;
  strcat(path, "/loop/backing_file");
  first_bytes(sys, path, name, size);
  name[strcspn(name, "\n")] = 0;
  if (*name != '/' || -1 == (fd = kopenat2(root, name, &how))) return 0;
  rc = !kstatx(fd, "", AT_EMPTY_PATH, st) && makedev(st->maj, st->min) == dev;
  close(fd);

  return rc;
}

// Call EACH for every process but this one and EXCEPT that has something of
// file system DEV as its root, current directory, program, mapping or open
// file. PROC is the root directory of a procfs. Kernel threads, which are those
// without a program, are left out: their root and current directory follow PID
// 1's. Returns how many processes there are, or -1 and errno.
int lr_holders(int proc, dev_t dev, pid_t except, void (*each)(struct holder *))
{
  int fd = openat(proc, ".", O_RDONLY|O_DIRECTORY|O_CLOEXEC), pid, n = 0;
  DIR *dir = fd == -1 ? 0 : fdopendir(fd);
  struct dirent *de;
  char argv0[2];

  if (!dir) return -1;
  while ((de = readdir(dir))) {
    struct holder h = {0};
    struct seen seen = {0};
    struct kstat st;
    int held;

    if (!isdigit(*de->d_name) || (h.pid = atoi(de->d_name)) == getpid()
      || h.pid == except) continue;
    pid = openat(fd, de->d_name, O_RDONLY|O_DIRECTORY|O_CLOEXEC);
    if (pid == -1) continue;
    if (!kstatx(pid, "exe", AT_DONT_SYNC, &st)) {
      h.root = add_one(&h, &seen, pid, "root", dev);
      h.cwd = add_one(&h, &seen, pid, "cwd", dev);
      h.exe = add_one(&h, &seen, pid, "exe", dev);
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
