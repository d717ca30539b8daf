// tree.h - count, copy, move or empty all that one file system holds
// SPDX-License-Identifier: 0BSD

enum {
  TREE_COUNT,  // look only
  TREE_COPY,   // the source stays
  TREE_MOVE,   // the source is freed as it's copied
  TREE_WIPE    // the source is removed
};

struct tree {
  int mode;
  int src, dst;            // directories; dst unused to count or wipe
  unsigned long long skip; // inode of a directory to leave out, or 0
  unsigned long long skip_dev;  // and its device (st_dev)
  int lacks;               // to count: what the new root can't hold, XATTRS_*
  char unprivileged;       // leave out what a user namespace may not have
  char keep_root_meta;     // leave the owner and the mode of dst as they are
  int workers;             // threads, 0: one for each processor, 4 at most
  unsigned piece;          // bytes of a file that each may have in memory twice
                           // while it's moved. 0: COPY_CHUNK
  volatile int *cancel;    // when nonzero stop, with errno EINTR. Can be 0
  void *context;           // for the two functions
  void (*tick)(void *context, struct tree *);  // 20 times a second. Can be 0
  // Called for each file larger than piece that something uses, so that its
  // memory stays, by whichever thread. Returns 0, or -1 when memory is too
  // short for a second one. Can be 0
  int (*in_use)(void *context, char *path, unsigned long long bytes);

  // What was found so far
  unsigned long long bytes, inodes;  // as memory holds them
  unsigned long long largest;  // the same of the largest file, in the end
  unsigned long long names;  // each of which costs tmpfs an inode
  unsigned long long done;   // bytes copied
  unsigned long long left;   // entries left out, or that could not be wiped
  char *big;                 // the largest file when counting, malloc()ed

  void *undo;                // what lr_tree_back() needs
};

int lr_tree_run(struct tree *t, struct fault *f);
int lr_tree_back(struct tree *t, struct fault *f);
void lr_tree_free(struct tree *t);
