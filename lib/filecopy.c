/* filecopy.c - one file's content and metadata
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include <sys/sendfile.h>
#include "lib/kernel.h"
#include "lib/filecopy.h"

// ramfs has no SEEK_DATA: it says all is data, and reading a hole there makes
// pages of it (fs/libfs.c simple_readpage, seen on 5.10 to 7.2). But ramfs
// never swaps, so what mincore() calls resident is all there is. Finds the
// first data of FD in [*lo, END) as filecopy's data_extent() does.
static int resident_extent(int fd, off_t *lo, off_t *hi, off_t end)
{
  long page = sysconf(_SC_PAGESIZE), window = 8192*page, i, n, len;
  unsigned char vec[8192], *map;
  off_t off = *lo-*lo%page;
  int found = 0;

  for (*hi = end; off<end; off += window) {
    n = (minof(window, end-off)+page-1)/page;
    map = mmap(0, n*page, PROT_READ, MAP_SHARED, fd, off);
    if (map == MAP_FAILED) return -1;
    len = n;
    if (mincore(map, n*page, vec)) n = -1;
    munmap(map, len*page);
    if (n == -1) return -1;
    for (i = 0; i<n; i++) {
      if ((vec[i]&1) == found) continue;
      if (found) {
        *hi = off+i*page;
        return 1;
      }
      *lo = maxof(*lo, off+i*page);
      found = 1;
    }
  }

  return found;
}

// Find the first data of FD in [*lo, END): sets *lo and *hi to its bounds.
// Returns 1, 0 when the rest is a hole, -1 and errno.
static int data_extent(int fd, off_t *lo, off_t *hi, off_t end)
{
  struct statfs sf;

  if (fstatfs(fd, &sf)) return -1;
  if ((unsigned)sf.f_type == MAGIC_RAMFS)
    return resident_extent(fd, lo, hi, end);
  *lo = lseek(fd, *lo, SEEK_DATA);
  if (*lo == -1) return -(errno != ENXIO);
  if (*lo >= end) return 0;
  *hi = lseek(fd, *lo, SEEK_HOLE);
  if (*hi == -1) return -1;
  *hi = minof(*hi, end);

  return 1;
}

// Copy bytes [from, to) of IN to the same place in OUT, page cache to page
// cache. Returns 0, or -1 and errno: EIO if IN ended early.
static int copy_bytes(struct filecopy *c, int in, int out, off_t from, off_t to)
{
  while (from<to) {
    ssize_t n = sendfile(out, in, &from, minof(to-from, COPY_CHUNK));

    if (n<0 && errno != EINTR) return -1;
    if (!n) {
      errno = EIO;
      return -1;
    }
    if (n>0) *c->done += n;
    if (*c->stop) {
      errno = EINTR;
      return -1;
    }
  }

  return 0;
}

// The same for a part that can have holes, which stay holes.
static int copy_extents(struct filecopy *c, int in, int out, off_t from,
  off_t to)
{
  off_t hi;
  int rc = 0;

  for (; from<to; from = hi) {
    if (1>(rc = data_extent(in, &from, &hi, to))) break;
    if (from != lseek(out, from, SEEK_SET)) return -1;
    if (copy_bytes(c, in, out, from, hi)) return -1;
  }

  return rc<0 ? rc : 0;
}

// Copy bytes [from, to) of IN to the same place in OUT; TO is IN's size. Holes
// stay holes; DENSE: it has none, don't look. With CUT, IN's memory is freed as
// it's copied: piece by piece from the end, which is what truncation can free,
// so that never more than a chunk is there twice; *cut is then where IN ends by
// now. Returns 0, or -1 and errno.
int lr_filecopy_data(struct filecopy *c, int in, int out, off_t from, off_t to,
  int dense, off_t *cut)
{
  off_t lo, hi;

  if (!cut || to-from <= COPY_CHUNK) {
    if (!dense) {
      // A hole at the end is nothing that copying what's there would make
      if (copy_extents(c, in, out, from, to) || ftruncate(out, to)) return -1;
    } else {
      if (from && from != lseek(out, from, SEEK_SET)) return -1;
      if (copy_bytes(c, in, out, from, to)) return -1;
    }
    if (!cut) return 0;
    *cut = from;

    return ftruncate(in, from);
  }

  if (ftruncate(out, to)) return -1;
  for (*cut = hi = to; hi>from; *cut = hi = lo) {
    lo = maxof(from, hi-(hi%COPY_CHUNK ? : COPY_CHUNK));
    if (!dense) {
      if (copy_extents(c, in, out, lo, hi)) return -1;
    } else {
      if (lo != lseek(out, lo, SEEK_SET)) return -1;
      if (copy_bytes(c, in, out, lo, hi)) return -1;
    }
    if (ftruncate(in, lo)) return -1;
  }

  return 0;
}

// Copy every extended attribute of IN to OUT, both open for real (not O_PATH):
// capabilities, ACLs, labels. To be called after owner and mode are set, as
// chown drops capabilities. Returns 0, or -1 and errno.
int lr_filecopy_xattrs(struct filecopy *c, int in, int out)
{
  char *name, *val = c->buf+65536;
  ssize_t len = flistxattr(in, c->buf, 65536), vlen;

  if (len<0) return -(errno != EOPNOTSUPP);
  for (name = c->buf; name<c->buf+len; name += strlen(name)+1) {
    if (0>(vlen = fgetxattr(in, name, val, 65536))) return -1;
    if (fsetxattr(out, name, val, vlen, 0)) return -1;
  }

  return 0;
}

// Set the access and modification times of FD to those in ST.
// Returns 0, or -1 and errno.
int lr_filecopy_times(int fd, struct kstat *st)
{
  struct timespec ts[2] = {{st->atime.sec, st->atime.nsec},
    {st->mtime.sec, st->mtime.nsec}};

  return futimens(fd, ts);
}

// Take the immutable and append-only flags off FD, or set those in FREEZE
// (KATTR_*). tmpfs has them since 6.0, ramfs doesn't (ENOTTY).
// Returns 0, or -1 and errno.
int lr_filecopy_thaw(int fd, int freeze)
{
  int flags;

  if (ioctl(fd, KFS_GETFLAGS, &flags)) return -1;
  flags &= ~(KFS_IMMUTABLE|KFS_APPEND);
  if (freeze&KATTR_IMMUTABLE) flags |= KFS_IMMUTABLE;
  if (freeze&KATTR_APPEND) flags |= KFS_APPEND;

  return ioctl(fd, KFS_SETFLAGS, &flags);
}
