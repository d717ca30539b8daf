// fault.c - lr_fault() keeps the first fault, and errno
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// unit: lib/fault.c

#include "toys.h"
#include "check.h"
#include "lib/fault.h"

int main(void)
{
  struct fault f = {0};
  char *long_name = malloc(100001);

  check_need(long_name);
  errno = EBUSY;
  check_num(lr_fault(&f, ENOENT, "reading", "%s of %d", "page", 7), -1,
    "lr_fault() returns -1");
  check_num(errno, EBUSY, "errno stays");
  check_str(f.step, "reading", "step");
  check_str(f.name, "page of 7", "name");
  check_num(f.err, ENOENT, "err");

  // What fails after the first fault usually fails because of it
  errno = EROFS;
  check_num(lr_fault(&f, EIO, "writing", "other"), -1, "a second fault");
  check_str(f.step, "reading", "the first step stays");
  check_str(f.name, "page of 7", "the first name stays");
  check_num(f.err, ENOENT, "the first err stays");
  check_num(errno, EROFS, "errno stays at the second");

  lr_fault_clear(&f);
  check(!f.step && !f.name && !f.err, "cleared");
  lr_fault_clear(&f);
  check(!f.step, "cleared twice");

  // No errno: the step says it all. Hostile bytes are data, not a format.
  lr_fault(&f, 0, "option", "%s", "100%s%n\xff\n");
  check_num(f.err, 0, "no errno");
  check_str(f.name, "100%s%n\xff\n", "bytes as they are");
  lr_fault_clear(&f);

  lr_fault(&f, 1, "x", "%s", "");
  check_str(f.name, "", "an empty name");
  lr_fault_clear(&f);

  memset(long_name, 'n', 100000);
  long_name[100000] = 0;
  lr_fault(&f, 1, "x", "%s", long_name);
  check(f.name && !strcmp(f.name, long_name), "100000 bytes of a name");
  lr_fault_clear(&f);
  free(long_name);

  return check_done();
}
