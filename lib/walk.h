// walk.h - visit everything in a directory tree, by several threads
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

#define WALK_WORKERS 4     // threads at most
#define WALK_BUF (2*65536) // bytes of a worker's buffer

// How something in the tree is opened. O_NONBLOCK: a FIFO that took a file's
// place would block, and so would a file that somebody has a lease on.
#define WALK_OPEN (O_NOFOLLOW|O_CLOEXEC|O_NONBLOCK)

struct kstat;

// A directory that waits for its turn, or that is not finished
struct dir {
  struct dir *parent;
  struct dir *next;        // below it on the stack; when it's left unfinished,
                           // the next child of the same parent
  struct dir *older, *newer;  // in the list of those that have been opened
  struct dir *earlier;     // what an earlier walk left unfinished of it, or 0
  struct dir *children;    // those left unfinished in it
  struct kstat *st;        // as found, before the visit changed its times
  int src;                 // descriptor, -1 while it waits
  int dst;                 // descriptor for the visitor's use, -1: none.
                           // The walk closes it
  int busy;                // 1 while it's read, 1 for each thing not done in it
  int depth;               // 0 for the root of the tree
  char again;              // memory was out for something in it: the walk's own
  struct level *level;     // where it lies, or 0: in memory of its own
  char name[];             // "" for the root of the tree
};

// What stands in a directory's field again
enum {TO_READ_AGAIN = 1, READ_AGAIN};

// Room for one directory on the way down, and for reading it. 512 bytes hold
// one entry at least, as a name has 255 bytes at most.
struct level {
  struct level *next;      // of those that nobody uses; or else the level above
  long at, len;            // what is read of the directory, in buf
  char buf[512];
  struct kstat st;
  struct dir dir;          // and its name, 256 bytes
};

// What was found and done
struct counts {
  unsigned long long bytes;    // memory, as st_blocks counts it
  unsigned long long inodes, names;
  unsigned long long largest;  // memory of the largest regular file
  unsigned long long done;     // bytes copied
  unsigned long long left;     // entries left out, or that could not be done
};

// What lets a walk go on when memory is out. An undo must not fail then, so a
// move takes this for it, level by level as it goes down, before it changes
// anything there. (From struct level on it's the walk's own.)
struct reserve {
  char *buffer;            // of one worker
  struct level *levels;    // those that nobody uses
  int count;               // of all of them
};

struct worker {
  struct walk *walk;
  struct counts counts;
  int stop;                // set when everything is to stop
  char *buf;               // WALK_BUF bytes for the visitor
  char *entries;           // what getdents64() reads into, 65536 bytes, and buf
};

// What is done to the tree. A function that fails has called lr_walk_fail().
struct visitor {
  char fills;              // makes a second tree of what it finds
  char inherits;           // fills directories that are there, whose default
                           // ACL or sgid changes what is made in them
  char goes_on;            // when something fails the rest is done all the same
  char reserves;           // takes what an undo needs, to walk->reserve
  char all_fds;            // takes every descriptor there is. Others leave 64,
                           // so that an undo after them can open more

  // D is open (src): make ready for what is in it. Returns 0, 1 when D is to be
  // left out, or -1. Can be 0
  int (*open)(struct worker *w, struct dir *d);

  // Do NAME in D, of type TYPE (DT_*), which is no directory unless it is
  // DT_UNKNOWN. BIG: it has waited in the list of big files. Returns 0 or -1
  int (*entry)(struct worker *w, struct dir *d, char *name, int type, int big);

  // Everything in D is done. Returns 0 or -1. Can be 0
  int (*finish)(struct worker *w, struct dir *d);
};

struct walk {
  // To be set before, the rest 0
  struct visitor const *visitor;
  void *visit;             // what the visitor's functions share
  int src;                 // descriptor of the root directory, can be O_PATH
  unsigned long long skip; // inode of a directory to leave out, or 0
  unsigned long long skip_dev;  // and the device it is on, as makedev() has it
  char unprivileged;       // leave out what a user namespace may not have
  int workers;             // threads, 0: one for each processor, at most 4
  void (*tick)(void *context, struct walk *k);  // each 50 ms, by no worker
  void *context;           // for tick
  struct dir *earlier;     // root of what an earlier walk left unfinished, or 0
  struct reserve *reserve; // 0 unless the walk is a move or its undo

  // Results
  struct counts counts;
  struct dir *unfinished;  // list, by older: those that were not finished

  // For the visitor to read
  int noatime;             // O_NOATIME if it's allowed, else 0
  unsigned long long mnt;  // id of the mount that's walked, 0: not known

  // The walk's own
  struct fault *f;
  struct worker worker[WALK_WORKERS];
  pthread_mutex_t lock;    // of all that follows, and of unfinished and f
  pthread_cond_t more;     // there is work, or there will be no more
  pthread_cond_t over;     // a worker has ended
  pthread_mutex_t low;     // who has it may use what reserve->levels has
  struct dir *stack;
  struct big *big;
  int running, ended;
};

int lr_walk_run(struct walk *k, struct fault *f);

// Of directories, walkdir.c
void lr_walk_init(struct dir *d, struct dir *parent, char *name);
struct dir *lr_walk_level(struct reserve *r, struct dir *parent, char *name);
int lr_walk_reserve(struct walk *k, int depth);
int lr_walk_inside_itself(struct dir *d);
void lr_walk_forget(struct dir *unfinished);
void lr_walk_release(struct reserve *r);

// For visitors
int lr_walk_fail(struct worker *w, char *step, struct dir *d, char *name);
void lr_walk_stop(struct walk *k, int err, char *step, char *name);
int lr_walk_left_out(struct worker *w);
char *lr_walk_whole_path(struct dir *d, char *name);
char *lr_walk_path(struct dir *d, char *name);
int lr_walk_push_dir(struct worker *w, struct dir *parent, char *name);
int lr_walk_push_big(struct worker *w, struct dir *d, char *name,
  unsigned long long size);
int lr_walk_count(struct worker *w, struct kstat *st);

// Is what ST describes on another mount than the one that's walked?
static inline int walk_foreign(struct walk *k, struct kstat *st)
{
  return k->mnt && st->mnt != k->mnt;
}
