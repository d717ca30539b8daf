/* walk.c - visit everything in a directory tree, by several threads
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 *
 * The workers share a stack of directories. A directory is opened below its
 * parent's descriptor when its turn comes. So no path is ever built, and only
 * the directories above those that are being done are open. Files that are too
 * big to keep one worker busy while the others have nothing to do wait in a
 * list, the largest first, until there are no directories. A directory is
 * finished when the last thing in it is done.
 *
 * What is done to an entry is the visitor's affair (walk.h).
 *
 * When memory is out an undo goes on with what the move has reserved: a level
 * for each directory from the root down to the deepest one. Then directories do
 * not wait for their turn. Each is done when it is met, before the next entry
 * of the directory that it is in, and so one for each level is enough.
 */

#include "toys.h"
#include <pthread.h>
#include "lib/fault.h"
#include "lib/kernel.h"
#include "lib/walk.h"

// A big file that waits
struct big {
  struct big *next;
  struct dir *dir;
  unsigned long long size;
  char name[];
};

// All workers are to stop. To be called with the lock held.
static void stop_all(struct walk *k)
{
  unsigned i;

  for (i = 0; i<ARRAY_LEN(k->worker); i++) k->worker[i].stop = 1;
  pthread_cond_broadcast(&k->more);
}

// STEP failed on NAME in D, and errno says why: leave that as a fault. Then
// everything stops, unless the visitor goes on after a failure. Returns -1.
int lr_walk_fail(struct worker *w, char *step, struct dir *d, char *name)
{
  struct walk *k = w->walk;
  int err = errno;
  char *s = lr_walk_path(d, name);

  pthread_mutex_lock(&k->lock);
  lr_fault(k->f, err, step, "%s", s ? : name);
  if (k->visitor->goes_on) {
    w->counts.left++;
    pthread_cond_broadcast(&k->more);
  } else stop_all(k);
  pthread_mutex_unlock(&k->lock);
  free(s);

  return -1;
}

// Stop everything, from outside of the workers. Leaves the fault ERR, STEP,
// NAME.
void lr_walk_stop(struct walk *k, int err, char *step, char *name)
{
  pthread_mutex_lock(&k->lock);
  lr_fault(k->f, err, step, "%s", name);
  stop_all(k);
  pthread_mutex_unlock(&k->lock);
}

// Is there a reserve that lets what is in D be done although memory is out?
// Then D is read again, when all else in it is done. Returns 1 if so, else 0.
static int can_read_again(struct walk *k, struct dir *d)
{
  if (k->visitor->reserves || !k->reserve || d->again == READ_AGAIN) return 0;
  d->again = TO_READ_AGAIN;

  return 1;
}

// Have directory NAME in PARENT wait for its turn. PARENT 0: it is the root.
// Leaves the fault "opening". Returns 0 or -1.
int lr_walk_push_dir(struct worker *w, struct dir *parent, char *name)
{
  struct walk *k = w->walk;
  struct dir *d = parent || k->visitor->reserves ? 0
    : lr_walk_level(k->reserve, 0, "");

  if (!d) {
    if (!(d = malloc(sizeof(*d)+strlen(name)+1)))
      return parent && can_read_again(k, parent) ? 0
        : lr_walk_fail(w, "opening", parent, name);
    lr_walk_init(d, parent, name);
  }
  pthread_mutex_lock(&k->lock);
  if (parent) parent->busy++;

  // A single directory is for the worker that found it. Otherwise a chain of
  // directories in each other would wake another thread at every level.
  if ((d->next = k->stack)) pthread_cond_signal(&k->more);
  k->stack = d;
  pthread_mutex_unlock(&k->lock);

  return 0;
}

// Have file NAME of SIZE bytes in D wait in the list of big files. Returns 0,
// or -1 when memory is out, and then it's to be done at once.
int lr_walk_push_big(struct worker *w, struct dir *d, char *name,
  unsigned long long size)
{
  struct walk *k = w->walk;
  struct big *b = malloc(sizeof(*b)+strlen(name)+1), **at = &k->big;

  if (!b) return -1;
  strcpy(b->name, name);
  b->dir = d;
  b->size = size;
  pthread_mutex_lock(&k->lock);
  d->busy++;
  while (*at && (*at)->size>size) at = &(*at)->next;
  b->next = *at;
  *at = b;
  pthread_cond_signal(&k->more);
  pthread_mutex_unlock(&k->lock);

  return 0;
}

