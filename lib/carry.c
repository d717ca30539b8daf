/* carry.c - take the mounts of one root over to another, and back
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 *
 * Which mounts have to be moved by themselves says lib/carryplan.c.
 *
 * On their way they are on a scratch directory. What covers another mount goes
 * there first, and comes from there last. That way a mount hidden below another
 * is reached, and is hidden below it again afterwards.
 *
 * Such root binds come off before the tree is moved, and with them what is on
 * them or covers them; the others stay in use as long as they can.
 */

#include "toys.h"
#include "lib/carry.h"
#include "lib/carryplan.h"
#include "lib/fault.h"
#include "lib/fsnew.h"
#include "lib/kernel.h"
#include "lib/mountinfo.h"
#include "lib/mountopt.h"
#include "lib/mountpoint.h"

// The directory M is mounted on, as a path from the root.
static char *path_of(struct mountinfo *m)
{
  return m->dir[1] ? m->dir+1 : ".";
}

// Is there a directory or file for M on a new root that is somebody's own? What
// is mounted there already is theirs, and stays; where nothing can be made
// (EROFS), or is something else, nothing can be mounted.
static int has_place(struct carry *c, struct mountinfo *m)
{
  char *path = path_of(m);
  int dir = 0<lr_mountpoint_directory(c->from, path), rc,
    fd = lr_open_in_root(c->to, path, O_NOFOLLOW);
  struct kstat st;

  if (fd == -1)
    return errno == ENOENT && !lr_mountpoint_make(c->to, path, dir);
  rc = kstatx(fd, "", AT_EMPTY_PATH, &st);
  close(fd);

  return !rc && !(st.attr&KATTR_MOUNT_ROOT) && !S_ISLNK(st.mode)
    && S_ISDIR(st.mode) == dir;
}

// Mount a new scratch directory, if there is none, on top of the new root where
// nobody looks. Returns 0, or -1 and errno.
static int need_scratch(struct carry *c)
{
  if (c->scratch != -1) return 0;

  // On a shared mount it would be shared, and nothing could be moved off it;
  // and a pivot wants no shared new root
  if (fchdir(c->to) || mount(0, ".", 0, MS_PRIVATE, 0)) return -1;
  if ((c->scratch = lr_fs_detached("tmpfs")) == -1) return -1;
  if (!move_mount(c->scratch, "", c->to, "",
    MOVEMOUNT_F_EMPTY|MOVEMOUNT_T_EMPTY)) return 0;
  close(c->scratch);
  c->scratch = -1;

  return -1;
}

// Unmount it, unless something is still on it. Returns 0, or -1 and errno: then
// nothing may be switched to what is below it.
static int drop_scratch(struct carry *c)
{
  int i;

  for (i = 0; i<c->count; i++) if (c->mount[i].at == ON_SCRATCH) return 0;
  if (c->scratch == -1) return 0;
  if (fchdir(c->scratch) || umount2(".", MNT_DETACH)) return -1;
  close(c->scratch);
  c->scratch = -1;

  return 0;
}

// What is shared can't be moved off (fs/namespace.c do_move_mount(): EINVAL):
// make private, on the root DIR, what the mounts are mounted on that are AT it.
// EARLY: only where those are that come off early. No path leads to one that is
// hidden, so then all mounts are made private. put() shares them again. Returns
// 0, or -1 and errno.
static int make_private(struct carry *c, int dir, int at, int early)
{
  struct mountinfo *parent;
  int i, all = 0;

  if (c->copy) return 0;
  if (fchdir(dir)) return -1;
  for (i = 0; i<c->count; i++) {
    parent = lr_mountinfo_find(c->list, c->mount[i].m->parent);
    if ((int)c->mount[i].at != at || (early && !c->mount[i].early) || !parent
      || !parent->shared) continue;
    if (lr_carry_hidden(c, parent)) all = 1;
    else if (mount(0, path_of(parent), 0, MS_PRIVATE, 0) && at == ON_OLD)
      return -1;
  }
  if (!all) return 0;
  if (at == ON_OLD) c->private = 1;

  return mount(0, ".", 0, MS_REC|MS_PRIVATE, 0);
}

