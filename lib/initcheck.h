// initcheck.h - could this be run as init?
// SPDX-License-Identifier: 0BSD

int lr_initcheck(int root, char *path, struct fault *f);