// Open D, whose turn has come, and have the visitor make ready for it. Returns
// 0, 1 when it's left out, or -1.
static int open_dir(struct worker *w, struct dir *d)
{
  struct walk *k = w->walk;
  struct dir *up = d->parent;
  int rc;

  pthread_mutex_lock(&k->lock);
  if ((d->older = k->unfinished)) d->older->newer = d;
  k->unfinished = d;
  pthread_mutex_unlock(&k->lock);
  if (!d->st && !(d->st = malloc(sizeof(*d->st))))
    return can_read_again(k, up) ? 1 : lr_walk_fail(w, "opening", d, "");
  if (k->visitor->reserves && lr_walk_reserve(k, d->depth))
    return lr_walk_fail(w, "opening", d, "");
  d->src = openat(up ? up->src : k->src, up ? d->name : ".",
    O_RDONLY|O_DIRECTORY|WALK_OPEN|k->noatime);
  if (d->src == -1) {
    // ENOENT: it was removed meanwhile, as a temporary directory can be.
    // ENOTDIR: and something else was put in its place.
    if (up && errno == ENOTDIR)
      return k->visitor->entry(w, up, d->name, DT_UNKNOWN, 0) ? -1 : 1;
    if (errno == ENOENT || lr_walk_left_out(w)) return 1;

    return lr_walk_fail(w, "opening", d, "");
  }
  if (kstatx(d->src, "", AT_EMPTY_PATH, d->st))
    return lr_walk_fail(w, "looking at", d, "");
  if (!up) {
    d->earlier = k->earlier;
    k->mnt = (d->st->mask&KSTAT_MNT) ? d->st->mnt : 0;
  } else if (up->earlier) {
    d->earlier = up->earlier->children;
    while (d->earlier && strcmp(d->earlier->name, d->name))
      d->earlier = d->earlier->next;
  }
  if (k->skip && d->st->ino == k->skip
    && makedev(d->st->maj, d->st->min) == k->skip_dev) return 1;
  if (lr_walk_inside_itself(d)) return 1;
  if (k->visitor->open && (rc = k->visitor->open(w, d))) return rc;
  w->counts.names++;
  lr_walk_count(w, d->st);

  return 0;
}

// Let go of D.
static void free_dir(struct walk *k, struct dir *d)
{
  pthread_mutex_lock(&k->lock);
  if (d->newer) d->newer->older = d->older;
  else if (k->unfinished == d) k->unfinished = d->older;
  if (d->older) d->older->newer = d->newer;
  pthread_mutex_unlock(&k->lock);
  if (d->src != -1) close(d->src);
  if (d->dst != -1) close(d->dst);
  if (d->level) {
    d->level->next = k->reserve->levels;
    k->reserve->levels = d->level;
  } else {
    free(d->st);
    free(d);
  }
}

static void read_again(struct worker *w, struct dir *d);

// One thing in D is done, or the reading of D is. If that was the last one, D
// is finished (unless it is LEFT_OUT), and so is one thing in its parent.
static void done_in(struct worker *w, struct dir *d, int left_out)
{
  struct walk *k = w->walk;
  struct dir *parent;
  int busy;

  for (; d; d = parent) {
    parent = d->parent;
    pthread_mutex_lock(&k->lock);
    busy = --d->busy;
    pthread_mutex_unlock(&k->lock);
    if (busy) return;
    if (d->again == TO_READ_AGAIN) read_again(w, d);
    if (!left_out && k->visitor->finish && k->visitor->finish(w, d) && w->stop)
      return;
    left_out = 0;
    free_dir(k, d);
  }
}

// Is DE "." or ".."?
static int is_dot(struct dirent *de)
{
  return de->d_name[0] == '.' && (!de->d_name[1]
    || (de->d_name[1] == '.' && !de->d_name[2]));
}

