/* carry.c - take the mounts of one root over to another, and back
 *
 * Copyright 2026 The leafroot authors
 *
 * A mount takes what's mounted below it along when it's moved. Three kinds have
 * to be moved by themselves: those on the root itself; those on top of another
 * at the same place, as moving a path moves only the topmost; and those of the
 * old root's own file system (mount --bind /a /b), which can't be moved: they
 * are made anew from the new root, along with what's on them.
 *
 * All of them go to a scratch directory first, the covering before the covered,
 * and from there to their places in the opposite order. That way a mount hidden
 * below another one is reached, and is hidden below it again afterwards.
 */

#include "toys.h"
#include "lib/fault.h"
#include "lib/kernel.h"
#include "lib/mountinfo.h"
#include "lib/mountopt.h"
#include "lib/carry.h"

struct unit {
  struct mountinfo *m;
  enum {FROM, SCRATCH, TO, GONE, SKIP} at;
  int own;                 // of the old root's file system
  char name[12];           // in the scratch directory
};

// The directory M is mounted on, as a path relative to the root.
static char *place(struct mountinfo *m)
{
  return m->dir[1] ? m->dir+1 : ".";
}

static struct mountinfo *by_id(struct mountinfo *list, unsigned id)
{
  while (list && list->id != id) list = list->next;

  return list;
}

// What M is of, relative to the old root if it's in there, else 0. The root can
// be a directory of its file system: M then of another one.
static char *is_own(struct carry *c, struct mountinfo *m)
{
  struct mountinfo *root = by_id(c->list, c->root);
  int len;

  if (!root || m->maj != root->maj || m->min != root->min) return 0;
  len = root->root[1] ? strlen(root->root) : 0;
  if (strncmp(m->root, root->root, len)
    || (m->root[len] && m->root[len] != '/')) return 0;

  return m->root+len+!!m->root[len];
}

// Does M have to be moved by itself?
static int is_unit(struct carry *c, struct mountinfo *m)
{
  struct mountinfo *up = by_id(c->list, m->parent);

  return m->parent == c->root || (!c->copy && is_own(c, m))
    || (up && (is_own(c, up) || !strcmp(up->dir, m->dir)));
}

// Open PATH below DIR, which is "/" to the symlinks on the way: those of the
// new root lead to the new root. FLAGS: O_NOFOLLOW for the last name. Returns a
// descriptor to name it by, or -1 and errno.
static int open_in(int dir, char *path, int flags)
{
  struct kopen_how how = {O_PATH|O_CLOEXEC|flags, 0, KRESOLVE_IN_ROOT};

  return kopenat2(dir, path, &how);
}

// Make PATH below DIR something to mount on: an empty directory or file, with
// its parents, unless there's something. Returns 0, or -1 and errno.
static int make_place(int dir, char *path, int is_dir)
{
  char *name = strrchr(path, '/');
  int fd = open_in(dir, path, O_NOFOLLOW), rc;

  if (fd != -1) return close(fd);
  if (errno != ENOENT) return -1;
  fd = dir;
  if (name) {
    *name = 0;
    fd = make_place(dir, path, 1) ? -1 : open_in(dir, path, 0);
    *name = '/';
    if (fd == -1) return -1;
  }
  name = name ? name+1 : path;
  if (is_dir) rc = mkdirat(fd, name, 0755);
  else if ((rc = openat(fd, name, O_CREAT|O_EXCL|O_CLOEXEC, 0600)) != -1)
    rc = close(rc);
  if (fd != dir) close(fd);

  return rc;
}

// Is what PATH below DIR leads to a directory? -1 and errno when unknown. The
// mount can be of a server that's gone: don't ask it (AT_STATX_DONT_SYNC).
static int is_dir(int dir, char *path)
{
  struct kstat st;

  if (kstatx(dir, path, AT_SYMLINK_NOFOLLOW|AT_EMPTY_PATH|0x4000, &st))
    return -1;

  return S_ISDIR(st.mode);
}

// Is there a directory or file for M on a new root that is somebody's own? What
// is mounted there already is theirs, and stays; where nothing can be made
// (EROFS), or is something else, nothing can be mounted.
static int can_place(struct carry *c, struct mountinfo *m)
{
  char *path = place(m);
  int dir = 0<is_dir(c->from, path), rc,
    fd = open_in(c->to, path, O_NOFOLLOW);
  struct kstat st;

  if (fd == -1) return errno == ENOENT && !make_place(c->to, path, dir);
  rc = kstatx(fd, "", AT_EMPTY_PATH, &st);
  close(fd);

  return !rc && !(st.attr&KATTR_MOUNT_ROOT) && !S_ISLNK(st.mode)
    && S_ISDIR(st.mode) == dir;
}

