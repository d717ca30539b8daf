// tree.c - small trees are counted, copied, moved, moved and put back, wiped
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// unit: lib/tree.c lib/treecount.c lib/treewipe.c lib/treecopy.c
// unit: lib/treemove.c lib/treeback.c lib/walk.c lib/walkdir.c lib/links.c
// unit: lib/xattrs.c lib/filecopy.c lib/fault.c -pthread

// By an ordinary user, who owns all of it: root, who could do more, becomes one

#include "toys.h"
#include "check.h"
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include "lib/fault.h"
#include "lib/kernel.h"
#include "lib/links.h"
#include "lib/tree.h"

#define NOBODY 65534
#define MIB (1<<20)

// What is in a tree. A place is "" or a directory named before.
struct entry {
  char *path;
  int mode;                // with S_IF*; 0: another name of the file `from`
  char *from;              // or what a symlink says
  long long size;
  int holes;               // data only at 1 MiB and at the end, 4096 bytes each
};

static char name255[256], target4000[4001];

static struct entry entries[] = {
  {"a", .mode = S_IFDIR|0750},
  {"a/one", .mode = S_IFREG|0640, .size = 1000},
  {"a/big one", .mode = S_IFREG|0644, .size = 9*MIB+123},
  {"a/suid", .mode = S_IFREG|S_ISUID|0711, .size = 5000},
  {"a/sgid", .mode = S_IFREG|S_ISGID|0755, .size = 12},
  {"b", .mode = S_IFDIR|0755},
  {"b/two", .from = "a/one"},
  {"b/sgid and sticky", .mode = S_IFDIR|S_ISGID|S_ISVTX|0777},
  {"b/sgid and sticky/three", .from = "a/one"},
  {"b/sgid and sticky/big two", .from = "a/big one"},
  {"b/fifo", .mode = S_IFIFO|0620},
  {"b/fifo2", .from = "b/fifo"},
  {"b/socket", .mode = S_IFSOCK|0600},
  {"b/empty directory", .mode = S_IFDIR|0711},
  {"c", .mode = S_IFDIR|0700},
  {"c/link", .mode = S_IFLNK|0777, .from = "../a/one"},
  {"c/link2", .from = "c/link"},
  {"c/long", .mode = S_IFLNK|0777, .from = target4000},
  {"c/nowhere", .mode = S_IFLNK|0777, .from = "/no/where"},
  {"c/d", .mode = S_IFDIR|0755},
  {"c/d/e", .mode = S_IFDIR|0755},
  {"c/d/e/f", .mode = S_IFDIR|0755},
  {"c/d/e/f/g", .mode = S_IFREG|0600, .size = 3},
  {"empty", .mode = S_IFREG|0644},
  {"sparse", .mode = S_IFREG|0644, .size = 33*MIB+777, .holes = 1},
  {"hole", .mode = S_IFREG|0600, .size = 5*MIB, .holes = 2},
  {"chunk", .mode = S_IFREG|0600, .size = 4*MIB},
  {"chunk and one", .mode = S_IFREG|0600, .size = 4*MIB+1},
  {"read only", .mode = S_IFREG|0400, .size = 100},
  {"new\nline\\ \xff", .mode = S_IFREG|0600, .size = 4096},
  {name255, .mode = S_IFREG|0600, .size = 1},
};

// The directory in which all is made, and what its tree is like at first
static int top;
static char *first;
static int xattrs;         // does the file system have user.*?

// How often sendfile() was called, and from which call on how many of them fail
static int calls, fail_from, fail_count;

// What copies content is this sendfile() instead of the C library's.
ssize_t sendfile(int out, int in, off_t *from, size_t len)
{
  calls++;
  if (calls<fail_from || calls>=fail_from+fail_count)
    return syscall(SYS_sendfile, out, in, from, len);
  errno = ENOSPC;

  return -1;
}

// From now on COUNT calls of sendfile() fail, the first one is number FROM.
static void sendfile_fails(int from, int count)
{
  calls = 0;
  fail_from = from;
  fail_count = count;
}

// --- a tree as text

struct seen {
  ino_t ino;
  char *path;
};

