// filecopy.c - content with holes, on three kinds of file system, and times
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// unit: lib/filecopy.c

#include "toys.h"
#include "check.h"
#include "lib/kernel.h"
#include "lib/filecopy.h"

#define K 1024
#define M (1024*1024)

// A file of SIZE bytes with data in up to three places, the rest holes, of
// which bytes from FROM on are copied. COPIED bytes are then data; pages are
// whole ones, so that it's the same wherever it lies.
static struct {
  off_t size, data[3][2], from;
  unsigned long long copied;
} rows[] = {
  {0, {{0, 0}}, 0, 0},
  {1, {{0, 1}}, 0, 1},
  {4096, {{0, 4096}}, 0, 4096},
  {5000, {{0, 5000}}, 0, 5000},
  {5000, {{0, 5000}}, 4999, 1},
  {5000, {{0, 5000}}, 5000, 0},
  // Nothing but a hole; one at each end; one between
  {64*K, {{0, 0}}, 0, 0},
  {100*M+1, {{0, 0}}, 0, 0},
  {256*K, {{0, 64*K}}, 0, 64*K},
  {256*K, {{192*K, 64*K}}, 0, 64*K},
  {256*K, {{64*K, 64*K}}, 0, 64*K},
  {256*K, {{0, 64*K}, {192*K, 64*K}}, 0, 128*K},
  {256*K, {{0, 64*K}, {128*K, 64*K}}, 64*K, 64*K},
  {256*K, {{0, 128*K}}, 64*K, 64*K},
  {256*K, {{0, 64*K}}, 64*K, 0},
  {640*K, {{64*K, 64*K}, {256*K, 64*K}, {576*K, 64*K}}, 0, 192*K},
  // Around the chunks in which a file's memory is freed
  {4*M-1, {{0, 4*M-1}}, 0, 4*M-1},
  {4*M, {{0, 4*M}}, 0, 4*M},
  {4*M+1, {{0, 4*M+1}}, 0, 4*M+1},
  {8*M, {{0, 8*M}}, 0, 8*M},
  {9*M+7, {{0, 9*M+7}}, 0, 9*M+7},
  {9*M+7, {{0, 9*M+7}}, 5*M, 4*M+7},
  {9*M+7, {{0, 9*M+7}}, 4*M, 5*M+7},
  {13*M, {{4*M-64*K, 128*K}, {8*M, 64*K}}, 0, 192*K},
  {13*M, {{4*M-64*K, 128*K}, {12*M, 1*M}}, 4*M, M+64*K},
  {40*M, {{36*M, 64*K}}, 0, 64*K},
  {40*M+5, {{40*M, 5}}, 0, 5},
  // More than one look at a ramfs sees
  {70*M, {{31*M, 2*M}, {66*M, 64*K}}, 0, 2*M+64*K},
};

static int stop;
static unsigned long long done;
static struct filecopy copy = {.stop = &stop, .done = &done};

// What all files have where they have data: no two pages are alike.
static char pattern[70*M];

// Make IN what row I says.
static void fill(int in, int i)
{
  int j;

  check_need(!ftruncate(in, 0) && !ftruncate(in, rows[i].size));
  for (j = 0; j<3; j++) check_need(pwrite(in, pattern+rows[i].data[j][0],
    rows[i].data[j][1], rows[i].data[j][0]) == rows[i].data[j][1]);
}

// Does OUT hold what row I says, and nothing before rows[i].from? Returns where
// it does not, in MiB, or else -1.
static off_t differs(int out, int i)
{
  static char got[M], want[M];
  off_t off, lo, hi, n;
  struct stat st;
  int j;

  if (fstat(out, &st) || st.st_size != rows[i].size) return st.st_size/M;
  for (off = 0; off<rows[i].size; off += M) {
    n = minof((off_t)M, rows[i].size-off);
    memset(want, 0, M);
    for (j = 0; j<3; j++) {
      lo = maxof(maxof(off, rows[i].from), rows[i].data[j][0]);
      hi = minof(off+n, rows[i].data[j][0]+rows[i].data[j][1]);
      if (lo<hi) memcpy(want+lo-off, pattern+lo, hi-lo);
    }
    if (n != pread(out, got, n, off) || memcmp(got, want, n)) return off/M;
  }

  return -1;
}

