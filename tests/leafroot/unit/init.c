// init.c - which init is found, and what becomes of one that can't be run
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// unit: lib/init.c lib/initcheck.c lib/request.c lib/bootparam.c lib/mountopt.c
// unit: lib/report.c lib/fault.c

#include "toys.h"
#include "check.h"
#include "said.h"
#include <elf.h>
#include <sys/time.h>
#include "lib/fault.h"
#include "lib/init.h"
#include "lib/plan.h"
#include "lib/report.h"
#include "lib/request.h"
#include "lib/scene.h"

#define NONE "no init: none of /init /sbin/init /etc/init /bin/init /bin/sh"

// A row: the files that can be run, "self" being our own program; "-" before
// one that can't be, as it has no x bit. Then what INIT and its arguments are,
// init= and rdinit= ("/init" if not given), and what comes of it.
static struct row {
  char *files, *init, *param, *rdinit, *want, *said, *fault;
  int filled;             // NEWROOT is somebody's own: nothing in it is ours
} rows[] = {
  // The first of the usual ones. The kernel started /init: that would go round
  {"/init /sbin/init /bin/sh", 0, 0, 0, "/sbin/init a b", "", 0, 0},
  {"/init /sbin/init /bin/sh", 0, 0, "/x", "/init a b", "", 0, 0},
  {"/sbin/init /etc/init", 0, 0, "/x", "/sbin/init a b", "", 0, 0},
  {"/etc/init /bin/init", 0, 0, "/x", "/etc/init a b", "", 0, 0},
  {"/bin/init /bin/sh", 0, 0, "/x", "/bin/init a b", "", 0, 0},
  {"/bin/sh /x", 0, 0, "/x", "/bin/sh a b", "", 0, 0},
  {"-/init -/sbin/init /bin/sh", 0, 0, "/x", "/bin/sh a b", "", 0, 0},
  {"/init /sbin/init", 0, 0, "/sbin/init", "/init a b", "", 0, 0},
  {"/init", 0, 0, 0, "/init a b", "", 0, 1},

  // None
  {"", 0, 0, "/x", 0, "", NONE " can be run", 0},
  {"/init", 0, 0, 0, 0, "", NONE " can be run", 0},
  {"/usr/init /sbin/sh", 0, 0, "/x", 0, "", NONE " can be run", 0},
  {"-/init -/bin/sh", 0, 0, "/x", 0, "", NONE " can be run", 0},

  // Our own program, whatever its name: where it's not a multicall binary
  {"self/init /sbin/init", 0, 0, "/x", CFG_TOYBOX ? "/init a b"
    : "/sbin/init a b", "", 0, 0},
  {"self/bin/init", 0, 0, "/x", CFG_TOYBOX ? "/bin/init a b" : 0, "",
    CFG_TOYBOX ? 0 : NONE " can be run", 0},
  {"self/leafroot /bin/sh", 0, "/leafroot", "/x", "/bin/sh a b", "", 0, 0},
  {"self/b/leafroot /bin/sh", 0, "/b/leafroot", "/x", "/bin/sh a b", "", 0, 0},
  {"self/leafroot.x /bin/sh", 0, "/leafroot.x", "/x", CFG_TOYBOX
    ? "/leafroot.x a b" : "/bin/sh a b", "", 0, 0},

  // init=: one that can't be run is left out
  {"/my /init", 0, "/my", "/x", "/my a b", "", 0, 0},
  {"/my", 0, "my", "/x", "my a b", "", 0, 0},
  {"/init", 0, "/my", "/x", "/init a b",
    "init /my: No such file or directory, left out\n", 0, 0},
  {"-/my /init", 0, "/my", "/x", "/init a b",
    "init /my: Permission denied, left out\n", 0, 0},
  {"/init", 0, "", "/x", "/init a b",
    "init \"\": No such file or directory, left out\n", 0, 0},
  {"", 0, "/my", "/x", 0, "init /my: No such file or directory, left out\n",
    NONE " can be run", 0},
  {"/x /bin/sh", 0, "/x", "/x", "/bin/sh a b", "", 0, 0},
  {"/x /bin/sh", 0, "/x", "/x", "/x a b", "", 0, 1},
  {"/init /bin/sh", 0, "/init", 0, "/bin/sh a b", "", 0, 0},

  // INIT as an argument: it or nothing, also leafroot itself
  {"/my /init", "/my", 0, "/x", "/my 1 2", "", 0, 0},
  {"/my /init", "/my", "/no", "/x", "/my 1 2", "", 0, 0},
  {"/my /init", "/init", "/my", 0, "/init 1 2", "", 0, 0},
  {"/x /init", "/x", 0, "/x", "/x 1 2", "", 0, 0},
  {"/init", "/my", 0, "/x", 0, "", "init /my: No such file or directory", 0},
  {"-/my /init", "/my", 0, "/x", 0, "", "init /my: Permission denied", 0},
  {"/init", "", 0, "/x", 0, "", "init \"\": No such file or directory", 0},
  {"/init", "/", 0, "/x", 0, "", "init /: Is a directory", 0},
  {"/init", "%s", "/init", "/x", 0, "", "init %s: No such file or directory",
    0},
};

