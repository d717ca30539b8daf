// memory.c - what a root needs of the memory there is, at the boundaries
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// unit: lib/memory.c lib/readfile.c

#include "toys.h"
#include "check.h"
#include "lib/filecopy.h"
#include "lib/memory.h"

#define KIB (1ULL<<10)
#define MIB (1ULL<<20)
#define ALL ULLONG_MAX

// A tree of BYTES in INODES: what a copy, a move and unpacking it take. Each
// figure is said here once more, so that one that changes is noticed.
static struct {
  unsigned long long bytes, inodes, copy, move, unpack;
} trees[] = {
  {0, 0, 0, 24*MIB, 32*MIB},
  {1, 0, 1, 24*MIB+1, 32*MIB+1},
  {0, 1, KIB, 24*MIB, 32*MIB+KIB},
  {KIB, 1, 2*KIB, 24*MIB+KIB, 32*MIB+2*KIB},
  {100*MIB, 1000, 100*MIB+1000*KIB, 24*MIB+2*COPY_CHUNK, 132*MIB+1000*KIB},
  // One piece of a file for each of two threads
  {2*COPY_CHUNK-1, 0, 2*COPY_CHUNK-1, 24*MIB+2*COPY_CHUNK-1,
    32*MIB+2*COPY_CHUNK-1},
  {2*COPY_CHUNK, 0, 2*COPY_CHUNK, 24*MIB+2*COPY_CHUNK, 32*MIB+2*COPY_CHUNK},
  {2*COPY_CHUNK+1, 0, 2*COPY_CHUNK+1, 24*MIB+2*COPY_CHUNK,
    32*MIB+2*COPY_CHUNK+1},
  // More than 32 bits can hold
  {1ULL<<32, 1ULL<<32, (1ULL<<32)+(1ULL<<42), 24*MIB+2*COPY_CHUNK,
    (1ULL<<32)+(1ULL<<42)+32*MIB},
  // The largest that fit
  {ALL-32*MIB, 0, ALL-32*MIB, 24*MIB+2*COPY_CHUNK, ALL},
  {0, ALL/KIB-(1<<15), ALL-32*MIB-1023, 24*MIB, ALL-1023},
};

// An archive of PACKED bytes, and the least that has to be available so that
// nobody looks what is in it
static struct {
  unsigned long long packed, enough;
} archives[] = {
  {0, 64*MIB},
  {1, 64*MIB+12},
  {MIB, 76*MIB},
  {1ULL<<32, 12*(1ULL<<32)+64*MIB},
  {(ALL-64*MIB)/12, (ALL-64*MIB)/12*12+64*MIB},
};

// Larger ones could hold more than there can be: a sparse file of 2^63-1 bytes
static unsigned long long huge[] = {
  (ALL-64*MIB)/12+1, ALL/12, ALL/12+1, 1ULL<<61, ALL/11, LLONG_MAX, ALL
};

// A limit that the kernel has SET, what is USED and the SLACK
static struct {
  unsigned long long set, used, slack, limit;
} limits[] = {
  {0, 0, 0, 0},
  {0, 0, 8*MIB, 8*MIB},
  {8*MIB, 0, 8*MIB, 8*MIB},
  {8*MIB-1, 0, 8*MIB, 8*MIB},
  {8*MIB+1, 0, 8*MIB, 8*MIB+1},
  // An eighth more than what is used, rounded down
  {0, 7, 0, 7},
  {0, 8, 0, 9},
  {0, 15, 0, 16},
  {0, 16, 1, 19},
  {98*MIB-1, 80*MIB, 8*MIB, 98*MIB},
  {98*MIB, 80*MIB, 8*MIB, 98*MIB},
  {98*MIB+1, 80*MIB, 8*MIB, 98*MIB+1},
  {0, 1ULL<<40, 8*MIB, (9ULL<<37)+8*MIB},
  {1024, 800, 1024, 1924},
  {ALL, 0, 0, ALL},
  {ALL, ALL/9, 8*MIB, ALL},
  {0, ALL/9, 0, ALL/9*9/8},
};

// meminfo, and the bytes that are available by it where "/" is in memory
static struct {
  char *text;
  unsigned long long bytes;
} frees[] = {
  {"MemAvailable:     750 kB\nSReclaimable:    250 kB\n", 500*KIB},
  {"SReclaimable:    749 kB\nMemAvailable:     750 kB\n", KIB},
  {"MemAvailable:     750 kB\nSReclaimable:    750 kB\n", 1},
  {"MemAvailable:     750 kB\nSReclaimable:    751 kB\n", 1},
  {"MemAvailable:     750 kB\n", 750*KIB},
  {"MemAvailable:     0 kB\nSReclaimable:    1 kB\n", 0},
  {"SReclaimable:    1 kB\n", 0},
  {"", 0},
};

// What is AVAILABLE, and what may be unpacked then
static struct {
  unsigned long long available, bytes;
} unpacks[] = {
  {0, 0}, {1, 1}, {32*MIB, 1}, {32*MIB+1, 1}, {32*MIB+2, 2}, {ALL, ALL-32*MIB}
};

