// request.c - what arguments and kernel command lines ask for
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// unit: lib/request.c lib/bootparam.c lib/mountopt.c lib/report.c lib/fault.c

#include "toys.h"
#include "check.h"
#include "said.h"
#include "lib/fault.h"
#include "lib/report.h"
#include "lib/request.h"

// A row: the arguments, behind "leafroot" unless there is an argv0; the kernel
// command line; the environment's leafroot; and what that asks for, in words.
// FAULT is what is wrong, SAID what was worth no more than a warning. The
// current directory holds a "file" and a "dir".
#define MOST 12
#define ASKS(text) .line = __LINE__, .asks = text
static struct row {
  int line, pid1;
  char *asks, *argv0, *args[MOST], *cmdline, *env, *fault, *said;
} rows[] = {
  {ASKS("")},
  {ASKS("INIT <x>"), .args = {"/newroot", "x"}},

  // Each option once
  {ASKS("-2"), .args = {"-2"}},
  {ASKS("-f"), .args = {"-f"}},
  {ASKS("-h"), .args = {"-h"}},
  {ASKS("-n"), .args = {"-n"}},
  {ASKS("-p"), .args = {"-p"}},
  {ASKS("-q"), .args = {"-q"}},
  {ASKS("-u"), .args = {"-u"}},
  {ASKS("-v"), .args = {"-v"}},
  {ASKS("-2 -f -h -n -p -u -v"), .args = {"-2fhnpquv"}},
  {ASKS("-2 -f -h -n -p -u -v"), .args = {"-v", "-u", "-p", "-n", "-h", "-f",
    "-2"}},
  {ASKS("-c <null>"), .args = {"-c", "null"}},
  {ASKS("-c <null>"), .args = {"-cnull"}},
  {ASKS("-f -c <q>"), .args = {"-fcq"}},
  {ASKS("-c <-q>"), .args = {"-c", "-q"}},
  {ASKS("-c <--> INIT <x>"), .args = {"-c", "--", "/newroot", "x"}},
  {ASKS("-c <>"), .args = {"-c", ""}},
  {ASKS("keep=<old> -k <old>"), .args = {"-k", "/old"}},
  {ASKS("keep=<a/> -k <a/>"), .args = {"-k", "///a/"}},
  {ASKS("keep=<> -k <>"), .args = {"-k", "/"}},
  {ASKS("keep=<> -k <>"), .args = {"-k", ""}},
  {ASKS("-t <tmpfs>"), .args = {"-t", "tmpfs"}},
  {ASKS("-t <ramfs>"), .args = {"-tramfs"}},
  {ASKS("-o <size=1M,nosuid>"), .args = {"-o", "size=1M,nosuid"}},
  {ASKS("-o <>"), .args = {"-o", ""}},

  // The same one again: -o adds up, of the others the last one counts
  {ASKS("-o <a> -o <b> -o <a>"), .args = {"-o", "a", "-ob", "-o", "a"}},
  {ASKS("-c <b>"), .args = {"-c", "a", "-c", "b"}},
  {ASKS("keep=<b> -k <b>"), .args = {"-k", "/a", "-k", "b"}},
  {ASKS("-t <tmpfs>"), .args = {"-t", "nonsense", "-t", "tmpfs"}},
  {ASKS("-2 -f"), .args = {"-22f2", "-f"}},
  {ASKS("-v"), .args = {"-q", "-v"}},
  {ASKS("-q"), .args = {"-v", "-q"}},
  {ASKS("-v"), .args = {"-qvqv"}},

  // What is wrong is said once; the rest counts, as INIT is run then
  {ASKS("-q NEWROOT </n> INIT <x> <y>"), .args = {"-Zq", "/n", "x", "y"},
    .fault = "-Z: unknown option"},
  {ASKS(""), .args = {"-Z", "-Y", "-c"}, .fault = "-Z: unknown option"},
  {ASKS(""), .args = {"-1"}, .fault = "-1: unknown option"},
  {ASKS(""), .args = {"-:"}, .fault = "-:: unknown option"},
  {ASKS(""), .args = {"-?"}, .fault = "-?: unknown option"},
  {ASKS(""), .args = {"-+"}, .fault = "-+: unknown option"},
  {ASKS(""), .args = {"-%"}, .fault = "-%: unknown option"},
  {ASKS(""), .args = {"--Z"}, .fault = "--: unknown option"},
  {ASKS(""), .args = {"-c"}, .fault = "-c: needs an argument"},
  {ASKS(""), .args = {"-k"}, .fault = "-k: needs an argument"},
  {ASKS(""), .args = {"-o"}, .fault = "-o: needs an argument"},
  {ASKS(""), .args = {"-t"}, .fault = "-t: needs an argument"},
  {ASKS("-2 -q"), .args = {"-2qo"}, .fault = "-o: needs an argument"},
  {ASKS("-t <ext4>"), .args = {"-t", "ext4"},
    .fault = "-t ext4: neither tmpfs nor ramfs"},
  {ASKS("-t <>"), .args = {"-t", ""}, .fault = "-t : neither tmpfs nor ramfs"},
  {ASKS("-t <tmpfs,ramfs>"), .args = {"-t", "tmpfs,ramfs"},
    .fault = "-t tmpfs,ramfs: neither tmpfs nor ramfs"},
  {ASKS("-t <ext4>"), .args = {"-t", "ext4", "-Z"},
    .fault = "-Z: unknown option"},

  // Where the options end
  {ASKS("INIT <-q> <-Z>"), .args = {"/newroot", "-q", "-Z"}},
  {ASKS("-f INIT <-v>"), .args = {"-f", "/newroot", "-v"}},
  {ASKS("NEWROOT <-q>"), .args = {"--", "-q"}},
  {ASKS("-f NEWROOT <--> INIT <-q>"), .args = {"-f", "--", "--", "-q"}},
  {ASKS(""), .args = {"--"}},
  {ASKS("NEWROOT <-> INIT <-q>"), .args = {"-", "-q"}},
  {ASKS("NEWROOT <> INIT <>"), .args = {"", ""}},
  {ASKS("INIT <x> <> <a b> <-->"), .args = {"/newroot", "x", "", "a b", "--"}},

  // NEWROOT has no slash at its end, unless it is one
  {ASKS("NEWROOT </n>"), .args = {"/n/"}},
  {ASKS("NEWROOT </n>"), .args = {"/n///"}},
  {ASKS("NEWROOT </>"), .args = {"/"}},
  {ASKS("NEWROOT </>"), .args = {"////"}},
  {ASKS("NEWROOT <//a//b> INIT </x/>"), .args = {"//a//b//", "/x/"}},
  {ASKS("NEWROOT <n>"), .args = {"n/"}},

  // -x, whose ARCHIVE can be left out
  {ASKS("-x"), .args = {"-x"}},
  {ASKS("-x <file>"), .args = {"-x", "file"}},
  {ASKS("-x <none>"), .args = {"-x", "none"}},
  {ASKS("-x <file> NEWROOT </n> INIT <file>"), .args = {"-x", "file", "/n",
    "file"}},
  {ASKS("-f -x"), .args = {"-x", "-f"}},
  {ASKS("-f -x"), .args = {"-xf"}},
  {ASKS("-f -x <file>"), .args = {"-fx", "file"}},
  {ASKS("-x <->"), .args = {"-x", "-"}},
  {ASKS("-x <-> NEWROOT </n>"), .args = {"-x", "-", "/n"}},
  {ASKS("-x NEWROOT <dir>"), .args = {"-x", "dir"}},
  {ASKS("-x NEWROOT <dir> INIT <file>"), .args = {"-x", "dir", "file"}},
  {ASKS("-x NEWROOT <none> INIT <file>"), .args = {"-x", "none", "file"}},
  {ASKS("-x <none> NEWROOT <dir>"), .args = {"-x", "none", "dir"}},
  {ASKS("-x <none> NEWROOT <no>"), .args = {"-x", "none", "no"}},
  {ASKS("-q -x <none>"), .args = {"-x", "none", "-q"}},
  {ASKS("-x NEWROOT <file>"), .args = {"-x", "--", "file"}},
  {ASKS("-x <>"), .args = {"-x", ""}},
  {ASKS("-x <file> -x -x <none> INIT <x>"), .args = {"-x", "file", "-x", "-x",
    "none", "/newroot", "x"}},
  {ASKS("-x"), .args = {"-xo"}, .fault = "-o: needs an argument"},
  {ASKS("-x <file>"), .args = {"-x", "file"}, .cmdline = "leafroot=extract=a"},
  {ASKS("-x"), .args = {"-x"}, .cmdline = "leafroot=extract=a,extract"},
  {ASKS("-f -x <a>"), .args = {"-f"}, .cmdline = "leafroot=extract=a"},

  // leafroot=
  {ASKS("off"), .cmdline = "leafroot=off"},
  {ASKS("-2 -h -q -v off"), .cmdline = "leafroot=off,copy,hang,quiet,verbose"},
  {ASKS(""), .cmdline = "leafroot"},
  {ASKS(""), .cmdline = "leafroot="},
  {ASKS(""), .cmdline = "leafroot=,,,"},
  {ASKS("-2 -q"), .cmdline = "leafroot=,copy,,quiet,"},
  {ASKS("-q"), .cmdline = "leafroot=copy leafroot=quiet"},
  {ASKS("-q"), .cmdline = "leafroot=quiet -- leafroot=copy"},
  {ASKS("-2"), .cmdline = "leafroot=copy,copy"},
  {ASKS("keep=<old>"), .cmdline = "leafroot=keep=/old"},
  {ASKS("keep=<b>"), .cmdline = "leafroot=keep=/a,keep=//b"},
  {ASKS("keep=<>"), .cmdline = "leafroot=keep="},
  {ASKS("keep=<>"), .cmdline = "leafroot=keep=/"},
  {ASKS("keep=<a=b>"), .cmdline = "leafroot=keep=a=b"},
  {ASKS("-x"), .cmdline = "leafroot=extract"},
  {ASKS("-x <extra>"), .cmdline = "leafroot=extract=extra"},
  {ASKS("-x <>"), .cmdline = "leafroot=extract="},
  {ASKS("-x -x <a> -x"), .cmdline = "leafroot=extract,extract=a,extract"},
  {ASKS(""), .cmdline = "leafroot=extra", .said =
    "leafroot=extra: unknown, left out\n"},
  {ASKS("-q"), .cmdline = "leafroot=keep,extractx,OFF,quiet,off=1", .said =
    "leafroot=keep: unknown, left out\nleafroot=extractx: unknown, left out\n"
    "leafroot=OFF: unknown, left out\nleafroot=off=1: unknown, left out\n"},
  {ASKS(""), .cmdline = "leafroot=-q,%s%n", .said =
    "leafroot=-q: unknown, left out\nleafroot=%s%n: unknown, left out\n"},
  // A comma before a digit separates nothing
  {ASKS("keep=<a,2>"), .cmdline = "leafroot=keep=a,2"},
  {ASKS("-2"), .cmdline = "leafroot=copy,quiet,2", .said =
    "leafroot=quiet,2: unknown, left out\n"},
  {ASKS("-q keep=<a b>"), .cmdline = "leafroot=\"keep=/a b,quiet\""},
  {ASKS("-q keep=<a b>"), .cmdline = "\"leafroot=keep=/a b,quiet\""},
  {ASKS("-q keep=<a, b>"), .cmdline = "leafroot=keep=\"/a, b\",quiet"},
  {ASKS("-q"), .cmdline = "leafroot=quiet xleafroot=copy leafrootx=copy"},

  // An argument overrules it; what is bad stays bad
  {ASKS("-q"), .args = {"-q"}, .cmdline = "leafroot=verbose"},
  {ASKS("-v"), .args = {"-v"}, .cmdline = "leafroot=quiet"},
  {ASKS("keep=<b> -k <b>"), .args = {"-kb"}, .cmdline = "leafroot=keep=a"},
  {ASKS("off -o <nonsense> INIT <x>"), .args = {"-Zononsense", "/newroot",
    "x"}, .cmdline = "leafroot=off", .fault = "-Z: unknown option"},
  {ASKS("off -t <ext4>"), .args = {"-t", "ext4"}, .env = "off",
    .fault = "-t ext4: neither tmpfs nor ramfs"},

  // The environment overrules the kernel command line
  {ASKS("-2"), .cmdline = "leafroot=quiet", .env = "copy"},
  {ASKS(""), .cmdline = "leafroot=off", .env = ""},
  {ASKS(""), .env = "none", .said = "leafroot=none: unknown, left out\n"},
  {ASKS("keep=<a b>"), .env = "keep=\"a b\""},

  // The kernel's own words
  {ASKS("rdinit=<x>"), .cmdline = "rdinit=x"},
  {ASKS("rdinit=<b> init=<d>"), .cmdline = "rdinit=a init=c rdinit=b init=d"},
  {ASKS("rdinit=<>"), .cmdline = "rdinit"},
  {ASKS("init=<a b>"), .cmdline = "init=\"a b\""},
  {ASKS("rootfstype=<ext4>"), .cmdline = "rootfstype=ext4"},
  {ASKS("rootflags=<size=1M,ro>"), .cmdline = "rootflags=size=1M,ro"},
  {ASKS("rootflags=<>"), .cmdline = "rootflags= initramfs_options=size=1M"},
  {ASKS("rootflags=<a>"), .cmdline = "initramfs_options=b rootflags=a"},
  {ASKS("initramfs_options=<size=1M>"),
    .cmdline = "initramfs_options=size=1M quiet"},
  {ASKS("initramfs_options=<b>"), .cmdline = "initramfs-options=b"},
  {ASKS("rootflags=<mpol=bind:0,2>"), .cmdline = "rootflags=mpol=bind:0,2"},

  // As PID 1 that the kernel started its arguments are init's. So it is where
  // leafroot is not called by the name that the kernel knows.
  {ASKS("rdinit=</l> ARGS <-q> <a>"), .pid1 = 1, .argv0 = "/l",
    .args = {"-q", "a"}, .cmdline = "rdinit=/l"},
  {ASKS("ARGS <-Z>"), .pid1 = 1, .argv0 = "/init", .args = {"-Z"}},
  {ASKS("init=</l> ARGS <-Z>"), .pid1 = 1, .argv0 = "/l", .args = {"-Z"},
    .cmdline = "init=/l"},
  {ASKS("-q rdinit=</l>"), .pid1 = 1, .args = {"-q"}, .cmdline = "rdinit=/l"},
  {ASKS("-q rdinit=</l> init=</s>"), .pid1 = 1, .argv0 = "/init",
    .args = {"-q"}, .cmdline = "rdinit=/l init=/s"},
  {ASKS("-q rdinit=</l>"), .argv0 = "/l", .args = {"-q"},
    .cmdline = "rdinit=/l"},
  {ASKS("-2 -q rdinit=</l> ARGS <-v>"), .pid1 = 1, .argv0 = "/l",
    .args = {"-v"}, .cmdline = "rdinit=/l leafroot=quiet,copy"},
};

