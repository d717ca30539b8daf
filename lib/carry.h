// carry.h - take the mounts of one root over to another, and back

struct mountinfo;

struct carry {
  struct mountinfo *list;  // the mount table, from before anything was changed
  int copy;                // copy the mounts, the old root's stay in place
  unsigned root, leaf;     // ids in it: the old root; the new one, or 0
  int from, to;            // directories: the old root, the new one

  // The rest is carry_mounts()'s own
  struct unit *unit;
  int units, scratch, attached, stacked;
  char *kept;
};

int carry_mounts(struct carry *c, struct fault *f);
int carry_own(struct carry *c);
int carry_keeps(int root, char *dir, struct fault *f);
int carry_root(struct carry *c, char *dir, int attach, struct fault *f);
int carry_back(struct carry *c, struct fault *f);
void carry_rest(struct carry *c, void (*lost)(char *dir));
