/* leafroot.c - make the running initramfs the root filesystem for good
 *
 * Copyright 2026 The leafroot authors
 *
 * No standard.

USE_LEAFROOT(NEWTOY(leafroot, 0, TOYFLAG_SBIN|TOYFLAG_NOHELP))

config LEAFROOT
  bool "leafroot"
  default n
  help
    usage: leafroot [-2fhnpquv] [-c DEV] [-k DIR] [-o OPTS] [-t TYPE]
           [-x [ARCHIVE]] [NEWROOT [INIT [ARG...]]]

    Make the initramfs this system runs from its root file system for good:
    mount a tmpfs on NEWROOT (/newroot), move everything into it, make it "/",
    empty and seal the old root, run INIT. Where something is mounted on NEWROOT
    already that becomes "/". After that pivot_root and containers
    work. Run as PID 1: exec leafroot..., or rdinit=/sbin/leafroot on the kernel
    command line.

    -2	Copy everything first: the old root stays whole, memory holds both
    -c	Open stdin, stdout, stderr on DEV in the new root
    -f	Do it although / is no rootfs (a disk is copied, never wiped)
    -h	On failure hang instead of booting in place
    -k	Keep the old root: copy, and mount it on DIR in the new one
    -n	Dry run: look, check, say what would be done
    -o	Mount options of the new root (as rootflags= on the command line)
    -p	Probe: does pivot_root work here? Exit 0 if so, else say why not
    -q	Say nothing but errors
    -t	tmpfs or ramfs (as rootfstype= on the command line)
    -u	Only for INIT and its children, in a mount namespace of their own
    -v	Say every step and how long it took
    -x	Unpack initramfs ARCHIVE (- for stdin) instead of moving the tree, or
    	without one what the kernel kept as /sys/firmware/initrd (retain_initrd)

    INIT is, if not given, the first that can be run of init= on the kernel
    command line, /init /sbin/init /etc/init /bin/init /bin/sh. leafroot= on
    the kernel command line takes a comma list: off copy extract[=ARCHIVE] hang
    keep=DIR quiet verbose.

config LEAFROOT_ISAL
  bool "leafroot -x reads gzip archives three times as fast (x86-64)"
  default n
  depends on LEAFROOT
  help
    With ISA-L, 30 kB.

config LEAFROOT_ZSTD
  bool "leafroot -x reads zstd archives"
  default n
  depends on LEAFROOT
  help
    With libzstd, 45 kB.

config LEAFROOT_XZ
  bool "leafroot -x reads xz and lzma archives"
  default n
  depends on LEAFROOT
  help
    With liblzma, 30 kB.

config LEAFROOT_BZIP2
  bool "leafroot -x reads bzip2 archives"
  default n
  depends on LEAFROOT
  help
    With libbz2, 20 kB.

config LEAFROOT_LZ4
  bool "leafroot -x reads lz4 archives"
  default n
  depends on LEAFROOT
  help
    With liblz4, 4 kB.

config LEAFROOT_LZO
  bool "leafroot -x reads lzo archives"
  default n
  depends on LEAFROOT
  help
    With lzo2, 4 kB.
*/


#define FOR_leafroot
#include "toys.h"
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include "lib/fault.h"
#include "lib/holders.h"
#include "lib/kernel.h"
#include "lib/bootparam.h"
#include "lib/console.h"
#include "lib/mountopt.h"
#include "lib/mountinfo.h"
#include "lib/newns.h"
#include "lib/initcheck.h"
#include "lib/filecopy.h"
#include "lib/tree.h"
#include "lib/carry.h"
#include "lib/initramfs.h"
#include "lib/extract.h"
#include "lib/switchroot.h"
#include "lib/seal.h"

GLOBALS(
  char opt[128];           // which options were given, -v is opt['v']
  char self[4096];         // where our program is
  char *source;            // the archive that's being read
  char *newroot, *dev, *type, *keep, *keepopt, **init, **args;
  char *cmdline;           // the kernel's
  char *started;           // what the kernel started: rdinit=
  struct arg_list *o, *x;
  int pid1, proc, cwd, oldroot, bad, rootfs, made, up, over, stuck, user;
  int asked;               // INIT is an argument
  int disk;                // the old root is no memory
  int deaf;                // signals are ignored
  int tight, verified, found;  // of archives: memory is, how many, has init
  unsigned taken;          // id of the mount that NEWROOT was already
  int live;                // progress is shown in a line that stays
  volatile int cancel;     // a signal asked to stop
  long long filling;       // since when, in ms
  unsigned long long low;  // the least memory that was available
)

// What the steps hand on, each from the room of lib/ it belongs to.
static struct fault why;
static struct mountinfo *mounts, *root;
static struct statfs rootsf;
static struct stat rootst;
static struct stat upst;   // of the directory that NEWROOT is made in
static struct fsnew leaf;
static struct tree tree;
static struct carry carry;
static struct archive {    // what -x names
  struct archive *next;
  char *name;
  int fd;
} *archives;
static struct statfs leafsf;

// What to run where nobody said.
static char *usual[] = {"/init", "/sbin/init", "/etc/init", "/bin/init",
  "/bin/sh"};

// argv[1] of the copy of us that empties the old root when init runs already
#define WIPER "//wipe"

// What stops the filling; from then on, the way back and the switch are whole.
// Init has them as we had.
static int signals[] = {SIGTERM, SIGINT, SIGHUP};
static void (*handlers[ARRAY_LEN(signals)])(int);

static long long now(void)
{
  struct timespec ts;

  clock_gettime(CLOCK_MONOTONIC, &ts);

  return ts.tv_sec*1000LL + ts.tv_nsec/1000000;
}

// Make a sentence of what is in WHY, with ENDing behind it. Returns -1.
static int complain(char *ending)
{
  char *from = TT.source;

  if (why.step) dprintf(2, "leafroot: %s%s%s%s%s%s%s%s\n", from ? : "",
    from ? ": " : "", why.step, (why.name && *why.name) ? " " : "",
    why.name ? : "", why.err ? ": " : "", why.err ? strerror(why.err) : "",
    ending);
  lr_fault_clear(&why);
  TT.source = 0;

  return -1;
}

