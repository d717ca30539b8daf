/* init.c - which init can be run, and to run it
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include "lib/fault.h"
#include "lib/init.h"
#include "lib/initcheck.h"
#include "lib/plan.h"
#include "lib/report.h"
#include "lib/request.h"
#include "lib/scene.h"

// What to run where nobody said, in this order. It is the kernel's own list for
// a disk (init/main.c kernel_init()) with /init before, as that's what the
// kernel runs in an initramfs.
static char *usual[] = {"/init", "/sbin/init", "/etc/init", "/bin/init",
  "/bin/sh", 0};

// Is PATH what the kernel started, or leafroot itself? To run that as init
// would go round in circles, on a root that is ours. (A NEWROOT that somebody
// filled is not: what is in there is another system's.)
int lr_init_own(struct request *r, struct scene *s, char *path)
{
  struct stat a, b;

  if (s->newroot_mount) return 0;
  if (!strcmp(path, r->rdinit)) return 1;
  if (stat(path, &a) || fstatat(s->proc, "self/exe", &b, 0)) return 0;

  // A multicall binary is what it's called by
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino
    && (!CFG_TOYBOX || !strcmp(basename(path), "leafroot"));
}

// What is to be run as far as it was said: R's INIT, or init= of the kernel
// command line unless that is leafroot. Sets P->init, 0 if nobody said.
void lr_init_begin(struct plan *p, struct request *r, struct scene *s)
{
  p->init = r->init;
  if (!p->init && r->init_param && !lr_init_own(r, s, r->init_param))
    p->init = lr_request_argv(r, r->init_param);
}

// The paths that are looked for in an archive: any of them will do. Returns
// them malloc()ed with 0 at the end, or 0 when memory is out.
char **lr_init_wanted(struct request *r, struct scene *s)
{
  char **want = malloc((ARRAY_LEN(usual)+1)*sizeof(char *));
  unsigned i, n = 0;

  if (!want) return 0;
  if (r->init) want[n++] = *r->init;
  else {
    if (r->init_param && !lr_init_own(r, s, r->init_param))
      want[n++] = r->init_param;
    for (i = 0; usual[i]; i++)
      if (!lr_init_own(r, s, usual[i])) want[n++] = usual[i];
  }
  want[n] = 0;

  return want;
}

// There is no init: WHY (a phrase) and NAME say what that is true of. Leaves
// the fault "no init" with all usual names. Returns -1.
int lr_init_none(struct fault *f, char *why, char *name)
{
  char names[128] = "none of";
  unsigned i;

  for (i = 0; usual[i]; i++) strcat(strcat(names, " "), usual[i]);

  return lr_fault(f, 0, "no init:", "%s %s%s", names, why, name);
}

// Find what can be run in directory ROOT, which is seen as "/": P->init, or the
// first of the usual ones that can. An INIT that was given as an argument and
// can't be run is a fault; one of the kernel command line is left out with a
// warning, as it can be meant for a disk that an init script goes on to. Sets
// P->init, 0 if it can't be run. Returns 0 or -1.
int lr_init_find(struct plan *p, struct request *r, struct scene *s, int root,
  struct fault *f)
{
  unsigned i;

  if (p->init) {
    if (!lr_initcheck(root, *p->init, f)) return 0;
    p->init = 0;
    if (r->init) return -1;
    lr_complain(f, ", left out");
  }
  for (i = 0; usual[i]; i++) {
    if (lr_init_own(r, s, usual[i])) continue;
    if (!lr_initcheck(root, usual[i], f)) {
      p->init = lr_request_argv(r, usual[i]);

      return 0;
    }
    lr_fault_clear(f);
  }

  return lr_init_none(f, "can be run", "");
}

// Nothing can be run: stay, as PID 1 must not exit. Never returns.
void lr_hang(void)
{
  lr_say("hanging");
  for (;;) if (wait(0)<0) pause();
}

// Run P->init or, if that can't be and we are PID 1, the first of the usual
// ones that can be. If nothing can be run PID 1 hangs. For any other process
// returns the exit status that shells have for that: 127 if there is no such
// file, else 126.
int lr_init_run(struct plan *p, struct request *r, struct scene *s)
{
  struct fault f = {0};
  char **argv;
  unsigned i;
  int err = 0;

  if (p->init) {
    execve(*p->init, p->init, environ);
    err = errno;
    lr_say("init %s: %s", *p->init, strerror(err));
  } else if (!s->pid1) lr_say("no INIT to run");
  if (!s->pid1) return 126+(err == ENOENT);

  for (i = 0; usual[i]; i++) {
    if (lr_init_own(r, s, usual[i])) continue;
    argv = lr_request_argv(r, usual[i]);
    execve(*argv, argv, environ);
  }
  lr_init_none(&f, "runs", "");
  lr_complain(&f, "");
  lr_hang();

  return 126;
}