// Add the mounts on PARENT to the plan, what covers before what it covers.
// Of two mounts on the same parent, the one on the shorter path is the one that
// covers: had it been there first, it would be the other's parent. Returns 0,
// or -1 when memory is out.
static int plan(struct carry *c, unsigned parent)
{
  struct mountinfo *m, *best;
  struct unit *u;
  unsigned last = 0, len, id = 0;

  for (;;) {
    for (best = 0, m = c->list; m; m = m->next) {
      if (m->parent != parent || m->id == parent || m->id == c->leaf) continue;
      len = strlen(m->dir);
      if (len<last || (len == last && m->id<=id)) continue;
      if (!best || len<strlen(best->dir)
        || (len == strlen(best->dir) && m->id<best->id)) best = m;
    }
    if (!best) return 0;
    last = strlen(best->dir);
    id = best->id;
    if (!c->copy && plan(c, best->id)) return -1;
    if (!is_unit(c, best)) continue;
    u = realloc(c->unit, (c->units+1)*sizeof(*u));
    if (!u) return -1;
    c->unit = u;
    memset(u += c->units, 0, sizeof(*u));
    u->m = best;
    u->own = !c->copy && !!is_own(c, best);
    if (c->leaf && !can_place(c, best)) u->at = SKIP;
    sprintf(u->name, "%d", c->units++);
  }
}

// Attach to C->scratch a new bind mount of what U was of, taken from root TO,
// with the options of U. Returns 0, 1 when that is gone, -1 and errno.
static int bind_anew(struct carry *c, struct unit *u, int to)
{
  unsigned set = 0, clear = MATTR_ATIME;
  char *what = is_own(c, u->m), *word, *flags, *s;
  int fd = open_tree(to, *what ? what : "",
    OPENTREE_CLONE|OPENTREE_CLOEXEC|AT_EMPTY_PATH|AT_SYMLINK_NOFOLLOW), rc;

  if (fd == -1) return errno == ENOENT ? 1 : -1;

  // One from a try before
  if (!fchdir(c->scratch)) umount2(u->name, MNT_DETACH|UMOUNT_NOFOLLOW);
  rc = is_dir(fd, "");
  if (rc != -1) rc = make_place(c->scratch, u->name, rc);
  if (!rc) rc = move_mount(fd, "", c->scratch, u->name, MOVEMOUNT_F_EMPTY);
  close(fd);
  if (rc) return -1;

  if (!(s = flags = strdup(u->m->flags))) return -1;
  while ((word = lr_mountopt_next(&s))) lr_mountopt_flag(word, &set, &clear);
  free(flags);

  return lr_mountopt_apply(c->scratch, u->name, set, clear);
}

// Have U, a mount of the old root's own file system on root FROM, in the
// scratch directory, made anew from root TO. Returns 0, or -1 and errno.
static int take_own(struct carry *c, struct unit *u, int from, int to)
{
  int rc = bind_anew(c, u, to);

  if (rc<0 || fchdir(from)) return -1;
  if ((u->at == FROM || u->at == TO)
    && umount2(place(u->m), MNT_DETACH|UMOUNT_NOFOLLOW)) return -1;
  u->at = rc ? GONE : SCRATCH;

  return 0;
}

