// links.h - inodes that have several names
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

struct kstat;

// So many new inodes are held open, to be linked to. Others are opened again by
// their path for each name: a process may have 1024 descriptors, or fewer.
#define LINKS_HELD 256

// What is known of them; all 0 at first, but for the lock
struct links {
  pthread_mutex_t lock;      // of all this
  int root;                  // of the new tree: the paths are from there
  int held;                  // new inodes that are held open
  struct link *hash[16384];  // by inode number, each list by device too
  struct frozen *frozen;     // what is to be frozen in the end
};

int lr_links_first(struct links *ls, struct kstat *st);
int lr_links_join(struct links *ls, struct kstat *st, int dir, char *name);
int lr_links_add(struct links *ls, struct kstat *st, int dir, char *name,
  char *path);
int lr_links_freeze(struct links *ls, int fd, int nlink, int attr);
void lr_links_end(struct links *ls, struct fault *f);
