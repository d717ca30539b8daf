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
 * What uses the old root's files comes off before the tree is moved, and with
 * it what is on it or covers it; the others stay in use as long as they can.
 */

#include "toys.h"
#include "lib/carry.h"
#include "lib/carryplan.h"
#include "lib/fault.h"
#include "lib/fsnew.h"
#include "lib/kernel.h"
#include "lib/mountinfo.h"
#include "lib/mountpoint.h"

// What fails on the way back is tried as often as this: there's no other way.
#define TRIES 3

// Is there a directory or file for U, which a path leads to now, on a new root
// that is somebody's own? What is mounted there already is theirs, and stays;
// where nothing can be made (EROFS), or is something else, nothing can be
// mounted. Nor is there one for what stays hidden below such a mount. Returns 1
// or 0, or -1 and errno when that can't be found out.
static int has_place(struct carry *c, struct carried *u)
{
  static const char none[] = {ENOENT, ENOTDIR, ELOOP, EROFS, EACCES, EPERM,
    ENOSPC, EEXIST};
  char *path = lr_carry_path(u->m);
  int fd = lr_carry_open(c->from, u->m, u->id), dir, rc;
  struct kstat st;

  if (fd == -1) return -!(errno == ENOENT || errno == ENOTDIR);
  dir = lr_mountpoint_directory(fd, "");
  close(fd);
  if (lr_carry_deleted(u->m)) return 0;
  if (dir == -1) return -1;
  fd = lr_open_in_root(c->to, path, O_NOFOLLOW);
  if (fd != -1) {
    rc = kstatx(fd, "", AT_EMPTY_PATH, &st);
    close(fd);

    return rc ? rc : !(st.attr&KATTR_MOUNT_ROOT) && !S_ISLNK(st.mode)
      && S_ISDIR(st.mode) == dir;
  }
  if (errno == ENOENT) {
    u->made = 1+lr_mountpoint_there(c->to, path, u->times, 0);
    if (!lr_mountpoint_make(c->to, path, dir)) return 1;
  }

  return -!memchr(none, errno, sizeof(none));
}

