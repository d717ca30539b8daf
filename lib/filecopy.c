/* filecopy.c - one file's content, times and flags
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include <sys/sendfile.h>
#include "lib/kernel.h"
#include "lib/filecopy.h"

// Find the first data of FD, a file on a ramfs, as data_extent() does. A ramfs
// has no SEEK_DATA: it says that all is data, and to read a hole there makes
// pages of it (fs/libfs.c simple_readpage(), seen on 5.10 to 7.2). But a ramfs
// is never swapped out, so the pages that mincore() calls resident are all the
// data there is.
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

// Find the first data of FD in bytes [*lo, END), and set *lo and *hi to where
// it begins and ends. Returns 1, 0 when all of that is a hole, -1 and errno.
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

// IN has nothing at OFF. Somebody else can have truncated it: then OUT, the
// copy, ends there too. Returns 0, 1 if IN is longer (again), or -1 and errno.
static int ended(int in, int out, off_t off)
{
  struct kstat st;

  if (kstatx(in, "", AT_EMPTY_PATH, &st)) return -1;

  return (off_t)st.size>off ? 1 : ftruncate(out, st.size);
}

// Copy bytes [FROM, TO) of IN to where OUT is (lseek), from page cache to page
// cache. Returns 0, or -1 and errno: EIO if IN is longer than what it gives.
static int copy_bytes(struct filecopy *c, int in, int out, off_t from, off_t to)
{
  int tries = 100, rc;

  while (from<to) {
    ssize_t n = sendfile(out, in, &from, minof(to-from, COPY_CHUNK));

    if (n<0 && errno != EINTR) return -1;
    if (!n) {
      if (1>(rc = ended(in, out, from))) return rc;
      errno = EIO;
      if (!--tries) return -1;
    }
    if (n>0) *c->done += n;
    if (*c->stop) {
      errno = EINTR;

      return -1;
    }
  }

  return 0;
}

// Copy bytes [FROM, TO) of IN to the same place in OUT. Holes stay holes.
// Returns 0, or -1 and errno.
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

// All data of IN before SIZE is in OUT: make OUT as long, but not longer than
// IN is by now. Copying the data makes no hole at the end. If others have
// truncated IN and lengthened it again, there is data once more. Returns 0, or
// -1 and errno.
static int lengthen(struct filecopy *c, int in, int out, off_t size)
{
  off_t end = lseek(out, 0, SEEK_END), now = lseek(in, 0, SEEK_END);

  if (end == -1 || now == -1) return -1;
  size = minof(size, now);
  if (end>=size) return 0;
  if (copy_extents(c, in, out, end, size)) return -1;

  return lseek(out, 0, SEEK_END)<size ? ftruncate(out, size) : 0;
}

// Copy bytes [FROM, TO) of IN to the same place in OUT; TO is IN's size. Holes
// stay holes, and what OUT has behind TO stays. DENSE: IN has no holes, so they
// are not looked for. Without CUT the copy goes from the front to the back and
// OUT never becomes longer than what is copied already: so if it fails, the
// size of OUT says how far it came, if OUT ended at FROM before. If others make
// IN shorter meanwhile, OUT is shorter too.
//
// With CUT the memory of IN is freed while it's copied, piece by piece from the
// end, because what truncation can free is the end: so never more than
// C->piece is there twice. *CUT is then where IN ends by now: what is before
// that is in IN, the rest is in OUT. Returns 0, or -1 and errno.
int lr_filecopy_data(struct filecopy *c, int in, int out, off_t from, off_t to,
  int dense, off_t *cut)
{
  off_t lo, hi, piece = c->piece ? : COPY_CHUNK;

  if (!cut || to-from <= piece) {
    if (!dense) {
      if (copy_extents(c, in, out, from, to) || lengthen(c, in, out, to))
        return -1;
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
    lo = maxof(from, hi-(hi%piece ? : piece));
    if (!dense) {
      if (copy_extents(c, in, out, lo, hi)) return -1;
    } else {
      if (lo != lseek(out, lo, SEEK_SET)) return -1;
      if (copy_bytes(c, in, out, lo, hi)) return -1;
    }
    // If others have made it shorter, it's not to be made longer
    if (lseek(in, 0, SEEK_END)>lo && ftruncate(in, lo)) return -1;
  }

  return 0;
}

// Set the access and modification times of FD to those in ST, to the
// nanosecond. Returns 0, or -1 and errno.
int lr_filecopy_times(int fd, struct kstat *st)
{
  struct timespec ts[2] = {{st->atime.sec, st->atime.nsec},
    {st->mtime.sec, st->mtime.nsec}};

  return futimens(fd, ts);
}

// Has FD, or any file of its file system, flags as chattr(1) has them? Returns
// 0 only if it's sure that there are none, else 1; then errno says what failed.
int lr_filecopy_has_flags(int fd)
{
  int flags;

  return !ioctl(fd, KFS_GETFLAGS, &flags)
    || (errno != ENOTTY && errno != EOPNOTSUPP);
}

// Give OUT the flags of IN that keep nobody from changing it, if it can have
// them: not to be dumped, and no access time. (tmpfs has no others.) Returns 0,
// or -1 and errno.
int lr_filecopy_flags(int in, int out)
{
  int flags = 0, old = 0;

  if (ioctl(in, KFS_GETFLAGS, &flags)) return -lr_filecopy_has_flags(in);
  if (!(flags &= KFS_NODUMP|KFS_NOATIME)) return 0;
  if (ioctl(out, KFS_GETFLAGS, &old)) return -lr_filecopy_has_flags(out);
  flags |= old;

  return flags == old ? 0 : ioctl(out, KFS_SETFLAGS, &flags);
}

// Make FD immutable or append-only as ATTR says (KATTR_*), and neither of them
// if it's 0. A tmpfs has these flags since 6.0, a ramfs has not (ENOTTY).
// Returns 0, or -1 and errno.
int lr_filecopy_freeze(int fd, int attr)
{
  int flags;

  if (ioctl(fd, KFS_GETFLAGS, &flags)) return -1;
  flags &= ~(KFS_IMMUTABLE|KFS_APPEND);
  if (attr&KATTR_IMMUTABLE) flags |= KFS_IMMUTABLE;
  if (attr&KATTR_APPEND) flags |= KFS_APPEND;

  return ioctl(fd, KFS_SETFLAGS, &flags);
}
