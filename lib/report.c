/* report.c - what leafroot says
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include "lib/fault.h"
#include "lib/report.h"

// Say the line that FMT makes, with the program's name before it; when memory
// is out, its beginning. Names of files and processes can have anything in them:
// a newline would forge a line, and an escape sequence changes the terminal. So
// what is no printable ASCII, and the backslash, is said as the kernel's log
// says it, by its code: \x0a. Returns -1, so that a refusal is "return
// lr_say(...)".
int lr_say(char *fmt, ...)
{
  char *s, *line, *to, text[256], escaped[1024];
  va_list va;
  int len, i;

  va_start(va, fmt);
  if (0>vasprintf(&s, fmt, va)) s = 0;
  va_end(va);
  va_start(va, fmt);
  if (!s) vsnprintf(text, sizeof(text), fmt, va);
  va_end(va);
  len = strlen(s ? : text);
  if (!(line = malloc(len*4+1))) {
    line = escaped;
    len = minof(len, 255);
  }
  for (*(to = line) = i = 0; i<len; i++) {
    fmt = (s ? : text)+i;
    to += sprintf(to, (*fmt<' ' || *fmt>'~' || *fmt == '\\') ? "\\x%02x"
      : "%c", *fmt&255);
  }
  dprintf(2, "leafroot: %s\n", line);
  if (line != escaped) free(line);
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
