// progress.h - how far a long move is
// SPDX-License-Identifier: 0BSD

struct tree;

struct progress {
  char quiet, verbose;
  int proc;                        // a directory of procfs
  long long begun;                 // when, in ms (millitime())

  // The rest is lr_progress()'s own
  long long last;                  // when something was said
  unsigned long long total;        // bytes there will be, 0: not known yet
  unsigned long long available;    // memory when it began
  unsigned long long least;        // and the least there was
  char line;                       // a line without its end is on the terminal
};

void lr_progress_begin(struct progress *p, unsigned long long total);
void lr_progress(void *context, struct tree *t);
void lr_progress_end(struct progress *p);
