// carry.h - take the mounts of one root over to another, and back

struct mountinfo;

struct carry {
  struct mountinfo *list;  // the mount table, from before anything was changed
  int copy;                // copy the mounts, the old root's stay in place
  unsigned root, leaf;     // ids in it: the old root; the new one, or 0
  int from, to;            // directories: the old root, the new one

  // The rest is lr_carry_mounts()'s own
  struct unit *unit;
  int units, scratch, attached, stacked;
  char *kept;
};

int lr_carry_mounts(struct carry *c, struct fault *f);
int lr_carry_own(struct carry *c);
int lr_carry_keeps(int root, char *dir, struct fault *f);
int lr_carry_root(struct carry *c, char *dir, int attach, struct fault *f);
int lr_carry_back(struct carry *c, struct fault *f);
void lr_carry_rest(struct carry *c, void (*lost)(char *dir));
