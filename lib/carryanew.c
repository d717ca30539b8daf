/* carryanew.c - mounts that need the files of the old root, made anew
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 *
 * A bind of the old root's own file system, or an overlay with a layer in
 * there, would go on using the old files when it's moved. So it is unmounted,
 * and made anew from the files of the new root.
 */

#include "toys.h"
#include "lib/carryplan.h"
#include "lib/fault.h"
#include "lib/holders.h"
#include "lib/kernel.h"
#include "lib/layers.h"
#include "lib/mountinfo.h"
#include "lib/mountopt.h"
#include "lib/mountpoint.h"
#include "lib/uses.h"

// A clone of the mount whose root directory is DIR, or of what is at PATH below
// it, attached nowhere. Returns its root, or -1 and errno.
static int clone_of(int dir, char *path)
{
  return open_tree(dir, path,
    OPENTREE_CLONE|OPENTREE_CLOEXEC|AT_EMPTY_PATH|AT_SYMLINK_NOFOLLOW);
}

// Attach MOUNT to a new directory or file NAME of the scratch directory.
// Returns 0, or -1 and errno.
static int attach(struct carry *c, int mount, char *name)
{
  int rc = lr_mountpoint_directory(mount, "");

  // One from a try before
  if (!fchdir(c->scratch)) umount2(name, MNT_DETACH|UMOUNT_NOFOLLOW);
  if (rc != -1) rc = lr_mountpoint_make(c->scratch, name, rc);

  return rc ? -1 : move_mount(mount, "", c->scratch, name, MOVEMOUNT_F_EMPTY);
}

// A mount of all of the file system that ROOT is a mount of, in the place of
// peer group ID: what is cloned from it comes to be in that group. It's on the
// scratch directory, as before 6.15 only what is attached can be cloned.
// Returns its root directory, or -1 and errno.
static int hub(struct carry *c, int root, unsigned id)
{
  struct mountinfo *m = lr_mountinfo_find(c->list, c->root);
  int new = root == c->to, of_root = m && (m->shared ? : m->master) == id,
    with_root = of_root && m->shared && c->root_peer[new] != -1, from = root,
    fd;
  char name[16];

  sprintf(name, "%c%u", new ? 'n' : 'o', id);
  fd = lr_open_in_root(c->scratch, name, O_NOFOLLOW);
  if (fd != -1 || errno != ENOENT) return fd;

  // A group can get mounts from another one
  for (m = c->list; m; m = m->next) if (m->shared == id && m->master
    && m->master != id && lr_carry_shows(c, m)) break;
  if (m && (from = hub(c, root, m->master)) == -1) return -1;
  fd = with_root ? c->root_peer[new] : clone_of(from, "");
  if (with_root) c->root_peer[new] = -1;
  if (from != root) close(from);
  if (fd == -1) return -1;
  if (attach(c, fd, name) || (m && lr_carry_propagate(fd, MS_SLAVE))
    || lr_carry_propagate(fd, MS_SHARED))
  {
    close(fd);

    return -1;
  }
  if (of_root) {
    if (c->root_peer[new] != -1) close(c->root_peer[new]);
    c->root_peer[new] = clone_of(fd, "");
  }

  return fd;
}

// MOUNT is on the scratch directory now, and is to have the flags of U and its
// propagation. Takes MOUNT. Returns 0, or -1 and errno.
static int finish(struct carry *c, struct carried *u, int mount)
{
  struct mountinfo *m = u->m;
  struct kstat st;
  int rc = lr_mountopt_apply(c->scratch, u->name, u->set, u->clear);

  if (!rc) rc = kstatx(mount, "", AT_EMPTY_PATH|AT_DONT_SYNC, &st);
  if (rc) {
    close(mount);

    return -1;
  }
  u->id = st.mnt;
  u->at = MADE;
  if (m->shared) {
    // What was on it is put there before it is shared
    lr_carry_peer(c, m, mount, lr_carry_shows(c, m) ? clone_of(mount, "") : -1);

    return lr_carry_propagate(mount, MS_PRIVATE);
  }
  if (m->master) lr_carry_propagate(mount, MS_SLAVE);
  if (m->unbindable) lr_carry_propagate(mount, MS_UNBINDABLE);
  close(mount);

  return 0;
}