// All rows, from a file IN to a file OUT, on NAME
static void all_rows(int in, int out, char *name)
{
  struct stat st;
  off_t cut, from;
  unsigned i;
  int dense, freed;

  for (i = 0; i<ARRAY_LEN(rows); i++) for (freed = 0; freed<2; freed++) {
    // What has no hole in what's copied can be called dense.
    for (dense = 0; dense<2; dense++) {
      from = rows[i].from;
      if (dense && rows[i].size-from != (off_t)rows[i].copied) continue;
      fill(in, i);
      // What's before FROM was copied earlier, so OUT is that long.
      check_need(!ftruncate(out, 0) && !ftruncate(out, from)
        && !lseek(out, 0, SEEK_SET));
      done = 0;
      cut = -2;
      check(!lr_filecopy_data(&copy, in, out, from, rows[i].size, dense,
        freed ? &cut : 0), "%s, row %u, dense %d, freed %d: %s", name, i, dense,
        freed, strerror(errno));
      check_num(done, rows[i].copied, "%s, row %u, dense %d, freed %d: bytes",
        name, i, dense, freed);
      check_need(!fstat(in, &st));
      check_num(st.st_size, freed ? from : rows[i].size,
        "%s, row %u, dense %d, freed %d: size of the source", name, i, dense,
        freed);
      if (freed) check_num(cut, from, "%s, row %u: the cut", name, i);
      check_num(differs(out, i), -1, "%s, row %u, dense %d, freed %d: content",
        name, i, dense, freed);
    }
  }
}

// Descriptors of two new files, named A and B, in directory DIR
static void two(char *dir, int *a, int *b)
{
  char path[256];

  snprintf(path, sizeof(path), "%s/a", dir);
  check_need((*a = open(path, O_RDWR|O_CREAT|O_TRUNC|O_CLOEXEC, 0600)) != -1);
  snprintf(path, sizeof(path), "%s/b", dir);
  check_need((*b = open(path, O_RDWR|O_CREAT|O_TRUNC|O_CLOEXEC, 0600)) != -1);
}

// What ends a copy early
static void ended(char *dir)
{
  int in, out, other, full;
  struct stat st;
  char path[256];
  off_t cut = -2;

  two(dir, &in, &out);

  // The source is shorter than it was said to be, as others have truncated it:
  // so is the copy, also what is there of it already.
  check_need(!ftruncate(in, 5000));
  done = 0;
  check(!lr_filecopy_data(&copy, in, out, 0, 6000, 1, 0),
    "a source that is shorter: %s", strerror(errno));
  check_num(done, 5000, "bytes of a source that is shorter");
  check(!fstat(out, &st) && st.st_size == 5000, "its size");
  check_need(!ftruncate(in, 0) && !ftruncate(in, 5000));
  check_need(!ftruncate(out, 0) && !lseek(out, 0, SEEK_SET));
  check(!lr_filecopy_data(&copy, in, out, 0, 6000, 0, 0),
    "a shorter one, holes: %s", strerror(errno));
  check(!fstat(out, &st) && st.st_size == 5000, "its size, holes");
  copy.piece = 1000;
  check_need(!ftruncate(in, 2500));
  check(!lr_filecopy_data(&copy, in, out, 0, 6000, 1, &cut) && !cut,
    "a shorter one, in pieces: %s", strerror(errno));
  check(!fstat(out, &st) && st.st_size == 2500, "its size, in pieces");
  copy.piece = 0;
  cut = -2;

  // Stopped: after the first piece, which may be all there is
  check_need(!ftruncate(out, 0) && !lseek(out, 0, SEEK_SET));
  fill(in, 20);
  stop = 1;
  done = 0;
  check(lr_filecopy_data(&copy, in, out, 0, 9*M+7, 1, 0) == -1
    && errno == EINTR, "stopped");
  check(done && done<=COPY_CHUNK, "bytes when it's stopped: %llu", done);
  check_need(!ftruncate(out, 0) && !lseek(out, 0, SEEK_SET));
  check(lr_filecopy_data(&copy, in, out, 0, 9*M+7, 0, &cut) == -1
    && errno == EINTR, "stopped while memory is freed");
  check(!fstat(in, &st) && st.st_size == cut && cut>8*M,
    "the source ends at the cut: %lld, %lld", (long long)st.st_size,
    (long long)cut);
  stop = 0;
  // And again from there: what was not cut off is copied, what was is there.
  check_need(!fstat(out, &st) && st.st_size == 9*M+7);
  done = 0;
  check(!lr_filecopy_data(&copy, in, out, 0, cut, 1, 0) && done == 9*M+7ULL,
    "the rest of it: %llu", done);
  stop = 1;
  check(!lr_filecopy_data(&copy, in, out, 0, 0, 1, 0), "nothing to stop");
  stop = 0;

  // Descriptors that cannot be read, written, or are none
  snprintf(path, sizeof(path), "%s/a", dir);
  check_need(!ftruncate(in, 100) && (other = open(path, O_WRONLY)) != -1);
  check(lr_filecopy_data(&copy, other, out, 0, 100, 1, 0) == -1
    && errno == EBADF, "a source that cannot be read");
  close(other);
  check_need((other = open(path, O_RDONLY)) != -1);
  check(lr_filecopy_data(&copy, in, other, 0, 100, 1, 0) == -1
    && errno == EBADF, "a target that cannot be written");
  check(lr_filecopy_data(&copy, other, out, 0, 100, 1, &cut) == -1
    && errno == EINVAL, "a source that cannot be cut");
  close(other);
  check(lr_filecopy_data(&copy, -1, out, 0, 100, 1, 0) == -1 && errno == EBADF,
    "no source");
  check(lr_filecopy_data(&copy, -1, out, 0, 100, 0, 0) == -1 && errno == EBADF,
    "no source, holes");
  check(lr_filecopy_data(&copy, in, -1, 0, 100, 0, 0) == -1 && errno == EBADF,
    "no target");
  check_need((other = open(dir, O_RDONLY|O_DIRECTORY)) != -1);
  check(lr_filecopy_data(&copy, other, out, 0, 100, 1, 0) == -1,
    "a directory is no source");
  close(other);

  // No space on the target
  snprintf(path, sizeof(path), "%s/full", dir);
  check_need(!mkdir(path, 0700) && !mount("t", path, "tmpfs", 0, "size=1M"));
  check_need((full = open(path, O_RDWR|O_TMPFILE|O_CLOEXEC, 0600)) != -1);
  fill(in, 20);
  check(lr_filecopy_data(&copy, in, full, 0, 9*M+7, 1, 0) == -1
    && errno == ENOSPC, "no space");
  check(lr_filecopy_data(&copy, in, full, 0, 9*M+7, 0, &cut) == -1
    && errno == ENOSPC, "no space while memory is freed");
  check(!fstat(in, &st) && st.st_size == 9*M+7 && cut == st.st_size,
    "and then the source is whole");
  close(full);
  check_need(!umount2(path, MNT_DETACH));
  close(in);
  close(out);
}

