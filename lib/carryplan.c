/* carryplan.c - which mounts have to be moved by themselves
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 *
 * A mount takes along what is mounted below it when it is moved. Three kinds
 * have to be moved by themselves:
 * - those on the root itself,
 * - those on top of another at the same place, as moving a path moves only the
 *   topmost mount there,
 * - binds of the old root's own file system (mount --bind /a /b), overlays with
 *   layers in there, and what is mounted on them. Such a mount can't be moved,
 *   as it would go on using the old root: it is unmounted, and made anew from
 *   the new root (lib/carryanew.c). Where somebody else filled the new root
 *   they are not: the same path is another file there.
 */

#include "toys.h"
#include "lib/carryplan.h"
#include "lib/fault.h"
#include "lib/kernel.h"
#include "lib/mountinfo.h"

// The mount that M is mounted on; 0 for the root, and where the table has none.
struct mountinfo *lr_carry_parent(struct carry *c, struct mountinfo *m)
{
  return m->id == c->root || m->id == m->parent ? 0
    : lr_mountinfo_find(c->list, m->parent);
}

// Is M mounted on ANCESTOR, or on what is mounted on it?
static int is_below(struct carry *c, struct mountinfo *m,
  struct mountinfo *ancestor)
{
  while ((m = lr_carry_parent(c, m))) if (m == ancestor) return 1;

  return 0;
}

// What M shows of the old root's own file system, see lr_mountinfo_shows().
char *lr_carry_shows(struct carry *c, struct mountinfo *m)
{
  struct mountinfo *root = lr_mountinfo_find(c->list, c->root);

  return root ? lr_mountinfo_shows(root, m) : 0;
}

// Does M show what was removed since ("//deleted" behind its path)? No call
// moves such a mount (fs/namespace.c get_mountpoint(): ENOENT), but it comes
// along with what it's on.
int lr_carry_deleted(struct mountinfo *m)
{
  char *end = strrchr(m->root, '/');

  return end>m->root && !strcmp(end-1, "//deleted");
}

// Does M have to be made anew, from the new root's files? What was removed is
// only there where it is mounted.
static int is_anew(struct carry *c, struct mountinfo *m)
{
  if (c->copy || c->filled || lr_carry_deleted(m)) return 0;

  return lr_carry_shows(c, m) || (m->uses && !strcmp(m->type, "overlay"));
}

// Does M have to be moved by itself?
int lr_carry_alone(struct carry *c, struct mountinfo *m)
{
  struct mountinfo *parent = lr_mountinfo_find(c->list, m->parent);

  return m->parent == c->root || is_anew(c, m) || (parent
    && (is_anew(c, parent) || !strcmp(parent->dir, m->dir)));
}

// Add the mounts on PARENT to the list, what covers before what it covers. Of
// two mounts on the same parent, the one on the shorter path is the one that
// covers: had it been there first, it would be the other's parent. Returns 0,
// or -1 when memory is out.
static int add_mounts(struct carry *c, unsigned parent)
{
  struct mountinfo *m, *best;
  struct carried *u;
  unsigned last = 0, len, id = 0;

  for (;;) {
    for (best = 0, m = c->list; m; m = m->next) {
      if (m->parent != parent || m->id == parent || m->id == c->filled)
        continue;
      len = strlen(m->dir);
      if (len<last || (len == last && m->id<=id)) continue;
      if (!best || len<strlen(best->dir)
        || (len == strlen(best->dir) && m->id<best->id)) best = m;
    }
    if (!best) return 0;
    last = strlen(best->dir);
    id = best->id;
    if (!c->copy && add_mounts(c, best->id)) return -1;
    if (!lr_carry_alone(c, best)) continue;
    if (!(u = realloc(c->mount, (c->count+1)*sizeof(*u)))) return -1;
    c->mount = u;
    memset(u += c->count, 0, sizeof(*u));
    u->m = best;
    u->id = best->id;
    u->anew = is_anew(c, best);
    sprintf(u->name, "%d", c->count++);
    if (lr_carry_note_anew(c, u)) return -1;
  }
}