// Bind U anew on the scratch directory, from ROOT. Returns 0, -1 and errno;
// also 0, and nothing is made, when what it showed is gone.
static int bind_anew(struct carry *c, struct carried *u, int root)
{
  unsigned id = u->m->shared ? : u->m->master;
  int from = id ? hub(c, root, id) : root, fd, rc;

  if (from == -1) return -1;
  fd = clone_of(from, lr_carry_shows(c, u->m));
  if (from != root) close(from);
  u->at = UNMOUNTED;
  if (fd == -1) return -(errno != ENOENT);
  rc = attach(c, fd, u->name);
  if (!rc) return finish(c, u, fd);
  close(fd);

  return -1;
}

// Make all binds anew that are off, by what ROOT has with no other mount on it.
// Leaves a fault STEP of the first that can't be. Returns 0 or -1.
int lr_carry_bind_anew(struct carry *c, int root, char *step, struct fault *f)
{
  struct carried *u;
  int i, rc = 0;

  for (i = 0; i<c->count; i++) {
    u = c->mount+i;
    if (u->anew && !u->overlay && (u->at == UNMOUNTED || u->at == MADE)
      && bind_anew(c, u, root)) rc = lr_fault(f, errno, step, "%s", u->m->dir);
  }

  return rc;
}

// Give the options of overlay U to a new file system, and MAKE it. Its layers
// are looked up on the root whose directory is ROOT, as they were when it was
// mounted first: their paths begin at the process's root. Returns its root
// directory, 0 if it's not to be made, or -1 and errno.
static int overlay_options(struct carry *c, struct carried *u, int root,
  int make)
{
  char *word = u->overlay, *value;
  int ctx = -1, rc = -1, len;

  if (!fchdir(root) && !chroot(".")) {
    ctx = fsopen("overlay", FSOPEN_CLOEXEC_);
    rc = ctx == -1 ? -1
      : fsconfig(ctx, FSCONFIG_STRING, "source", u->m->source, 0);
    for (; !rc && *word; word += len+1) {
      len = strlen(word);
      value = strchr(word, '=');
      if (value) *value++ = 0;
      rc = fsconfig(ctx, value ? FSCONFIG_STRING : FSCONFIG_FLAG, word, value,
        0);
      if (value) value[-1] = '=';
    }
    if (!rc && make) {
      rc = fsconfig(ctx, FSCONFIG_CREATE, 0, 0, 0);
      if (!rc) rc = fsmount(ctx, FSMOUNT_CLOEXEC_, 0);
    }
  }
  len = errno;
  if (ctx != -1) close(ctx);
  if (fchdir(c->from) || chroot(".")) return -1;
  errno = len;

  return rc;
}

// Make overlay U anew on the scratch directory, from layers on the root whose
// directory is ROOT. Returns 0, or -1 and errno.
int lr_carry_overlay_anew(struct carry *c, struct carried *u, int root)
{
  int fd = overlay_options(c, u, root, 1);

  if (fd == -1) return -1;
  if (!attach(c, fd, u->name)) return finish(c, u, fd);
  close(fd);

  return -1;
}

// Is M on a mount that is made anew, or one itself? Then it's not there yet
// when an overlay is made.
static int is_early(struct carry *c, struct mountinfo *m)
{
  int i;

  for (; m; m = lr_carry_parent(c, m)) for (i = 0; i<c->count; i++)
    if (c->mount[i].m == m && c->mount[i].early) return 1;

  return 0;
}

