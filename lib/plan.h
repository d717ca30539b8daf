// plan.h - what will be done, and because of what
// SPDX-License-Identifier: 0BSD

struct request;
struct scene;
struct fault;

// What will be done: one of these. As bits, so that a step can say of which
// plans it is one.
enum {
  PLAN_OPEN   = 1,    // not decided yet
  PLAN_PROBE  = 2,    // -p: only say whether pivot_root works
  PLAN_STAY   = 4,    // "/" is good as it is: give it the options
  PLAN_TAKE   = 8,    // NEWROOT is mounted and filled: switch to it
  PLAN_MOVE   = 16,   // move the tree to the new root
  PLAN_COPY   = 32,   // copy it, and free the old one afterwards
  PLAN_UNPACK = 64,   // unpack archives to the new root instead

  PLAN_TREE   = PLAN_MOVE|PLAN_COPY,
  PLAN_FILL   = PLAN_TREE|PLAN_UNPACK,
  PLAN_SWITCH = PLAN_FILL|PLAN_TAKE,
  PLAN_ALL    = 127
};

// Constant after the check, but for the init of an archive that's still to be
// unpacked. The steps obey it and decide nothing.
struct plan {
  int action;           // PLAN_*
  char *because;        // why the tree is copied and not moved, else 0
  char *type;           // of the new root: tmpfs or ramfs
  char *unknown_type;   // rootfstype= that is neither, left out
  char pivot;           // pivot_root(2); 0: move the new root over "/", chroot
  char *keep;           // where the old root will be, from the new one; else 0
  char wipe;            // empty and seal the old root
  char unbind;          // binds of the old root come off before it is emptied
  char copy_mounts;     // the old root's mounts stay where they are (-u)
  char ignored;         // PLAN_TAKE or PLAN_STAY: something that was asked for
                        // does nothing
  char empty_first;     // PLAN_UNPACK: empty the old root before, as memory is
                        // too short for both
  char careful;         // PLAN_MOVE: slowly, with as little memory as can be
  char count;           // count the tree first, as something depends on it
  char **init;          // what is run, 0: the first usual one that can be
};

int lr_plan_begin(struct plan *p, struct request *r, struct scene *s,
  struct fault *f);
int lr_plan_make(struct plan *p, struct request *r, struct scene *s,
  struct fault *f);
int lr_plan_may_empty(struct plan *p, struct scene *s);
int lr_plan_fits(struct plan *p, struct request *r, struct scene *s,
  char *size, char *nr_inodes, struct fault *f);
void lr_plan_warn(struct plan *p, struct request *r);
void lr_plan_print(struct plan *p, struct request *r, struct scene *s,
  char *size, char *nr_inodes);
