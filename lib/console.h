// console.h - stdin, stdout and stderr
// SPDX-License-Identifier: 0BSD

void lr_console_fill(void);
int lr_console_open(int root, char *dev);
int lr_console_leave(int root, dev_t old, char *dev);
