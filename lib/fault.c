/* fault.c - remember what failed
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include "lib/fault.h"

// Forget the fault in F, so that F can hold another.
void lr_fault_clear(struct fault *f)
{
  free(f->name);
  memset(f, 0, sizeof(*f));
}

// Record that STEP (a constant) failed on the object that FMT makes, because
// of ERR (an errno, 0 when the step says it all). The first fault stays: what
// fails after it usually fails because of it. Returns -1, errno as it was.
int lr_fault(struct fault *f, int err, char *step, char *fmt, ...)
{
  int save = errno;
  va_list va;

  if (f->step) return -1;
  va_start(va, fmt);
  if (0>vasprintf(&f->name, fmt, va)) f->name = 0;
  va_end(va);
  f->err = err;
  f->step = step;
  errno = save;

  return -1;
}