// Memory was out while D was read, and all else in it is done: read it again,
// and do what is below it level by level, in what is reserved. One worker at a
// time can do that, and it lets nothing wait for its turn.
static void read_again(struct worker *w, struct dir *top)
{
  struct walk *k = w->walk;
  struct reserve *r = k->reserve;
  struct dir *d = top, *child;
  struct level *l, *above;
  struct dirent *de;
  int rc;

  pthread_mutex_lock(&k->low);
  top->again = READ_AGAIN;
  top->busy = 1;
  lseek(top->src, 0, SEEK_SET);
  if ((l = r->levels)) {
    r->levels = l->next;
    l->at = l->len = 0;
  } else lr_walk_fail(w, "opening", top, "");
  while (l && !w->stop) {
    if (l->at == l->len) {
      l->at = 0;
      l->len = syscall(SYS_getdents64, d->src, l->buf, sizeof(l->buf));
      if (l->len>0) continue;
      if (l->len<0 && errno != ENOENT) lr_walk_fail(w, "reading", d, "");
      if (d == top) {
        l->next = r->levels;
        r->levels = l;
        break;
      }
      above = l->next;
      child = d;
      d = d->parent;
      done_in(w, child, 0);
      l = above;
      continue;
    }
    de = (void *)(l->buf+l->at);
    l->at += de->d_reclen;
    if (is_dot(de)) continue;
    if (de->d_type != DT_DIR)
      k->visitor->entry(w, d, de->d_name, de->d_type, 1);
    else if (!(child = lr_walk_level(r, d, de->d_name))) {
      errno = ENOMEM;
      lr_walk_fail(w, "opening", d, de->d_name);
    } else {
      child->again = READ_AGAIN;
      d->busy++;
      rc = open_dir(w, child);
      if (rc || walk_foreign(k, child->st)) done_in(w, child, rc);
      else {
        child->level->next = l;
        l = child->level;
        d = child;
      }
    }
  }
  pthread_mutex_unlock(&k->low);
}

// Do all entries of D.
static void do_dir(struct worker *w, struct dir *d)
{
  struct walk *k = w->walk;
  struct dirent *de;
  long len, off;
  int rc = open_dir(w, d);

  if (w->stop) return;
  if (rc || walk_foreign(k, d->st)) return done_in(w, d, rc);
  for (;;) {
    len = syscall(SYS_getdents64, d->src, w->entries, 65536);
    if (len<0 && errno != ENOENT) lr_walk_fail(w, "reading", d, "");
    if (w->stop) return;
    if (len<1) return done_in(w, d, 0);
    for (off = 0; off<len; off += de->d_reclen) {
      de = (void *)(w->entries+off);
      if (is_dot(de)) continue;
      if (de->d_type == DT_DIR) lr_walk_push_dir(w, d, de->d_name);
      else k->visitor->entry(w, d, de->d_name, de->d_type, 0);
      if (w->stop) return;
    }
  }
}

// A thread: do directories, then big files, until nothing is left of either
// and no other worker can add more.
static void *work(void *arg)
{
  struct worker *w = arg;
  struct walk *k = w->walk;
  struct dir *d;
  struct big *b;

  pthread_mutex_lock(&k->lock);
  while (!w->stop) {
    if ((d = k->stack)) k->stack = d->next;
    else if ((b = k->big)) k->big = b->next;
    else if (!k->running) break;
    else {
      pthread_cond_wait(&k->more, &k->lock);
      continue;
    }
    k->running++;
    pthread_mutex_unlock(&k->lock);
    if (d) do_dir(w, d);
    else {
      k->visitor->entry(w, b->dir, b->name, DT_REG, 1);
      if (!w->stop) done_in(w, b->dir, 0);
      free(b);
    }
    pthread_mutex_lock(&k->lock);
    k->running--;
  }
  k->ended++;
  pthread_cond_broadcast(&k->more);
  pthread_cond_signal(&k->over);
  pthread_mutex_unlock(&k->lock);

  return 0;
}

// Add up what the workers counted.
static void sum(struct walk *k)
{
  struct counts *c, total = {0};
  unsigned i;

  for (i = 0; i<ARRAY_LEN(k->worker); i++) {
    c = &k->worker[i].counts;
    total.bytes += c->bytes;
    total.inodes += c->inodes;
    total.names += c->names;
    total.done += c->done;
    total.left += c->left;
    total.largest = maxof(total.largest, c->largest);
  }
  k->counts = total;
}

