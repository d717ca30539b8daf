// check.h - all that can be known before anything is changed
// SPDX-License-Identifier: 0BSD

struct boot;

int lr_check(struct boot *b);
void lr_check_holders(struct boot *b);
int lr_check_in_use(void *progress, char *path, unsigned long long bytes);
