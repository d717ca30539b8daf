/* readfile.c - a small file of procfs as text
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include "lib/readfile.h"

#define MOST 65535

// All of file NAME in directory DIR, but not more than 64 KiB. Returns it as a
// malloc()ed string ("" if it can't be read), or 0 when memory is out.
char *lr_readfile(int dir, char *name)
{
  char *buf = calloc(1, MOST+1);
  int fd = openat(dir, name, O_RDONLY|O_CLOEXEC), len = 0, got = buf ? 1 : 0;

  while (got>0 && 0<(got = read(fd, buf+len, MOST-len))) len += got;
  if (fd != -1) close(fd);

  return buf;
}
