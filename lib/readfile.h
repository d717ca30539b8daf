// readfile.h - a small file of procfs as text
// SPDX-License-Identifier: 0BSD

char *lr_readfile(int dir, char *name);
