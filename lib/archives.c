/* archives.c - the archives that -x names
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include "lib/archives.h"
#include "lib/console.h"
#include "lib/extract.h"
#include "lib/fault.h"
#include "lib/init.h"
#include "lib/initramfs.h"
#include "lib/memory.h"
#include "lib/names.h"
#include "lib/plan.h"
#include "lib/report.h"
#include "lib/request.h"
#include "lib/scene.h"

// Open the archives of R as LIST, which is 0, and count them in S. Leaves a
// fault "archive". Returns 0 or -1.
int lr_archives_open(struct archive **list, struct request *r,
  struct scene *s, struct fault *f)
{
  struct arg_list *a;
  struct archive *one;

  for (a = r->archives; a; a = a->next) {
    if (!(one = calloc(1, sizeof(*one))))
      return lr_fault(f, errno, "archive", "%s", a->arg ? : "");
    *list = one;
    list = &one->next;
    one->name = a->arg ? : "/sys/firmware/initrd";
    s->archives++;
    if (-1 == (one->fd = lr_extract_open(a->arg, f))) return -1;
  }

  return 0;
}

// Can ONE be read twice? Sets *FROM, where it begins.
static int seekable(struct archive *one, struct stat *st, off_t *from)
{
  return !fstat(one->fd, st) && 0<=(*from = lseek(one->fd, 0, SEEK_CUR));
}

// Could what is in the archives of LIST be more than the memory there is?
int lr_archives_scarce(struct archive *list, struct scene *s)
{
  struct stat st;
  off_t from;

  for (; list; list = list->next) if (seekable(list, &st, &from)
    && lr_memory_scarce(st.st_size, s->available)) return 1;

  return 0;
}

// Verify every archive of LIST that can be read twice, to its end, and leave it
// where it was: sets the figures of S, how many there were, and whether what
// they make, one over the other, has an init. Leaves a fault in the archive.
// Returns 0 or -1.
int lr_archives_check(struct archive *list, struct request *r,
  struct scene *s, struct fault *f)
{
  struct initramfs a;
  struct stat st;
  struct names *names = lr_names_new();
  char **want = lr_init_wanted(r, s);
  off_t from;
  int rc = (want && names) ? 0 : lr_fault(f, ENOMEM, "archive", "%s",
    list->name);

  for (; !rc && list; list = list->next) {
    if (!seekable(list, &st, &from)) continue;
    memset(&a, 0, sizeof(a));
    a.fd = list->fd;
    a.dir = -1;
    a.want = want;
    a.names = names;
    if ((rc = lr_initramfs_read(&a, f))) f->in = list->name;
    else if (lseek(list->fd, from, SEEK_SET)<0)
      rc = lr_fault(f, errno, "archive", "%s", list->name);
    s->archives_checked++;
    s->archives_init = a.found;
    s->bytes += a.bytes;
    s->names = s->inodes += a.inodes;
    if (!rc && (r->verbose || r->dry_run)) lr_say("%s holds %s in %llu inodes",
      list->name, lr_size(a.bytes).text, a.inodes);
  }
  free(want);
  lr_names_free(names);

  return rc;
}

// What the archives of LIST hold can be looked at when it is unpacked. In one
// that was verified an init is known to be there, or not; with others beside it
// a symlink could lead from one to the other. Leaves the fault that there is
// none. Returns 0 or -1.
int lr_archives_no_init(struct archive *list, struct plan *p,
  struct request *r, struct scene *s, struct fault *f)
{
  if (!s->archives_checked || s->archives_init || list->next) return 0;
  if (!r->init) return lr_init_none(f, "is in ", list->name);

  return lr_fault(f, 0, "init", "%s: not in %s", *p->init, list->name);
}

// The memory that those of LIST take which are files of device DEV, in bytes.
unsigned long long lr_archives_held(struct archive *list, dev_t dev)
{
  unsigned long long bytes = 0;
  struct stat st;

  for (; list; list = list->next) if (!fstat(list->fd, &st) && st.st_dev == dev)
    bytes += st.st_blocks*512ULL;

  return bytes;
}

// What the kernel would have left out of an archive without a word.
static void left_out(void *name, char *line)
{
  lr_say("%s: %s", (char *)name, line);
}

// Unpack the archives of LIST to directory ROOT, one over the other, and let go
// of them, unless CANCEL gets nonzero. Sets S's figures to what was unpacked.
// Leaves a fault in the archive, or in what it made. Returns 0 or -1.
int lr_archives_unpack(struct archive *list, struct request *r,
  struct scene *s, int root, volatile int *cancel, struct fault *f)
{
  struct archive *one;
  struct initramfs a;
  unsigned long long limit = 0;

  // What was not verified may be more than there is memory for. Then it ends
  // with ENOSPC, as on a disk: the kernel would kill processes, at last PID 1
  if (s->archives_checked != s->archives)
    limit = lr_memory_to_unpack(s->is_disk
      ? lr_memory_available(s->proc) : lr_memory_free(s->proc));
  s->bytes = s->inodes = 0;
  for (one = list; one; one = one->next) {
    memset(&a, 0, sizeof(a));
    a.fd = one->fd;
    if (!r->quiet) a.say = left_out;
    a.unprivileged = s->user_namespace;
    a.context = one->name;
    a.cancel = cancel;
    a.limit = limit;
    if (lr_extract(&a, root, one == list, f)) {
      f->in = one->name;

      return -1;
    }
    s->bytes += a.bytes;
    s->inodes += a.inodes;
    if (limit) limit -= lr_memory_copy(a.bytes, a.inodes)-1;
    close(one->fd);

    // As init's stdin it would keep the old root in use, and be at its end
    if (s->pid1 && !strcmp(one->name, "-") && !close(0)) lr_console_fill();
  }

  return 0;
}
