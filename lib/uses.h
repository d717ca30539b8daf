// uses.h - what a mount needs of another file system
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

struct mountinfo;

// A layer of an overlay
struct layer {
  char *path;           // as it was given. 0 ends the list
  char lower;           // nothing is written to it
};

struct layer *lr_uses_layers(struct mountinfo *m);
int lr_uses(struct mountinfo *m, struct mountinfo *fs, int bare, char **what);
