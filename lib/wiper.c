/* wiper.c - the process that empties and seals the old root behind init's back
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 *
 * Init does not have to wait for it. And the old root can't be sealed while our
 * own program, a file in there, is run by PID 1 or by us: the wiper is a copy
 * of it in memory, and seals when PID 1 has become init.
 */

#include "toys.h"
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include "lib/fault.h"
#include "lib/fsnew.h"
#include "lib/holders.h"
#include "lib/report.h"
#include "lib/scene.h"
#include "lib/seal.h"
#include "lib/wiper.h"

// The wiper's descriptors: the old root, and a pipe that ends when PID 1 has
// become init
#define OLD_ROOT 3
#define WAIT 4

// For how long the seal is tried, in seconds
#define PATIENCE 10

// What keeps the old root from being sealed.
static void uses(struct holder *h)
{
  lr_say("process %d (%s) uses %s of the old root", h->pid, h->name,
    lr_size(h->bytes).text);
}

// Be the wiper: main() of leafroot //wipe. Says what it did if VERBOSE, and
// what it could not do: what could not be emptied is sealed as well as can be.
// Returns its exit status.
int lr_wiper(int verbose)
{
  struct fault f = {0};
  unsigned long long left = 0;
  long long begun = millitime();
  struct stat st;
  int whole;
  char c;

  prctl(PR_SET_NAME, "leafroot-wipe");
  if (!(whole = !lr_seal_wipe(OLD_ROOT, &left, &f))) lr_complain(&f, "");
  lr_fault_clear(&f);
  while (read(WAIT, &c, 1)>0);
  if (left) lr_say("%llu entries of the old root could not be removed", left);
  whole &= !left;
  if (lr_seal_root(OLD_ROOT, whole ? PATIENCE : 0, &f)) {
    lr_complain(&f, "");
    if (whole && !fstat(OLD_ROOT, &st))
      lr_holders(lr_fs_detached("proc"), st.st_dev, 0, uses);
    whole = 0;
  }
  if (whole && verbose)
    lr_say("old root emptied and sealed in %lld ms", millitime()-begun);

  return !whole;
}

// The child: become the wiper of the old root S->root_dir, with END for its
// pipe.
static void become(struct scene *s, int end, int verbose)
{
  char *argv[] = {"leafroot", WIPER, verbose ? "v" : 0, 0};
  int self, copy;
  off_t off = 0;
  struct stat st;

  setsid();
  self = openat(s->proc, "self/exe", O_RDONLY|O_CLOEXEC);
  copy = fcntl(syscall(SYS_memfd_create, "leafroot", 0), F_DUPFD_CLOEXEC, 9);
  if (self != -1 && copy != -1 && !fstat(self, &st))
    while (off<st.st_size && 0<sendfile(copy, self, &off, st.st_size-off));
  dup2(fcntl(s->root_dir, F_DUPFD_CLOEXEC, 9), OLD_ROOT);
  dup2(fcntl(end, F_DUPFD_CLOEXEC, 9), WAIT);
  syscall(SYS_execveat, copy, "", argv, environ, AT_EMPTY_PATH);

  // TOMOYO, in Debian's 5.10, looks for /dev/fd/N and says ENOENT where there
  // is none. The new root has our program too, unless an archive without it
  // filled that
  if (s->program) execve(s->program, argv, environ);
  lr_say("old root not emptied: %s", strerror(errno));
  _exit(1);
}

// Start the wiper of S->root_dir, a rootfs that is not our root any more. Says
// what it did if VERBOSE. The descriptor that holds the wiper up closes when
// this process runs init. What fails is a warning: the new root is whole.
void lr_wiper_start(struct scene *s, int verbose)
{
  int fds[2];
  pid_t pid;

  if (pipe2(fds, O_CLOEXEC)) lr_say("pipe: %s", strerror(errno));
  else {
    if (!(pid = fork())) become(s, *fds, verbose);
    if (pid<0) lr_say("old root not emptied: %s", strerror(errno));
    close(*fds);
  }
}
