// initcheck.h - could this be run as init?
// SPDX-License-Identifier: 0BSD

int lr_initcheck(int root, char *path, struct fault *f);

// A file that could be a program. It is open, or nothing is known of it but how
// it begins.
struct program {
  char *head;    // its first bytes
  unsigned len;  // how many of them
  int fd;        // -1: there's no more of it
};

char *lr_initcheck_needs(struct program *p, char *name, unsigned size);
