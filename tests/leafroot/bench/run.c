// run.c - run a command once and measure it
//
// usage: run [-cpr] [-i FILE] [-w MIB] SRC CMD [ARG...]
//
// -c	Cold: touch no memory before. Says how fast fresh memory is instead
// -i	Afterwards in the command's mount namespace: run FILE (the manifest) on /
// 	and see that SRC's file system is gone
// -p	As PID 1 of a pid namespace, with SRC, a mount point, for its root
// -r	CMD writes a byte to descriptor 3 when ready and reads one from 4
// -w	Touch and free that much memory before (warm)
//
// Prints one JSON object without the braces: wall and cpu (user+sys) in s, peak
// and left in MiB: how far Cached+Slab+AnonPages rose during and after the run,
// sampled every 3 ms. Those count all of the machine, so it should be idle.
// SPDX-License-Identifier: 0BSD

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char *source, *inspector;
static int cold, root, own, meminfo;
static volatile long most;
static volatile int over;

static void die(char *what)
{
  fprintf(stderr, "run: %s: %s\n", what, strerror(errno));
  exit(1);
}

static double clock_of(clockid_t id)
{
  struct timespec ts;

  if (clock_gettime(id, &ts)) die("clock");

  return ts.tv_sec+ts.tv_nsec/1e9;
}

// Memory in use, in kB. What is mapped shared and anonymous counts once, in
// Cached; ramfs and tmpfs pages are there too, their inodes in Slab.
static long used(void)
{
  static char *what[] = {"\nCached:", "\nAnonPages:", "\nSlab:"};
  char buf[4096], *s;
  ssize_t len = pread(meminfo, buf, sizeof(buf)-1, 0);
  long sum = 0;
  int i;

  if (len<1) die("/proc/meminfo");
  buf[len] = 0;
  for (i = 0; i<3; i++) {
    if (!(s = strstr(buf, what[i]))) die(what[i]);
    sum += atol(s+strlen(what[i]));
  }

  return sum;
}

static void *sample(void *unused)
{
  struct timespec ts = {0, 3000000};
  long now;

  while (!over) {
    if ((now = used())>most) most = now;
    nanosleep(&ts, 0);
  }

  return unused;
}

// Touch BYTES of fresh memory. Returns where, and the seconds it took in *TIME.
static void *touch(size_t bytes, double *time)
{
  double from = clock_of(CLOCK_MONOTONIC);
  char *p = mmap(0, bytes, PROT_READ|PROT_WRITE,
    MAP_PRIVATE|MAP_ANONYMOUS|MAP_POPULATE, -1, 0);

  if (p == MAP_FAILED) die("mmap");
  *time = clock_of(CLOCK_MONOTONIC)-from;

  return p;
}

// In the child: SRC becomes the root of a namespace with nothing else in it.
static void enter(void)
{
  if (mount(0, "/", 0, MS_REC|MS_PRIVATE, 0) || chdir(source)
    || syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH)
    || chdir("/")) die(source);
}

static void child(char **argv, int ready, int go)
{
  char c = 0;

  if (root) enter();
  if (own) {
    ready = fcntl(ready, F_DUPFD, 10);
    go = fcntl(go, F_DUPFD, 10);
    dup2(ready, 3);
    dup2(go, 4);
  } else if (1 != write(ready, &c, 1) || 1 != read(go, &c, 1)) die("pipe");
  execvp(*argv, argv);
  die(*argv);
}

// After the run: the manifest of what is now "/" in namespace NS goes to
// stdout, and NOTE has to say that SRC's file system is no more.
static void inspect(int ns, int note)
{
  char buf[4096], *argv[] = {"manifest", "/", 0};
  struct inotify_event *e = (void *)buf;
  int fd = open(inspector, O_RDONLY|O_CLOEXEC), gone = 0;
  ssize_t len;

  while (0<(len = read(note, buf, sizeof(buf))))
    for (e = (void *)buf; (char *)e<buf+len; e = (void *)(e->name+e->len))
      if (e->mask&IN_UNMOUNT) gone = 1;
  if (!gone) {
    fprintf(stderr, "run: %s is not gone\n", source);
    exit(1);
  }
  if (fd == -1 || setns(ns, CLONE_NEWNS)) die(inspector);
  fexecve(fd, argv, (char *[]){0});
  die(inspector);
}

