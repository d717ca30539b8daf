// remount.h - give options to a root that stays where it is
// SPDX-License-Identifier: 0BSD

struct fsnew;
struct fault;

// A root that got options, and its mount's flags before
struct remount {
  int dir;            // its root directory
  char changed;       // its flags are others now
  unsigned before;    // MATTR_*
};

int lr_remount(struct remount *m, int dir, struct fsnew *n, struct fault *f);
int lr_remount_back(struct remount *m);