// Run the workers of K to their end, in N threads or, if there can be none, in
// this one, and then without tick().
static void run_workers(struct walk *k, int n)
{
  pthread_t thread[WALK_WORKERS];
  struct timespec ts;
  int made = 0;

  while (made<n && !pthread_create(thread+made, 0, work, k->worker+made))
    made++;
  if (!made) work(k->worker);
  pthread_mutex_lock(&k->lock);
  while (k->ended<made) {
    clock_gettime(CLOCK_REALTIME, &ts);
    ts.tv_nsec += 50000000;
    ts.tv_sec += ts.tv_nsec/1000000000;
    ts.tv_nsec %= 1000000000;
    if (!pthread_cond_timedwait(&k->over, &k->lock, &ts)) continue;
    sum(k);
    pthread_mutex_unlock(&k->lock);
    if (k->tick) k->tick(k->context, k);
    pthread_mutex_lock(&k->lock);
  }
  pthread_mutex_unlock(&k->lock);
  while (made) pthread_join(thread[--made], 0);
  sum(k);
}

// Ready K: how many threads, their buffers. Returns the number of threads, or
// -1 and leaves the fault "getting memory for".
static int start(struct walk *k)
{
  cpu_set_t cpus;
  int i, n = k->workers;

  pthread_mutex_init(&k->lock, 0);
  pthread_mutex_init(&k->low, 0);
  pthread_cond_init(&k->more, 0);
  pthread_cond_init(&k->over, 0);
  if (!n && !sched_getaffinity(0, sizeof(cpus), &cpus)) n = CPU_COUNT(&cpus);
  n = maxof(1, minof(n, WALK_WORKERS));

  // Where memory is out one thread has to do
  for (i = 0; i<n; i++) {
    struct worker *w = &k->worker[i];

    w->walk = k;
    w->entries = !i && k->reserve && k->reserve->buffer ? k->reserve->buffer
      : malloc(65536+WALK_BUF);
    if (w->entries) w->buf = w->entries+65536;
    else if (i) n = i;
    else return lr_fault(k->f, errno, "getting memory for", "the tree");
  }
  if (k->reserve) k->reserve->buffer = k->worker->entries;

  // O_NOATIME is only for who owns everything
  if (!k->unprivileged) k->noatime = O_NOATIME;

  // Growing a descriptor table that threads share waits for RCU, each time that
  // it doubles (fs/file.c expand_fdtable()): grow it while we are alone
  if (-1 != (i = fcntl(k->src, F_DUPFD_CLOEXEC, 16383))) close(i);

  return n;
}

// What was not finished becomes a tree, with closed descriptors. What waits for
// its turn still, and the buffers, are let go of.
static void end(struct walk *k)
{
  struct dir *d;
  struct big *b;
  unsigned i;

  for (d = k->unfinished; d; d = d->older) {
    if (d->src != -1) close(d->src);
    if (d->dst != -1) close(d->dst);
    d->src = d->dst = -1;
    d->next = d->parent ? d->parent->children : 0;
    if (d->parent) d->parent->children = d;
  }
  while ((d = k->stack)) {
    k->stack = d->next;
    free_dir(k, d);
  }
  while ((b = k->big)) {
    k->big = b->next;
    free(b);
  }
  for (i = !!k->reserve; i<ARRAY_LEN(k->worker); i++)
    free(k->worker[i].entries);
}

// Have K->visitor do everything in K->src or, if something fails and the
// visitor doesn't go on then, a part of it. Memory, while it runs: some 200 kB
// a thread, 100 bytes and its name for each directory that waits, descriptors
// for each level of depth. Leaves the visitor's fault, "opening", "looking at"
// or "reading" a path, or "getting memory for". Returns 0 or -1.
int lr_walk_run(struct walk *k, struct fault *f)
{
  struct rlimit old, most = {1<<20, 1<<20};
  int n, limit = !getrlimit(RLIMIT_NOFILE, &old);

  // Two descriptors for each level: 1<<20 is what the kernel's own fs.nr_open
  // allows root, and PID 1 starts with 1024. Others get what they may have.
  if (limit && setrlimit(RLIMIT_NOFILE, &most)) {
    most.rlim_max = old.rlim_max;
    most.rlim_cur = old.rlim_max-(k->visitor->all_fds ? 0 : 64);
    limit = !setrlimit(RLIMIT_NOFILE, &most);
  }
  k->f = f;
  n = start(k);
  if (n != -1 && !lr_walk_push_dir(k->worker, 0, "")) run_workers(k, n);
  end(k);
  if (limit) setrlimit(RLIMIT_NOFILE, &old);

  return -!!f->step;
}