// Where FD has data, and a sum of it
static void content(FILE *out, int fd)
{
  static unsigned char buf[65536];
  unsigned long long sum = 14695981039346656037ULL;
  off_t lo = 0, hi, n, i;

  while ((lo = lseek(fd, lo, SEEK_DATA)) != -1) {
    check_need((hi = lseek(fd, lo, SEEK_HOLE)) != -1);
    fprintf(out, " %lld-%lld", (long long)lo, (long long)hi);
    for (; lo<hi; lo += n) {
      check_need(0<(n = pread(fd, buf, minof((off_t)sizeof(buf), hi-lo), lo)));
      for (i = 0; i<n; i++) sum = (sum^buf[i])*1099511628211ULL;
    }
  }
  fprintf(out, " %llx", sum);
}

// Tell OUT of NAME in DIR, whose path is PATH.
static void tell(FILE *out, int dir, char *name, char *path, struct seen *seen)
{
  char buf[4097];
  struct stat st;
  int fd, n;

  check_need(!fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW));
  fprintf(out, "%s %o %d:%d %lld.%09ld", path, st.st_mode, st.st_uid,
    st.st_gid, (long long)st.st_mtime, st.st_mtim.tv_nsec);
  if (!S_ISDIR(st.st_mode)) {
    for (n = 0; seen[n].path && seen[n].ino != st.st_ino; n++);
    if (!seen[n].path) {
      seen[n].ino = st.st_ino;
      check_need((seen[n].path = strdup(path)));
    }
    fprintf(out, " %d names, the first is %s", (int)st.st_nlink, seen[n].path);
  }
  if (S_ISLNK(st.st_mode)) {
    check_need(0<=(n = readlinkat(dir, name, buf, 4096)));
    fprintf(out, " %.*s", n, buf);
  } else if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) {
    fd = openat(dir, name, O_RDONLY|O_NOATIME|O_CLOEXEC);
    check_need(fd != -1);
    n = fgetxattr(fd, "user.leafroot", buf, 4096);
    if (n>=0) fprintf(out, " user.leafroot=%.*s", n, buf);
    if (S_ISREG(st.st_mode)) {
      fprintf(out, " %lld bytes, read at %lld.%09ld,", (long long)st.st_size,
        (long long)st.st_atime, st.st_atim.tv_nsec);
      content(out, fd);
    }
    close(fd);
  }
  putc('\n', out);
}

static int by_name(const void *a, const void *b)
{
  return strcmp(*(char **)a, *(char **)b);
}

static void below(FILE *out, int fd, char *path, struct seen *seen)
{
  char *names[64], sub[4096];
  int n = 0, i, child;
  struct dirent *de;
  DIR *dir = fdopendir(fd);
  struct stat st;

  check_need(dir);
  while ((de = readdir(dir))) {
    if (!strcmp(de->d_name, ".") || !strcmp(de->d_name, "..")) continue;
    check_need(n<(int)ARRAY_LEN(names) && (names[n++] = strdup(de->d_name)));
  }
  qsort(names, n, sizeof(*names), by_name);
  for (i = 0; i<n; i++) {
    snprintf(sub, sizeof(sub), "%s/%s", path, names[i]);
    tell(out, fd, names[i], sub, seen);
    check_need(!fstatat(fd, names[i], &st, AT_SYMLINK_NOFOLLOW));
    if (S_ISDIR(st.st_mode)) {
      child = openat(fd, names[i], O_RDONLY|O_DIRECTORY|O_CLOEXEC);
      check_need(child != -1);
      below(out, child, sub, seen);
    }
    free(names[i]);
  }
  closedir(dir);
}

// All that is in directory NAME, one line for each entry, malloc()ed
static char *text(char *name)
{
  struct seen seen[64] = {{0}};
  char *s = 0;
  size_t len;
  FILE *out = open_memstream(&s, &len);
  int fd = openat(top, name, O_RDONLY|O_DIRECTORY|O_CLOEXEC), i;

  check_need(out && fd != -1);
  tell(out, top, name, "", seen);
  below(out, fd, "", seen);
  fclose(out);
  for (i = 0; seen[i].path; i++) free(seen[i].path);

  return s;
}

// A row: directory NAME is what WANT says. If not, say which line is first.
static void same(char *name, char *want, char *row)
{
  char *got = text(name), *g = got, *w = want;
  int i;

  for (i = 0; g[i] && g[i] == w[i]; i++) if (g[i] == '\n') {
    g += i+1;
    w += i+1;
    i = -1;
  }
  check(!strcmp(got, want), "%s: %s: got %.*s, want %.*s", row, name,
    (int)minof(strcspn(g, "\n"), (size_t)300), g,
    (int)minof(strcspn(w, "\n"), (size_t)300), w);
  free(got);
}