// Does PATH lead to a layer of an overlay, and to the same one when the other
// mounts are made again on the new root? It doesn't say so if another directory
// is below what is mounted on its way: the layer could be either. BARE is the
// root without what is mounted on it.
static int is_clear(struct carry *c, char *path, int bare)
{
  struct kopen_how how = {O_PATH|O_DIRECTORY|O_CLOEXEC, 0, KRESOLVE_IN_ROOT};
  int fd = kopenat2(c->from, path, &how), rc;
  struct kstat st;

  if (*path != '/' || fd == -1) {
    if (fd != -1) close(fd);

    return 0;
  }
  rc = !kstatx(fd, "", AT_EMPTY_PATH|AT_DONT_SYNC, &st);
  close(fd);
  if (!rc || st.mnt == c->root) return rc;
  fd = kopenat2(bare, path, &how);
  if (fd != -1) close(fd);

  return fd == -1 && !is_early(c, lr_mountinfo_find(c->list, st.mnt));
}

// Has overlay U an index, a directory in its workdir? It knows its layers by
// their file handles, so the kernel does not take other ones (fs/overlayfs:
// ESTALE).
static int has_index(struct carry *c, struct carried *u)
{
  char *word = u->overlay, path[PATH_MAX];
  int fd;

  while (*word && strncmp(word, "workdir=", 8)) word += strlen(word)+1;
  if (!*word) return 0;
  snprintf(path, sizeof(path), "%s/index", word+8);
  fd = lr_open_in_root(c->from, path, 0);
  if (fd != -1) close(fd);

  return fd != -1;
}

// Is overlay U, which a path leads to, made of what the paths of its layers
// lead to now? The first one that something is written to is its upperdir, the
// second its workdir. All are looked at without what is mounted on them: a
// layer does not show that either. (What is unbindable can't be looked at so,
// nor can it become a layer.) Returns 1 or 0; also 0 when it is not known.
int lr_carry_is_made_of(struct carry *c, struct carried *u)
{
  struct layer *layers = lr_uses_layers(u->m), *l;
  int count = 1, upper = 0, lower, fd, rc = 0, *dir;

  for (l = layers; l && l->path; l++) {
    count += l->lower;
    upper |= !l->lower;
  }
  if (!layers || !(dir = malloc((count+upper)*sizeof(int)))) {
    free(layers);

    return 0;
  }
  memset(dir, -1, (count+upper)*sizeof(int));
  fd = lr_carry_open(c->from, u->m, u->m->id);
  lower = 1+upper;
  for (l = layers; ; l++) {
    rc = fd == -1 ? -1 : clone_of(fd, "");
    if (fd != -1) close(fd);
    if (rc == -1) break;
    if (l == layers) *dir = rc;
    else if (l[-1].lower) dir[lower++] = rc;
    else if (upper == 1) dir[upper++] = rc;
    else close(rc);
    if (!l->path) break;
    fd = lr_open_in_root(c->from, l->path, 0);
  }
  if (rc != -1) rc = lr_layers_shown(dir, lower);
  while (lower--) if (dir[lower] != -1) close(dir[lower]);
  free(dir);
  free(layers);

  return rc == 1;
}

// A process uses an overlay: how many are counted.
static void in_use(struct holder *h)
{
  (void)h;
}

// Why U, an overlay that needs the old root, can't be made anew, or 0.
static char *why_not(struct carry *c, struct carried *u, int bare)
{
  struct mountinfo *m;
  struct layer *layers, *l;
  int children = 0, fd, rc;

  for (m = c->list; m; m = m->next) {
    if (m != u->m && m->maj == u->m->maj && m->min == u->m->min)
      return "is mounted twice";
    children |= m->parent == u->m->id;
  }

  // Which commas and backslashes mean themselves depends on the kernel
  if (u->m->root[1] || strstr(u->m->super, "\\054")
    || strstr(u->m->super, "\\134"))
      return "has options that can't be repeated";
  if (!(layers = lr_uses_layers(u->m))) return "can't be looked at";
  for (l = layers; l->path && is_clear(c, l->path, bare); l++);
  rc = !!l->path;
  free(layers);
  if (rc) return "has a layer that can't be found again";
  if (has_index(c, u)) return "has an index of its layers";
  if (0<lr_holders(c->proc, makedev(u->m->maj, u->m->min), 0, in_use))
    return "is in use by a process";

  // A mount that is used by nobody answers EAGAIN to the first umount2() with
  // MNT_EXPIRE, and nothing is changed. Each mount on it counts as a use.
  fd = lr_carry_open(c->from, u->m, u->m->id);
  if (fd == -1) u->unseen = 1;
  else {
    close(fd);
    if (!lr_carry_is_made_of(c, u))
      return "has a layer that can't be found again";
    if (!children && !fchdir(c->from)
      && umount2(lr_carry_path(u->m), MNT_EXPIRE) && errno == EBUSY)
        return "is in use";
  }

  // The kernel looks at each option as it gets it, since 6.5
  return overlay_options(c, u, c->from, 0)
    ? "has options that can't be repeated" : 0;
}

