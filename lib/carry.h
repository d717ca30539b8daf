// carry.h - take the mounts of one root over to another, and back
// SPDX-License-Identifier: 0BSD

struct mountinfo;
struct carried;
struct fault;

struct carry {
  struct mountinfo *list;  // the mount table, from before anything was changed
  unsigned root;           // the id in it of the old root
  unsigned filled;         // of the new one if somebody filled it, else 0
  int copy;                // copy the mounts, the old root's stay in place
  int from, to;            // directories: the old root, the new one

  // The rest is carry.c's own
  struct carried *mount;   // those that have to be moved by themselves
  int count;
  int scratch;             // a directory to keep them on, -1: not mounted
  char private;            // all mounts of the old root were made private
};

int lr_carry_plan(struct carry *c, struct fault *f);
int lr_carry_unbind(struct carry *c, struct fault *f);
int lr_carry_bind(struct carry *c, struct fault *f);
int lr_carry(struct carry *c, struct fault *f);
int lr_carry_back(struct carry *c, struct fault *f);
void lr_carry_rest(struct carry *c, void (*lost)(char *dir));
void lr_carry_free(struct carry *c);