// What is wanted of an archive
static struct {
  char *init, *param, *rdinit, *want;
  int filled;
} wanted[] = {
  {0, 0, "/x", "/init /sbin/init /etc/init /bin/init /bin/sh", 0},
  {0, 0, "/init", "/sbin/init /etc/init /bin/init /bin/sh", 0},
  {0, 0, "/init", "/init /sbin/init /etc/init /bin/init /bin/sh", 1},
  {0, "/my", "/init", "/my /sbin/init /etc/init /bin/init /bin/sh", 0},
  {0, "/x", "/x", "/init /sbin/init /etc/init /bin/init /bin/sh", 0},
  {"/my", 0, "/x", "/my", 0},
  {"/my", "/no", "/x", "/my", 0},
  {"/x", 0, "/x", "/x", 0},
  {"", 0, "/x", "", 0},
};

static int proc;
static char dir[4096];        // of the new root: an absolute path
static char program[4096];    // our own

// Join the words of ARGV. Returns them malloc()ed, or 0 for no argv.
static char *join(char **argv)
{
  char *text = argv ? strdup(*argv) : 0, *more;

  while (argv && *++argv) {
    check_need(0<asprintf(&more, "%s %s", text, *argv));
    free(text);
    text = more;
  }

  return text;
}

// Have FILES, as in a row, and nothing else in the new root.
static void make_files(char *files)
{
  char *list = strdup(files), *name, *save = 0, path[8192], *s;
  struct elf { Elf64_Ehdr head; char more[64]; } elf = {0};
  int fd, x, self;

  // No program header asks for a loader
  memcpy(elf.head.e_ident, ELFMAG, SELFMAG);
  elf.head.e_ident[EI_CLASS] = ELFCLASS64;
  elf.head.e_ident[EI_DATA] = IS_BIG_ENDIAN ? ELFDATA2MSB : ELFDATA2LSB;
  check_need(!mount("root", dir, "tmpfs", 0, 0));
  for (name = strtok_r(list, " ", &save); name;
    name = strtok_r(0, " ", &save))
  {
    name += x = *name == '-';
    name += 4*(self = !strncmp(name, "self", 4));
    sprintf(path, "%s%s", dir, name);
    for (s = path+strlen(dir)+1; (s = strchr(s, '/')); *s++ = '/') {
      *s = 0;
      check_need(!mkdir(path, 0755) || errno == EEXIST);
    }
    check_need((fd = open(path, O_WRONLY|O_CREAT|O_CLOEXEC, 0600)) != -1);
    check_need(write(fd, &elf, sizeof(elf)) == sizeof(elf));
    check_need(!fchmod(fd, x ? 0644 : 0755));
    close(fd);
    if (self) check_need(!mount(program, path, 0, MS_BIND, 0));
  }
  free(list);
}