// Add NAME and VALUE, if there is one, to TEXT.
static void add(char *text, char *name, char *value)
{
  if (value) sprintf(text+strlen(text), " %s<%s>", name, value);
}

// R in words, without the first space
static char *describe(struct request *r)
{
  static char text[16384];
  struct { char set, *word; } flags[] = {{r->copy, " -2"}, {r->force, " -f"},
    {r->hang, " -h"}, {r->dry_run, " -n"}, {r->probe, " -p"},
    {r->quiet, " -q"}, {r->own_namespace, " -u"}, {r->verbose, " -v"},
    {r->off, " off"}};
  struct arg_list *a;
  unsigned i;
  char **arg;

  *text = 0;
  for (i = 0; i<ARRAY_LEN(flags); i++)
    if (flags[i].set) strcat(text, flags[i].word);
  add(text, "-c ", r->console);
  add(text, "keep=", r->keep);
  add(text, "-k ", r->keep_arg);
  add(text, "-t ", r->type);
  for (a = r->options; a; a = a->next) add(text, "-o ", a->arg);
  for (a = r->archives; a; a = a->next) {
    if (a->arg) add(text, "-x ", a->arg);
    else strcat(text, " -x");
  }
  if (strcmp(r->rdinit, "/init")) add(text, "rdinit=", r->rdinit);
  add(text, "init=", r->init_param);
  add(text, "rootfstype=", r->rootfstype);
  if (r->flags) strcat(strcat(text, " "), r->flags_name);
  if (r->flags) sprintf(text+strlen(text), "=<%s>", r->flags);
  if (strcmp(r->newroot, "/newroot")) add(text, "NEWROOT ", r->newroot);
  if (r->init) strcat(text, " INIT");
  else if (*r->init_args) strcat(text, " ARGS");
  for (arg = r->init ? : r->init_args; *arg; arg++) add(text, "", *arg);

  return text+!!*text;
}

