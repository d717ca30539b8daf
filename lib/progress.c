/* progress.c - how far a long move is
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include "lib/fault.h"
#include "lib/memory.h"
#include "lib/progress.h"
#include "lib/report.h"
#include "lib/tree.h"

// Begin P, whose first fields are set, for TOTAL bytes (0: not known).
void lr_progress_begin(struct progress *p, unsigned long long total)
{
  p->begun = millitime();
  p->total = total;
  if (p->verbose) p->available = p->least = lr_memory_available(p->proc);
}

// How many bytes there will be in all: what is left, if it's being moved, and
// what is done. To count does not disturb the move. 0 when that's not known.
static unsigned long long count(struct tree *t)
{
  struct fault f = {0};
  struct tree left = {.mode = TREE_COUNT, .src = t->src, .workers = 1};
  unsigned long long total = 0;

  if (!lr_tree_run(&left, &f))
    total = left.bytes + (t->mode == TREE_MOVE ? t->done : 0);
  lr_tree_free(&left);
  lr_fault_clear(&f);

  return total;
}

// Say how far T is, whose context is a struct progress. Not before two seconds
// have passed: then on a terminal in a line that is written over, and on a
// serial line, which has no width, in a new line every four seconds.
void lr_progress(void *context, struct tree *t)
{
  struct progress *p = context;
  long long now = millitime(), ms = now-p->begun;
  unsigned long long total;
  struct winsize ws = {0};
  int terminal;

  if (p->verbose) p->least = minof(p->least, lr_memory_available(p->proc));
  if (ms<2000 || p->quiet) return;
  terminal = !ioctl(2, TIOCGWINSZ, &ws) && ws.ws_col;
  if (now-p->last<(terminal ? 200 : 4000)) return;
  p->last = now;
  if (!p->total) p->total = count(t);
  total = maxof(p->total, t->done);
  dprintf(2, "%sleafroot: %s of %s, %s/s, %llu s left%s", terminal ? "\r" : "",
    lr_size(t->done).text, lr_size(p->total).text,
    lr_size(t->done*1000/ms).text,
    t->done ? (total-t->done)*ms/t->done/1000 : 0, terminal ? "\e[K" : "\n");
  p->line = terminal;
}

// End the line, and say what it took.
void lr_progress_end(struct progress *p)
{
  if (p->line) dprintf(2, "\n");
  if (p->verbose)
    lr_say("peak %s above the tree", lr_size(p->available-p->least).text);
}