// Say FMT, in one write as others may be talking. Returns -1, for a refusal.
static int say(char *fmt, ...) __attribute__((format(printf, 1, 2)));
static int say(char *fmt, ...)
{
  char *s = 0;
  va_list va;

  va_start(va, fmt);
  if (0<=vasprintf(&s, fmt, va)) dprintf(2, "leafroot: %s\n", s);
  va_end(va);
  free(s);

  return -1;
}

// BYTES for people, in one of four buffers.
static char *size(unsigned long long bytes)
{
  static char buf[4][32];
  static int i;
  char *s = buf[i++&3];

  if (bytes>>20) sprintf(s, "%llu MiB", bytes>>20);
  else sprintf(s, "%llu KiB", bytes>>10);

  return s;
}

// What is to be run, where it's not known yet just its kind
static char *init_name(void)
{
  return TT.init ? *TT.init : "init";
}

// There's no init: none of the usual is WHERE. Returns -1.
static int no_usual(char *where, char *name)
{
  return say("no init: none of /init /sbin/init /etc/init /bin/init /bin/sh"
    " %s%s", where, name);
}

// --- 1. read

// All of file NAME in DIR, 64 kB at most. Returns it malloc()ed, or 0.
static char *slurp(int dir, char *name)
{
  char *buf = calloc(1, 65536);
  int fd = openat(dir, name, O_RDONLY|O_CLOEXEC), len = 0, got = buf ? 1 : 0;

  while (got>0 && 0<(got = read(fd, buf+len, 65535-len))) len += got;
  if (fd != -1) close(fd);

  return buf;
}

// Add ARG to the end of LIST. Returns 0 or -1.
static int append(struct arg_list **list, char *arg)
{
  struct arg_list *a = malloc(sizeof(*a));

  if (!a) return say("%s: %s", arg, strerror(errno));
  while (*list) list = &(*list)->next;
  *list = a;
  a->next = 0;
  a->arg = arg;

  return 0;
}

// DIR as a path from the root it's of.
static char *from_root(char *dir)
{
  while (*dir == '/') dir++;

  return dir;
}

// Set the options that the comma LIST of leafroot= names.
static void read_leafroot(char *list)
{
  static struct { char *word, opt; } words[] = {{"off", '0'}, {"copy", '2'},
    {"hang", 'h'}, {"quiet", 'q'}, {"verbose", 'v'}};
  char *s, *word, *copy = list ? strdup(list) : 0;
  unsigned i;

  while (copy && (word = s = lr_mountopt_next(&copy))) {
    if (strstart(&s, "keep=")) {
      TT.keep = from_root(s);
      continue;
    }
    if (!strcmp(s, "extract") || strstart(&s, "extract=")) {
      append(&TT.x, s == word ? 0 : s);
      continue;
    }
    for (i = 0; i<ARRAY_LEN(words); i++) if (!strcmp(s, words[i].word)) break;
    if (i == ARRAY_LEN(words)) say("leafroot=%s: unknown, left out", s);
    else TT.opt[(int)words[i].opt] = 1;
  }
}

// Is S, of the arguments, no archive of -x, which can be left out? So it is an
// option, a directory, or a NEWROOT to be made, with a file for INIT behind it.
static int no_archive(char *s, char *next)
{
  struct stat st;

  if (*s == '-' && s[1]) return 1;
  if (!stat(s, &st)) return S_ISDIR(st.st_mode);

  return next && !stat(next, &st) && !S_ISDIR(st.st_mode);
}

// Read the arguments. lib/args.c would exit on a bad one; PID 1 must not.
static void read_args(void)
{
  char *s;
  int c, given = 0;

  opterr = 0;
  while (-1 != (c = getopt(toys.optc+1, toys.argv, "+:2c:fhk:no:pqt:uvx"))) {
    if (c == ':') TT.bad = say("-%c: needs an argument", optopt);
    else if (c == '?') TT.bad = say("-%c: unknown option", optopt);
    else if (c == 'c') TT.dev = optarg;
    else if (c == 'k') TT.keep = TT.keepopt = from_root(optarg);
    else if (c == 't') TT.type = optarg;
    else if (c == 'o') TT.bad |= append(&TT.o, optarg);
    else TT.opt[c] = 1;

    // What the kernel command line says of the same thing is overruled
    if (c == 'q') TT.opt['v'] = 0;
    if (c == 'v') TT.opt['q'] = 0;
    if (c == 'x') {
      if (!given++) TT.x = 0;
      if ((s = toys.argv[optind]) && no_archive(s, toys.argv[optind+1])) s = 0;
      else if (s) optind++;
      TT.bad |= append(&TT.x, s);
    }
  }
  TT.args = toys.argv+optind;
  if (*TT.args) TT.newroot = *TT.args++;
  if (*TT.args) TT.init = TT.args;
}

// Is PATH what the kernel started, or leafroot itself? Running that as init
// would go round in circles, on a root that is ours.
static int is_self(char *path)
{
  struct stat a, b;

  if (TT.taken) return 0;
  if (!strcmp(path, TT.started)) return 1;
  if (stat(path, &a) || fstatat(TT.proc, "self/exe", &b, 0)) return 0;

  // A multicall binary is what it's called by
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino
    && (!CFG_TOYBOX || !strcmp(basename(path), "leafroot"));
}

// PATH and TT.args as an argv, in memory of its own.
static char **make_argv(char *path)
{
  int n = 0;
  char **argv;

  while (TT.args[n]) n++;
  if (!(argv = malloc((n+2)*sizeof(char *)))) return 0;
  *argv = path;
  memcpy(argv+1, TT.args, (n+1)*sizeof(char *));

  return argv;
}

