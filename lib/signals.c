/* signals.c - the signals that would end us between two changes
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 *
 * From the first change to the last a process that dies leaves the machine
 * half-way: a leaf on NEWROOT, the tree in two places. So every signal that
 * ends a process by default is taken. Most ask to stop, and then the steps are
 * undone. A pipe that nobody reads any more (leafroot -v 2>&1 | head) is no
 * reason to stop, and neither is the limit of a file's size: the calls that are
 * concerned fail then, with EPIPE or EFBIG.
 */

#include "toys.h"
#include "lib/signals.h"

#define BIT(sig) (1ULL<<((sig)-1))

// Errors of ours or of the machine, which can't be gone on from; signals that
// can't be caught; and those that end nobody. SIGIO is tree.c's.
#define LEFT (BIT(SIGSEGV)|BIT(SIGBUS)|BIT(SIGILL)|BIT(SIGFPE)|BIT(SIGTRAP) \
  |BIT(SIGSYS)|BIT(SIGABRT)|BIT(SIGKILL)|BIT(SIGSTOP)|BIT(SIGCHLD) \
  |BIT(SIGCONT)|BIT(SIGURG)|BIT(SIGWINCH)|BIT(SIGTSTP)|BIT(SIGTTIN) \
  |BIT(SIGTTOU)|BIT(SIGIO))

// What stops PID 1. The kernel drops all others for it where they have their
// default action (SIGNAL_UNKILLABLE, kernel/signal.c sig_task_ignored()).
#define STOPS_PID1 (BIT(SIGHUP)|BIT(SIGINT)|BIT(SIGTERM))

// A signal asked to stop. It is the only thing that can't be handed in.
static volatile int asked;

static void ask(int sig)
{
  asked = sig;
}

// Take the signals that would end this process, but for those that whoever
// started it has ignored. Sets *TAKEN, a bit for each of them.
void lr_signals_catch(unsigned long long *taken)
{
  unsigned long long set = ~LEFT;
  struct sigaction was;
  int i;

  if (getpid() == 1) set = STOPS_PID1|BIT(SIGPIPE)|BIT(SIGXFSZ);
  for (i = 1; i<65; i++) {
    if (!(set&BIT(i)) || sigaction(i, 0, &was) || was.sa_handler != SIG_DFL
      || SIG_ERR == signal(i, i == SIGPIPE || i == SIGXFSZ ? SIG_IGN : ask))
        continue;
    *taken |= BIT(i);
  }
}

// Set all of TAKEN to what HOW is.
static void set_all(unsigned long long taken, void (*how)(int))
{
  int i;

  for (i = 1; i<65; i++) if (taken&BIT(i)) signal(i, how);
}

// Let none of TAKEN stop us any more: what comes now has to be whole. What has
// asked to stop before is forgotten.
void lr_signals_ignore(unsigned long long taken)
{
  set_all(taken, SIG_IGN);
  asked = 0;
}

// Have TAKEN as they were before, for init.
void lr_signals_restore(unsigned long long taken)
{
  set_all(taken, SIG_DFL);
}

// Where the signal is that asked to stop, 0 while none has.
volatile int *lr_signals_asked(void)
{
  return &asked;
}
