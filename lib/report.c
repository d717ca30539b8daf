/* report.c - what leafroot says
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include "lib/fault.h"
#include "lib/report.h"

// Say the line that FMT makes, with the program's name before it. Names of
// files and processes can have anything in them: a newline would forge a line,
// and an escape sequence changes the terminal. So what is no printable ASCII,
// and the backslash, is said as the kernel's log says it, by its code: \x0a.
// There can be no memory left, so none is asked for: a longer line is cut.
// Returns -1, so that a refusal is "return lr_say(...)".
int lr_say(char *fmt, ...)
{
  char s[2*PATH_MAX], line[4*sizeof(s)], *to = line;
  va_list va;
  int i;

  va_start(va, fmt);
  vsnprintf(s, sizeof(s), fmt, va);
  va_end(va);
  for (*to = i = 0; s[i]; i++) to += sprintf(to,
    (s[i]<' ' || s[i]>'~' || s[i] == '\\') ? "\\x%02x" : "%c", s[i]&255);
  dprintf(2, "leafroot: %s\n", line);

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
