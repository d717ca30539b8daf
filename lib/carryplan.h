// carryplan.h - which mounts have to be moved by themselves
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

struct mountinfo;
struct fault;

// One that has to
struct carried {
  struct mountinfo *m;
  // LEFT stays on the old root for good: the new one has no place for it.
  // UNMOUNTED is a root bind that's to be made anew, and MADE one that was, on
  // the scratch directory
  enum {ON_OLD, ON_SCRATCH, ON_NEW, UNMOUNTED, MADE, LEFT} at;
  char root_bind;          // of the old root's own file system
  char early;              // comes off before the tree is moved
  char name[12];           // on the scratch directory
};

struct carry {
  struct mountinfo *list;  // the mount table, from before anything was changed
  unsigned root;           // the id in it of the old root
  unsigned filled;         // of the new one if somebody filled it, else 0
  int copy;                // copy the mounts, the old root's stay in place
  int from, to;            // directories: the old root, the new one

  // The rest is lib/carry.c's own
  struct carried *mount;   // those that have to be moved by themselves
  int count;
  int scratch;             // a directory to keep them on, -1: not mounted
  char private;            // all mounts of the old root were made private
};

int lr_carry_plan(struct carry *c, struct fault *f);
void lr_carry_free(struct carry *c);

// For lib/carry.c
struct mountinfo *lr_carry_parent(struct carry *c, struct mountinfo *m);
char *lr_carry_shows(struct carry *c, struct mountinfo *m);
int lr_carry_alone(struct carry *c, struct mountinfo *m);
int lr_carry_hidden(struct carry *c, struct mountinfo *m);