// --- making it

static void file(int dir, struct entry *e)
{
  int fd = openat(dir, e->path, O_RDWR|O_CREAT|O_EXCL|O_CLOEXEC, 0600);
  unsigned *buf = malloc(e->size+4), i;

  check_need(fd != -1 && buf);
  for (i = 0; i<=e->size/4; i++) buf[i] = (i+e->size)*2654435761U|1;
  if (!e->holes)
    check_need(pwrite(fd, buf, e->size, 0) == (ssize_t)e->size);
  if (e->holes == 1) check_need(pwrite(fd, buf, 4096, MIB) == 4096
    && pwrite(fd, buf, 777, e->size-777) == 777);
  check_need(!ftruncate(fd, e->size));
  free(buf);
  close(fd);
}

// Fill directory NAME, which is made, with all ENTRIES.
static void make(char *name)
{
  struct timespec ts[2] = {{1000000001, 123456789}, {1, 999999999}};
  int dir, i, n = ARRAY_LEN(entries);
  struct entry *e;

  check_need(!mkdirat(top, name, 0755));
  check_need((dir = openat(top, name, O_RDONLY|O_CLOEXEC)) != -1);
  for (e = entries; e<entries+n; e++) {
    if (!e->mode) check_need(!linkat(dir, e->from, dir, e->path, 0));
    else if (S_ISREG(e->mode)) file(dir, e);
    else if (S_ISDIR(e->mode)) check_need(!mkdirat(dir, e->path, 0700));
    else if (S_ISLNK(e->mode)) check_need(!symlinkat(e->from, dir, e->path));
    else check_need(!mknodat(dir, e->path, e->mode, 0));
  }
  // What is in a directory changes it: from the last to the first
  for (i = n; i--;) {
    e = entries+i;
    if (S_ISREG(e->mode) || S_ISDIR(e->mode)) {
      int fd = openat(dir, e->path, O_RDONLY|O_CLOEXEC);

      check_need(fd != -1);
      // Only root may give them to a file that nobody may write to
      if (xattrs && (e->mode&0200)) check_need(!fsetxattr(fd,
        "user.leafroot", e->path, strlen(e->path), 0));
      close(fd);
    }
    if (e->mode && !S_ISLNK(e->mode))
      check_need(!fchmodat(dir, e->path, e->mode&07777, 0));
    ts[1].tv_sec += 1000;
    ts[1].tv_nsec -= 1000001;
    if (e->mode)
      check_need(!utimensat(dir, e->path, ts, AT_SYMLINK_NOFOLLOW));
  }
  check_need(!utimensat(top, name, ts, 0));
  close(dir);
}

// Open directory NAME for T as source, and with MODE as new, empty destination.
static void set(struct tree *t, int mode, int workers)
{
  memset(t, 0, sizeof(*t));
  t->mode = mode;
  t->workers = workers;
  t->dst = -1;
  check_need((t->src = openat(top, "src", O_PATH|O_DIRECTORY|O_CLOEXEC)) != -1);
  if (mode == TREE_COUNT || mode == TREE_WIPE) return;
  check_need(!mkdirat(top, "dst", 0711));
  check_need((t->dst = openat(top, "dst", O_RDONLY|O_CLOEXEC)) != -1);
}

// What was done without a failure, RC, is ROW.
static void done(int rc, struct fault *f, char *row)
{
  check(!rc && !f->step, "%s: %s %s: %s", row, f->step, f->name,
    strerror(f->err));
  lr_fault_clear(f);
}

// Remove all that is in NAME, by what is tested, and NAME.
static void gone(char *name)
{
  struct tree t = {.mode = TREE_WIPE};
  struct fault f = {0};

  check_need((t.src = openat(top, name, O_RDONLY|O_CLOEXEC)) != -1);
  done(lr_tree_run(&t, &f), &f, name);
  check_num(t.left, 0, "wipe %s: entries left", name);
  lr_tree_free(&t);
  lr_fault_clear(&f);
  close(t.src);
  check(!unlinkat(top, name, AT_REMOVEDIR), "wipe: %s is empty: %s", name,
    strerror(errno));
}