// Take U, which is on root FROM, to the scratch directory. Returns 0, or -1 and
// errno.
static int take(struct carry *c, struct unit *u, int from, int to)
{
  char *path = place(u->m);
  int rc, fd;

  if (u->own) return take_own(c, u, from, to);
  fd = open_in(from, path, O_NOFOLLOW);
  rc = fd == -1 ? -1 : is_dir(fd, "");
  if (rc != -1) rc = make_place(c->scratch, u->name, rc);
  if (rc == -1) {
    // Hidden below another mount, which a copy doesn't take out of the way
    rc = -!(fd == -1 && c->copy && (errno == ENOENT || errno == ENOTDIR));
    if (!rc) u->at = SKIP;
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
  if (!rc) u->at = SCRATCH;

  return rc;
}

// Share U again, which is at its place on root TO, and what was moved along.
static void share(struct carry *c, struct unit *u, int to)
{
  struct mountinfo *m, *up;

  if (fchdir(to)) return;
  for (m = c->list; m; m = m->next) {
    if (!m->shared) continue;
    for (up = m; up && up != u->m && !is_unit(c, up); )
      up = up->id == up->parent ? 0 : by_id(c->list, up->parent);
    if (up == u->m) mount(0, place(m), 0, MS_SHARED, 0);
  }
}

// Put U, which is in the scratch directory, to its place on root TO; AT is what
// that makes it. Returns 0, or -1 and errno.
static int put(struct carry *c, struct unit *u, int to, int at)
{
  char *path = place(u->m);
  int rc = is_dir(c->scratch, u->name), fd;

  if (rc == -1 || make_place(to, path, rc)
    || (fd = open_in(to, path, O_NOFOLLOW)) == -1) return -1;
  rc = move_mount(c->scratch, u->name, fd, "", MOVEMOUNT_T_EMPTY);
  close(fd);
  if (rc) return -1;
  u->at = at;
  share(c, u, to);

  return 0;
}

// What's shared can't be moved off: make private what units are mounted on
// (fs/namespace.c do_move_mount(): EINVAL). Where one is on top of another no
// path leads to that other, so all are. put() shares them again.
static int make_private(struct carry *c, int from)
{
  int i;

  if (fchdir(from)) return -1;
  for (i = 0; i<c->units; i++) {
    struct mountinfo *m = c->unit[i].m, *up = by_id(c->list, m->parent);

    if (!up || !up->shared) continue;
    c->stacked |= up->id != c->root && !strcmp(up->dir, m->dir);
    if (mount(0, place(up), 0, MS_PRIVATE, 0)) return -1;
  }

  return c->stacked ? mount(0, ".", 0, MS_REC|MS_PRIVATE, 0) : 0;
}

// Mount a new scratch directory, on top of the new root where nobody looks.
// Returns 0, or -1 and errno.
static int attach(struct carry *c)
{
  if ((c->scratch = lr_fs_detached("tmpfs")) == -1) return -1;
  c->attached = !move_mount(c->scratch, "", c->to, "",
    MOVEMOUNT_F_EMPTY|MOVEMOUNT_T_EMPTY);
  if (c->attached) return 0;
  close(c->scratch);

  return -1;
}

// Unmount it, unless something could not be moved off it. Returns 0, or -1 and
// errno: then nothing may be switched to what is below it.
static int detach(struct carry *c)
{
  int i;

  for (i = 0; i<c->units; i++) if (c->unit[i].at == SCRATCH) return 0;
  if (!c->attached) return 0;
  if (fchdir(c->scratch) || umount2(".", MNT_DETACH)) return -1;
  close(c->scratch);
  c->attached = 0;

  return 0;
}

// Move every mount of C->list but the two roots from C->from to the same place
// on C->to; what's missing to mount on is made. The current directory is
// C->from afterwards. Leaves a fault "carrying over" a mount's directory.
// Returns 0, or -1 and lr_carry_back() is to be called.
int lr_carry_mounts(struct carry *c, struct fault *f)
{
  struct mountinfo *m;
  int i;

  if (plan(c, c->root)) return lr_fault(f, errno, "carrying over", "mounts");
  if (!c->units) return 0;
  if (attach(c) || (!c->copy && make_private(c, c->from)))
    return lr_fault(f, errno, "carrying over", "mounts");
  for (i = 0; i<c->units; i++) {
    m = c->unit[i].m;
    if (c->unit[i].at == FROM && take(c, c->unit+i, c->from, c->to))
      return lr_fault(f, errno, "carrying over", "%s", m->dir);
  }
  while (i--) {
    m = c->unit[i].m;
    if (c->unit[i].at == SCRATCH && put(c, c->unit+i, c->to, TO))
      return lr_fault(f, errno, "carrying over", "%s", m->dir);
  }
  if (detach(c)) return lr_fault(f, errno, "carrying over", "mounts");
  if (fchdir(c->from)) return lr_fault(f, errno, "changing to", "/");

  return 0;
}

// Does C->list have mounts of what is in the old root's own file system? Moving
// that leaves them with directories that are no more.
int lr_carry_own(struct carry *c)
{
  struct mountinfo *m;

  for (m = c->list; m; m = m->next)
    if (m->id != c->root && is_own(c, m)) return 1;

  return 0;
}

// Can the old root be kept at DIR, a path from the directory ROOT? It can if
// DIR is still to be made, or is there and is not ROOT itself. No name on the
// way may be a symlink, as pivot_root(2) would follow that on the old root.
// Leaves a fault "keeping the old root at" DIR. Returns 0 or -1.
int lr_carry_keeps(int root, char *dir, struct fault *f)
{
  struct kopen_how how = {O_PATH|O_DIRECTORY|O_CLOEXEC, 0,
    KRESOLVE_BENEATH|KRESOLVE_NO_SYMLINKS};
  struct kstat a, b;
  int fd = kopenat2(root, *dir ? dir : ".", &how), rc;

  rc = fd == -1 && errno != ENOENT;
  if (fd != -1 && !kstatx(fd, "", AT_EMPTY_PATH, &a)
    && !kstatx(root, "", AT_EMPTY_PATH, &b) && a.ino == b.ino
    && a.mnt == b.mnt) rc = errno = EBUSY;
  if (fd != -1) close(fd);

  return rc ? lr_fault(f, errno, "keeping the old root at", "/%s", dir) : 0;
}

// Keep the old root: have its file system, without what was mounted on it, at
// DIR of the new root, a directory that is made if need be. Without ATTACH only
// make that, for pivot_root(2). Leaves the fault of lr_carry_keeps(). Returns 0
// or -1.
int lr_carry_root(struct carry *c, char *dir, int attach, struct fault *f)
{
  int fd = -1, rc;

  if (lr_carry_keeps(c->to, dir, f)) return -1;
  rc = make_place(c->to, dir, 1);
  if (!rc && attach) {
    fd = open_tree(c->from, "", OPENTREE_CLONE|OPENTREE_CLOEXEC|AT_EMPTY_PATH);
    rc = move_mount(fd, "", c->to, dir, MOVEMOUNT_F_EMPTY);
    if (!rc) c->kept = dir;
  }
  if (rc) lr_fault(f, errno, "keeping the old root at", "/%s", dir);
  if (fd != -1) close(fd);

  return rc;
}

// Undo lr_carry_mounts(), done or failed half-way. Leaves a fault "carrying
// back" what could not be. Returns 0 or -1.
int lr_carry_back(struct carry *c, struct fault *f)
{
  struct mountinfo *root = by_id(c->list, c->root);
  struct unit *u;
  int i, rc = 0;

  if (c->kept && !fchdir(c->to)) umount2(c->kept, MNT_DETACH);
  c->kept = 0;
  if (!c->units) return 0;

  if (c->copy) {
    // Copies go with what they are on; but what is on top of the new root would
    // be taken for that when it's unmounted
    for (i = 0; i<c->units; i++) c->unit[i].at = GONE;

    return detach(c) ? lr_fault(f, errno, "carrying back", "mounts") : 0;
  }
  if (!c->attached && attach(c))
    return lr_fault(f, errno, "carrying back", "mounts");

  // What is of the old root's own file system is made anew wherever it is, as
  // what it's of may have been moved and put back
  for (i = 0; i<c->units; i++) {
    u = c->unit+i;
    if (u->own ? take_own(c, u, u->at == TO ? c->to : c->from, c->from)
      : u->at == TO ? take(c, u, c->to, c->from)
      : u->at == FROM && c->stacked && take(c, u, c->from, c->from))
        rc = lr_fault(f, errno, "carrying back", "%s", u->m->dir);
  }
  while (i--) {
    u = c->unit+i;
    if (u->at == FROM) share(c, u, c->from);
    if (u->at == SCRATCH && put(c, u, c->from, FROM))
      rc = lr_fault(f, errno, "carrying back", "%s", u->m->dir);
  }
  if (detach(c)) rc = lr_fault(f, errno, "carrying back", "mounts");
  if (!fchdir(c->from) && root && root->shared) mount(0, ".", 0, MS_SHARED, 0);

  return rc;
}

// After the switch: unmount what had no place on the new root, which is still
// on the old one. LOST is told the directory of each that the new root has no
// mount of its own for.
void lr_carry_rest(struct carry *c, void (*lost)(char *dir))
{
  struct mountinfo *m;
  struct kstat st;
  int i, fd;

  for (i = 0; i<c->units; i++) {
    m = c->unit[i].m;
    if (c->unit[i].at != SKIP || fchdir(c->from)) continue;
    umount2(place(m), MNT_DETACH);
    if (!c->leaf) continue;
    fd = open_in(c->to, place(m), O_NOFOLLOW);
    if (fd == -1 || kstatx(fd, "", AT_EMPTY_PATH, &st)
      || !(st.attr&KATTR_MOUNT_ROOT)) lost(m->dir);
    if (fd != -1) close(fd);
  }
}
