// wiper.h - the process that empties and seals the old root behind init's back
// SPDX-License-Identifier: 0BSD

// argv[1] of the copy of us that is it
#define WIPER "//wipe"

struct scene;

void lr_wiper_start(struct scene *s, int verbose);
int lr_wiper(int verbose);