static void run(struct row *row)
{
  char *argv[MOST+2] = {0}, *cmdline = row->cmdline ? : "", *same, *said;
  struct request r = {0};
  struct fault f = {0};
  int i, rc;

  argv[0] = row->argv0 ? : "leafroot";
  // Those of a process can be written to
  for (i = 0; i<MOST && row->args[i]; i++) argv[i+1] = strdup(row->args[i]);
  check_need(same = strdup(cmdline));
  listen_begin();
  rc = lr_request_read(&r, argv, row->pid1, cmdline, row->env, &f);
  said = listen_end();
  check_str(said, row->said ? : "", "line %d: said", row->line);
  check_str(describe(&r), row->asks, "line %d", row->line);
  check_str(cmdline, same, "line %d: the kernel command line", row->line);
  check(!r.init || !*r.init_args, "line %d: another init has none of INIT's"
    " arguments", row->line);

  listen_begin();
  lr_complain(&f, "");
  said = listen_end();
  said[strcspn(said, "\n")] = 0;
  check_str(said, row->fault ? : "", "line %d: fault", row->line);
  check_num(rc, row->fault ? -1 : 0, "line %d: returned", row->line);
  // Nothing looks at the request any more
  while (i) free(argv[i--]);
  free(same);
}

// Words of 5000 bytes, wherever there can be one
static void long_words(void)
{
  char word[5001], text[5100], *want, *cmdline,
    *argv[] = {"leafroot", "-c", word, "-k", word, "-o", word, "-x", word,
      word, word, word, 0};
  struct request r = {0};
  struct fault f = {0};

  memset(word, 'w', 5000);
  word[5000] = 0;
  check(!lr_request_read(&r, argv, 0, "", 0, &f), "words of 5000 bytes");
  check(r.console == word && r.keep == word && r.keep_arg == word
    && r.options->arg == word && r.archives->arg == word && r.newroot == word
    && r.init == argv+10 && r.init[1] == word, "they are the arguments' own");

  argv[1] = "-t";
  argv[3] = 0;
  memset(&r, 0, sizeof(r));
  check(lr_request_read(&r, argv, 0, "", 0, &f) == -1, "a type of 5000 bytes");
  sprintf(text, "%s: neither tmpfs nor ramfs", word);
  check_str(f.name, text, "its fault");
  lr_fault_clear(&f);

  argv[1] = 0;
  memset(&r, 0, sizeof(r));
  check_need(0<asprintf(&cmdline, "init=%s leafroot=%s,keep=%s,extract=%s"
    " rootflags=%s", word, word, word, word, word));
  listen_begin();
  check(!lr_request_read(&r, argv, 0, cmdline, 0, &f), "on a command line");
  want = listen_end();
  sprintf(text, "leafroot=%s: unknown, left out\n", word);
  check_str(want, text, "an unknown one");
  check(!strcmp(r.init_param, word) && !strcmp(r.keep, word)
    && !strcmp(r.archives->arg, word) && !strcmp(r.flags, word), "the others");
  free(cmdline);
}

// What INIT is called with where only its arguments were given
static void init_argv(void)
{
  char *none[] = {"l", 0}, *two[] = {"l", "a", "", 0}, **argv;
  struct request r = {.init_args = none+1};

  argv = lr_request_argv(&r, "/i");
  check(!strcmp(*argv, "/i") && !argv[1], "none");
  r.init_args = two+1;
  argv = lr_request_argv(&r, "/i");
  check(!strcmp(*argv, "/i") && !strcmp(argv[1], "a") && !*argv[2]
    && !argv[3], "two arguments");
}

int main(void)
{
  char there[4096];
  unsigned i;

  check_file("file", 0644, "", 0);
  check_need(getcwd(there, sizeof(there)) && !chdir(check_dir())
    && !mkdir("dir", 0700));
  for (i = 0; i<ARRAY_LEN(rows); i++) run(rows+i);
  long_words();
  init_argv();
  check_need(!chdir(there));

  return check_done();
}
