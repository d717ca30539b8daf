/* entry.c - what is said of an entry of an archive, and its contents
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include "lib/fault.h"
#include "lib/entry.h"

// Write offset AT, as it counts in the data we are in, as text to the 80 bytes
// of BUF.
char *lr_entry_where(struct unpack *u, unsigned long long at, char *buf)
{
  if (u->format) sprintf(buf, "offset %llu of the %s data at %llu", at,
    u->format, u->in.start);
  else sprintf(buf, "offset %llu", at);

  return buf;
}

// The archive cannot be read on from offset AT because of WHY. Returns -1.
int lr_entry_bad(struct unpack *u, unsigned long long at, char *why)
{
  char buf[80];

  return lr_fault(u->f, 0, "archive", "%s: %s", lr_entry_where(u, at, buf),
    why);
}

// Say what the kernel does to the entry without a word, and WHY. Returns 0.
int lr_entry_say(struct unpack *u, char *why)
{
  char buf[80], *line, *name = u->entry.name;

  if (u->say && 0<asprintf(&line, "%s: %s%s%s", lr_entry_where(u, u->at, buf),
    name, *name ? ": " : "", why))
  {
    u->say(u->context, line);
    free(line);
  }

  return 0;
}

// A system call failed for the entry, with errno. The kernel leaves an entry
// out whatever the reason. We do so only with one that cannot be there, such
// as one without a parent directory, and say it. Returns 0 then, else -1 with a
// fault: STEP, errno and the entry's name.
int lr_entry_failed(struct unpack *u, char *step)
{
  static const short cannot_be[] = {ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG,
    EEXIST, EISDIR, EINVAL, ENOTEMPTY, EXDEV};
  char buf[128];
  int i;

  for (i = 0; i<(int)ARRAY_LEN(cannot_be); i++) if (errno == cannot_be[i]) {
    snprintf(buf, sizeof(buf), "left out (%s: %s)", step, strerror(errno));

    return lr_entry_say(u, buf);
  }

  return lr_fault(u->f, errno, step, "%s", u->entry.name);
}

// Copy the contents of the entry, a regular file, to FD (-1: only how they
// begin, to u->head), and verify their checksum. Returns 0, or -1 with a fault.
int lr_entry_contents(struct unpack *u, int fd)
{
  unsigned left = u->entry.size, sum = 0, n, i;
  int rc;

  u->head_len = 0;
  for (; left; left -= n) {
    if ((rc = lr_decompress_more(&u->in, u->f))<0) return -1;
    if (!rc) return lr_entry_bad(u, u->at, "ends inside an entry");
    n = u->in.have>left ? left : u->in.have;
    if (fd == -1) {
      i = minof(n, (unsigned)sizeof(u->head)-u->head_len);
      memcpy(u->head+u->head_len, u->in.at, i);
      u->head_len += i;
    }
    if (u->entry.has_sum) for (i = 0; i<n; i++) sum += u->in.at[i];
    for (i = 0; fd != -1 && i<n; i += rc) {
      rc = write(fd, u->in.at+i, n-i);
      if (rc<1) {
        if (rc && errno == EINTR) rc = 0;
        else return lr_fault(u->f, rc ? errno : EIO, "writing", "%s",
          u->entry.name);
      }
    }
    lr_decompress_use(&u->in, n);
  }
  if (u->entry.has_sum && sum != u->entry.sum)
    return lr_entry_bad(u, u->at, "bad data checksum");

  return 0;
}
