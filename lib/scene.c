/* scene.c - what is there: the root, the mounts, NEWROOT, memory
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include "lib/fault.h"
#include "lib/fsnew.h"
#include "lib/kernel.h"
#include "lib/memory.h"
#include "lib/mountinfo.h"
#include "lib/newns.h"
#include "lib/newroot.h"
#include "lib/request.h"
#include "lib/scene.h"
#include "lib/uses.h"

// Begin S, with what is needed to read the request: who we are, and a procfs of
// our own that is mounted nowhere, as there may be no /proc yet. It can't fail:
// without a procfs the kernel command line is unknown, and looking says so.
void lr_scene_begin(struct scene *s)
{
  char path[PATH_MAX];
  ssize_t len;

  memset(s, 0, sizeof(*s));
  s->pid1 = getpid() == 1;
  s->root_dir = s->newroot_dir = -1;
  s->proc = lr_fs_detached("proc");
  if (s->proc == -1) s->proc = open("/proc", O_PATH|O_DIRECTORY|O_CLOEXEC);
  s->cwd = open(".", O_PATH|O_DIRECTORY|O_CLOEXEC);
  len = readlinkat(s->proc, "self/exe", path, sizeof(path));
  s->program = strndup(path, maxof(len, 0));
}

// Look at "/": its file system, and its mount in the mount table.
static int look_root(struct scene *s, struct fault *f)
{
  struct kstat st;
  struct statfs sf;

  s->root_dir = open("/", O_RDONLY|O_DIRECTORY|O_CLOEXEC);
  if (s->root_dir == -1 || kstatx(s->root_dir, "", AT_EMPTY_PATH, &st)
    || fstatfs(s->root_dir, &sf))
      return lr_fault(f, errno, "looking at", "/");
  if (!(s->mounts = lr_mountinfo_read(s->proc, f)) && f->step) return -1;
  for (s->root = s->mounts; s->root && s->root->id != st.mnt; )
    s->root = s->root->next;
  if (!s->root) return lr_fault(f, 0, "/", "is a chroot, not a mount");

  s->root_ino = st.ino;
  s->root_dev = makedev(st.maj, st.min);
  s->is_ro = !!(sf.f_flags & KST_RDONLY);
  s->is_disk = (unsigned)sf.f_type != MAGIC_TMPFS
    && (unsigned)sf.f_type != MAGIC_RAMFS;

  // A mount that is its own parent is rootfs before 7.0. From 7.0 on rootfs has
  // a parent, nullfs, and pivot_root works. Seen on 5.10 to 7.2.
  s->is_rootfs = s->root->id == s->root->parent;

  return 0;
}

// The root without what is mounted on it, as a mount of our own that is
// attached nowhere: files hidden below mounts are seen, and no way leads into
// another file system. In a user namespace the kernel keeps hidden what is
// hidden (EINVAL): then it is "/" itself, and lr_tree_run() stays off other
// mounts. Returns a directory, or -1 and errno.
int lr_scene_source(struct scene *s)
{
  int fd = open_tree(s->root_dir, "",
    OPENTREE_CLONE|OPENTREE_CLOEXEC|AT_EMPTY_PATH);

  if (fd == -1 && s->user_namespace)
    fd = openat(s->root_dir, ".", O_RDONLY|O_DIRECTORY|O_CLOEXEC);

  return fd;
}

// Has M, an overlay, a layer at or below the directory DIR, by its path? If so
// *WHAT is that path, to be freed. Returns 1 or 0, or -1 when memory is out.
static int has_layer_below(struct mountinfo *m, char *dir, char **what)
{
  struct layer *layers = lr_uses_layers(m), *l;
  int len = strlen(dir), rc = layers ? 0 : -1;

  for (l = layers; !rc && l && l->path; l++)
    if (!strncmp(l->path, dir, len) && (!l->path[len] || l->path[len] == '/'))
      rc = (*what = strdup(l->path)) ? 1 : -1;
  free(layers);

  return rc;
}

// Find out which mounts need directories of the file system of "/", and note
// in the mount table which. An overlay needs what the overlays need that are
// its layers. And a layer below a mount that needs "/" can be of that mount,
// though another one covers it now, so that no path leads to it. Leaves a fault
// "looking at". Returns 0 or -1.
static int look_uses(struct scene *s, struct fault *f)
{
  struct mountinfo *m, *fs;
  int bare = lr_scene_source(s), rc = 0, again;

  // What is unbindable can't be cloned (EINVAL). Then the mounts on "/" hide
  // what is below them.
  for (m = s->mounts; m && rc>=0; m = m->next) if (m != s->root)
    rc = lr_uses(m, s->root, bare == -1 ? s->root_dir : bare, &m->uses);
  if (bare != -1) close(bare);
  do for (again = 0, fs = s->mounts; fs; fs = fs->next) {
    if (!fs->uses) continue;
    for (m = s->mounts; m && rc>=0; m = m->next) {
      if (m->uses || m == s->root || strcmp(m->type, "overlay")) continue;
      rc = strcmp(fs->type, "overlay") ? 0
        : lr_uses(m, fs, s->root_dir, &m->uses);
      if (!rc) rc = has_layer_below(m, fs->dir, &m->uses);
      again |= rc;
    }
  } while (again && rc>=0);

  return rc<0 ? lr_fault(f, errno, "looking at", "mounts") : 0;
}

// Look at all that R, a request, is about. With -u that's from a mount
// namespace of our own, which is made first and which nobody else sees. Leaves
// a fault, what can't be looked at. Returns 0 or -1.
int lr_scene_look(struct scene *s, struct request *r, struct fault *f)
{
  struct newroot_found n;
  int rc;

  if (r->own_namespace) {
    if (0>(rc = lr_newns(f))) return -1;
    s->user_namespace = rc;

    // The same directory, on the new namespace's mount of it
    close(s->cwd);
    s->cwd = open(".", O_PATH|O_DIRECTORY|O_CLOEXEC);
  }
  if (look_root(s, f) || lr_newroot_look(&n, s->cwd, r->newroot, s->mounts,
    s->root, s->root_ino, f)) return -1;
  s->newroot = n.is;
  s->newroot_dir = n.dir;
  s->newroot_mount = n.mount;
  s->available = lr_memory_available(s->proc);
  s->free = lr_memory_free(s->proc);

  // Where neither is so the old root is not emptied
  return !r->own_namespace && (s->is_rootfs || r->force) ? look_uses(s, f) : 0;
}
