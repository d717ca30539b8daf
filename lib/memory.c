/* memory.c - how much memory is there, and how much a root needs
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include "lib/filecopy.h"
#include "lib/memory.h"
#include "lib/readfile.h"

// The figure of NAME ("MemFree:") in MEMINFO, in bytes, 0 if it has none.
static unsigned long long figure(char *meminfo, char *name)
{
  char *line = meminfo ? strstr(meminfo, name) : 0;

  return line ? strtoull(line+strlen(name), 0, 10)<<10 : 0;
}

// The memory that the kernel could give out now, in bytes: MemAvailable of
// meminfo in PROC, a directory of procfs. 0 if that can't be read.
unsigned long long lr_memory_available(int proc)
{
  char *s = lr_readfile(proc, "meminfo");
  unsigned long long bytes = figure(s, "MemAvailable:");

  free(s);

  return bytes;
}

// The same where a ramfs or tmpfs is the root, at least 1. The kernel counts
// the slabs of inodes and dentries as available (mm/page_alloc.c
// si_mem_available()), but those of a file system in memory stay. Seen on 6.1
// with 180 MiB: 10 MiB "available", nearly all of it such slabs, and PID 1 was
// "deadlocked on memory" soon.
unsigned long long lr_memory_free(int proc)
{
  char *s = lr_readfile(proc, "meminfo");
  unsigned long long bytes = figure(s, "MemAvailable:"),
    slab = figure(s, "SReclaimable:");

  free(s);
  if (!bytes) return 0;

  return bytes>slab ? bytes-slab : 1;
}

// What a second copy of a tree of BYTES in INODES takes, in bytes.
unsigned long long lr_memory_copy(unsigned long long bytes,
  unsigned long long inodes)
{
  return bytes+inodes*MEMORY_INODE;
}

// What a move of a tree of BYTES takes above the tree itself, in bytes: one
// piece of a file for each of two threads, and the kernel's own.
unsigned long long lr_memory_move(unsigned long long bytes)
{
  return minof(bytes, 2ULL*COPY_CHUNK)+MEMORY_MOVE;
}

// What the slowest move of a tree of INODES takes above the tree itself, in
// bytes.
unsigned long long lr_memory_least(unsigned long long inodes)
{
  return MEMORY_LEAST+minof(inodes, MEMORY_WAITING)*MEMORY_INODE;
}

// What has to be available to unpack a tree of BYTES in INODES, in bytes.
unsigned long long lr_memory_unpack(unsigned long long bytes,
  unsigned long long inodes)
{
  return lr_memory_copy(bytes, inodes)+MEMORY_UNPACK;
}

// How much memory what is unpacked may take where so much is AVAILABLE, in
// bytes, at least 1. 0, any, if that is not known.
unsigned long long lr_memory_to_unpack(unsigned long long available)
{
  if (!available) return 0;

  return available>MEMORY_UNPACK ? available-MEMORY_UNPACK : 1;
}

// Could what an archive of PACKED bytes holds be more than what is AVAILABLE?
// This divides where it could multiply: a sparse file can be of nearly 2^63
// bytes, and twelve times that is more than 64 bits hold.
int lr_memory_scarce(unsigned long long packed, unsigned long long available)
{
  return available<MEMORY_PACKED_ADD
    || (available-MEMORY_PACKED_ADD)/MEMORY_PACKED<packed;
}

// The limit of a file system, in bytes or inodes: SET by the kernel, or more if
// what is USED and some SLACK need more.
unsigned long long lr_memory_limit(unsigned long long set,
  unsigned long long used, unsigned long long slack)
{
  return maxof(set, used*9/8+slack);
}