// Share U again, which is in its place on root TO, and what was moved along.
static void share(struct carry *c, struct carried *u, int to)
{
  struct mountinfo *m, *with;

  if (fchdir(to)) return;
  for (m = c->list; m; m = m->next) {
    if (!m->shared) continue;
    for (with = m; with && with != u->m && !lr_carry_alone(c, with); )
      with = lr_carry_parent(c, with);
    if (with == u->m) mount(0, path_of(m), 0, MS_SHARED, 0);
  }
}

// Take U, which is on root FROM, off. A root bind is unmounted, any other mount
// goes to the scratch directory. Returns 0, or -1 and errno.
static int take(struct carry *c, struct carried *u, int from)
{
  char *path = path_of(u->m);
  int rc, fd;

  if (u->root_bind) {
    if (fchdir(from) || umount2(path, MNT_DETACH|UMOUNT_NOFOLLOW)) return -1;
    u->at = UNMOUNTED;

    return 0;
  }
  fd = lr_open_in_root(from, path, O_NOFOLLOW);
  rc = fd == -1 ? -1 : lr_mountpoint_directory(fd, "");
  if (rc != -1) rc = lr_mountpoint_make(c->scratch, u->name, rc);
  if (rc == -1) {
    // Hidden below another mount, which a copy doesn't take out of the way
    rc = -!(fd == -1 && c->copy && (errno == ENOENT || errno == ENOTDIR));
    if (!rc) u->at = LEFT;
    if (fd != -1) close(fd);

    return rc;
  }
  if (c->copy) {
    // What a user namespace has inherited it may copy, whole, but not move
    rc = open_tree(fd, "",
      OPENTREE_CLONE|OPENTREE_CLOEXEC|AT_RECURSIVE_|AT_EMPTY_PATH);
    close(fd);
    if ((fd = rc) == -1) return -1;
  }
  rc = move_mount(fd, "", c->scratch, u->name, MOVEMOUNT_F_EMPTY);
  close(fd);
  if (!rc) u->at = ON_SCRATCH;

  return rc;
}

// Make root bind U anew on the scratch directory, from ROOT and with its old
// options. Returns 0, -1 and errno; also 0, and nothing is made, when what it
// showed is gone.
static int bind_anew(struct carry *c, struct carried *u, int root)
{
  unsigned set = MATTR_STRICTATIME, clear = MATTR_ATIME;
  char *what = lr_carry_shows(c, u->m), *word, *flags, *s;
  int fd = open_tree(root, *what ? what : "",
    OPENTREE_CLONE|OPENTREE_CLOEXEC|AT_EMPTY_PATH|AT_SYMLINK_NOFOLLOW), rc;

  u->at = UNMOUNTED;
  if (fd == -1) return -(errno != ENOENT);

  // One from a try before
  if (!fchdir(c->scratch)) umount2(u->name, MNT_DETACH|UMOUNT_NOFOLLOW);
  rc = lr_mountpoint_directory(fd, "");
  if (rc != -1) rc = lr_mountpoint_make(c->scratch, u->name, rc);
  if (!rc) rc = move_mount(fd, "", c->scratch, u->name, MOVEMOUNT_F_EMPTY);
  close(fd);
  if (rc) return -1;

  if (!(s = flags = strdup(u->m->flags))) return -1;
  while ((word = lr_mountopt_next(&s))) lr_mountopt_flag(word, &set, &clear);
  free(flags);

  if (lr_mountopt_apply(c->scratch, u->name, set, clear)) return -1;
  u->at = MADE;

  return 0;
}

// Make anew all root binds that are off, by what ROOT has. Leaves a fault STEP
// of the first that can't be. Returns 0 or -1.
static int bind_all(struct carry *c, int root, char *step, struct fault *f)
{
  struct carried *u;
  int i, rc = 0;

  for (i = 0; i<c->count; i++) {
    u = c->mount+i;
    if ((u->at == UNMOUNTED || u->at == MADE) && bind_anew(c, u, root))
      rc = lr_fault(f, errno, step, "%s", u->m->dir);
  }

  return rc;
}