// Mount a new scratch directory, if there is none, on top of the new root where
// nobody looks. Returns 0, or -1 and errno.
static int need_scratch(struct carry *c)
{
  if (c->scratch != -1) return 0;

  // On a shared mount it would be shared, and nothing could be moved off it;
  // and a pivot wants no shared new root
  if (c->filled && c->root_peer[1] == -1) c->root_peer[1] = open_tree(c->to,
    "", OPENTREE_CLONE|OPENTREE_CLOEXEC|AT_EMPTY_PATH);
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

// Take U, which is on root FROM, off. What is made anew is unmounted, any other
// mount goes to the scratch directory. Returns 0, or -1 and errno.
static int take(struct carry *c, struct carried *u, int from)
{
  int fd = lr_carry_open(from, u->m, u->id), rc;

  if (fd == -1) {
    // Hidden below another mount, which a copy doesn't take out of the way
    if (!c->copy || (errno != ENOENT && errno != ENOTDIR)) return -1;
    u->at = LEFT;

    return 0;
  }
  rc = c->copy ? 0 : lr_carry_private(c, u, from);
  if (u->anew) {
    close(fd);

    // Now that no other mount covers it
    if (!rc && u->unseen && !lr_carry_is_made_of(c, u)) {
      errno = ESTALE;
      rc = -1;
    }
    u->unseen = 0;

    // A clone of an overlay, too, would keep its layers in use. And an overlay
    // that is still in use says so here (EBUSY), before its layers are moved
    if (u->overlay && u->m->shared) lr_carry_peer(c, u->m, -1, -1);
    if (rc || fchdir(from) || umount2(lr_carry_path(u->m),
      UMOUNT_NOFOLLOW|(u->overlay ? 0 : MNT_DETACH)))
    {
      rc = errno;
      if (u->overlay && u->m->shared) lr_carry_peer(c, u->m,
        lr_carry_open(from, u->m, u->id), -1);
      errno = rc;

      return -1;
    }
    u->at = UNMOUNTED;
    lr_carry_note(c, from);

    return 0;
  }
  if (!rc) rc = lr_mountpoint_directory(fd, "");
  if (rc != -1) rc = lr_mountpoint_make(c->scratch, u->name, rc);
  if (!rc && c->copy) {
    // What a user namespace has inherited it may copy, whole, but not move
    rc = open_tree(fd, "",
      OPENTREE_CLONE|OPENTREE_CLOEXEC|AT_RECURSIVE_|AT_EMPTY_PATH);
    close(fd);
    if ((fd = rc) == -1) return -1;
    rc = 0;
  }
  if (!rc) rc = move_mount(fd, "", c->scratch, u->name, MOVEMOUNT_F_EMPTY);
  close(fd);
  if (rc) return -1;
  u->at = ON_SCRATCH;
  lr_carry_note(c, from);

  return 0;
}

// Make all binds anew that are off, by what the old root has, below all that is
// mounted on it, which could hide what a bind showed: from a mount of it alone.
// (Before 6.15 only what is attached can be cloned again.)
static int bind_back(struct carry *c, struct fault *f)
{
  int fd = -1, rc = -1, tries = TRIES;

  while (rc && tries--) {
    if (fd == -1) fd = open_tree(c->from, "",
      OPENTREE_CLONE|OPENTREE_CLOEXEC|AT_EMPTY_PATH);
    if (fd != -1 && !(rc = lr_mountpoint_make(c->scratch, "root", 1)))
      rc = move_mount(fd, "", c->scratch, "root", MOVEMOUNT_F_EMPTY);
  }
  if (rc) lr_fault(f, errno, "carrying back", "binds of /");
  else rc = lr_carry_bind_anew(c, fd, "carrying back", f);
  if (fd != -1) {
    if (!fchdir(fd)) umount2(".", MNT_DETACH);
    close(fd);
  }

  return rc;
}

// Put U, which was taken off, to its place on root TO; AT is what that makes
// it. All that it is on is private. Returns 0, or -1 and errno.
static int put(struct carry *c, struct carried *u, int to, int at)
{
  char *path = lr_carry_path(u->m);
  int rc, fd;

  if (u->overlay && lr_carry_overlay_anew(c, u, to)) return -1;
  rc = lr_mountpoint_directory(c->scratch, u->name);
  if (rc == -1 || lr_mountpoint_make(to, path, rc)
    || (fd = lr_open_in_root(to, path, O_NOFOLLOW)) == -1) return -1;
  rc = move_mount(c->scratch, u->name, fd, "", MOVEMOUNT_T_EMPTY);
  close(fd);
  if (!rc) u->at = at;

  return rc;
}

// Put all mounts that are off, EARLY ones or the others, to their places on the
// old root or the NEW one. On the way back the others go on when one can't be
// put. Leaves a fault of the first. Returns 0 or -1.
static int put_all(struct carry *c, int early, int new, struct fault *f)
{
  struct carried *u = c->mount+c->count;
  int tries, rc = 0;

  while (u-- > c->mount) {
    if (u->early != early || !(u->at == ON_SCRATCH || u->at == MADE
      || (u->at == UNMOUNTED && u->overlay))) continue;
    for (tries = new ? 1 : TRIES; tries; tries--)
      if (!put(c, u, new ? c->to : c->from, new ? ON_NEW : ON_OLD)) break;
    if (!tries) rc = lr_fault(f, errno, new ? "carrying over" : "carrying back",
      "%s", u->m->dir);
    if (rc && new) break;
  }

  return rc;
}

// Take off what uses files of the old root, and what is on or over it. Leaves a
// fault "unmounting" a mount's directory. Returns 0, or -1 and lr_carry_bind()
// is to be called.
int lr_carry_unbind(struct carry *c, struct fault *f)
{
  struct carried *u;
  int i;

  for (i = 0; i<c->count; i++) {
    u = c->mount+i;
    if (!u->early || u->at != ON_OLD) continue;
    if (need_scratch(c))
      return lr_fault(f, errno, "unmounting", "binds of /");
    if (take(c, u, c->from))
      return lr_fault(f, errno, "unmounting", "%s", u->m->dir);
  }

  return fchdir(c->from) ? lr_fault(f, errno, "changing to", "/") : 0;
}

// Take all mounts over from C->from to the same place on C->to; what is missing
// to mount on is made. On a new root that somebody filled find out first what
// has no place there. The current directory is C->from afterwards. Leaves a
// fault "carrying over" a mount's directory. Returns 0, or -1 and
// lr_carry_back() is to be called.
int lr_carry(struct carry *c, struct fault *f)
{
  struct carried *u;
  int i, rc;

  if (!c->count) return 0;
  if (need_scratch(c)) return lr_fault(f, errno, "carrying over", "mounts");
  for (i = 0; i<c->count; i++) {
    u = c->mount+i;
    if (u->at != ON_OLD) continue;
    rc = c->filled ? has_place(c, u) : 1;
    if (!rc) u->at = LEFT;
    else if (rc<0 || take(c, u, c->from))
      return lr_fault(f, errno, "carrying over", "%s", u->m->dir);
  }

  // All of them now: what is put on the new root can hide what a bind shows.
  // What comes off early comes last, as an overlay needs the mounts that its
  // layers are on. None of the others is on or over what is early.
  if (lr_carry_bind_anew(c, c->to, "carrying over", f) || put_all(c, 0, 1, f)
    || put_all(c, 1, 1, f)) return -1;
  if (drop_scratch(c)) return lr_fault(f, errno, "carrying over", "mounts");
  if (!c->copy) lr_carry_share(c);
  if (fchdir(c->from)) return lr_fault(f, errno, "changing to", "/");

  return 0;
}

// Remove what has_place() made for U on a new root that stays.
static void unmake(struct carry *c, struct carried *u)
{
  char *path = lr_carry_path(u->m);
  int i;

  if (!u->made) return;
  for (i = TRIES; i && lr_mountpoint_remove(c->to, path, u->made-1); i--);
  lr_mountpoint_there(c->to, path, u->times, 1);
  u->made = 0;
}

// Have on the old root again what is not: only the mounts that lr_carry() took,
// or ALL of them. Of all that could not be put back the first is the fault.
// Returns 0 or -1.
static int put_back(struct carry *c, int all, struct fault *f)
{
  struct mountinfo *root = lr_mountinfo_find(c->list, c->root);
  struct carried *u;
  int i, rc = 0;

  // What is put on a shared root, or is a bind of it, would be shared too
  if (root && root->shared) lr_carry_propagate(c->from, MS_PRIVATE);
  for (i = TRIES; i && need_scratch(c); i--);
  if (!i) return lr_fault(f, errno, "carrying back", "mounts");
  for (u = c->mount; u<c->mount+c->count; u++) {
    // After all were made private, a path to each shared one is needed
    if (u->at == ON_OLD ? !all || !c->all_private || u->anew : u->at != ON_NEW)
      continue;
    for (i = TRIES; i && take(c, u, u->at == ON_NEW ? c->to : c->from); i--);
    if (!i) rc = lr_fault(f, errno, "carrying back", "%s", u->m->dir);
  }
  for (i = TRIES; all && i && bind_back(c, f); i--);
  if (put_all(c, 0, 0, f) || (all && (!i || put_all(c, 1, 0, f)))) rc = -1;
  for (i = TRIES; i && drop_scratch(c); i--);
  if (!i) rc = lr_fault(f, errno, "carrying back", "mounts");
  while (!rc && u-- > c->mount) unmake(c, u);

  return rc;
}

// Undo lr_carry(), done or failed half-way; what is early stays off. Leaves a
// fault "carrying back" what could not be. Returns 0 or -1.
int lr_carry_back(struct carry *c, struct fault *f)
{
  int i;

  if (!c->count) return 0;
  if (!c->copy) return put_back(c, 0, f);

  // Copies go with what they are on; but what is on top of the new root would
  // be taken for that when it's unmounted
  for (i = 0; i<c->count; i++) c->mount[i].at = LEFT;
  for (i = TRIES; i && drop_scratch(c); i--);

  return i ? 0 : lr_fault(f, errno, "carrying back", "mounts");
}

// A new root that somebody filled is shared again as it was.
static void share_filled(struct carry *c)
{
  struct mountinfo *m = c->filled ? lr_mountinfo_find(c->list, c->filled) : 0;

  if (m) lr_carry_join(c->to, c->root_peer[1], m);
}

// Undo lr_carry_unbind(), done or failed half-way: the files that binds and
// overlays use have to be there again. Leaves a fault "carrying back" what
// could not be. Returns 0 or -1.
int lr_carry_bind(struct carry *c, struct fault *f)
{
  int i, rc = 0;

  for (i = 0; i<c->count; i++) if (c->all_private || (c->mount[i].early
    && (c->mount[i].at != ON_OLD || c->scratch != -1)))
  {
    rc = put_back(c, 1, f);
    break;
  }
  if (!c->copy) lr_carry_share(c);
  share_filled(c);

  return rc;
}

// After the switch: unmount what had no place on the new root, which is still
// on the old one; if that is KEPT it stays there. SAY, if it's not 0, is told
// what became of a mount that is not as it was, unless the new root has a mount
// of its own there. The current directory is "/" afterwards.
void lr_carry_rest(struct carry *c, int kept,
  void (*say)(char *dir, char *what))
{
  struct mountinfo *m;
  struct kstat st;
  int i, fd;

  if (!c->count) return share_filled(c);

  // What is shared would be unmounted on the new root as well. (Unless that was
  // pivoted to it is on the old root itself: not all on that is made private.)
  if (!kept) lr_carry_propagate(c->from, MS_PRIVATE);
  for (i = 0; i<c->count && !kept; i++) {
    m = c->mount[i].m;
    if (c->mount[i].at != LEFT) continue;
    fd = lr_carry_open(c->from, m, m->id);
    if (fd != -1) {
      if (fchdir(fd) || mount(0, ".", 0, MS_REC|MS_PRIVATE, 0))
        lr_carry_propagate(fd, MS_PRIVATE);
      close(fd);
      if (!fchdir(c->from))
        umount2(lr_carry_path(m), MNT_DETACH|UMOUNT_NOFOLLOW);
    }
    if (!say) continue;
    fd = lr_open_in_root(c->to, lr_carry_path(m), O_NOFOLLOW);
    if (c->copy) say(m->dir, "is hidden below another mount: it isn't copied");
    else if (fd == -1 || kstatx(fd, "", AT_EMPTY_PATH, &st)
      || !(st.attr&KATTR_MOUNT_ROOT))
        say(m->dir, "is unmounted: the new root has no place for it");
    if (fd != -1) close(fd);
  }
  for (m = c->list; c->copy && say && m; m = m->next)
    if (m->id != c->root && lr_carry_shows(c, m))
      say(m->dir, "still shows the old root");
  for (i = TRIES; i && (fchdir(c->to) || chdir("/")); i--);
  share_filled(c);
}