// Step 1: read what was said about what to do, wherever it was said.
static int read_params(void)
{
  char *s, *init;

  // A procfs of our own, mounted nowhere: there may be no /proc yet
  TT.proc = lr_fs_detached("proc");
  if (TT.proc == -1) TT.proc = open("/proc", O_PATH|O_DIRECTORY|O_CLOEXEC);
  TT.cwd = open(".", O_PATH|O_DIRECTORY|O_CLOEXEC);
  if (!(TT.cmdline = slurp(TT.proc, "cmdline"))) TT.cmdline = "";
  readlinkat(TT.proc, "self/exe", TT.self, sizeof(TT.self)-1);

  // Started by the kernel, our arguments are its words for init
  TT.started = lr_bootparam(TT.cmdline, "rdinit") ? : "/init";
  init = lr_bootparam(TT.cmdline, "init");
  read_leafroot(getenv("leafroot") ? : lr_bootparam(TT.cmdline, "leafroot"));
  TT.args = toys.argv+1;
  if (!TT.pid1 || (strcmp(*toys.argv, TT.started)
    && (!init || strcmp(*toys.argv, init)))) read_args();
  TT.asked = !!TT.init;
  if (!TT.init && init && !is_self(init)) TT.init = make_argv(init);

  if (TT.opt['0']) return 1;
  if (TT.bad) return -1;
  if (!TT.newroot) TT.newroot = "/newroot";
  for (s = TT.newroot+strlen(TT.newroot); s>TT.newroot+1 && s[-1] == '/'; )
    *--s = 0;
  if (TT.type && strcmp(TT.type, "tmpfs") && strcmp(TT.type, "ramfs"))
    return say("-t %s: neither tmpfs nor ramfs", TT.type);

  return 0;
}

// --- 2. look

// Give N the options of the kernel command line, of which a bad one is left
// out, then those of -o, of which a bad one is an error.
static int give_options(struct fsnew *n)
{
  char *from = "rootflags ", *s = 0, *opt;
  struct arg_list *a = TT.o;

  // Those of a disk are in force there already
  if (!TT.disk) s = lr_bootparam(TT.cmdline, "rootflags");
  if (!TT.disk && !s) {
    from = "initramfs_options ";
    s = lr_bootparam(TT.cmdline, "initramfs_options");
  }
  for (;;) {
    while (!s || !(opt = lr_mountopt_next(&s))) {
      if (!a) return 0;
      s = strdup(a->arg);
      a = a->next;
      from = "-o ";
    }
    if (!lr_fsnew_option(n, from, opt, &why)) continue;
    if (*from == '-') return -1;
    complain(", left out");
  }
}

// Can the device of -c be opened?
static int check_console(void)
{
  int fd = TT.dev ? lr_console_open(TT.oldroot, TT.dev) : 0;

  if (fd == -1) return lr_fault(&why, errno, "-c", "%s", TT.dev);
  if (fd) close(fd);

  return 0;
}

// Open what stands in the way of unmounting the old root anew, or with -c all.
// "/" is the directory ROOT.
static void reopen(int root)
{
  if (lr_console_leave(root, rootst.st_dev, TT.dev))
    say("%s: %s", TT.dev ? : "/dev/console", strerror(errno));
}

// "/" can be pivoted from already: give it the options, open the console, and
// that is all. With -n it's only checked, an option by the kernel taking it.
static int already(void)
{
  struct fsnew n;
  int rc = check_console();

  if (rc) return rc;
  rc = lr_fsnew_pick(&n, TT.oldroot, "/", &why);
  n.ro = !strncmp(root->super, "ro", 2);
  if (!rc && !(rc = give_options(&n)) && !TT.opt['n']) {
    rc = lr_fsnew_remount(&n, &why);
    if (!rc && (n.set || n.clear)
      && lr_mountopt_apply(TT.oldroot, ".", n.set, n.clear))
        rc = lr_fault(&why, errno, "remounting", "/");
  }
  lr_fsnew_close(&n);
  if (rc) return rc;

  if ((TT.x || TT.keep) && !TT.opt['q'])
    say("/ can be pivoted from: nothing is %s without -f",
      TT.x ? "unpacked" : "kept");
  if (TT.opt['n']) {
    if (TT.init && lr_initcheck(TT.oldroot, *TT.init, &why)) return -1;
    say("/ can be pivoted from: would give it the options and run %s",
      init_name());
  } else if (TT.dev) reopen(TT.oldroot);

  return 0;
}

// Open the directory that NEWROOT is in.
static int open_up(void)
{
  char *path = strdup(TT.newroot);
  int fd = path ? openat(TT.cwd, dirname(path),
    O_RDONLY|O_DIRECTORY|O_CLOEXEC) : -1;

  free(path);

  return fd;
}

// NEWROOT: nothing yet, a directory of the old root, or a root that somebody
// mounted and filled: then what is left to do is the switch.
static int look_newroot(void)
{
  struct kstat st;
  struct mountinfo *m;
  int fd = openat(TT.cwd, TT.newroot, O_RDONLY|O_NONBLOCK|O_CLOEXEC), rc;
  char buf[512];

  if (fd == -1) {
    if (errno != ENOENT)
      return lr_fault(&why, errno, "NEWROOT", "%s", TT.newroot);

    // To be made. What is on another mount would be moved along with that
    rc = (fd = open_up()) != -1 && !kstatx(fd, "", AT_EMPTY_PATH, &st)
      && st.mnt != root->id;
    if (fd != -1) close(fd);

    return rc ? say("NEWROOT %s: has to be on /", TT.newroot) : 0;
  }
  leaf.dir = fd;
  if (kstatx(fd, "", AT_EMPTY_PATH, &st)) st.mode = 0;
  if (!S_ISDIR(st.mode))
    return lr_fault(&why, ENOTDIR, "NEWROOT", "%s", TT.newroot);
  rc = st.mnt == root->id;
  if (rc && st.ino == rootst.st_ino) return say("NEWROOT %s: is /", TT.newroot);
  if (rc) {
    close(fd);
    leaf.dir = -1;

    return 0;
  }
  if (!(st.attr&KATTR_MOUNT_ROOT)) return say("NEWROOT %s: has to be on / or"
    " to be a mount point itself", TT.newroot);

  // An empty directory's entries, "." and "..", take 48 bytes
  if (syscall(SYS_getdents64, fd, buf, sizeof(buf))<=48)
    return say("NEWROOT %s: is a mount point with nothing in it", TT.newroot);
  TT.taken = st.mnt;
  for (m = mounts; m && m->id != st.mnt; ) m = m->next;
  if (m && m->parent != root->id && !TT.opt['u'])
    return say("NEWROOT %s: has to be mounted on /", TT.newroot);
  if ((TT.o || TT.x || TT.type) && !TT.opt['q'])
    say("NEWROOT %s: is filled, so -o, -t and -x do nothing", TT.newroot);

  // keep= of the command line was for the way there, not for the way back
  TT.keep = TT.keepopt;

  return 0;
}

