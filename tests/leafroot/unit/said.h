// said.h - what lib/report.c says while a table listens
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// It writes to descriptor 2, so that is a file in memory for as long. Included
// behind check.h.

static int said_file = -1, said_stderr;

// Listen from here on. Never fails.
static void listen_begin(void)
{
  fflush(stderr);
  check_need((said_file = syscall(SYS_memfd_create, "said", 1)) != -1);
  check_need((said_stderr = dup(2)) != -1 && dup2(said_file, 2) == 2);
}

// Listen no more. Returns what was said, each line without its "leafroot: "
// but with its newline. A line that has no such beginning is marked with "?".
static char *listen_end(void)
{
  static char text[16384];
  char buf[8192], *from = buf, *to = text, *end;
  int len = pread(said_file, buf, sizeof(buf)-1, 0);

  check_need(len>=0 && dup2(said_stderr, 2) == 2);
  close(said_stderr);
  close(said_file);
  buf[len] = 0;
  while (*from) {
    if (!strncmp(from, "leafroot: ", 10)) from += 10;
    else *to++ = '?';
    end = from+strcspn(from, "\n");
    end += !!*end;
    memcpy(to, from, end-from);
    to += end-from;
    from = end;
  }
  *to = 0;

  return text;
}
