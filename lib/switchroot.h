// switchroot.h - make a mount the root
// SPDX-License-Identifier: 0BSD

int lr_switchroot(int from, int to, int pivot, char *put_old, struct fault *f);
