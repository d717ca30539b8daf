// carryplan.h - which mounts have to be moved by themselves
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

struct mountinfo;
struct fault;

// One that has to
struct carried {
  struct mountinfo *m;
  // LEFT stays on the old root for good: the new one has no place for it.
  // UNMOUNTED is one that's to be made anew, and MADE one that was, on the
  // scratch directory
  enum {ON_OLD, ON_SCRATCH, ON_NEW, UNMOUNTED, MADE, LEFT} at;
  unsigned id;             // of the mount, which is another one when made anew
  unsigned set, clear;     // its flags as MATTR_*, if it's made anew
  char anew;               // it uses the old root's files: it's made anew
  char *overlay;           // its options if it is an overlay that does, else 0:
                           // strings, of which the last one is empty
  char unseen;             // what it shows was not compared with its layers
  char early;              // comes off before the tree is moved
  int made;                // one more than what was there of its path on the
                           // new root, in bytes, if the rest was made; else 0
  struct timespec times[2];  // of what was there, before
  char name[12];           // on the scratch directory
};

// A mount that is to be shared again, or to get mounts from its master
struct peer {
  struct mountinfo *m;
  int fd;                  // its root, O_PATH
  int with;                // a clone of it from before it was private, or -1
};

struct carry {
  struct mountinfo *list;  // the mount table, from before anything was changed
  unsigned root;           // the id in it of the old root
  unsigned filled;         // of the new one if somebody filled it, else 0
  int copy;                // copy the mounts, the old root's stay in place
  int wiped;               // the old root is emptied, by a move or in the end
  int from, to;            // directories: the old root, the new one
  int proc;                // a directory of procfs
  char *newroot;           // the path of the directory that the new root is to
                           // be mounted on, 0: it's a mount or there is none

  // The rest is lib/carry.c's own
  struct carried *mount;   // those that have to be moved by themselves
  int count;
  int scratch;             // a directory to keep them on, -1: not mounted
  struct peer *peer;       // room for all with a peer group
  int peers;
  int root_peer[2];        // a mount of the peer group that the old root was
                           // in, and one of the new root's group: or -1
  char all_private;        // all mounts were made private
};

int lr_carry_plan(struct carry *c, struct fault *f);
void lr_carry_free(struct carry *c);

// For lib/carry.c and its sisters
struct mountinfo *lr_carry_parent(struct carry *c, struct mountinfo *m);
char *lr_carry_shows(struct carry *c, struct mountinfo *m);
int lr_carry_alone(struct carry *c, struct mountinfo *m);
int lr_carry_deleted(struct mountinfo *m);

// lib/carrygroup.c
char *lr_carry_path(struct mountinfo *m);
int lr_carry_open(int root, struct mountinfo *m, unsigned id);
int lr_carry_propagate(int fd, int how);
void lr_carry_peer(struct carry *c, struct mountinfo *m, int fd, int with);
int lr_carry_private(struct carry *c, struct carried *u, int root);
void lr_carry_note(struct carry *c, int root);
void lr_carry_share(struct carry *c);
int lr_carry_join(int fd, int peer, struct mountinfo *m);
int lr_carry_share_root(struct carry *c, int root, int new);

// lib/carryanew.c
int lr_carry_bind_anew(struct carry *c, int root, char *step, struct fault *f);
int lr_carry_overlay_anew(struct carry *c, struct carried *u, int root);
int lr_carry_is_made_of(struct carry *c, struct carried *u);
int lr_carry_note_anew(struct carry *c, struct carried *u);
int lr_carry_check_anew(struct carry *c, struct fault *f);