static void unset(struct tree *t)
{
  lr_tree_free(t);
  close(t->src);
  if (t->dst != -1) close(t->dst);
}

// What T did failed with STEP, ERR and a NAME.
static void failed(struct fault *f, int err, char *step, char *name, char *row)
{
  check_str(f->step, step, "%s: step", row);
  check_str(f->name, name, "%s: name", row);
  check_num(f->err, err, "%s: errno", row);
  lr_fault_clear(f);
}

// --- the rows

static void counts(struct tree *t, char *row)
{
  struct stat st;
  unsigned i, names = 1, inodes = 1;
  unsigned long long bytes = 0, largest = 0;
  char path[300];

  for (i = 0; i<ARRAY_LEN(entries); i++, names++) if (entries[i].mode) {
    inodes++;
    if (S_ISDIR(entries[i].mode)) continue;
    snprintf(path, sizeof(path), "src/%s", entries[i].path);
    check_need(!fstatat(top, path, &st, AT_SYMLINK_NOFOLLOW));
    bytes += st.st_blocks*512ULL;
    if (S_ISREG(st.st_mode)) largest = maxof(largest, st.st_blocks*512ULL);
  }
  check_num(t->names, names, "%s: names", row);
  check_num(t->inodes, inodes, "%s: inodes", row);
  check_num(t->bytes, bytes, "%s: bytes", row);
  check_num(t->largest, largest, "%s: largest", row);
  check_num(t->left, 0, "%s: left", row);
}

static void count(int workers)
{
  struct fault f = {0};
  struct tree t;

  set(&t, TREE_COUNT, workers);
  done(lr_tree_run(&t, &f), &f, "count");
  counts(&t, "count");
  // It has two names, and either can be met first
  check(t.big && (!strcmp(t.big, "/a/big one")
    || !strcmp(t.big, "/b/sgid and sticky/big two")), "count: big is %s",
    t.big);
  unset(&t);
  check(!t.big && !t.undo, "count: forgotten");
  same("src", first, "count");
}

static void copy(int workers)
{
  struct fault f = {0};
  struct tree t;
  long long bytes = 0;
  unsigned i;

  for (i = 0; i<ARRAY_LEN(entries); i++)
    bytes += entries[i].holes ? 0 : entries[i].size;
  bytes += 4096+777;

  set(&t, TREE_COPY, workers);
  done(lr_tree_run(&t, &f), &f, "copy");
  counts(&t, "copy");
  check_num(t.done, bytes, "copy: bytes of data");
  same("dst", first, "copy");
  same("src", first, "copy");
  done(lr_tree_back(&t, &f), &f, "copy: nothing to put back");
  same("src", first, "copy, back");
  unset(&t);
  gone("dst");
}

// What a move by so many WORKERS has left: directories with the names of inodes
// that have several. Files are emptied, unless another worker had them open by
// another name just then.
static void left(int workers)
{
  char *names[] = {"a/one", "b/two", "b/sgid and sticky/big two", "b/fifo2",
    "c/link"}, *others[] = {"empty", "sparse", "a/suid", "b/socket",
    "c/nowhere", "c/d", "b/empty directory", "read only"}, path[64];
  struct stat st;
  unsigned i;

  for (i = 0; i<ARRAY_LEN(names); i++) {
    sprintf(path, "src/%s", names[i]);
    if (check(!fstatat(top, path, &st, AT_SYMLINK_NOFOLLOW),
      "move: %s stays", path) && S_ISREG(st.st_mode) && workers == 1)
        check_num(st.st_size, 0, "move: %s is emptied", path);
  }
  for (i = 0; i<ARRAY_LEN(others); i++) {
    sprintf(path, "src/%s", others[i]);
    check(fstatat(top, path, &st, AT_SYMLINK_NOFOLLOW) && errno == ENOENT,
      "move: %s is gone", path);
  }
}

static void move(int workers, int back)
{
  struct fault f = {0};
  struct tree t;

  set(&t, TREE_MOVE, workers);
  done(lr_tree_run(&t, &f), &f, "move");
  same("dst", first, "move");
  left(workers);
  if (back) {
    done(lr_tree_back(&t, &f), &f, "back");
    check(!t.undo, "back: forgotten");
    same("src", first, "back");
    unset(&t);
    gone("dst");
  } else {
    unset(&t);
    gone("src");
    same("dst", first, "move, wiped");
    check_need(!renameat(top, "dst", top, "src"));
  }
}

