// carry.h - take the mounts of one root over to another, and back

struct mountinfo;

struct carry {
  struct mountinfo *list;  // the mount table, from before anything was changed
  int root, leaf;          // ids in it: the old root; the new one, or 0
  int from, to;            // directories: the old root, the new one
  int scratch;             // detached mount of an empty tmpfs, writable

  // The rest is carry_mounts()'s own
  struct unit *unit;
  int units, attached;
};

int carry_mounts(struct carry *c, struct fault *f);
int carry_back(struct carry *c, struct fault *f);
void carry_free(struct carry *c);