static void times(int in, int out)
{
  static struct { long long sec; int nsec; } when[] = {{0, 0}, {1, 1},
    {1234567890, 123456789}, {1<<30, 999999999}, {-1, 0}, {-1000, 5},
    {4294967296, 7}};
  struct kstat st;
  struct stat got;
  unsigned i;

  for (i = 0; i<ARRAY_LEN(when); i++) {
    memset(&st, 0, sizeof(st));
    st.atime.sec = when[i].sec;
    st.atime.nsec = when[i].nsec;
    st.mtime.sec = when[ARRAY_LEN(when)-1-i].sec;
    st.mtime.nsec = when[ARRAY_LEN(when)-1-i].nsec;
    check(!lr_filecopy_times(out, &st), "times, row %u", i);
    check_need(!fstat(out, &got));
    check(got.st_atim.tv_sec == st.atime.sec
      && got.st_atim.tv_nsec == (long)st.atime.nsec, "access, row %u", i);
    check(got.st_mtim.tv_sec == st.mtime.sec
      && got.st_mtim.tv_nsec == (long)st.mtime.nsec, "modification, row %u", i);
  }
  // As they are read from one file, so they are set on another.
  check_need(!kstatx(in, "", AT_EMPTY_PATH, &st));
  check(!lr_filecopy_times(out, &st) && !fstat(out, &got)
    && got.st_mtim.tv_sec == st.mtime.sec
    && got.st_mtim.tv_nsec == (long)st.mtime.nsec, "the times of a file");
  st.mtime.nsec = 1000000000;
  check(lr_filecopy_times(out, &st) == -1 && errno == EINVAL, "no time");
  check(lr_filecopy_times(-1, &st) == -1, "no file to set the times of");
}

int main(void)
{
  static char *types[] = {"tmpfs", "ramfs"};
  int in, out;
  unsigned i;

  for (i = 0; i<sizeof(pattern); i++) pattern[i] = i*7+i/4096+1;
  two(check_dir(), &in, &out);
  all_rows(in, out, "the machine's own");
  close(in);
  close(out);

  check_namespace();
  for (i = 0; i<ARRAY_LEN(types); i++) {
    check_need(!mount("t", check_dir(), types[i], 0, 0));
    two(check_dir(), &in, &out);
    all_rows(in, out, types[i]);
    times(in, out);
    close(in);
    close(out);
    ended(check_dir());
    check_need(!umount2(check_dir(), MNT_DETACH));
  }

  return check_done();
}