// A directory that is left out, and the root's own owner and mode
static void options(void)
{
  struct fault f = {0};
  struct stat st;
  struct tree t;

  set(&t, TREE_COPY, 2);
  t.keep_root_meta = 1;
  check_need(!fstatat(top, "src/c/d", &st, 0));
  t.skip = st.st_ino;
  t.skip_dev = st.st_dev;
  done(lr_tree_run(&t, &f), &f, "skip");
  check(!fstatat(top, "dst/c/long", &st, AT_SYMLINK_NOFOLLOW), "skip: copied");
  check(fstatat(top, "dst/c/d", &st, 0) && errno == ENOENT, "skip: left out");
  check_need(!fstatat(top, "dst", &st, 0));
  check_num(st.st_mode&07777, 0711, "keep_root_meta: mode");
  unset(&t);
  gone("dst");

  // The same number on another device is another directory
  set(&t, TREE_COPY, 2);
  check_need(!fstatat(top, "src/c/d", &st, 0));
  t.skip = st.st_ino;
  t.skip_dev = st.st_dev+1;
  done(lr_tree_run(&t, &f), &f, "skip on another device");
  check(!fstatat(top, "dst/c/d", &st, 0), "skip on another device: copied");
  unset(&t);
  gone("dst");
}

// A big file is in use: then the worker waits until tick() was called twice,
// and that is when the cancel of the beginning must have stopped everything.
struct told {
  int ticks, used, refuse;
  unsigned long long bytes;
  char path[64];
};

static int in_use(void *context, char *path, unsigned long long bytes)
{
  struct told *told = context;
  int ms;

  if (told->refuse) return -1;
  told->used++;
  told->bytes = bytes;
  snprintf(told->path, sizeof(told->path), "%s", path);
  for (ms = 0; ms<10000
    && __atomic_load_n(&told->ticks, __ATOMIC_SEQ_CST)<2; ms += 10)
      usleep(10000);

  return 0;
}

static void tick(void *context, struct tree *t)
{
  struct told *told = context;

  (void)t;
  __atomic_add_fetch(&told->ticks, 1, __ATOMIC_SEQ_CST);
}

static void cancelled(int cancel)
{
  struct told told = {0};
  struct fault f = {0};
  struct tree t;
  struct stat st;
  volatile int stop = cancel;
  int fd = openat(top, "src/sparse", O_RDONLY|O_NOATIME|O_CLOEXEC), rc;
  char *row = cancel ? "cancelled" : "in use";

  check_need(fd != -1 && !fstat(fd, &st));
  set(&t, TREE_MOVE, 1);
  t.cancel = &stop;
  t.tick = tick;
  t.in_use = in_use;
  t.context = &told;
  rc = lr_tree_run(&t, &f);
  check_num(rc, cancel ? -1 : 0, "%s", row);
  check_num(told.used, 1, "%s: in_use() was called", row);
  check_str(told.path, "/sparse", "%s: path", row);
  check_num(told.bytes, st.st_blocks*512, "%s: bytes", row);
  check(told.ticks>1, "%s: %d ticks", row, told.ticks);
  if (cancel) failed(&f, EINTR, "filling", "the new root", row);
  else {
    same("dst", first, row);
    check_need(!fstat(fd, &st));
    check_num(st.st_size, 33*MIB+777, "%s: still there", row);
  }
  close(fd);
  done(lr_tree_back(&t, &f), &f, row);
  same("src", first, row);
  unset(&t);
  gone("dst");
}

// There is no memory for a second one of a file that is in use, or that is larger
// than a piece: the move fails with ENOSPC, and is undone.
static void refused(void)
{
  struct told told = {.refuse = 1};
  struct fault f = {0};
  struct tree t;
  int fd = openat(top, "src/sparse", O_RDONLY|O_NOATIME|O_CLOEXEC);

  check_need(fd != -1);
  set(&t, TREE_MOVE, 1);
  t.piece = 65536;
  t.in_use = in_use;
  t.context = &told;
  check_num(lr_tree_run(&t, &f), -1, "refused");
  failed(&f, ENOSPC, "copying", "/sparse", "refused");
  close(fd);
  done(lr_tree_back(&t, &f), &f, "refused");
  same("src", first, "refused");
  unset(&t);
  gone("dst");
}