// Run ARGV after WARM bytes of memory were touched and freed.
static void measure(char **argv, size_t warm)
{
  int ready[2], go[2], ns = -1, note = -1, status;
  double wall, cpu, time, rate = 0;
  struct rusage ru;
  pthread_t thread;
  clockid_t clock;
  long before, after;
  char c, path[64];
  pid_t pid;

  if (pipe2(ready, O_CLOEXEC) || pipe2(go, O_CLOEXEC)) die("pipe");
  if (inspector && (0>(note = inotify_init1(IN_CLOEXEC|IN_NONBLOCK))
    || 0>inotify_add_watch(note, source, IN_DELETE_SELF))) die(source);
  pid = syscall(SYS_clone, SIGCHLD|(root ? CLONE_NEWNS|CLONE_NEWPID : 0), 0, 0,
    0, 0);
  if (!pid) {
    // Should we die, it reads the end of the pipe
    close(go[1]);
    child(argv, ready[1], *go);
  }
  if (pid<0 || 1 != read(*ready, &c, 1)) die(*argv);
  if (root) {
    // The namespace is held, or its end would be part of what is measured; our
    // own mount of SRC is not, or it would keep what leafroot leaves behind
    sprintf(path, "/proc/%d/ns/mnt", pid);
    if (0>(ns = open(path, O_RDONLY|O_CLOEXEC)) || umount2(source, MNT_DETACH))
      die(source);
  }
  if (clock_getcpuclockid(pid, &clock)) die("clock");

  // The probe of a cold run stays mapped, or it would be a warm pool
  if (cold) rate = (512<<20)/1e9/(touch(512<<20, &time), time);
  else if (warm) munmap(touch(warm, &time), warm);
  most = before = used();
  if (pthread_create(&thread, 0, sample, 0)) die("thread");
  cpu = -clock_of(clock);
  wall = -clock_of(CLOCK_MONOTONIC);
  if (1 != write(go[1], &c, 1) || pid != wait4(pid, &status, 0, &ru)) die("wait");
  wall += clock_of(CLOCK_MONOTONIC);
  after = used();
  over = 1;
  pthread_join(thread, 0);
  if (status) {
    fprintf(stderr, "run: %s: status %x\n", *argv, status);
    exit(1);
  }
  if (most<after) most = after;
  cpu += ru.ru_utime.tv_sec+ru.ru_stime.tv_sec
    +(ru.ru_utime.tv_usec+ru.ru_stime.tv_usec)/1e6;
  if (inspector) inspect(ns, note);
  printf("\"wall\": %.4f, \"cpu\": %.4f, \"peak\": %.1f, \"left\": %.1f", wall,
    cpu, (most-before)/1024., (after-before)/1024.);
  if (cold) printf(", \"fresh\": %.2f", rate);
  putchar('\n');
}

int main(int argc, char **argv)
{
  size_t warm = 0;
  int c;

  while (-1 != (c = getopt(argc, argv, "+ci:prw:"))) {
    if (c == 'c') cold = 1;
    else if (c == 'i') inspector = optarg;
    else if (c == 'p') root = 1;
    else if (c == 'r') own = 1;
    else if (c == 'w') warm = strtoull(optarg, 0, 10)<<20;
    else return 1;
  }
  if (argc<optind+2) {
    fprintf(stderr, "usage: run [-cpr] [-i FILE] [-w MIB] SRC CMD [ARG...]\n");
    return 1;
  }
  source = argv[optind];
  meminfo = open("/proc/meminfo", O_RDONLY|O_CLOEXEC);
  measure(argv+optind+1, warm);

  return 0;
}