// Does M cover the place of OTHER, or of what OTHER is mounted on? So it is on
// the same parent at a shorter path (see add_mounts()).
static int covers(struct carry *c, struct mountinfo *m, struct mountinfo *other)
{
  int len = strlen(m->dir);

  for (; other && other->id != c->root; other = lr_carry_parent(c, other))
    if (m != other && m->parent == other->parent
      && !strncmp(m->dir, other->dir, len)
      && (!other->dir[len] || other->dir[len] == '/')) return 1;

  return 0;
}

// Mark what has to come off before the tree is moved: what is made anew, what
// is mounted on it, what covers them, and what is mounted on that.
static void mark_early(struct carry *c)
{
  struct carried *u, *v;
  int i, j, again = 1;

  for (i = 0; i<c->count; i++) c->mount[i].early = c->mount[i].anew;
  while (again) for (again = i = 0; i<c->count; i++) {
    if (!(u = c->mount+i)->early) continue;
    for (j = 0; j<i; j++) {
      v = c->mount+j;
      if (v->early || (!is_below(c, v->m, u->m) && !covers(c, v->m, u->m)))
        continue;
      v->early = again = 1;
    }
  }
}

// What can't be carried over, and leads to nothing but the way back. Leaves a
// fault that names the mount. Returns 0 or -1.
static int refuse(struct carry *c, struct fault *f)
{
  struct mountinfo *m;
  int len = c->newroot ? strlen(c->newroot) : 0, i;

  for (i = 0; i<c->count && !c->filled; i++)
    if (lr_carry_deleted(c->mount[i].m)) return lr_fault(f, 0, "carrying over",
      "%s: shows what was removed", c->mount[i].m->dir);
  for (m = c->list; m; m = m->next) {
    // Each step begins with a clone of it
    if (m->id == c->root && m->unbindable && !c->filled)
      return lr_fault(f, 0, "carrying over", "/: is unbindable");

    // No path leads to it
    if (m->parent == c->root && m->id != c->root && !m->dir[1] && !c->copy)
      return lr_fault(f, 0, "carrying over", "/: %s is mounted on it", m->type);

    // The new root covers it
    if (len && m->parent == c->root && !strncmp(m->dir, c->newroot, len)
      && m->dir[len] == '/')
        return lr_fault(f, 0, "carrying over", "%s: is below NEWROOT", m->dir);

    // A bind of a file keeps that, though it's removed
    if (c->filled && c->wiped && m->uses && lr_carry_shows(c, m))
      return lr_fault(f, 0, "mount", "%s: is %s of the old root, which would be"
        " emptied (-k keeps it)", m->dir, m->uses);
  }

  return 0;
}

// Find out which mounts of C->list, but for the two roots, have to be moved by
// themselves, and all that is needed to move them, and to move them back: their
// list, and room for the others, is made here, before anything is changed.
// Leaves a fault "carrying over", or "mount" for one that needs an old root
// that is emptied. Returns 0 or -1.
int lr_carry_plan(struct carry *c, struct fault *f)
{
  struct mountinfo *m = lr_mountinfo_find(c->list, c->root);
  int shared = 0;

  c->mount = 0;
  c->peer = 0;
  c->count = c->peers = c->all_private = 0;
  c->scratch = c->root_peer[0] = c->root_peer[1] = -1;
  if (add_mounts(c, c->root))
    return lr_fault(f, errno, "carrying over", "mounts");
  mark_early(c);
  if (refuse(c, f) || lr_carry_check_anew(c, f)) return -1;
  if (m && (m->shared || m->master) && !c->copy) c->root_peer[0] = open_tree(
    c->from, "", OPENTREE_CLONE|OPENTREE_CLOEXEC|AT_EMPTY_PATH);
  for (m = c->list; m; m = m->next) shared += m->shared || m->master;
  if (!(c->peer = malloc(shared*sizeof(*c->peer)+1)))
    return lr_fault(f, errno, "carrying over", "mounts");

  return 0;
}

// Free what lr_carry_plan() took.
void lr_carry_free(struct carry *c)
{
  int i;

  for (i = 0; i<c->count; i++) free(c->mount[i].overlay);
  for (i = 0; i<c->peers; i++) {
    close(c->peer[i].fd);
    close(c->peer[i].with);
  }
  for (i = 0; i<2; i++) if (c->root_peer[i] != -1) close(c->root_peer[i]);
  free(c->mount);
  free(c->peer);
  c->mount = 0;
  c->peer = 0;
  c->count = c->peers = 0;
  c->root_peer[0] = c->root_peer[1] = -1;
}
