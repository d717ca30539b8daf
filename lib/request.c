/* request.c - what was asked: arguments, environment, kernel command line
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include "lib/bootparam.h"
#include "lib/fault.h"
#include "lib/mountopt.h"
#include "lib/report.h"
#include "lib/request.h"

// Add ARG to the end of LIST. Leaves a fault ARG. Returns 0 or -1.
static int append(struct arg_list **list, char *arg, struct fault *f)
{
  struct arg_list *a = malloc(sizeof(*a));

  if (!a) return lr_fault(f, errno, "argument", "%s", arg ? : "");
  while (*list) list = &(*list)->next;
  *list = a;
  a->next = 0;
  a->arg = arg;

  return 0;
}

// DIR as a path from the root it's a directory of.
static char *from_root(char *dir)
{
  while (*dir == '/') dir++;

  return dir;
}

// Note what the comma list of leafroot= in COPY, which is cut up, asks for. A
// word that nobody knows is a warning: the boot goes on. Returns 0, or -1 and a
// fault when memory is out.
static int read_words(struct request *r, char *copy, struct fault *f)
{
  struct { char *word, *flag; } words[] = {{"off", &r->off},
    {"copy", &r->copy}, {"hang", &r->hang}, {"quiet", &r->quiet},
    {"verbose", &r->verbose}};
  char *s, *word;
  unsigned i;

  while ((word = s = lr_mountopt_next(&copy))) {
    if (strstart(&s, "keep=")) r->keep = from_root(s);
    else if (!strcmp(s, "extract") || strstart(&s, "extract=")) {
      if (append(&r->archives, s == word ? 0 : s, f)) return -1;
    } else {
      for (i = 0; i<ARRAY_LEN(words); i++) if (!strcmp(s, words[i].word)) break;
      if (i == ARRAY_LEN(words)) lr_say("leafroot=%s: unknown, left out", s);
      else *words[i].flag = 1;
    }
  }

  return 0;
}

// Is ARG, an argument behind -x, no ARCHIVE? That can be left out. So ARG is an
// option, a directory, or a NEWROOT to be made if NEXT is a file, its INIT.
static int no_archive(char *arg, char *next)
{
  struct stat st;

  if (*arg == '-' && arg[1]) return 1;
  if (!stat(arg, &st)) return S_ISDIR(st.st_mode);

  return next && !stat(next, &st) && !S_ISDIR(st.st_mode);
}

// -x: the kernel command line's archives count no more once an argument names
// one. NEXT are the arguments behind it, and TOOK is how many of them it takes.
// Returns 0, or -1 and a fault.
static int read_archive(struct request *r, char **next, int first, int *took,
  struct fault *f)
{
  *took = *next && !no_archive(*next, next[1]);
  if (first) r->archives = 0;

  return append(&r->archives, *took ? *next : 0, f);
}

// Read ARGV. (lib/args.c would exit on a bad option, and PID 1 must not.) All
// of it is read even if something is wrong, as INIT is run then. Returns 0, or
// -1 and a fault: the first thing that is wrong.
static int read_args(struct request *r, char **argv, struct fault *f)
{
  struct { char letter, *flag; } letters[] = {{'2', &r->copy},
    {'f', &r->force}, {'h', &r->hang}, {'n', &r->dry_run}, {'p', &r->probe},
    {'q', &r->quiet}, {'u', &r->own_namespace}, {'v', &r->verbose}};
  int c, n = 0, archives = 0, took, rc = 0;
  unsigned i;

  while (argv[n]) n++;
  opterr = optind = 0;
  while (-1 != (c = getopt(n, argv, "+:2c:fhk:no:pqt:uvx"))) {
    if (c == ':') rc = lr_fault(f, 0, "", "-%c: needs an argument", optopt);
    else if (c == '?') rc = lr_fault(f, 0, "", "-%c: unknown option", optopt);
    else if (c == 'c') r->console = optarg;
    else if (c == 'k') r->keep = r->keep_arg = from_root(optarg);
    else if (c == 't') r->type = optarg;
    else if (c == 'o') rc |= append(&r->options, optarg, f);
    else if (c == 'x') {
      rc |= read_archive(r, argv+optind, !archives++, &took, f);
      optind += took;
    } else for (i = 0; i<ARRAY_LEN(letters); i++)
      if (c == letters[i].letter) *letters[i].flag = 1;
    if (c == 'q') r->verbose = 0;
    if (c == 'v') r->quiet = 0;
  }
  argv += optind;
  if (*argv) r->newroot = *argv++;
  if (*argv) r->init = argv;

  // What is behind INIT is for INIT alone. If that can't be run PID 1 runs
  // another one, and /bin/sh would take such a word for a script, not find it,
  // and exit.
  while (*argv) argv++;
  r->init_args = argv;
  if (!rc && r->type && strcmp(r->type, "tmpfs") && strcmp(r->type, "ramfs"))
    rc = lr_fault(f, 0, "-t", "%s: neither tmpfs nor ramfs", r->type);

  return rc;
}

// Fill R, which is all 0, from the arguments ARGV (whose strings stay in use),
// CMDLINE, the kernel's command line (0: memory was out), and ENV, the value of
// the environment variable leafroot or 0. The kernel puts leafroot= into PID
// 1's environment, so that it's known where there is no /proc. If it's PID1
// that is asked, and the kernel started it as rdinit= or init=, then the
// arguments are the kernel's words for init. Returns 0, or -1 and a fault that
// names what's wrong; then R has the rest all the same, as leafroot=off and
// INIT still count.
int lr_request_read(struct request *r, char **argv, int pid1, char *cmdline,
  char *env, struct fault *f)
{
  char *words, *s;
  int rc = 0;

  errno = 0;
  r->rdinit = lr_bootparam(cmdline, "rdinit") ? : "/init";
  r->init_param = lr_bootparam(cmdline, "init");
  r->rootfstype = lr_bootparam(cmdline, "rootfstype");
  r->flags = lr_bootparam(cmdline, r->flags_name = "rootflags");
  if (!r->flags)
    r->flags = lr_bootparam(cmdline, r->flags_name = "initramfs_options");

  words = env ? strdup(env) : lr_bootparam(cmdline, "leafroot");
  if (!cmdline || errno == ENOMEM)
    rc = lr_fault(f, ENOMEM, "reading", "the kernel command line");
  if (words && read_words(r, words, f)) rc = -1;
  r->init_args = argv+1;
  if (!pid1 || (strcmp(*argv, r->rdinit)
    && (!r->init_param || strcmp(*argv, r->init_param))))
      if (read_args(r, argv, f)) rc = -1;

  if (!r->newroot) r->newroot = "/newroot";
  for (s = r->newroot+strlen(r->newroot); s>r->newroot+1 && s[-1] == '/'; )
    *--s = 0;

  return rc;
}

// INIT, which was not given as an argument, and R's arguments for it as an
// argv. INIT takes the place before them, which nobody reads any more, so this
// can't fail. It's good until the next call.
char **lr_request_argv(struct request *r, char *init)
{
  r->init_args[-1] = init;

  return r->init_args-1;
}