// -p: say whether pivot_root works from here on, and if not why. Returns 0 if
// it does.
static int probe(void)
{
  struct kstat st;
  int status = 0;
  pid_t pid;

  if (kstatx(AT_FDCWD, "/", 0, &st)) return say("/: %s", strerror(errno));
  if (!(mounts = lr_mountinfo_read(TT.proc, &why)) && why.step) return -1;
  for (root = mounts; root && root->id != st.mnt; ) root = root->next;
  if (!root) return say("/ is a chroot");
  if (root->id == root->parent) return say("/ has no parent mount");
  if (root->shared) return say("/ is shared");

  // In a child, as PID 1 must not do this: only its own namespace counts
  if (!(pid = fork())) _exit(!!syscall(SYS_unshare, CLONE_NEWNS));
  if (pid != waitpid(pid, &status, 0) || status) return say("no privilege");
  if (!TT.opt['q']) say("pivot_root works here");

  return 0;
}

// Step 2: look at the root: is it rootfs, and what is mounted where.
static int look(void)
{
  struct kstat st;

  if (TT.opt['p']) return probe() ? -1 : 1;
  if (TT.opt['u']) {
    if (TT.pid1) return say("-u: not for PID 1, whose root the kernel's helpers"
      " use");
    if (0>(TT.user = lr_newns(&why))) return -1;
    close(TT.cwd);
    TT.cwd = open(".", O_PATH|O_DIRECTORY|O_CLOEXEC);
  }

  TT.oldroot = open("/", O_RDONLY|O_DIRECTORY|O_CLOEXEC);
  if (TT.oldroot == -1 || kstatx(TT.oldroot, "", AT_EMPTY_PATH, &st)
    || fstatfs(TT.oldroot, &rootsf) || fstat(TT.oldroot, &rootst))
      return lr_fault(&why, errno, "looking at", "/");
  if (!(mounts = lr_mountinfo_read(TT.proc, &why)) && why.step) return -1;
  for (root = mounts; root && root->id != st.mnt; ) root = root->next;
  if (!root) return say("/ is a chroot, not a mount");

  // A mount that is its own parent is rootfs before 7.0; from 7.0 rootfs has
  // one, nullfs, and pivot_root works. Seen on 5.10 to 7.2.
  TT.rootfs = root->id == root->parent;
  TT.disk = (unsigned)rootsf.f_type != MAGIC_TMPFS
    && (unsigned)rootsf.f_type != MAGIC_RAMFS;
  if (look_newroot()) return -1;
  if (!TT.rootfs && !TT.taken && !TT.opt['f'] && !TT.opt['u'])
    return already() ? -1 : 1;

  // A root that's to be kept stays whole, as one does that others have too, or
  // that is no memory; and what can't be written to can't be emptied before the
  // switch
  if (TT.keep || TT.opt['u'] || TT.disk || (rootsf.f_flags&1))
    TT.opt['2'] = 1;

  return 0;
}

// --- 3. survey

// The old root without what is mounted on it, as a mount of our own: hidden
// files are seen, and no way leads into another file system. In a user
// namespace the kernel keeps hidden what is hidden (EINVAL): "/" itself then,
// and lr_tree_run() stays off other mounts.
static int open_source(void)
{
  int fd = open_tree(TT.oldroot, "",
    OPENTREE_CLONE|OPENTREE_CLOEXEC|AT_EMPTY_PATH);

  if (fd == -1 && TT.user)
    fd = openat(TT.oldroot, ".", O_RDONLY|O_DIRECTORY|O_CLOEXEC);

  return fd;
}

// Memory the kernel could give out now, in bytes.
static unsigned long long available(void)
{
  char *s = slurp(TT.proc, "meminfo"),
    *line = s ? strstr(s, "MemAvailable:") : 0;
  unsigned long long bytes = line ? strtoull(line+13, 0, 10)<<10 : 0;

  free(s);

  return bytes;
}

// Count the tree, unless nothing depends on it. TREE_COUNT is the move with its
// effects left out.
static int count_tree(void)
{
  struct tree t = {.mode = TREE_COUNT, .src = open_source(),
    .unprivileged = TT.user};
  int rc = -1;

  if (t.src == -1) lr_fault(&why, errno, "opening", "/");
  else rc = lr_tree_run(&t, &why);
  tree.bytes = t.bytes;
  tree.inodes = t.inodes;
  tree.names = t.names;
  if (!rc && (TT.opt['v'] || TT.opt['n'])) {
    say("/ holds %s in %llu inodes, the largest file %s: %s",
      size(t.bytes), t.inodes, size(t.largest), t.big ? : "none");

    // A chunk for each of two threads, and the kernel's own for inodes
    say("%s are available, the peak expected is %s above the tree",
      size(available()), size(TT.opt['2'] ? t.bytes+t.inodes*1024
        : minof(t.bytes, 2ULL*COPY_CHUNK)+(24<<20)));
  }
  if (t.src != -1) close(t.src);
  lr_tree_free(&t);

  return rc;
}

// What the kernel would have left out of an archive without a word.
static void left_out(void *context, char *line)
{
  if (!TT.opt['q']) say("%s: %s", (char *)context, line);
}

// Open the archives. One that can be read twice is verified first where that is
// needed to know if it fits: when there are limits, or little memory.
static int survey_archives(void)
{
  struct arg_list *x;
  struct initramfs a;
  struct stat st;
  char *want[ARRAY_LEN(usual)+2] = {0};
  unsigned i, n = 0;
  off_t from;
  int rc;

  if (TT.init) want[n++] = *TT.init;
  for (i = 0; !TT.asked && i<ARRAY_LEN(usual); i++)
    if (!is_self(usual[i])) want[n++] = usual[i];

  for (x = TT.x; x; x = x->next) {
    struct archive *one = malloc(sizeof(*one)), **end = &archives;

    if (!one) return lr_fault(&why, errno, "archive", "%s", x->arg);
    while (*end) end = &(*end)->next;
    *end = one;
    one->next = 0;
    one->name = x->arg ? : "/sys/firmware/initrd";
    if (-1 == (one->fd = lr_extract_open(x->arg, &why))) return -1;
    if (fstat(one->fd, &st) || 0>(from = lseek(one->fd, 0, SEEK_CUR))) continue;

    // Real roots pack to a third or a quarter. Where even a twelfth would fit
    // nobody has to look; one that is worse still ends in ENOSPC, unharmed
    TT.tight |= available()<st.st_size*12ULL+(64<<20);
    if (!TT.tight && !leaf.size && !leaf.nr_inodes && !TT.opt['n']) continue;
    memset(&a, 0, sizeof(a));
    a.fd = one->fd;
    a.dir = -1;
    a.want = want;
    TT.source = one->name;
    rc = lr_initramfs_read(&a, &why);
    if (rc) return -1;
    if (lseek(one->fd, from, SEEK_SET)<0)
      return lr_fault(&why, errno, "archive", "%s", one->name);
    TT.source = 0;
    TT.verified++;
    TT.found |= a.found;
    tree.bytes += a.bytes;
    tree.names = tree.inodes += a.inodes;
    if (TT.opt['v'] || TT.opt['n']) say("%s holds %s in %llu inodes", one->name,
      size(a.bytes), a.inodes);
  }

  return 0;
}

