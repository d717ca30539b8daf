// memory.h - how much memory is there, and how much a root needs
// SPDX-License-Identifier: 0BSD

// Every figure of the memory policy has its name here, and nowhere else.

// What a tmpfs takes for a name: an inode (some 700 bytes on 6.1) and a dentry.
#define MEMORY_INODE      1024ULL

// What the kernel takes for itself while a tree is moved: the inodes that are
// there twice for a moment, and what it frees late (RCU). Measured: the peak of
// a move is 8 to 34 MiB above the tree, for trees of up to 200,000 files.
#define MEMORY_MOVE       (24ULL<<20)

// A move with less than that has one thread, and pieces of so many bytes. Then
// it needs no more than this, and the inodes that wait to be freed (RCU; from
// 10,000 on the kernel hurries, kernel/rcu/tree.c qhimark). With less the
// kernel would kill, at last PID 1. Measured on 6.1 with 110 MiB in a ramfs:
// the peak is 3 MiB with 350 inodes, 5 with 3,400.
#define MEMORY_PIECE      (256U<<10)
#define MEMORY_LEAST      (4ULL<<20)
#define MEMORY_WAITING    10000ULL

// What is left for the kernel and for init when an archive has been unpacked.
#define MEMORY_UNPACK     (32ULL<<20)

// A root packs to a third or a quarter of its size. If even twelve times the
// archive would fit, and some more, nobody has to look what is in it.
#define MEMORY_PACKED     12ULL
#define MEMORY_PACKED_ADD (64ULL<<20)

// While it is filled the new root has no limit. To limit a tmpfs that has none
// is EINVAL (mm/shmem.c shmem_reconfigure()), so "no limit" is this many times
// the default.
#define MEMORY_NO_LIMIT   16ULL

// The default limit, half of the memory, is raised where it would leave nothing
// to write to: to what is used, an eighth of that, and this.
#define MEMORY_SLACK        (8ULL<<20)
#define MEMORY_SLACK_INODES 1024ULL

unsigned long long lr_memory_available(int proc);
unsigned long long lr_memory_free(int proc);
unsigned long long lr_memory_copy(unsigned long long bytes,
  unsigned long long inodes);
unsigned long long lr_memory_move(unsigned long long bytes);
unsigned long long lr_memory_least(unsigned long long inodes);
unsigned long long lr_memory_unpack(unsigned long long bytes,
  unsigned long long inodes);
unsigned long long lr_memory_to_unpack(unsigned long long available);
int lr_memory_scarce(unsigned long long packed, unsigned long long available);
unsigned long long lr_memory_limit(unsigned long long set,
  unsigned long long used, unsigned long long slack);
