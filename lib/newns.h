// newns.h - a mount namespace of our own
// SPDX-License-Identifier: 0BSD

int lr_newns(struct fault *f);