// meminfo, and the bytes that are available by it
static struct {
  char *text;
  unsigned long long bytes;
} infos[] = {
  {"MemTotal:        1000 kB\nMemFree:          500 kB\n"
    "MemAvailable:     750 kB\nBuffers:            1 kB\n", 750*KIB},
  {"MemAvailable: 1 kB\n", KIB},
  {"MemAvailable: 1", KIB},
  {"MemAvailable:1\n", KIB},
  {"MemAvailable:       0 kB\n", 0},
  {"MemAvailable: 4194304 kB\n", 1ULL<<32},
  {"MemAvailable: 18014398509481983 kB\n", ALL-KIB+1},
  {"MemAvailable:\n", 0},
  {"MemAvailable: \n\n", 0},
  {"MemAvailable: many kB\n", 0},
  {"MemAvailable", 0},
  {"MemTotal: 1000 kB\nMemFree: 500 kB\n", 0},
  {"memavailable: 1 kB\n", 0},
  {"", 0},
  {"\n\n\n", 0},
  {"\xff\xfe garbage %s%n\n", 0},
};

int main(void)
{
  unsigned long long enough;
  unsigned i;
  char *text;
  int dir;

  for (i = 0; i<ARRAY_LEN(trees); i++) {
    check_num(lr_memory_copy(trees[i].bytes, trees[i].inodes), trees[i].copy,
      "tree %u: copy", i);
    check_num(lr_memory_move(trees[i].bytes), trees[i].move, "tree %u: move",
      i);
    check_num(lr_memory_unpack(trees[i].bytes, trees[i].inodes),
      trees[i].unpack, "tree %u: unpack", i);
  }

  check_num(lr_memory_least(0), 4*MIB, "least");
  check_num(lr_memory_least(9999), 4*MIB+9999*KIB, "least for few");
  check_num(lr_memory_least(10000), 4*MIB+10000*KIB, "least for some");
  check_num(lr_memory_least(ALL), 4*MIB+10000*KIB, "least for many");
  for (i = 0; i<ARRAY_LEN(archives); i++) {
    enough = archives[i].enough;
    check(!lr_memory_scarce(archives[i].packed, enough), "archive %u: enough",
      i);
    check(lr_memory_scarce(archives[i].packed, enough-1),
      "archive %u: one less", i);
    check(lr_memory_scarce(archives[i].packed, 0), "archive %u: nothing", i);
    check(!lr_memory_scarce(archives[i].packed, ALL), "archive %u: all", i);
  }
  for (i = 0; i<ARRAY_LEN(huge); i++) {
    check(lr_memory_scarce(huge[i], 1ULL<<40), "huge archive %u: a TiB", i);
    check(lr_memory_scarce(huge[i], ALL), "huge archive %u: all", i);
  }

  for (i = 0; i<ARRAY_LEN(limits); i++)
    check_num(lr_memory_limit(limits[i].set, limits[i].used, limits[i].slack),
      limits[i].limit, "limit %u", i);

  check_need((dir = open(check_dir(), O_RDONLY|O_DIRECTORY)) != -1);
  check_num(lr_memory_available(dir), 0, "no meminfo");
  check_num(lr_memory_available(-1), 0, "no procfs");
  for (i = 0; i<ARRAY_LEN(infos); i++) {
    check_file("meminfo", 0600, infos[i].text, strlen(infos[i].text));
    check_num(lr_memory_available(dir), infos[i].bytes, "meminfo %u", i);
  }

  for (i = 0; i<ARRAY_LEN(frees); i++) {
    check_file("meminfo", 0600, frees[i].text, strlen(frees[i].text));
    check_num(lr_memory_free(dir), frees[i].bytes, "free %u", i);
  }
  for (i = 0; i<ARRAY_LEN(unpacks); i++)
    check_num(lr_memory_to_unpack(unpacks[i].available), unpacks[i].bytes,
      "unpack %u", i);

  // More than anybody reads: what is behind 64 KiB is not seen.
  check_need(text = malloc(70000));
  memset(text, '\n', 70000);
  memcpy(text+65535-20, "MemAvailable: 7 kB\n", 19);
  check_file("meminfo", 0600, text, 70000);
  check_num(lr_memory_available(dir), 7*KIB, "meminfo of 70000 bytes");
  memset(text, '\n', 70000);
  memcpy(text+65536, "MemAvailable: 7 kB\n", 19);
  check_file("meminfo", 0600, text, 70000);
  check_num(lr_memory_available(dir), 0, "it is too far behind");
  free(text);

  // A directory of that name
  check_need(!unlinkat(dir, "meminfo", 0) && !mkdirat(dir, "meminfo", 0700));
  check_num(lr_memory_available(dir), 0, "meminfo is a directory");
  close(dir);

  // This machine's own
  check_need((dir = open("/proc", O_RDONLY|O_DIRECTORY)) != -1);
  check(lr_memory_available(dir)>MIB, "this machine has some");
  close(dir);

  return check_done();
}
