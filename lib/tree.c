/* tree.c - count, copy, move or empty all that one file system holds
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 *
 * How a tree is walked is in walk.c, what is done to what is in it in
 * treecount.c, treecopy.c, treemove.c, treeback.c and treewipe.c.
 */

#include "toys.h"
#include <pthread.h>
#include "lib/fault.h"
#include "lib/filecopy.h"
#include "lib/kernel.h"
#include "lib/xattrs.h"
#include "lib/walk.h"
#include "lib/links.h"
#include "lib/treevisit.h"
#include "lib/tree.h"

// Tell T what K has counted so far.
static void report(struct tree *t, struct walk *k)
{
  t->bytes = k->counts.bytes;
  t->inodes = k->counts.inodes;
  t->names = k->counts.names;
  t->done = k->counts.done;
  t->left = k->counts.left;
}

static void tick(void *context, struct walk *k)
{
  struct tree *t = context;

  report(t, k);
  if (t->cancel && *t->cancel)
    lr_walk_stop(k, EINTR, "filling", "the new root");
  if (t->tick) t->tick(t->context, t);
}

// Walk K, which fills a tree. Returns 0 or -1.
static int fill(struct walk *k, struct treevisit *tv, struct fault *f)
{
  int mask = umask(0), fd, rc;
  void (*sigio)(int);

  // Breaking a lease of may_free() (treemove.c) sends SIGIO, which would end us
  sigio = signal(SIGIO, SIG_IGN);
  tv->uid = geteuid();
  tv->gid = getegid();

  // What open_tree() opened is no more than a place (O_PATH): open it to ask
  fd = openat(k->src, ".", O_RDONLY|O_DIRECTORY|WALK_OPEN);
  tv->flags = fd == -1 || lr_filecopy_has_flags(fd);
  if (fd != -1) {
    tv->no_xattrs = lr_xattrs_none(fd);
    close(fd);
  }
  rc = lr_walk_run(k, f);
  lr_links_end(&tv->links, f);
  signal(SIGIO, sigio);
  umask(mask);

  return f->step ? -1 : rc;
}

// Do to T what VISITOR does. To undo a move, TV is what that has left in
// T->undo, and EARLIER the root of what it left unfinished; else they are 0.
// Returns 0 or -1.
static int run(struct tree *t, struct fault *f, struct visitor const *visitor,
  struct treevisit *tv, struct dir *earlier)
{
  struct walk k = {.visitor = visitor, .src = t->src,
    .skip = t->skip, .skip_dev = t->skip_dev,
    .unprivileged = t->unprivileged, .workers = t->workers,
    .tick = tick, .context = t, .earlier = earlier};
  int rc, undo = !!tv, cwd;

  if (!tv && !(tv = calloc(1, sizeof(*tv))))
    return lr_fault(f, errno, "getting memory for", "the tree");
  k.visit = tv;
  if (undo || visitor->reserves) k.reserve = &tv->reserve;
  pthread_mutex_init(&tv->links.lock, 0);
  pthread_mutex_init(&tv->cwd, 0);
  tv->lacks = t->lacks;
  tv->dst = tv->links.root = t->dst;
  tv->piece = t->piece ? : COPY_CHUNK;
  tv->keep_root_meta = t->keep_root_meta;
  tv->in_use = t->in_use;
  tv->context = t->context;
  cwd = open(".", O_PATH|O_DIRECTORY|O_CLOEXEC);
  if (visitor->fills) rc = fill(&k, tv, f);
  else {
    rc = lr_walk_run(&k, f);
    lr_links_end(&tv->links, f);
  }
  if (cwd != -1) {
    if (fchdir(cwd)) errno = 0;
    close(cwd);
  }
  report(t, &k);
  t->largest = k.counts.largest;
  t->big = tv->big;
  if (visitor->reserves) {
    tv->unfinished = k.unfinished;
    t->undo = tv;
  } else {
    lr_walk_forget(k.unfinished);
    if (!undo) free(tv);
  }

  return rc;
}

// Do to T->src what T->mode says: all of it or, if that fails, a part of it,
// and then lr_tree_back() can undo that. Memory, while it runs: some 200 kB a
// thread, 100 bytes and its name for each directory that waits, descriptors for
// each level of depth. The current directory, umask and SIGIO of the process
// change meanwhile, but to wipe, and to count without T->lacks. Leaves a fault:
// what was being done to which path ("opening", "looking at", "reading",
// "creating", "linking", "copying", "removing", "locking", "unlocking",
// "putting back", "setting the owner of", "setting the mode of", "setting the
// times of", "copying the attributes of", "copying the flags of"), "filling"
// with EINTR when it was cancelled, "getting memory for", or what "the new root
// can't hold" of T->lacks. Returns 0 or -1.
int lr_tree_run(struct tree *t, struct fault *f)
{
  static struct visitor const *const visitors[] = {
    [TREE_COUNT] = &lr_treecount, [TREE_COPY] = &lr_treecopy,
    [TREE_MOVE] = &lr_treemove, [TREE_WIPE] = &lr_treewipe};

  return run(t, f, visitors[t->mode], 0, 0);
}

// Undo what lr_tree_run() did for T, whether it failed or not: what was moved
// is put back, times of directories included. A copy has changed nothing. What
// fails is tried three times, as it can need another thing that is put back
// meanwhile. It needs no memory but what the move has taken for it (and the
// kernel's, for what is put back). Leaves a fault as lr_tree_run() does if even
// that fails; some is then in the new tree only. Returns 0 or -1.
int lr_tree_back(struct tree *t, struct fault *f)
{
  struct tree back = {.src = t->dst, .dst = t->src, .keep_root_meta = 1,
    .workers = t->workers, .piece = t->piece, .tick = t->tick,
    .context = t->context};
  struct treevisit *tv = t->undo;
  struct dir *root = tv ? tv->unfinished : 0;
  int rc, tries = 3;

  // Without a level not even the root was begun
  if (t->mode != TREE_MOVE || !tv || !tv->reserve.count) return 0;
  back.mode = TREE_MOVE;
  while (root && root->parent) root = root->parent;
  while ((rc = run(&back, f, &lr_treeback, tv, root)) && --tries)
    lr_fault_clear(f);
  if (!rc) lr_tree_free(t);

  return rc;
}

// Forget what lr_tree_back() would need, and the names of files.
void lr_tree_free(struct tree *t)
{
  struct treevisit *tv = t->undo;

  if (tv) {
    lr_walk_forget(tv->unfinished);
    lr_walk_release(&tv->reserve);
    free(tv);
  }
  t->undo = 0;
  free(t->big);
  t->big = 0;
}