// What type the new file system is to be of, where -t doesn't say.
static void find_type(void)
{
  char *s = TT.disk ? 0 : lr_bootparam(TT.cmdline, "rootfstype");

  if (TT.type) return;
  TT.type = "tmpfs";
  if (!s) return;
  if (!strncmp(s, "ramfs", 5)) TT.type = "ramfs";
  else if (strncmp(s, "tmpfs", 5))
    say("rootfstype=%s: neither tmpfs nor ramfs, left out", s);
}

// Step 3: how much there is, and the new file system that is to hold it. That
// is made here, as a mount that is attached nowhere, so that every option is
// checked and every limit known before anything changes.
static int survey(void)
{
  if (TT.taken) return 0;
  find_type();
  if (lr_fsnew_open(&leaf, TT.type, &why)
    || lr_fsnew_option(&leaf, "", "source=leafroot", &why)
    || lr_fsnew_option(&leaf, "", "mode=0755", &why)) return -1;
  leaf.mode = 0;
  if (give_options(&leaf) || lr_fsnew_mount(&leaf, &why)) return -1;
  if (fstatfs(leaf.dir, &leafsf))
    return lr_fault(&why, errno, "mounting", "%s", TT.type);

  if (TT.x) return survey_archives();
  if (leaf.size || leaf.nr_inodes || TT.opt['2'] || TT.opt['n'] || TT.opt['v'])
    return count_tree();

  return 0;
}

// --- 4. check

// Does the tree fit?
static int check_size(void)
{
  unsigned long long holds = leafsf.f_blocks*(unsigned long long)leafsf.f_bsize,
    need = tree.bytes+tree.inodes*1024, have = available();

  if (leaf.size && holds && holds<tree.bytes)
    return say("tree needs %s in %llu inodes, %s holds %s",
      size(tree.bytes), tree.inodes, leaf.size, size(holds));
  if (leaf.nr_inodes && leafsf.f_files && leafsf.f_files<tree.names)
    return say("tree needs %s in %llu inodes, %s holds %llu",
      size(tree.bytes), tree.names, leaf.nr_inodes,
      (unsigned long long)leafsf.f_files);
  if (TT.opt['2'] && have && have<need)
    return say("a copy needs %s more memory, %s are available",
      size(need), size(have));

  return 0;
}

// Find what to run: INIT, or the first of the usual that can be.
static int check_init(int in)
{
  unsigned i;

  // What's in an archive can be looked at when it's unpacked. In one that was
  // verified it's known to be there (not if others can hold what leads there)
  if (TT.x && in == TT.oldroot) {
    if (!TT.verified || TT.found || TT.x->next) return 0;

    if (TT.asked) return say("init %s: not in %s", *TT.init, archives->name);

    return no_usual("is in ", archives->name);
  }
  if (TT.init) {
    if (!lr_initcheck(in, *TT.init, &why)) return 0;
    TT.init = 0;
    if (TT.asked) return -1;

    // init= can be meant for a disk that an init script goes on to
    complain(", left out");
  }
  for (i = 0; i<ARRAY_LEN(usual); i++) {
    if (is_self(usual[i])) continue;
    if (!lr_initcheck(in, usual[i], &why))
      return -!(TT.init = make_argv(usual[i]));
    lr_fault_clear(&why);
  }

  return no_usual("can be run", "");
}

// PATH can't be emptied under who uses it, so its memory stays until then.
static void in_use(void *context, char *path, unsigned long long bytes)
{
  (void)context;
  if (!TT.opt['q']) say("%s is in use: %s stay in memory until it's released",
    path, size(bytes));
}

// Loop devices of files that are moved keep the old ones. Big files in use are
// named when they are moved, whoever it is that uses them.
static void loops(void)
{
  int sys = lr_fs_detached("sysfs"), n, rc;
  char name[PATH_MAX];
  struct stat st;

  for (n = 0;; n++) {
    rc = lr_holders_loop(sys, rootst.st_dev, n, name, PATH_MAX);
    if (rc<0) break;
    if (rc && !TT.opt['q'] && !stat(name, &st) && st.st_size<=COPY_CHUNK)
      in_use(0, name, st.st_blocks*512);
  }
  if (sys != -1) close(sys);
}

// A process that stays on the old root keeps what it uses of it in memory, and
// the switch can't give it the new one.
static void left_behind(struct holder *h)
{
  if (!TT.opt['q']) say("process %d (%s)%s stays on the old root with %s",
    h->pid, h->name, h->storage ? ", a storage daemon," : "", size(h->bytes));
}

// Step 4: check everything that can be known before anything is changed.
static int check(void)
{
  if (!TT.pid1 && !TT.opt['n'] && !TT.opt['u'] && TT.rootfs)
    return say("only PID 1 can leave rootfs, run it as: exec leafroot %s ...",
      TT.newroot);
  if (check_init(TT.taken ? leaf.dir : TT.oldroot)
    || (!TT.taken && check_size())) return -1;
  if (leaf.set & MATTR_NOEXEC)
    return say("option noexec: %s could not be run", init_name());
  if (TT.keep && (TT.taken || !TT.x)
    && lr_carry_keeps(TT.taken ? leaf.dir : TT.oldroot, TT.keep, &why)) return -1;
  if (check_console()) return -1;
  if (!TT.taken) loops();
  if (TT.pid1 || TT.opt['n']) lr_holders(TT.proc, rootst.st_dev, left_behind);
  if (TT.opt['n']) {
    if (TT.taken) say("would take what is on %s, %s and run %s", TT.newroot,
      TT.rootfs ? "move that over /" : "pivot to it", init_name());
    else say("would %s to a %s on %s, %s and run %s", TT.x ? "unpack"
      : TT.opt['2'] ? "copy it" : "move it", TT.type, TT.newroot,
      TT.rootfs ? "move that over /" : "pivot to it", init_name());

    return 1;
  }

  return 0;
}