// The request and the scene of the other arguments
static void ask(struct request *r, struct scene *s, char *init, char *param,
  char *rdinit, int filled)
{
  static char *args[] = {"l", "a", "b", 0}, *argv[] = {0, "1", "2", 0};

  memset(r, 0, sizeof(*r));
  memset(s, 0, sizeof(*s));
  r->rdinit = rdinit ? : "/init";
  r->init_param = param;
  r->init_args = args+1;
  *argv = init;
  if (init) {
    r->init = argv;
    r->init_args = argv+3;
  }
  s->proc = proc;
  s->newroot_mount = filled;
}

// What is found in the new root, which is this process's too
static void find(struct row *row)
{
  int root = open("/", O_RDONLY|O_DIRECTORY|O_CLOEXEC), i = row-rows, rc;
  struct request r;
  struct scene s;
  struct plan p = {0};
  struct fault f = {0};
  char *said, *got;

  ask(&r, &s, row->init, row->param, row->rdinit, row->filled);
  lr_init_begin(&p, &r, &s);
  listen_begin();
  rc = lr_init_find(&p, &r, &s, root, &f);
  said = listen_end();
  check_str(said, row->said, "row %d: said", i);
  check_num(rc, row->fault ? -1 : 0, "row %d", i);
  got = join(p.init);
  check_str(got, row->want, "row %d: init", i);
  free(got);
  listen_begin();
  lr_complain(&f, "");
  said = listen_end();
  said[strcspn(said, "\n")] = 0;
  check_str(said, row->fault ? : "", "row %d: fault", i);
  close(root);
}

// Call find() in a process whose root is the new root, and count its rows.
static void in_root(struct row *row)
{
  int status, rows[2], pipes[2];
  pid_t pid;

  make_files(row->files);
  fflush(stdout);
  check_need(!pipe(pipes) && (pid = fork()) != -1);
  if (!pid) {
    check_need(!chroot(dir) && !chdir("/"));
    find(row);
    rows[0] = check_state.rows;
    rows[1] = check_state.failed;
    check_need(write(pipes[1], rows, sizeof(rows)) == sizeof(rows));
    fflush(stdout);
    _exit(0);
  }
  close(pipes[1]);
  check_need(waitpid(pid, &status, 0) == pid);
  check_need(read(*pipes, rows, sizeof(rows)) == sizeof(rows));
  close(*pipes);
  check_state.rows = rows[0];
  check_state.failed = rows[1];
  check_need(!umount2(dir, MNT_DETACH));
}

// What is run, by PID 1 or not, and how that ends: by an exit status, or -1 if
// it hangs. In the new root are FILES and, with SHELL, a shell that works.
static struct {
  char *files;
  int shell, pid1;
  char *argv[4], *said;
  int status;
} runs[] = {
  {"/my", 1, 0, {"/bin/sh", "-c", "exit 7"}, "", 7},
  {"/my", 1, 0, {"/no"}, "init /no: No such file or directory\n", 127},
  {"-/my", 1, 0, {"/my"}, "init /my: Permission denied\n", 126},
  {"/my", 1, 0, {"/my"}, "init /my: Exec format error\n", 126},
  {"/my", 1, 0, {0}, "no INIT to run\n", 126},
  // PID 1 never exits: the first that can be run, or none. The shell gets no
  // arguments and reads the end of its input.
  {"/my", 1, 1, {"/bin/sh", "-c", "exit 7"}, "", 7},
  {"/my", 1, 1, {"/no", "1", "2"}, "init /no: No such file or directory\n", 0},
  {"/init /sbin/init", 1, 1, {"/my"}, "init /my: No such file or directory\n",
    0},
  {"/my", 1, 1, {0}, "", 0},
  {"/my", 0, 1, {"/no"}, "init /no: No such file or directory\n"
    NONE " runs\nhanging\n", -1},
  {"-/sbin/init", 0, 1, {0}, NONE " runs\nhanging\n", -1},
};