// The same by what the old root has, below all that is mounted on it, which
// could hide what a bind showed: from a mount of it alone. (Before 6.15 only
// what is attached can be cloned again.)
static int bind_all_back(struct carry *c, struct fault *f)
{
  int fd = open_tree(c->from, "",
    OPENTREE_CLONE|OPENTREE_CLOEXEC|AT_EMPTY_PATH), rc;

  if (fd == -1 || lr_mountpoint_make(c->scratch, "root", 1)
    || move_mount(fd, "", c->scratch, "root", MOVEMOUNT_F_EMPTY))
      rc = lr_fault(f, errno, "carrying back", "binds of /");
  else rc = bind_all(c, fd, "carrying back", f);
  if (fd != -1) {
    if (!fchdir(fd)) umount2(".", MNT_DETACH);
    close(fd);
  }

  return rc;
}

// Put U, which was taken off, to its place on root TO; AT is what that makes
// it. Returns 0, or -1 and errno.
static int put(struct carry *c, struct carried *u, int to, int at)
{
  struct mountinfo *parent;
  char *path = path_of(u->m);
  int rc, fd;

  rc = lr_mountpoint_directory(c->scratch, u->name);
  if (rc == -1 || lr_mountpoint_make(to, path, rc)
    || (fd = lr_open_in_root(to, path, O_NOFOLLOW)) == -1) return -1;
  rc = move_mount(c->scratch, u->name, fd, "", MOVEMOUNT_T_EMPTY);
  close(fd);
  if (rc) return -1;
  u->at = at;

  // On what share() has shared it became shared (fs/namespace.c
  // attach_recursive_mnt())
  parent = lr_carry_parent(c, u->m);
  if (parent && parent->id != c->root && parent->shared && !fchdir(to))
    mount(0, path, 0, MS_REC|MS_PRIVATE, 0);
  share(c, u, to);

  return 0;
}

// Take off binds of the old root, and what is on or over them; on a new root
// that somebody filled first find out what has no place there. Leaves a fault
// "unmounting" a mount's directory. Returns 0, or -1 and lr_carry_bind() is to
// be called.
int lr_carry_unbind(struct carry *c, struct fault *f)
{
  struct carried *u;
  int i, any = 0;

  for (i = 0; i<c->count; i++) {
    if (c->filled && !has_place(c, c->mount[i].m)) c->mount[i].at = LEFT;
    any |= c->mount[i].early && c->mount[i].at == ON_OLD;
  }
  if (!any) return 0;
  if (need_scratch(c) || make_private(c, c->from, ON_OLD, 1))
    return lr_fault(f, errno, "unmounting", "binds of /");
  for (i = 0; i<c->count; i++) {
    u = c->mount+i;
    if (u->early && u->at == ON_OLD && take(c, u, c->from))
      return lr_fault(f, errno, "unmounting", "%s", u->m->dir);
  }

  return fchdir(c->from) ? lr_fault(f, errno, "changing to", "/") : 0;
}

// Take all mounts over from C->from to the same place on C->to; what is missing
// to mount on is made. The current directory is C->from afterwards. Leaves a
// fault "carrying over" a mount's directory. Returns 0, or -1 and
// lr_carry_back() is to be called.
int lr_carry(struct carry *c, struct fault *f)
{
  struct carried *u;
  int i;

  if (!c->count) return 0;
  if (need_scratch(c) || make_private(c, c->from, ON_OLD, 0))
    return lr_fault(f, errno, "carrying over", "mounts");
  for (i = 0; i<c->count; i++) {
    u = c->mount+i;
    if (u->at == ON_OLD && take(c, u, c->from))
      return lr_fault(f, errno, "carrying over", "%s", u->m->dir);
  }

  // All of them now: what is put on the new root can hide what a bind shows
  if (bind_all(c, c->to, "carrying over", f)) return -1;
  while (i--) {
    u = c->mount+i;
    if ((u->at == ON_SCRATCH || u->at == MADE) && put(c, u, c->to, ON_NEW))
      return lr_fault(f, errno, "carrying over", "%s", u->m->dir);
  }
  if (drop_scratch(c)) return lr_fault(f, errno, "carrying over", "mounts");
  if (fchdir(c->from)) return lr_fault(f, errno, "changing to", "/");

  return 0;
}