// Cut the options of U at the commas, each a string, and an empty one behind
// the last: all that the way back needs is known before anything is changed.
// The words "rw" and "seclabel" tell, and are no options.
static int cut_options(struct carried *u)
{
  char *word, *next = u->m->super, *to;
  int len;

  if (!(to = u->overlay = malloc(strlen(next)+2))) return -1;
  for (; *(word = next); next = word+len+!!word[len]) {
    len = strcspn(word, ",");
    if (!len || (len == 2 && !strncmp(word, "rw", 2))
      || (len == 8 && !strncmp(word, "seclabel", 8))) continue;
    memcpy(to, word, len);
    to[len] = 0;
    lr_mountinfo_unescape(to);
    to += strlen(to)+1;
  }
  *to = 0;

  return 0;
}

// Note what is needed to make U anew: its flags, and the options of an overlay.
// Returns 0, or -1 when memory is out.
int lr_carry_note_anew(struct carry *c, struct carried *u)
{
  char *word, *flags, *s;

  u->set = MATTR_STRICTATIME;
  u->clear = MATTR_ATIME;
  if (!u->anew) return 0;
  if (!(s = flags = strdup(u->m->flags))) return -1;
  while ((word = lr_mountopt_next(&s)))
    lr_mountopt_flag(word, &u->set, &u->clear);
  free(flags);

  return lr_carry_shows(c, u->m) ? 0 : cut_options(u);
}

// Is an empty directory of the root a layer of M, an overlay, or one of another
// overlay that needs the root? M->uses doesn't count those, as the path can be
// one that the layer was moved from: then M must not be made anew. But if it is
// the layer, removing it leaves an overlay that lists no files, not even those
// of its other layers (seen on 6.18). What of it is so can't be told. Returns 1
// or 0, also when memory is out.
static int has_empty(struct carry *c, struct mountinfo *m)
{
  struct mountinfo *root = lr_mountinfo_find(c->list, c->root), *on;
  struct layer *layers = lr_uses_layers(m), *l;
  struct kstat st;
  int fd, rc = 0;

  for (l = layers; l && l->path && !rc; l++) {
    fd = lr_open_in_root(c->from, l->path, 0);
    if (fd == -1) continue;
    if (!kstatx(fd, "", AT_EMPTY_PATH|AT_DONT_SYNC, &st)) {
      on = lr_mountinfo_find(c->list, st.mnt);
      rc = (on && on->uses)
        || (root && st.maj == root->maj && st.min == root->min);
    }
    close(fd);
  }
  free(layers);

  return rc;
}

// Can all overlays be made anew that have to be? Leaves a fault that names the
// first that can't be. Returns 0 or -1.
int lr_carry_check_anew(struct carry *c, struct fault *f)
{
  char *why = 0;
  struct carried *u = c->mount;
  struct mountinfo *m;
  int bare = -1;

  for (; !why && u<c->mount+c->count; u++) {
    if (!u->overlay) continue;
    if (bare == -1) bare = clone_of(c->from, "");
    if ((why = why_not(c, u, bare))) lr_fault(f, 0, "carrying over",
      "%s: an overlay on %s that %s", u->m->dir, u->m->uses, why);
  }
  if (bare != -1) close(bare);
  for (m = c->list; !why && m; m = m->next)
    if (c->wiped && !c->copy && !c->filled && !m->uses
      && !strcmp(m->type, "overlay") && has_empty(c, m))
        lr_fault(f, 0, "carrying over", "%s: %s", m->dir,
          why = "an overlay with a layer on / that is empty");

  return -!!why;
}
