// names.h - the paths of a tree that is not there (yet), to look them up
// SPDX-License-Identifier: 0BSD

struct names;

struct names *lr_names_new(void);
int lr_names_add(struct names *n, char *path, unsigned mode, char *target);
void lr_names_link(struct names *n, char *path, char *old);
int lr_names_program(struct names *n, char *path, char *needs);
char *lr_names_needs(struct names *n, char *path);
void lr_names_remove(struct names *n, char *path);
unsigned lr_names_find(struct names *n, char *path, int nofollow);
void lr_names_free(struct names *n);