// What is there already was read before, and is another thing by now: it gives
// way. A name can be the first of its inode that is met, or not.
static void made_before(void)
{
  static char *rows[] = {"empty", "sparse", "chunk", "a", "c", "a/one",
    "b/fifo", "b/fifo2", "c/link", "a/big one", "b/socket", "c/nowhere",
    "c/d/e/f", "c/d/e/f/g"};
  char path[64], dir[64];
  struct fault f = {0};
  struct stat st, was;
  struct tree t;
  unsigned i;

  for (i = 0; i<ARRAY_LEN(rows); i++) {
    char *s = strrchr(rows[i], '/'), *row = rows[i];

    // Only in the root can something be before: below it, the tree is moved
    // from the directory that it is in.
    set(&t, TREE_MOVE, 1+i%2);
    sprintf(dir, "src/%.*s", s ? (int)(s-row) : 0, row);
    sprintf(path, "dst/%s", s ? s+1 : row);
    close(t.src);
    check_need((t.src = openat(top, dir, O_PATH|O_CLOEXEC)) != -1);
    sprintf(dir, "src/%s", row);
    check_need(!fstatat(top, dir, &was, AT_SYMLINK_NOFOLLOW));
    check_need(!symlinkat("made before", top, path));
    done(lr_tree_run(&t, &f), &f, row);
    check(!fstatat(top, path, &st, AT_SYMLINK_NOFOLLOW)
      && st.st_mode == was.st_mode && st.st_size == was.st_size
      && st.st_mtime == was.st_mtime, "made before: %s", row);
    done(lr_tree_back(&t, &f), &f, row);
    same("src", first, row);
    unset(&t);
    gone("dst");
  }

  // A directory stays, and what was to be in its place is left out
  set(&t, TREE_COPY, 2);
  check_need(!mkdirat(top, "dst/chunk", 0700));
  done(lr_tree_run(&t, &f), &f, "a directory that was made before");
  check(!fstatat(top, "dst/chunk", &st, 0) && S_ISDIR(st.st_mode),
    "a directory that was made before stays");
  unset(&t);
  gone("dst");
}

// What may not be read. Without O_NOATIME what is read changes its times.
static void unreadable(void)
{
  struct fault f = {0};
  struct stat st;
  struct tree t;

  check_need(!fchmodat(top, "src/chunk", 0, 0));
  set(&t, TREE_COPY, 2);
  check_num(lr_tree_run(&t, &f), -1, "unreadable");
  failed(&f, EACCES, "opening", "/chunk", "unreadable");
  unset(&t);
  gone("dst");
  set(&t, TREE_COPY, 2);
  t.unprivileged = 1;
  done(lr_tree_run(&t, &f), &f, "unprivileged");
  check_num(t.left, 1, "unprivileged: left");
  check(fstatat(top, "dst/chunk", &st, 0), "unprivileged: left out");
  check(!fstatat(top, "dst/chunk and one", &st, 0), "unprivileged: copied");
  unset(&t);
  gone("dst");
  check_need(!fchmodat(top, "src/chunk", 0600, 0));
}

// A file whose name can't be removed when it has been copied, and freed piece
// by piece: its content is put back at once.
static void unremovable(void)
{
  struct entry rows[] = {{"dense", .size = 9*MIB+123},
    {"holes", .size = 33*MIB+777, .holes = 1},
    {"a hole", .size = 5*MIB, .holes = 2}, {"two chunks", .size = 8*MIB},
    {"small", .size = 1234}};
  struct timespec ts[2] = {{5, 6}, {7, 8}};
  char name[64], *was;
  struct fault f = {0};
  struct tree t;
  unsigned i;
  int dir;

  for (i = 0; i<ARRAY_LEN(rows); i++) {
    check_need(!mkdirat(top, "src", 0700));
    check_need((dir = openat(top, "src", O_RDONLY|O_CLOEXEC)) != -1);
    file(dir, rows+i);
    check_need(!utimensat(dir, rows[i].path, ts, 0) && !fchmod(dir, 0500));
    was = text("src");
    set(&t, TREE_MOVE, 1);
    check_num(lr_tree_run(&t, &f), -1, "unremovable: %s", rows[i].path);
    sprintf(name, "/%s", rows[i].path);
    failed(&f, EACCES, "removing", name, "unremovable");
    same("src", was, name);
    done(lr_tree_back(&t, &f), &f, name);
    same("src", was, name);
    unset(&t);
    gone("dst");
    check_need(!fchmod(dir, 0700));
    close(dir);
    gone("src");
    free(was);
  }
}

