// bootparam.h - the kernel command line
// SPDX-License-Identifier: 0BSD

char *lr_bootparam(char *cmdline, char *name);
