/* carrygroup.c - whom mounts share with what is mounted on them
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 *
 * Nothing can be moved off a shared mount (fs/namespace.c do_move_mount():
 * EINVAL), and what is mounted on one is mounted on all its peers. So a mount
 * that others have to be moved off is made private first, and all are shared
 * again when everything is in its place. By then another mount may cover them,
 * so descriptors of them are kept from when a path still led to them.
 *
 * To be shared again is to be in the same peer group as before, and that group
 * ends with its last mount. A clone, which is attached nowhere, holds its place
 * in the group meanwhile: a clone is a peer of what it was cloned from.
 */

#include "toys.h"
#include "lib/carryplan.h"
#include "lib/kernel.h"
#include "lib/mountinfo.h"
#include "lib/mountpoint.h"

// The directory M is mounted on, as a path from the root.
char *lr_carry_path(struct mountinfo *m)
{
  return m->dir[1] ? m->dir+1 : ".";
}

// Open PATH below directory ROOT if it's on the mount with ID. Returns a
// descriptor (O_PATH), or -1 and errno: ENOENT also if it's on another mount,
// which covers the one asked for.
static int open_on(int root, char *path, unsigned id)
{
  int fd = lr_open_in_root(root, path, O_NOFOLLOW), rc;
  struct kstat st;

  if (fd == -1) return -1;
  rc = kstatx(fd, "", AT_EMPTY_PATH|AT_DONT_SYNC, &st);
  if (!rc && st.mnt == id) return fd;
  close(fd);
  if (!rc) errno = ENOENT;

  return -1;
}

// Open what is mounted where M is, on the root whose directory is ROOT, if that
// is the mount with ID. Returns a descriptor (O_PATH), or -1 and errno: ENOENT
// also if it's another mount, which covers the one asked for.
int lr_carry_open(int root, struct mountinfo *m, unsigned id)
{
  return open_on(root, lr_carry_path(m), id);
}

// Give the mount whose root FD (O_PATH) names the propagation HOW: MS_SHARED,
// MS_PRIVATE, MS_SLAVE or MS_UNBINDABLE. mount() can do that by the current
// directory, so before 5.12 not to a bind of a file. Returns 0, or -1 and
// errno.
int lr_carry_propagate(int fd, int how)
{
  struct kmount_attr attr = {0, 0, how, 0};

  if (!kmount_setattr(fd, "", AT_EMPTY_PATH, &attr)) return 0;

  return fchdir(fd) ? -1 : mount(0, ".", 0, how, 0);
}

// The entry of M in the list of those to be shared again, or 0.
static struct peer *find(struct carry *c, struct mountinfo *m)
{
  int i;

  for (i = 0; i<c->peers; i++) if (c->peer[i].m == m) return c->peer+i;

  return 0;
}

// M, whose root FD names, is to be shared again, as WITH is, a clone of it or
// of a peer, if that's not -1. Both are lr_carry_share()'s from now on.
void lr_carry_peer(struct carry *c, struct mountinfo *m, int fd, int with)
{
  struct peer *p = find(c, m);

  if (!p) {
    p = c->peer+c->peers++;
    p->m = m;
  } else {
    if (p->fd != -1) close(p->fd);
    if (p->with != -1) close(p->with);
  }
  p->fd = fd;
  p->with = with;
}

// Open M, wherever it is now: on the new root, below the scratch directory that
// covers that, or on the scratch directory with what was taken off, or else on
// the root whose directory is ROOT. Returns a descriptor (O_PATH), or -1 and
// errno: no path leads to it.
static int open_now(struct carry *c, struct mountinfo *m, int root)
{
  struct mountinfo *with = m;
  struct carried *u;
  char path[PATH_MAX];

  while (with && !lr_carry_alone(c, with)) with = lr_carry_parent(c, with);
  if (with && with->id == c->filled)
    return open_on(c->to, m->dir+strlen(with->dir)+1, m->id);
  for (u = c->mount; u<c->mount+c->count; u++) {
    if (u->m != with || u->at != ON_SCRATCH) continue;
    snprintf(path, sizeof(path), "%s%s", u->name, m->dir+strlen(with->dir));

    return open_on(c->scratch, path, m->id);
  }

  return lr_carry_open(root, m, m->id);
}

// Note all mounts that a path leads to now and that are shared, or get mounts
// from others. CLONE: they still are.
static void note_shared(struct carry *c, int root, int clone)
{
  struct mountinfo *m;
  int fd;

  for (m = c->list; m; m = m->next) {
    if (!(m->shared || m->master) || m->id == c->root || m->id == c->filled
      || find(c, m)
      || (fd = open_now(c, m, root)) == -1) continue;
    lr_carry_peer(c, m, fd, clone ? open_tree(fd, "",
      OPENTREE_CLONE|OPENTREE_CLOEXEC|AT_EMPTY_PATH) : -1);
  }
}