// ---- Up to here nothing has been changed.

// --- 5. mount

// Set the times of directory DIR to those in ST. Returns 0, or -1 and errno.
static int set_times(int dir, struct stat *st)
{
  struct timespec ts[2] = {st->st_atim, st->st_mtim};

  return futimens(dir, ts);
}

// Step 5: attach the leaf to NEWROOT, a directory that is made if need be,
// which its parent's times don't show.
static int mount_leaf(void)
{
  struct stat st;

  if (TT.taken) return 0;

  // On a shared root the leaf would be shared too, and then nothing could be
  // moved off it (fs/namespace.c do_move_mount(): EINVAL)
  if (root->shared) mount(0, "/", 0, MS_PRIVATE, 0);
  if (faccessat(TT.cwd, TT.newroot, F_OK, 0)) {
    if ((TT.up = open_up()) == -1 || fstat(TT.up, &upst))
      return lr_fault(&why, errno, "creating", "%s", TT.newroot);
    if (mkdirat(TT.cwd, TT.newroot, 0755)) {
      // A read-only disk, or somebody else's: on top of "/" is room for one
      if (errno != EROFS && errno != EACCES && errno != EPERM)
        return lr_fault(&why, errno, "creating", "%s", TT.newroot);
      if (move_mount(leaf.dir, "", TT.oldroot, "",
        MOVEMOUNT_F_EMPTY|MOVEMOUNT_T_EMPTY))
          return lr_fault(&why, errno, "mounting on", "/");
      TT.over = 1;

      return 0;
    }
    TT.made = 1;
    if (set_times(TT.up, &upst) || fstatat(TT.cwd, TT.newroot, &st, 0))
      return lr_fault(&why, errno, "creating", "%s", TT.newroot);
    tree.skip = st.st_ino;
  }
  if (move_mount(leaf.dir, "", TT.cwd, TT.newroot,
    MOVEMOUNT_F_EMPTY|MOVEMOUNT_T_SYMLINKS))
    return lr_fault(&why, errno, "mounting on", "%s", TT.newroot);

  return 0;
}

// Remove NEWROOT again if it was made.
static void remove_newroot(void)
{
  char *name = strrchr(TT.newroot, '/');

  if (!TT.made) return;
  if (unlinkat(TT.up, name ? name+1 : TT.newroot, AT_REMOVEDIR))
    say("removing %s: %s", TT.newroot, strerror(errno));
  else set_times(TT.up, &upst);
  close(TT.up);
}

static void unmount_leaf(void)
{
  if (TT.stuck || TT.taken) return;
  if (!fchdir(leaf.dir)) umount2(".", MNT_DETACH);
  if (root->shared) mount(0, "/", 0, MS_SHARED, 0);
  if (!fchdir(TT.cwd)) remove_newroot();
}

// --- 6. fill

// Say how far TREE is: after two seconds, and then on a terminal in a line that
// stays, on a serial line (which has no width) every four seconds.
static void progress(void *context, struct tree *t)
{
  static unsigned long long total;
  static long long last;
  long long ms = now()-TT.filling;
  struct winsize ws = {0};
  int live = !ioctl(2, TIOCGWINSZ, &ws) && ws.ws_col;

  (void)context;
  if (TT.opt['v']) TT.low = minof(TT.low, available());
  if (ms<2000 || TT.opt['q'] || now()-last<(live ? 200 : 4000)) return;
  last = now();

  // What isn't known yet is counted now: what's left, if it's being moved
  if (!total && !(total = tree.total)) {
    struct fault f = {0};
    struct tree left = {.mode = TREE_COUNT, .src = t->src, .workers = 1};

    if (!lr_tree_run(&left, &f))
      total = left.bytes + (t->mode == TREE_MOVE ? t->done : 0);
    lr_tree_free(&left);
    lr_fault_clear(&f);
  }
  dprintf(2, "%sleafroot: %s of %s, %s/s, %llu s left%s", live ? "\r" : "",
    size(t->done), size(total), size(t->done*1000/ms),
    t->done ? (maxof(total, t->done)-t->done)*ms/t->done/1000 : 0,
    live ? "\e[K" : "\n");
  TT.live = live;
}

// What's too long to wait for: SIGTERM and the like stop the filling.
static void cancel(int sig)
{
  TT.cancel = sig;
}

// Set the leaf's limits to BYTES and INODES, where no option has set them.
static int set_limits(unsigned long long bytes, unsigned long long inodes)
{
  struct fsnew n;
  char buf[64];
  int rc;

  if (leaf.ramfs || (leaf.size && leaf.nr_inodes)) return 0;
  if (lr_fsnew_pick(&n, leaf.dir, TT.newroot, &why)) return -1;
  sprintf(buf, "size=%llu", bytes);
  rc = leaf.size ? 0 : lr_fsnew_option(&n, "", buf, &why);
  sprintf(buf, "nr_inodes=%llu", inodes);
  if (!rc && !leaf.nr_inodes) rc = lr_fsnew_option(&n, "", buf, &why);
  if (!rc) rc = lr_fsnew_remount(&n, &why);
  lr_fsnew_close(&n);

  return rc;
}

