// report.c - what is said is one line, whatever is in it
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// unit: lib/report.c lib/fault.c

#include "toys.h"
#include "check.h"
#include "said.h"
#include "lib/fault.h"
#include "lib/report.h"

static struct { char *name, *said; } rows[] = {
  {"", "\n"},
  {"etc/passwd", "etc/passwd\n"},
  {" !~[]{}%s%n\"'", " !~[]{}%s%n\"'\n"},
  {"a\nleafroot: / is a tmpfs now", "a\\x0aleafroot: / is a tmpfs now\n"},
  {"a\r\t\v\b\a", "a\\x0d\\x09\\x0b\\x08\\x07\n"},
  {"\e[2J\e]0;title\a", "\\x1b[2J\\x1b]0;title\\x07\n"},
  {"\x7f\x80\x9b\xff", "\\x7f\\x80\\x9b\\xff\n"},
  {"\xc2\x9b" "31m", "\\xc2\\x9b31m\n"},
  {"\\x0a", "\\x5cx0a\n"},
};

int main(void)
{
  struct fault f = {0};
  char *text;
  unsigned i;

  for (i = 0; i<ARRAY_LEN(rows); i++) {
    listen_begin();
    check_num(lr_say("%s", rows[i].name), -1, "row %u", i);
    check_str(listen_end(), rows[i].said, "row %u", i);
  }

  // In a fault too
  lr_fault(&f, ENOENT, "removing", "%s", "a\nb");
  f.in = "\e[";
  listen_begin();
  check_num(lr_complain(&f, "\x01"), -1, "a fault");
  check_str(listen_end(),
    "\\x1b[: removing a\\x0ab: No such file or directory\\x01\n", "a fault");
  check(!f.step, "is forgotten");

  // The longest path there is, all of it to be escaped
  check_need(text = malloc(4096));
  memset(text, '\n', 4095);
  text[4095] = 0;
  listen_begin();
  lr_say("%s", text);
  free(text);
  text = listen_end();
  check(!strncmp(text, "\\x0a\\x0a", 8), "a long name");

  return check_done();
}