// Make what U is mounted on private, on the root whose directory is ROOT, so
// that U can be moved off it. No path leads to that if U is on top of it: then
// all mounts are made private. Returns 0, or -1 and errno.
int lr_carry_private(struct carry *c, struct carried *u, int root)
{
  struct mountinfo *m = lr_carry_parent(c, u->m);
  struct peer *p;
  int fd;

  // lib/carry.c makes the new root private
  if (!m || !m->shared) return 0;
  if (m->id == c->root)
    return root == c->from ? lr_carry_propagate(root, MS_PRIVATE) : 0;
  if ((p = find(c, m))) return lr_carry_propagate(p->fd, MS_PRIVATE);
  if ((fd = lr_carry_open(root, m, m->id)) != -1) {
    lr_carry_peer(c, m, fd, open_tree(fd, "",
      OPENTREE_CLONE|OPENTREE_CLOEXEC|AT_EMPTY_PATH));

    return lr_carry_propagate(fd, MS_PRIVATE);
  }
  note_shared(c, root, 1);
  c->all_private = 1;

  return fchdir(root) ? -1 : mount(0, ".", 0, MS_REC|MS_PRIVATE, 0);
}

// Something was moved off the root whose directory is ROOT. If all mounts were
// made private, those that no path led to then can be there now: they will be
// shared, each in a peer group of its own.
void lr_carry_note(struct carry *c, int root)
{
  if (c->all_private) note_shared(c, root, 0);
}

// Has PATH, a directory of a file system, all that the directory BELOW has? A
// mount of BELOW can't give its peer group to a mount of PATH then, but the
// other way round it can.
static int is_wider(char *path, char *below)
{
  int len = strlen(path);

  return len<2 || (!strncmp(path, below, len)
    && (!below[len] || below[len] == '/'));
}

// A mount that has been put into peer group ID of the mount table again, DONE
// of c->peer being finished, and that can give it to M. Returns it, or 0.
static struct peer *sharer(struct carry *c, int done, unsigned id,
  struct mountinfo *m)
{
  struct peer *p;

  for (p = c->peer; p<c->peer+done; p++)
    if (p->m->shared == id && is_wider(p->m->root, m->root)) return p;

  return 0;
}

// Has peer group ID ended meanwhile, so that its mounts need a new one? It has
// if there is one that no clone was made of, nor of another that shows as much.
static int has_ended(struct carry *c, unsigned id)
{
  struct peer *p, *q;

  for (p = c->peer; p<c->peer+c->peers; p++) {
    if (p->m->shared != id || p->with != -1) continue;
    for (q = c->peer; q<c->peer+c->peers; q++) if (q->with != -1
      && q->m->shared == id && is_wider(q->m->root, p->m->root)) break;
    if (q == c->peer+c->peers) return 1;
  }

  return 0;
}

// Does A come before B? Those that are shared come before those that only get
// mounts from them, wide ones before those that show less, and those that a
// clone was made of before those that are to join them.
static int by_width(const void *a, const void *b)
{
  const struct peer *p = a, *q = b;

  return !p->m->shared-!q->m->shared
    ? : (int)strlen(p->m->root)-(int)strlen(q->m->root)
    ? : (p->with == -1)-(q->with == -1);
}

// Put the mount whose root FD names, and which is private, into the peer group
// of PEER, a mount of the same file system, or into a new one if PEER is -1, as
// M is in a group or gets mounts from one. What fails is tried again: this is
// the way back, too. Returns 0, or -1 and errno.
int lr_carry_join(int fd, int peer, struct mountinfo *m)
{
  int rc = -1, tries = 2;

  if (!m->shared && !m->master) return 0;
  while (rc && peer != -1 && tries--) rc = move_mount(peer, "", fd, "",
    MOVEMOUNT_F_EMPTY|MOVEMOUNT_T_EMPTY|MOVEMOUNT_SET_GROUP);
  if (!m->shared) return lr_carry_propagate(fd, MS_SLAVE);

  return rc ? lr_carry_propagate(fd, MS_SHARED) : 0;
}

// All that was made private by lr_carry_private(), or made anew, is shared as
// it was, or gets mounts from who it got them. One that no clone was made of is
// a peer of those of its group that are shared already. Where none of those
// shows all that it does, all get a new group. Before 5.15 no call puts a mount
// in the peer group of another: then each gets its own.
void lr_carry_share(struct carry *c)
{
  struct peer *p, *q;
  int with, i;
  unsigned id;

  qsort(c->peer, c->peers, sizeof(*p), by_width);
  for (i = 0; i<c->peers; i++) {
    p = c->peer+i;
    id = p->m->shared ? : p->m->master;
    with = has_ended(c, id) ? -1 : p->with;
    if (with == -1 && (q = sharer(c, i, id, p->m))) with = q->fd;
    lr_carry_join(p->fd, with, p->m);
  }
}

// The same for the root whose directory is ROOT, the NEW one or not: it's in
// the peer group of its binds, or gets mounts from there. Returns 0, or -1 and
// errno.
int lr_carry_share_root(struct carry *c, int root, int new)
{
  struct mountinfo *m = lr_mountinfo_find(c->list, c->root);

  return m ? lr_carry_join(root, c->root_peer[new], m)
    : lr_carry_propagate(root, MS_SHARED);
}
