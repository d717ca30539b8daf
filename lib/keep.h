// keep.h - the old root kept, mounted below the new one
// SPDX-License-Identifier: 0BSD

struct fault;

int lr_keep_check(int root, char *dir, struct fault *f);
int lr_keep(int from, int to, char *dir, int attach, struct fault *f);
int lr_keep_back(int to, char *dir);
