// seal.h - what is left of the old root: nothing, and nothing can be added
// SPDX-License-Identifier: 0BSD

int lr_seal_wipe(int root, unsigned long long *left, struct fault *f);
int lr_seal_root(int root, int seconds, struct fault *f);