// Run number I of runs[], which ends this process.
static void execute(int i)
{
  struct itimerval soon = {.it_value.tv_usec = 300000};
  char **argv = runs[i].argv;
  struct request r = {.rdinit = "/x"};
  struct scene s = {.proc = proc, .pid1 = runs[i].pid1};
  struct plan p = {0};
  struct fault f = {0};
  char *args[8] = {"leafroot", "/newroot"};

  memcpy(args+2, argv, sizeof(runs[i].argv));
  check_need(!lr_request_read(&r, args, 0, "rdinit=/x", 0, &f));
  lr_init_begin(&p, &r, &s);
  check_need(dup2(open("/dev/null", O_RDWR), 0) == 0);
  check_need(!chroot(dir) && !chdir("/"));
  setitimer(ITIMER_REAL, &soon, 0);
  _exit(lr_init_run(&p, &r, &s));
}

// Have the host's shell, and all that it may need, in the new root.
static void bind_shell(void)
{
  char *dirs[] = {"/lib", "/lib64", "/usr", "/bin/sh"}, path[8192];
  unsigned i;
  int fd;

  sprintf(path, "%s/bin", dir);
  check_need(!mkdir(path, 0755));
  for (i = 0; i<ARRAY_LEN(dirs); i++) {
    if (access(dirs[i], F_OK)) continue;
    sprintf(path, "%s%s", dir, dirs[i]);
    if (i<3) check_need(!mkdir(path, 0755));
    else {
      check_need((fd = open(path, O_WRONLY|O_CREAT|O_CLOEXEC, 0600)) != -1);
      close(fd);
    }
    check_need(!mount(dirs[i], path, 0, MS_BIND|MS_REC, 0));
  }
}

static void run_all(void)
{
  unsigned i;
  int status;
  char *said;
  pid_t pid;

  for (i = 0; i<ARRAY_LEN(runs); i++) {
    make_files(runs[i].files);
    if (runs[i].shell) bind_shell();
    fflush(stdout);
    listen_begin();
    check_need((pid = fork()) != -1);
    if (!pid) execute(i);
    check_need(waitpid(pid, &status, 0) == pid);
    said = listen_end();
    check_str(said, runs[i].said, "run %u: said", i);
    check_num(WIFEXITED(status) ? WEXITSTATUS(status)
      : WTERMSIG(status) == SIGALRM ? -1 : -2, runs[i].status, "run %u", i);
    check_need(!umount2(dir, MNT_DETACH));
  }
}

static void want_all(void)
{
  struct request r;
  struct scene s;
  struct fault f = {0};
  char **want, *got;
  unsigned i;

  for (i = 0; i<ARRAY_LEN(wanted); i++) {
    ask(&r, &s, wanted[i].init, wanted[i].param, wanted[i].rdinit,
      wanted[i].filled);
    check_need(want = lr_init_wanted(&r, &s));
    got = join(want);
    check_str(got, wanted[i].want, "wanted %u", i);
    free(got);
    free(want);
  }

  // By the file, by the name that the kernel started, and in a NEWROOT that is
  // another system's
  ask(&r, &s, 0, 0, "/x", 0);
  check_num(lr_init_own(&r, &s, program), !CFG_TOYBOX, "own: our program");
  check(lr_init_own(&r, &s, "/x"), "own: what the kernel started");
  check(!lr_init_own(&r, &s, "/none"), "own: nothing");
  check(!lr_init_own(&r, &s, dir), "own: something else");
  s.newroot_mount = 1;
  check(!lr_init_own(&r, &s, program), "filled: our program");
  check(!lr_init_own(&r, &s, "/x"), "filled: what the kernel started");

  check_num(lr_init_none(&f, "is in ", "a.cpio"), -1, "none");
  check_str(f.step, "no init:", "none: step");
  check_str(f.name, NONE " is in a.cpio"+9, "none: name");
  lr_fault_clear(&f);
}

int main(void)
{
  unsigned i;

  check_namespace();
  check_need(0<readlink("/proc/self/exe", program, sizeof(program)-1));
  check_need((proc = open("/proc", O_PATH|O_DIRECTORY|O_CLOEXEC)) != -1);
  sprintf(dir, "%s/root", check_dir());
  check_need(!mkdir(dir, 0700));
  for (i = 0; i<ARRAY_LEN(rows); i++) in_root(rows+i);
  want_all();
  run_all();

  return check_done();
}