// What can't be put back, as something is in the way, stays in the new tree,
// and what is above it there has its times.
static void half_back(void)
{
  struct stat was, is, root;
  struct fault f = {0};
  struct tree t;
  char *all;
  int fd;

  check_need(!fstatat(top, "src/c", &was, 0) && !fstatat(top, "src", &root, 0));
  set(&t, TREE_MOVE, 1);
  done(lr_tree_run(&t, &f), &f, "half back");
  fd = openat(top, "src/c/d", O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0600);
  check_need(fd != -1 && !close(fd));
  all = text("dst/c/d");
  check_num(lr_tree_back(&t, &f), -1, "half back");
  failed(&f, ENOTDIR, "opening", "/c/d", "half back");
  same("dst/c/d", all, "half back");
  check_need(!fstatat(top, "dst/c", &is, 0));
  check(was.st_mtim.tv_sec == is.st_mtim.tv_sec
    && was.st_mtim.tv_nsec == is.st_mtim.tv_nsec, "half back: times of c");
  unset(&t);

  // By hand, the rest
  check_need(!unlinkat(top, "src/c/d", 0)
    && !renameat(top, "dst/c/d", top, "src/c/d"));
  check_need((fd = openat(top, "src/c", O_RDONLY|O_CLOEXEC)) != -1);
  check_need(!futimens(fd, (struct timespec[]){was.st_atim, was.st_mtim}));
  close(fd);
  check_need(!utimensat(top, "src",
    (struct timespec[]){root.st_atim, root.st_mtim}, 0));
  same("src", first, "half back");
  gone("dst");
  free(all);
}

// The content of a file can't be written, to neither tree, from one call of
// sendfile() to another: in a move, so that what it has freed can't be put back
// at once; or in its undo, in one try or in more. When it can be written again
// nothing was lost.
static void unwritable(void)
{
  struct entry rows[] = {{"dense", .size = 9*MIB+123},
    {"holes", .size = 33*MIB+777, .holes = 1},
    {"two names", .size = 5*MIB+9}};
  int counts[] = {1, 2, 3, 4, 6, 1000}, from, i, j, back, rc, dir;
  struct timespec ts[2] = {{5, 6}, {7, 8}};
  struct fault f = {0};
  char row[64], *was;
  struct tree t;

  for (i = 0; i<(int)ARRAY_LEN(rows); i++) {
    check_need(!mkdirat(top, "src", 0700));
    check_need((dir = openat(top, "src", O_RDONLY|O_CLOEXEC)) != -1);
    file(dir, rows+i);
    if (i == 2) check_need(!linkat(dir, rows[i].path, dir, "again", 0));
    check_need(!utimensat(dir, rows[i].path, ts, 0) && !futimens(dir, ts));
    close(dir);
    was = text("src");
    for (back = 0; back<2; back++) for (from = 1; from<8; from++)
      for (j = 0; j<(int)ARRAY_LEN(counts); j++)
    {
      sprintf(row, "unwritable: %s, back %d, from %d, %d calls", rows[i].path,
        back, from, counts[j]);
      set(&t, TREE_MOVE, 1);
      if (!back) sendfile_fails(from, counts[j]);
      rc = lr_tree_run(&t, &f);
      if (back) check_need(!rc);
      check_num(rc, back || calls<from ? 0 : -1, "%s: moved", row);
      lr_fault_clear(&f);
      sendfile_fails(back ? from : 0, back ? counts[j] : 0);
      if (lr_tree_back(&t, &f)) {
        // Only an undo that was made to fail may fail
        check(back && calls>=from, "%s: %s %s", row, f.step, f.name);
        lr_fault_clear(&f);
        sendfile_fails(0, 0);
        done(lr_tree_back(&t, &f), &f, row);
      }
      sendfile_fails(0, 0);
      same("src", was, row);
      unset(&t);
      gone("dst");
    }
    gone("src");
    free(was);
  }
}

