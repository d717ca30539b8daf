/* report.c - what leafroot says
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include "lib/fault.h"
#include "lib/report.h"

// Say the line that FMT makes, with the program's name before it: all of it or,
// when memory is out, the beginning. Returns -1, so that a refusal is "return
// lr_say(...)".
int lr_say(char *fmt, ...)
{
  char *s = 0, text[512];
  va_list va;

  va_start(va, fmt);
  if (0>vasprintf(&s, fmt, va)) s = 0;
  va_end(va);
  va_start(va, fmt);
  if (!s) vsnprintf(text, sizeof(text), fmt, va);
  va_end(va);
  dprintf(2, "leafroot: %s\n", s ? : text);
  free(s);

  return -1;
}

// Make a sentence of the fault F, if there is one, with ENDING behind it, and
// forget it. Returns -1.
int lr_complain(struct fault *f, char *ending)
{
  if (f->step) lr_say("%s%s%s%s%s%s%s%s", f->in ? : "", f->in ? ": " : "",
    f->step, (*f->step && f->name && *f->name) ? " " : "", f->name ? : "",
    f->err ? ": " : "", f->err ? strerror(f->err) : "", ending);
  lr_fault_clear(f);

  return -1;
}

// BYTES as people read them, rounded down: "33 MiB", below one MiB "512 KiB".
struct sizetext lr_size(unsigned long long bytes)
{
  struct sizetext s;

  if (bytes>>20) sprintf(s.text, "%llu MiB", bytes>>20);
  else sprintf(s.text, "%llu KiB", bytes>>10);

  return s;
}