// Empty the old root before the archives are unpacked, if memory is too short
// for both, but only if every one of them has been verified whole, there's an
// init in them, and then there is memory enough.
static int wipe_first(void)
{
  unsigned long long left, need = tree.bytes+tree.inodes*1024+(32<<20),
    have = available();
  struct tree old = {.mode = TREE_COUNT, .src = open_source()};
  struct archive *one;
  struct stat st;
  int n = 0, rc;

  if (old.src == -1) return lr_fault(&why, errno, "opening", "/");
  rc = lr_tree_run(&old, &why);
  close(old.src);
  lr_tree_free(&old);
  if (rc) return -1;

  // An archive in there is there until it has been read
  have += old.bytes;
  for (one = archives; one; one = one->next, n++)
    if (!fstat(one->fd, &st) && st.st_dev == rootst.st_dev)
      have -= minof(have, st.st_blocks*512ULL);
  if (n != TT.verified || TT.found<3) return 0;
  if (have<need) return say("unpacking needs %s, %s are available without the"
    " old root", size(need), size(have));
  if (TT.opt['v']) say("emptying the old root first: the archive is good");

  return lr_seal_wipe(TT.oldroot, &left, &why);
}

// Unpack the archives.
static int fill_archives(void)
{
  struct archive *one;
  struct initramfs a;

  if (TT.tight && TT.rootfs && !TT.keep && !TT.disk
    && tree.bytes+(32<<20)>available() && wipe_first()) return -1;
  tree.bytes = tree.inodes = 0;
  for (one = archives; one; one = one->next) {
    memset(&a, 0, sizeof(a));
    a.fd = one->fd;
    a.say = left_out;
    a.spare = TT.user;
    a.context = one->name;
    TT.source = one->name;
    if (lr_extract(&a, leaf.dir, one == archives, &why)) return -1;
    TT.source = 0;
    tree.bytes += a.bytes;
    tree.inodes += a.inodes;
    close(one->fd);

    // As init's stdin it would pin the old root, and be at its end
    if (TT.pid1 && !strcmp(one->name, "-") && !close(0)) lr_console_fill();
  }

  return check_init(leaf.dir);
}

// Move the tree, or with -2 copy it.
static int fill_tree(void)
{
  unsigned long long had;
  unsigned i;
  int rc;

  tree.mode = TT.opt['2'] ? TREE_COPY : TREE_MOVE;
  tree.src = open_source();
  tree.dst = leaf.dir;
  tree.keep_root_meta = leaf.mode;
  tree.unprivileged = TT.user;
  tree.tick = progress;
  tree.in_use = in_use;
  tree.cancel = &TT.cancel;
  if (tree.src == -1) return lr_fault(&why, errno, "opening", "/");
  had = TT.low = available();
  for (i = 0; i<ARRAY_LEN(signals); i++)
    handlers[i] = signal(signals[i], cancel);
  TT.deaf = 1;
  rc = lr_tree_run(&tree, &why);
  for (i = 0; i<ARRAY_LEN(signals); i++) signal(signals[i], SIG_IGN);
  if (TT.live) dprintf(2, "\n");
  if (TT.opt['v']) say("peak %s above the tree", size(had-TT.low));
  if (TT.made && TT.user && *TT.newroot == '/')
    unlinkat(leaf.dir, TT.newroot+1, AT_REMOVEDIR);
  if (!rc && tree.left && !TT.opt['q'])
    say("%llu files left out that a user namespace may not have", tree.left);

  return rc;
}

// Step 6: fill it. Where no option limits the leaf it has no limit while it's
// filled, and then the kernel's default, or more if what's in it needs more.
// (To limit what is unlimited is EINVAL, so "no limit" is many times the memory
// there is.)
static int fill(void)
{
  unsigned long long bytes = leafsf.f_blocks*leafsf.f_bsize,
    inodes = leafsf.f_files, used;
  struct statfs sf;

  if (TT.taken) return 0;
  TT.filling = now();
  if (set_limits(bytes*16, inodes*16)) return -1;
  if (TT.x ? fill_archives() : fill_tree()) return -1;
  if (fstatfs(leaf.dir, &sf))
    return lr_fault(&why, errno, "filling", "%s", TT.newroot);

  // A default that's too small would leave nothing to write to
  used = (sf.f_blocks-sf.f_bfree)*sf.f_bsize;
  bytes = maxof(bytes, used*9/8+(8<<20));
  inodes = maxof(inodes, (sf.f_files-sf.f_ffree)*9/8+1024);

  return set_limits(bytes, inodes);
}

static void put_back(void)
{
  int fd;

  if (tree.src == -1) return;

  // What has been mounted on the new root by now is none of it
  fd = open_tree(leaf.dir, "", OPENTREE_CLONE|OPENTREE_CLOEXEC|AT_EMPTY_PATH);
  if (fd != -1) tree.dst = fd;

  // What isn't back is in the new root still, which therefore has to stay
  if (lr_tree_back(&tree, &why)) {
    TT.stuck = complain("");
    say("not all is back: the rest stays on %s", TT.newroot);
  }
  close(tree.src);
  tree.src = -1;
  if (fd != -1) close(fd);

  // Mounts of what was moved: made anew where they are
  carry.list = mounts;
  carry.root = root->id;
  if (tree.mode != TREE_MOVE || carry.units || !lr_carry_own(&carry)) return;
  carry.from = carry.to = TT.oldroot;
  if (lr_carry_mounts(&carry, &why)) complain("");
}

// --- 7. carry

// Step 7: take the other mounts over.
static int carry_over(void)
{
  carry.list = mounts;
  carry.root = root->id;
  carry.leaf = TT.taken;
  carry.copy = TT.opt['u'];
  carry.from = TT.oldroot;
  carry.to = leaf.dir;

  if (lr_carry_mounts(&carry, &why)) return -1;

  // A pivot puts the old root there by itself; rootfs has to be mounted again
  return TT.keep ? lr_carry_root(&carry, TT.keep, TT.rootfs, &why) : 0;
}

static void carry_home(void)
{
  // Mounts of the old root's own files need those to be there
  put_back();

  // What isn't back is still below NEWROOT, which therefore has to stay
  if (lr_carry_back(&carry, &why)) TT.stuck = complain("");
}

// --- 8. switch

// A filled NEWROOT that can't be written to has no directory for each mount.
static void lost_mount(char *dir)
{
  if (!TT.opt['q']) say("%s is unmounted: the new root has no place for it",
    dir);
}

// Step 8: make the leaf "/". The commit point.
static int switch_over(void)
{
  if (lr_switchroot(TT.over ? -1 : TT.oldroot, leaf.dir, !TT.rootfs, TT.keep,
    &why)) return -1;
  remove_newroot();
  if (tree.src != -1) close(tree.src);
  lr_tree_free(&tree);
  if (!TT.keep) lr_carry_rest(&carry, lost_mount);
  if (leaf.set & MATTR_RDONLY) lr_mountopt_apply(leaf.dir, ".", MATTR_RDONLY, 0);
  if (root->shared) mount(0, "/", 0, MS_SHARED, 0);

  return 0;
}