// The path of a fault, of 300 bytes and more
static void long_path(void)
{
  char path[1024] = "src", want[1024];
  struct fault f = {0};
  struct tree t;
  int i, len;

  check_need(!mkdirat(top, "src", 0700));
  for (i = 0; i<3; i++) {
    sprintf(path+strlen(path), "/%c%0119d", 'a'+i, i);
    check_need(!mkdirat(top, path, 0700));
  }
  strcpy(want, path+3);
  check_need(!fchmodat(top, path, 0, 0));
  set(&t, TREE_COUNT, 0);
  check_num(lr_tree_run(&t, &f), -1, "a long path");
  len = strlen(want);
  memcpy(want+100, "...", 3);
  memmove(want+103, path+3+len-150, 151);
  failed(&f, EACCES, "opening", want, "a long path");
  unset(&t);
  check_need(!fchmodat(top, path, 0700, 0));
  gone("src");
}

// Each file NAME/d/N has the other name NAME/e/N, and its number as content
static void pairs(char *name, int n, char *row)
{
  char a[64], b[64], s[16];
  struct stat st, other;
  int i, fd;

  for (i = 0; i<n; i++) {
    sprintf(a, "%s/d/%d", name, i);
    sprintf(b, "%s/e/%d", name, i);
    memset(s, 0, sizeof(s));
    fd = openat(top, a, O_RDONLY|O_CLOEXEC);
    if (fd != -1 && !fstat(fd, &st) && st.st_nlink == 2
      && !fstatat(top, b, &other, AT_SYMLINK_NOFOLLOW)
      && other.st_ino == st.st_ino && read(fd, s, 15)>0 && atoi(s) == i)
    {
      close(fd);
      continue;
    }
    check(0, "%s: pair %d: %s", row, i, strerror(errno));
    if (fd != -1) close(fd);
    break;
  }
  check_num(i, n, "%s: pairs", row);
}

// More inodes with a second name still to come than there may be descriptors,
// all of them at once. The limit stays.
static void many_links(void)
{
  struct rlimit few = {LINKS_HELD+100, LINKS_HELD+100};
  int i, fd, n = 3*LINKS_HELD;
  struct fault f = {0};
  char a[64], b[64];
  struct tree t;

  check_need(!mkdirat(top, "src", 0755) && !mkdirat(top, "src/d", 0755)
    && !mkdirat(top, "src/e", 0755));
  for (i = 0; i<n; i++) {
    sprintf(a, "src/d/%d", i);
    sprintf(b, "src/e/%d", i);
    check_need((fd = openat(top, a, O_RDWR|O_CREAT|O_CLOEXEC, 0644)) != -1);
    check_need(dprintf(fd, "%d", i)>0 && !close(fd));
    check_need(!linkat(top, a, top, b, 0));
  }
  check_need(!setrlimit(RLIMIT_NOFILE, &few));
  set(&t, TREE_COPY, 1);
  done(lr_tree_run(&t, &f), &f, "many links, copied");
  pairs("dst", n, "many links, copied");
  unset(&t);
  gone("dst");
  set(&t, TREE_MOVE, 1);
  done(lr_tree_run(&t, &f), &f, "many links");
  pairs("dst", n, "many links");
  done(lr_tree_back(&t, &f), &f, "many links, back");
  pairs("src", n, "many links, back");
  unset(&t);
  gone("dst");
  gone("src");
}

int main(void)
{
  int i;

  check_dir();
  if (!geteuid()) {
    check_need(!chown(check_dir(), NOBODY, NOBODY));
    check_need(!setgid(NOBODY) && !setuid(NOBODY));
    // Or /proc/self is root's still
    check_need(!prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
  }
  umask(022);
  memset(name255, 'n', 255);
  memset(target4000, 't', 4000);
  check_need((top = open(check_dir(), O_RDONLY|O_DIRECTORY|O_CLOEXEC)) != -1);
  xattrs = !fsetxattr(top, "user.leafroot", "", 0, 0);
  make("src");
  check_need((first = text("src")));

  for (i = 0; i<5; i++) {
    count(i);
    copy(i);
    move(i, 1);
    move(i, 0);
  }
  options();
  cancelled(0);
  cancelled(1);
  refused();
  made_before();
  half_back();
  unreadable();
  gone("src");
  unremovable();
  unwritable();
  long_path();
  many_links();
  free(first);
  close(top);

  return check_done();
}
