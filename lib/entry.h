// entry.h - an entry of an archive, while it is read and made
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// For lib/initramfs.c, which reads, and lib/unpack.c, which makes; nobody else.

#include "lib/decompress.h"

// An entry of the archive
struct entry {
  // The header's 13 numbers, in its order
  unsigned ino, mode, uid, gid, nlink, mtime, size, major, minor, rmajor,
    rminor, namesize, sum;
  int has_sum;              // magic 070702: sum is the one of the contents
  // A slash and a dot can be added to the name, and a NUL to both.
  char name[4096+4], target[4096+1];
};

// A file with several names, by its first name. Kept until the trailer.
struct link {
  struct link *next;
  unsigned ino, major, minor, type, size;
  char name[];
};

// A directory whose time is set at the end
struct dir_time {
  struct dir_time *next;
  unsigned mtime;
  char name[];
};

// The directory that was opened last. It stays open for what comes next.
struct parent {
  int fd;                   // -1: none
  int setgid;               // what is made in it inherits its group
  unsigned long len;        // of name. -1: open it again the next time
  char name[4097];
};

struct unpack {
  struct initramfs *a;      // lib/initramfs.c's: who asked, for the totals
  int dir;                  // where entries are made. -1: a dry pass
  int unprivileged;         // see struct initramfs, as the next two
  void (*say)(void *context, char *line);
  void *context;
  struct fault *f;
  struct decompress in;
  unsigned long long at;    // where the entry starts
  struct entry entry;

  // lib/initramfs.c's
  struct link *links[4096];
  struct names *names;      // of the dry pass
  char head[4096];          // its: how the contents begin
  unsigned head_len;        // how much of that is filled
  char *format;             // of the compressed data we are in, 0: plain
  char begun;               // an entry was seen
  char padded;              // an entry was the last thing seen in plain data
  char trailer;             // the last entry was a trailer

  // lib/unpack.c's
  struct dir_time *dir_times;
  struct parent parent;     // of the entry
  struct parent link_parent; // of the first name of the entry's file
  uid_t euid;
  gid_t egid;
  char in_chroot;           // "/" is dir, and there is no openat2()
};

char *lr_entry_where(struct unpack *u, unsigned long long at, char *buf);
int lr_entry_bad(struct unpack *u, unsigned long long at, char *why);
int lr_entry_say(struct unpack *u, char *why);
int lr_entry_failed(struct unpack *u, char *step);
int lr_entry_contents(struct unpack *u, int fd);
