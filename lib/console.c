/* console.c - stdin, stdout and stderr
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include "lib/fault.h"
#include "lib/kernel.h"
#include "lib/fsnew.h"
#include "lib/console.h"

// Open a device made for this in a file system of our own: the console, else
// null. Returns a descriptor above 2, or -1.
static int own_device(void)
{
  static struct { char *name; int maj, min; } dev[] = {{"console", 5, 1},
    {"null", 1, 3}};
  int dir = lr_fs_detached("tmpfs"), fd = -1;
  unsigned i;

  for (i = 0; fd == -1 && i<ARRAY_LEN(dev); i++) {
    mknodat(dir, dev[i].name, S_IFCHR|0600, makedev(dev[i].maj, dev[i].min));
    fd = openat(dir, dev[i].name, O_RDWR|O_NOCTTY);
    if (fd<3 && fd != -1) {
      int low = fd;

      fd = fcntl(low, F_DUPFD, 3);
      close(low);
    }
  }
  if (dir != -1) close(dir);

  return fd;
}

// Descriptors 0 to 2 are closed where the initramfs has no /dev/console for the
// kernel to open. Open those that are, before anything else takes the numbers.
void lr_console_fill(void)
{
  int fd, i;

  for (i = 0; i<3; i++) if (fcntl(i, F_GETFD) == -1) break;
  if (i == 3 || (fd = own_device()) == -1) return;
  for (i = 0; i<3; i++) if (fcntl(i, F_GETFD) == -1) dup2(fd, i);
  close(fd);
}

// Open the terminal or other character device DEV, a path from the directory
// ROOT, for both ways. Returns a descriptor, or -1 and errno.
int lr_console_open(int root, char *dev)
{
  struct stat st;
  int fd = openat(root, dev, O_RDWR|O_NOCTTY|O_NONBLOCK|O_CLOEXEC), err = 0;

  if (fd == -1) return -1;
  if (fstat(fd, &st)) err = errno;
  else if (!S_ISCHR(st.st_mode)) err = ENODEV;
  else fcntl(fd, F_SETFL, O_RDWR);
  if (!err) return fd;
  close(fd);
  errno = err;

  return -1;
}

// Let go of the file system OLD with descriptors 0 to 2: those that are a
// device node of it are opened anew, all of them on DEV, a path from the
// directory ROOT, if that is given. Returns 0, or -1 and errno: what could not
// be opened stays as it was.
int lr_console_leave(int root, dev_t old, char *dev)
{
  struct stat st;
  int i, rc = 0, fd = lr_console_open(root, dev ? : "/dev/console");

  // What the kernel opened is the console even if no node for it exists
  if (fd == -1) {
    rc = dev ? -1 : 0;
    fd = own_device();
  }
  if (fd == -1) return -1;
  for (i = 0; i<3; i++) {
    if (dev || (!fstat(i, &st) && st.st_dev == old && S_ISCHR(st.st_mode)
      && (st.st_rdev == makedev(5, 1) || st.st_rdev == makedev(1, 3))))
        dup2(fd, i);
  }
  if (fd>2) close(fd);

  return rc;
}
