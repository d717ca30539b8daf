// inject.c - run a command of which one system call fails
//
// usage: inject -c FILE COMMAND...         count calls, by name, into FILE
//        inject NAME:N:ERROR COMMAND...    the Nth call of NAME fails
//        inject NAME:N+:ERROR COMMAND...   and every later one does too
//        inject NAME:N:term COMMAND...     there the command gets a SIGTERM
//        inject NAME:N:PROGRAM COMMAND...  there PROGRAM (a path) is run first
//        inject -t TABLE NAME:N:ERROR/K COMMAND...
//                                          a second one fails: the Kth after it
//        inject after:USEC:SIGNAL COMMAND...
//                                          it gets a signal (a number) by then
//
// Unlike strace's this counts all threads together, and never twice: seccomp
// stops the command at its calls and asks us. What counts begins behind the
// C library's start, and ends when the command executes another program. The
// command keeps our process id, so that it can be PID 1. Prints nothing if N is
// never reached, otherwise "injected" to descriptor 9 if that is open.
//
// A line of TABLE has a call's name and the errors it can give. Of calls that are
// not there none is the second; if it comes, "again NAME ERROR" is printed too.
// SPDX-License-Identifier: 0BSD

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <unistd.h>

static char *names[] = {
#include "syscalls.inc"
};
#define NAMES (int)(sizeof(names)/sizeof(*names))

#define E(e) {#e, e}
static struct { char *name; int err; } errors[] = {E(ENOSPC), E(ENOMEM), E(EIO),
  E(EINVAL), E(EPERM), E(EMFILE), E(EBUSY), E(EACCES), E(EAGAIN), E(EDQUOT),
  E(EINTR), E(ENFILE), E(ENODEV), E(EOPNOTSUPP), E(EROFS), E(EPIPE), E(ERANGE),
  E(ENOSYS)};
#define ERRORS (int)(sizeof(errors)/sizeof(*errors))

// Of TABLE: for each call its errors, as indices of errors[]
static struct { int n, error[8]; } table[NAMES];

static void die(char *what)
{
  fprintf(stderr, "inject: %s: %s\n", what, strerror(errno));
  exit(125);
}

static int number(char *name)
{
  int i;

  for (i = 0; i<NAMES; i++) if (names[i] && !strcmp(names[i], name)) return i;
  errno = ENOSYS;
  die(name);

  return -1;
}

static int error_number(char *name)
{
  int i;

  for (i = 0; i<ERRORS; i++) if (!strcmp(errors[i].name, name)) return i;

  return -1;
}

// Read TABLE. What follows a # is a comment.
static void read_table(char *file)
{
  FILE *in = fopen(file, "r");
  char line[256], *word, *rest;
  int nr, error;

  if (!in) die(file);
  while (fgets(line, sizeof(line), in)) {
    line[strcspn(line, "#\n")] = 0;
    rest = line;
    if (!(word = strsep(&rest, " ")) || !*word) continue;
    nr = number(word);
    while ((word = strsep(&rest, " "))) if (*word) {
      if ((error = error_number(word))<0 || table[nr].n == 8) die(word);
      table[nr].error[table[nr].n++] = error;
    }
  }
  fclose(in);
}

// What the C library needs to come up or to end, and what cannot fail. musl's
// threads would deadlock if futex() failed.
static int never[] = {SYS_arch_prctl, SYS_set_tid_address, SYS_exit,
  SYS_exit_group, SYS_rt_sigreturn, SYS_futex, SYS_restart_syscall,
  SYS_sched_yield};

// Ask about call NR, or about all with -1, and about every execve; if there is a
// second failure, SECOND, also about all that are in the table.
static int filter(int nr, int second)
{
  static struct sock_filter f[2*NAMES+8];
  struct sock_fprog prog = {0, f};
  int n = 0, i, fd;

#define ADD(c, k, t, e) f[n++] = (struct sock_filter)BPF_JUMP(c, k, t, e)
  ADD(BPF_LD|BPF_W|BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
  if (nr!=-1) {
    for (i = 0; second && i<NAMES; i++) if (table[i].n) {
      ADD(BPF_JMP|BPF_JEQ|BPF_K, i, 0, 1);
      ADD(BPF_RET|BPF_K, SECCOMP_RET_USER_NOTIF, 0, 0);
    }
    ADD(BPF_JMP|BPF_JEQ|BPF_K, nr, 2, 0);
    ADD(BPF_JMP|BPF_JEQ|BPF_K, SYS_execve, 1, 0);
    ADD(BPF_RET|BPF_K, SECCOMP_RET_ALLOW, 0, 0);
  } else for (i = 0; i<(int)(sizeof(never)/sizeof(*never)); i++) {
    ADD(BPF_JMP|BPF_JEQ|BPF_K, never[i], 0, 1);
    ADD(BPF_RET|BPF_K, SECCOMP_RET_ALLOW, 0, 0);
  }
  ADD(BPF_RET|BPF_K, SECCOMP_RET_USER_NOTIF, 0, 0);
  prog.len = n;
  fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
    SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog);
  if (fd<0) die("seccomp");

  return fd;
}