// --- 9. wipe and seal

// What keeps the old root from being sealed.
static void pinning(struct holder *h)
{
  say("process %d (%s) uses %s of the old root", h->pid, h->name,
    size(h->bytes));
}

// The process that empties the old root while init runs: our copy, started as
// leafroot //wipe with the old root at descriptor 3 and a pipe at 4 that ends
// when PID 1 has become init.
static void wiper_main(void)
{
  unsigned long long left = 0;
  long long begun = now();
  struct stat st;
  char c;

  prctl(PR_SET_NAME, "leafroot-wipe");
  if (lr_seal_wipe(3, &left, &why)) complain("");
  else {
    while (read(4, &c, 1)>0);
    if (left) say("%llu entries of the old root could not be removed", left);
    else if (lr_seal_root(3, 10, &why)) {
      complain("");
      if (!fstat(3, &st)) lr_holders(lr_fs_detached("proc"), st.st_dev, pinning);
    }
    else if (toys.optc>1)
      say("old root emptied and sealed in %lld ms", now()-begun);
  }
  _exit(!!why.step);
}

// Step 9: empty and seal the old root behind init's back. While our program, a
// file in there, runs, it can't be sealed: a copy in memory does that.
static void wipe_and_seal(void)
{
  char *argv[] = {"leafroot", WIPER, TT.opt['v'] ? "v" : 0, 0};
  int fds[2], self, copy;
  pid_t pid;
  off_t off = 0;
  struct stat st;

  if (TT.pid1 || TT.dev) reopen(leaf.dir);
  if (!TT.rootfs || TT.keep || TT.opt['u'] || TT.disk) return;
  if (pipe2(fds, O_CLOEXEC)) return (void)say("pipe: %s", strerror(errno));
  if ((pid = fork())) {
    if (pid<0) say("old root not emptied: %s", strerror(errno));

    return (void)close(*fds);
  }

  setsid();
  self = openat(TT.proc, "self/exe", O_RDONLY|O_CLOEXEC);
  copy = fcntl(syscall(SYS_memfd_create, "leafroot", 0), F_DUPFD_CLOEXEC, 9);
  if (self != -1 && copy != -1 && !fstat(self, &st))
    while (off<st.st_size && 0<sendfile(copy, self, &off, st.st_size-off));
  dup2(fcntl(TT.oldroot, F_DUPFD_CLOEXEC, 9), 3);
  dup2(fcntl(*fds, F_DUPFD_CLOEXEC, 9), 4);
  syscall(SYS_execveat, copy, "", argv, environ, AT_EMPTY_PATH);

  // TOMOYO, in Debian's 5.10, looks for /dev/fd/N and says ENOENT where there
  // is none. The new root has a copy too, unless an archive without one filled
  // it
  execve(TT.self, argv, environ);
  say("old root not emptied: %s", strerror(errno));
  _exit(1);
}

// --- 10. run

// Nothing can be run: stay, as PID 1 must not exit.
static void hang(void)
{
  say("hanging");
  for (;;) if (wait(0)<0) pause();
}

// Step 10: run init, and if it can't be, the first of the usual that can.
// Never returns.
static void run_init(void)
{
  unsigned i;
  int err = 0;

  umask(toys.old_umask);
  signal(SIGPIPE, SIG_DFL);
  for (i = 0; TT.deaf && i<ARRAY_LEN(signals); i++)
    signal(signals[i], handlers[i]);
  if (TT.init) {
    execve(*TT.init, TT.init, environ);
    err = errno;
    say("init %s: %s", *TT.init, strerror(err));
  }
  if (!TT.pid1) {
    if (!TT.init) say("no INIT to run");
    _exit(126+(err == ENOENT));
  }

  for (i = 0; i<ARRAY_LEN(usual); i++) {
    char **argv = is_self(usual[i]) ? 0 : make_argv(usual[i]);

    if (argv) execve(*argv, argv, environ);
    free(argv);
  }
  no_usual("runs", "");
  hang();
}

// The boot. Each step is done, or has left in WHY or said why it could not be;
// 1 means that there's no more to do but to run init. Up to the switch, a
// failure undoes what was done, the half-done step first.
void leafroot_main(void)
{
  static struct {
    char *name;
    int (*go)(void);
    void (*undo)(void);
  } step[] = {
    {"read", read_params, 0},
    {"look", look, 0},
    {"survey", survey, 0},
    {"check", check, 0},
    {"mount", mount_leaf, unmount_leaf},
    {"fill", fill, put_back},
    {"carry", carry_over, carry_home},
    {"switch", switch_over, 0}
  };
  unsigned i;
  int rc = 0;
  long long begun = now(), ms;

  if (toys.optc && !strcmp(*toys.optargs, WIPER)) wiper_main();
  TT.pid1 = getpid() == 1;
  if (!TT.pid1 && toys.optc) {
    toys.which->flags &= ~TOYFLAG_NOHELP;
    check_help(toys.optargs);
  }
  lr_console_fill();
  tree.src = -1;

  for (i = 0; i<ARRAY_LEN(step); i++) {
    ms = now();
    if ((rc = step[i].go())) break;
    if (TT.opt['v']) say("%s: %lld ms", step[i].name, now()-ms);
  }
  if (rc<0) {
    complain("");
    for (i++; i--; ) if (step[i].undo) step[i].undo();
    if (TT.opt['h']) hang();
    if (!TT.pid1) _exit(1);
    if (TT.opt['v']) say("booting in place");
  } else if (rc) {
    if ((TT.opt['n'] || TT.opt['p']) && !TT.pid1) _exit(0);
  } else {
    wipe_and_seal();
    if (TT.opt['q']) ;
    else if (TT.taken) say("/ is what was on %s now", TT.newroot);
    else say("/ is a %s now: %s in %llu inodes %s in %lld ms",
      TT.type, size(tree.bytes), tree.inodes,
      TT.x ? "unpacked" : tree.mode == TREE_MOVE ? "moved" : "copied",
      now()-begun);
  }
  run_init();
}
