// treevisit.h - what lib/tree.c can have done to a tree: the visitors
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// What the functions of a visitor share, as walk->visit
struct treevisit {
  struct links links;
  struct dir *unfinished;      // what a move leaves for its undo, and what that
  struct reserve reserve;      // needs when memory is out

  // To count
  unsigned long long largest;  // memory of the largest regular file
  char *big;                   // and its path, malloc()ed
  int lacks;                   // what may not be there, XATTRS_*

  // To fill
  int dst;                     // the directory that is filled
  char keep_root_meta;         // leave dst's own owner and mode as they are
  char no_xattrs;              // the source can't have extended attributes
  char flags;                  // the source has chattr(1)'s flags
  unsigned uid, gid;           // what new files get by themselves
  unsigned piece;              // bytes of a file that may be there twice
  pthread_mutex_t cwd;         // who has it may change the current directory
  int (*in_use)(void *context, char *path, unsigned long long bytes);
  void *context;
};

extern struct visitor const lr_treecount, lr_treewipe, lr_treecopy, lr_treemove,
  lr_treeback;

// What is returned by who was to do a name that somebody else has made another
// type of thing of. lr_treecopy_entry() looks at it again.
#define CHANGED 2

// What a move is a copy with, treecopy.c
int lr_treecopy_entry(struct worker *w, struct dir *d, char *name, int type,
  int big,
  int (*file)(struct worker *w, struct dir *d, char *name, int in,
    struct kstat *st),
  int (*special)(struct worker *w, struct dir *d, char *name,
    struct kstat *st));
int lr_treecopy_make(struct worker *w, struct dir *d, char *name,
  struct kstat *st, int *fd);
int lr_treecopy_fill(struct worker *w, struct dir *d, char *name, int in,
  int out, struct kstat *st, off_t *cut, struct capability *cap);
void lr_treecopy_unmake(struct dir *d, char *name, int out, struct kstat *st);
int lr_treecopy_special(struct worker *w, struct dir *d, char *name,
  struct kstat *st);
int lr_treecopy_enter(struct worker *w, struct dir *d);
int lr_treecopy_open(struct worker *w, struct dir *d);
int lr_treecopy_finish(struct worker *w, struct dir *d);

// What an undo is a move with, treemove.c
int lr_treemove_file(struct worker *w, struct dir *d, char *name, int in,
  struct kstat *st);
int lr_treemove_special(struct worker *w, struct dir *d, char *name,
  struct kstat *st);
int lr_treemove_finish(struct worker *w, struct dir *d);

// What whoever removes things needs, treewipe.c
int lr_treewipe_unlock(struct worker *w, struct dir *d);
