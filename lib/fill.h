// fill.h - fill the new root, and put back what was moved to it
// SPDX-License-Identifier: 0BSD

struct boot;

int lr_fill(struct boot *b);
int lr_fill_back(struct boot *b);