// Have on the old root again what is not: only the mounts that lr_carry() took,
// or all of them. What is to be shared is, also what was never taken. Of all
// that could not be put back the first is the fault. Returns 0 or -1.
static int put_back(struct carry *c, int all, struct fault *f)
{
  struct mountinfo *root = lr_mountinfo_find(c->list, c->root);
  struct carried *u;
  int i, rc = 0;

  // What is put on a shared root, or is a bind of it, would be shared too
  if (root && root->shared && !fchdir(c->from))
    mount(0, ".", 0, MS_PRIVATE, 0);
  if (need_scratch(c)) return lr_fault(f, errno, "carrying back", "mounts");
  make_private(c, c->to, ON_NEW, 0);
  for (i = 0; i<c->count; i++) {
    u = c->mount+i;
    if (u->at == ON_NEW ? take(c, u, c->to)
      : u->at == ON_OLD && !u->root_bind && c->private && take(c, u, c->from))
        rc = lr_fault(f, errno, "carrying back", "%s", u->m->dir);
  }
  if (all && bind_all_back(c, f)) rc = -1;
  while (i--) {
    u = c->mount+i;
    if (u->at == ON_OLD) share(c, u, c->from);
    if ((u->at == ON_SCRATCH || u->at == MADE) && (all || !u->early)
      && put(c, u, c->from, ON_OLD))
        rc = lr_fault(f, errno, "carrying back", "%s", u->m->dir);
  }
  if (drop_scratch(c)) rc = lr_fault(f, errno, "carrying back", "mounts");
  c->private = 0;

  return rc;
}

// Undo lr_carry(), done or failed half-way; root binds stay off. Leaves a fault
// "carrying back" what could not be. Returns 0 or -1.
int lr_carry_back(struct carry *c, struct fault *f)
{
  int i;

  if (!c->count) return 0;
  if (!c->copy) return put_back(c, 0, f);

  // Copies go with what they are on; but what is on top of the new root would
  // be taken for that when it's unmounted
  for (i = 0; i<c->count; i++) c->mount[i].at = LEFT;

  return drop_scratch(c) ? lr_fault(f, errno, "carrying back", "mounts") : 0;
}

// A new root that somebody filled and shared is shared again.
static void share_filled(struct carry *c)
{
  struct mountinfo *m = c->filled ? lr_mountinfo_find(c->list, c->filled) : 0;

  if (m && m->shared && !fchdir(c->to)) mount(0, ".", 0, MS_SHARED, 0);
}

// Undo lr_carry_unbind(), done or failed half-way: the files that root binds
// show have to be there again. Leaves a fault "carrying back" what could not
// be. Returns 0 or -1.
int lr_carry_bind(struct carry *c, struct fault *f)
{
  int i, rc = 0;

  for (i = 0; i<c->count; i++) if (c->mount[i].early
    && (c->mount[i].at != ON_OLD || c->scratch != -1))
  {
    rc = put_back(c, 1, f);
    break;
  }
  share_filled(c);

  return rc;
}

// After the switch: unmount what had no place on the new root, which is still
// on the old one; if that is KEPT it stays there. LOST, if it's not 0, is told
// the directory of each that the new root has no mount of its own for.
void lr_carry_rest(struct carry *c, int kept, void (*lost)(char *dir))
{
  struct mountinfo *m;
  struct kstat st;
  int i, fd;

  for (i = 0; i<c->count && !kept; i++) {
    m = c->mount[i].m;
    if (c->mount[i].at != LEFT || fchdir(c->from)) continue;
    umount2(path_of(m), MNT_DETACH);
    if (!c->filled || !lost) continue;
    fd = lr_open_in_root(c->to, path_of(m), O_NOFOLLOW);
    if (fd == -1 || kstatx(fd, "", AT_EMPTY_PATH, &st)
      || !(st.attr&KATTR_MOUNT_ROOT)) lost(m->dir);
    if (fd != -1) close(fd);
  }
  share_filled(c);
}
