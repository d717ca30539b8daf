// mountopt.h - the words of mount options, and the flags that some of them are
// SPDX-License-Identifier: 0BSD

char *lr_mountopt_next(char **opts);
int lr_mountopt_flag(char *word, unsigned *set, unsigned *clear);
int lr_mountopt_get(int dir, char *path, unsigned *attr);
int lr_mountopt_apply(int dir, char *path, unsigned set, unsigned clear);