static void answer(int fd, unsigned long long id, int err)
{
  struct seccomp_notif_resp r = {.id = id, .error = -err,
    .flags = err ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE};

  // The one who asked can be gone
  if (ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &r) && errno!=ENOENT) die("answer");
}

// Answer until all are gone. NR, N, MORE, WHAT, SECOND: as in usage; COUNT: a
// file.
static void supervise(int fd, int nr, unsigned n, int more, char *what,
  int second, char *count)
{
  static unsigned seen[NAMES];
  struct seccomp_notif q;
  struct pollfd gone = {.fd = fd};
  int over = 0, execs = 0, err = 0, i, first = 0, since = 0;
  FILE *out;

  if (what && (i = error_number(what))>=0) err = errors[i].err;
  for (;;) {
    memset(&q, 0, sizeof(q));
    if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &q)) {
      // ENOENT: a signal has taken the one who asked away, or all are gone
      if (errno==EINTR || (errno==ENOENT
        && poll(&gone, 1, 0)!=-1 && !(gone.revents&POLLHUP))) continue;
      break;
    }
    if (!first) first = q.pid;
    i = q.data.nr;

    // The first is ours
    if (i==SYS_execve && !execs++) {
      memset(seen, 0, sizeof(seen));
      answer(fd, q.id, 0);
      continue;
    }
    if (!execs || over || i<0 || i>=NAMES) {
      answer(fd, q.id, 0);
      continue;
    }
    seen[i]++;
    if (second && table[i].n && since && since++==second) {
      err = table[i].error[second%table[i].n];
      dprintf(9, "again %s %s\n", names[i], errors[err].name);
      answer(fd, q.id, errors[err].err);
      second = 0;
      continue;
    }
    if (i==nr && (seen[i]==n || (more && seen[i]>n))) {
      if (seen[i]==n) dprintf(9, "injected\n");
      since = 1;
      if (err) {
        answer(fd, q.id, err);
        continue;
      }
      if (*what=='/') {
        if (!fork()) {
          execl(what, what, (char *)0);
          _exit(127);
        }
        wait(0);
      } else {
        kill(first, SIGTERM);
        usleep(600000);
      }
    }
    if (i==SYS_execve && q.pid==(unsigned)first) {
      over = 1;
      if (count && (out = fopen(count, "w"))) {
        for (i = 0; i<NAMES; i++)
          if (seen[i]) fprintf(out, "%s %u\n", names[i], seen[i]);
        fclose(out);
      }
    }
    answer(fd, q.id, 0);
  }
  _exit(0);
}

// Send SIGNAL to process PID in USEC us.
static void later(pid_t pid, int usec, int signal)
{
  usleep(usec);
  if (!kill(pid, signal)) dprintf(9, "injected\n");
  _exit(0);
}

int main(int argc, char **argv)
{
  char *name, *n = "0", *what = 0, *count = 0, *s;
  volatile int *share;
  int nr = -1, second = 0;

  if (argc>2 && !strcmp(argv[1], "-t")) {
    read_table(argv[2]);
    argv += 2;
    argc -= 2;
  }
  if (argc<3) return 125;
  if (!strcmp(argv[1], "-c")) {
    count = argv[2];
    argv++;
  } else {
    name = strtok(argv[1], ":");
    n = strtok(0, ":");
    what = strtok(0, "");
    if (!n || !what) return 125;
    if (!strcmp(name, "after")) {
      if (!syscall(SYS_clone, 0, 0, 0, 0, 0))
        later(getppid(), atoi(n), atoi(what));
      execv(argv[2], argv+2);
      die(argv[2]);
    }
    nr = number(name);
    if (*what!='/' && (s = strchr(what, '/'))) {
      *s = 0;
      second = atoi(s+1);
    }
  }
  argv += 2;

  share = mmap(0, 4096, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0);
  if (share==MAP_FAILED) die("memory");
  *share = -1;

  // Descriptors are shared until the command is executed; no signal at the end
  if (!syscall(SYS_clone, CLONE_FILES, 0, 0, 0, 0)) {
    while (*share==-1) usleep(1000);
    fcntl(*share, F_SETFD, FD_CLOEXEC);
    supervise(*share, nr, atoi(n), !!strchr(n, '+'), what, second, count);
  }
  // A shell ignores these for what it runs in the background, and so may the
  // tests be run
  signal(SIGINT, SIG_DFL);
  signal(SIGQUIT, SIG_DFL);
  *share = filter(nr, second);
  execv(*argv, argv);
  die(*argv);
}
