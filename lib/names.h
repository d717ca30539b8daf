// names.h - the paths of a tree that is not there (yet), to look them up
// SPDX-License-Identifier: 0BSD

struct names;

struct names *lr_names_new(void);
int lr_names_add(struct names *n, char *path, unsigned mode, char *target);
void lr_names_remove(struct names *n, char *path);
unsigned lr_names_find(struct names *n, char *path, int nofollow);
void lr_names_free(struct names *n);
