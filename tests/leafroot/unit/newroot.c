// newroot.c - what NEWROOT is, and how it comes and goes without a trace
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// unit: lib/newroot.c lib/mountinfo.c lib/fsnew.c lib/mountopt.c lib/fault.c

#include "toys.h"
#include "check.h"
#include "lib/fault.h"
#include "lib/fsnew.h"
#include "lib/kernel.h"
#include "lib/mountinfo.h"
#include "lib/newroot.h"

// PATH, from "/" or from /dir, and what it is, or the name and errno of a fault
#define FAULT -1
static struct {
  char *path;
  int is, err;
} looks[] = {
  {"/dir", NEWROOT_DIRECTORY, 0},
  {"/dir/sub", NEWROOT_DIRECTORY, 0},
  {"sub", NEWROOT_DIRECTORY, 0},
  {".", NEWROOT_DIRECTORY, 0},
  {"/link", NEWROOT_DIRECTORY, 0},
  {"/filled", NEWROOT_FILLED, 0},
  {"/filled/.", NEWROOT_FILLED, 0},
  {"../filled", NEWROOT_FILLED, 0},
  {"/bind", NEWROOT_FILLED, 0},
  {"/tolink", NEWROOT_FILLED, 0},
  {"/", NEWROOT_ROOT, 0},
  {"..", NEWROOT_ROOT, 0},
  {"/../..", NEWROOT_ROOT, 0},
  {"/filled/sub", NEWROOT_OFF, 0},
  {"/empty", NEWROOT_EMPTY, 0},
  {"/filled/nested", NEWROOT_NESTED, 0},
  // Another mount is below it at the same place
  {"/stack", NEWROOT_NESTED, 0},

  // To be made
  {"/none", NEWROOT_ABSENT, 0},
  {"none", NEWROOT_ABSENT, 0},
  {"", NEWROOT_ABSENT, 0},
  {"/dangling", NEWROOT_ABSENT, 0},
  {"/none/none", NEWROOT_ABSENT, 0},
  {"/filled/none/none", NEWROOT_ABSENT, 0},
  {"/filled/none", NEWROOT_MADE_OFF, 0},
  {"/filled/sub/none", NEWROOT_MADE_OFF, 0},
  {"/empty/none", NEWROOT_MADE_OFF, 0},
  {"/tolink/none", NEWROOT_MADE_OFF, 0},

  // No directory, nor could one be made
  {"/file", FAULT, ENOTDIR},
  {"/fifo", FAULT, ENOTDIR},
  {"/filled/file", FAULT, ENOTDIR},
  {"/file/none", FAULT, ENOTDIR},
  {"/loop", FAULT, ELOOP},
  {"/loop/none", FAULT, ELOOP},
};

static int proc, root_dir, cwd;
static struct mountinfo *list, *root;
static unsigned long long root_ino;

// Read the mount table anew, and find "/" in it.
static void read_table(void)
{
  struct kstat st;
  struct fault f = {0};

  lr_mountinfo_free(list);
  check_need(list = lr_mountinfo_read(proc, &f));
  check_need(!kstatx(root_dir, "", AT_EMPTY_PATH, &st));
  root_ino = st.ino;
  for (root = list; root && root->id != st.mnt; ) root = root->next;
  check_need(root);
}

// How many descriptors are open
static int descriptors(void)
{
  int fd = openat(proc, "self/fd", O_RDONLY|O_DIRECTORY|O_CLOEXEC), n = 0;
  DIR *d = fdopendir(fd);

  check_need(d);
  while (readdir(d)) n++;
  closedir(d);

  return n;
}

// How many mounts there are
static int mounts(void)
{
  struct mountinfo *m;
  int n = 0;

  read_table();
  for (m = list; m; m = m->next) n++;

  return n;
}

static void look(void)
{
  struct newroot_found n;
  struct fault f = {0};
  struct kstat st;
  char name[5001];
  int open = descriptors(), filled, rc;
  unsigned i;

  for (i = 0; i<ARRAY_LEN(looks); i++) {
    memset(&n, -1, sizeof(n));
    rc = lr_newroot_look(&n, cwd, looks[i].path, list, root, root_ino, &f);
    check_num(rc ? FAULT : n.is, looks[i].is, "look at %s", looks[i].path);
    check_num(f.err, looks[i].err, "look at %s: errno", looks[i].path);
    check_str(f.step, rc ? "NEWROOT" : 0, "look at %s: step", looks[i].path);
    check_str(f.name, rc ? looks[i].path : 0, "look at %s: name",
      looks[i].path);
    lr_fault_clear(&f);
    filled = !rc && (n.is == NEWROOT_FILLED || n.is == NEWROOT_NESTED);
    check_num(descriptors(), open+filled, "look at %s: descriptors",
      looks[i].path);
    check((n.dir != -1) == filled && !n.mount == !filled,
      "look at %s: directory and mount", looks[i].path);
    if (filled) check(!kstatx(n.dir, "", AT_EMPTY_PATH, &st)
      && st.mnt == n.mount, "look at %s: the mount", looks[i].path);
    if (filled) close(n.dir);
  }

  memset(name, 'n', 5000);
  name[5000] = 0;
  check(lr_newroot_look(&n, cwd, name, list, root, root_ino, &f) == -1
    && f.err == ENAMETOOLONG, "look at a long name");
  lr_fault_clear(&f);
  // What the mount table does not have counts as mounted on "/"
  check(!lr_newroot_look(&n, cwd, "/filled/nested", 0, root, root_ino, &f)
    && n.is == NEWROOT_FILLED, "look without a table");
  close(n.dir);
}

// A NEWROOT, from /dir; whether it is made; the directory it is in, whose times
// stay; and a fault. BAD: there is nothing to mount. RO: nothing can be made.
static struct {
  char *path;
  int made;
  char *parent, *step, *name;
  int err, bad, ro, shared;
} attaches[] = {
  {"/dir/sub", 0, "/dir", 0, 0, 0, 0, 0, 0},
  {"/link", 0, "/", 0, 0, 0, 0, 0, 0},
  {"sub", 0, "/dir", 0, 0, 0, 0, 0, 0},
  {"/new", 1, "/", 0, 0, 0, 0, 0, 0},
  {"/dir/new", 1, "/dir", 0, 0, 0, 0, 0, 0},
  {"new", 1, "/dir", 0, 0, 0, 0, 0, 0},
  {"../new", 1, "/", 0, 0, 0, 0, 0, 0},
  {"/link/new", 1, "/dir", 0, 0, 0, 0, 0, 0},
  {"/dir/sub", 0, "/dir", 0, 0, 0, 0, 0, 1},
  {"/new", 1, "/", 0, 0, 0, 0, 0, 1},
  {"/dir/sub", 0, "/dir", 0, 0, 0, 0, 1, 0},
  {"/new", 0, "/", 0, 0, 0, 0, 1, 0},
  {"/new", 0, "/", 0, 0, 0, 0, 1, 1},
  {"/none/new", 0, "/", "creating", "/none/new", ENOENT, 0, 0, 0},
  {"/none/new", 0, "/", "creating", "/none/new", ENOENT, 0, 0, 1},
  {"/dangling", 0, "/", "creating", "/dangling", EEXIST, 0, 0, 0},
  {"", 0, "/dir", "creating", "", ENOENT, 0, 0, 0},
  {"/dir/sub", 0, "/dir", "mounting on", "/dir/sub", EBADF, 1, 0, 0},
  {"/new", 0, "/", "mounting on", "/new", EBADF, 1, 0, 0},
  {"/new", 0, "/", "mounting on", "/new", EBADF, 1, 0, 1},
  {"/new", 0, "/", "mounting on", "/", EBADF, 1, 1, 0},
};

// Set both times of PATH to a second long ago.
static void age(char *path)
{
  struct timespec ts[2] = {{1000000000, 123456789}, {1000000001, 987654321}};

  check_need(!utimensat(AT_FDCWD, path, ts, 0));
}

static int aged(char *path)
{
  struct stat st;

  check_need(!stat(path, &st));

  return st.st_atim.tv_sec == 1000000000 && st.st_atim.tv_nsec == 123456789
    && st.st_mtim.tv_sec == 1000000001 && st.st_mtim.tv_nsec == 987654321;
}

// Attach to row I of attaches[], and detach.
static void attach(unsigned i)
{
  struct newroot n = {0};
  struct fault f = {0};
  struct kstat st;
  char *path = attaches[i].path;
  int fine = !attaches[i].step, open = descriptors(), before, there, dir;

  age(attaches[i].parent);
  check_need(!mount(0, "/", 0, attaches[i].shared ? MS_SHARED : MS_PRIVATE, 0));
  if (attaches[i].ro) check_need(!mount(0, "/", 0, MS_REMOUNT|MS_BIND|MS_RDONLY,
    0));
  before = mounts();
  there = !faccessat(cwd, path, F_OK, 0);
  check_need((dir = attaches[i].bad ? -1 : lr_fs_detached("tmpfs")) != -1
    || attaches[i].bad);

  check_num(lr_newroot_attach(&n, cwd, path, root_dir, attaches[i].shared, dir,
    &f), fine ? 0 : -1, "attach %u", i);
  check_str(f.step, attaches[i].step, "attach %u: step", i);
  check_str(f.name, attaches[i].name, "attach %u: name", i);
  check_num(f.err, attaches[i].err, "attach %u: errno", i);
  lr_fault_clear(&f);
  check_num(mounts(), before+fine, "attach %u: mounts", i);
  if (fine) {
    check(!n.ino == !attaches[i].made, "attach %u: made", i);
    check_num(n.on_root, attaches[i].ro && !there, "attach %u: on top of /", i);
    if (!n.on_root) check(!kstatx(cwd, path, 0, &st)
      && (st.attr & KATTR_MOUNT_ROOT), "attach %u: mounted", i);
    check(!root->shared, "attach %u: / is private", i);
    check(aged(attaches[i].parent), "attach %u: times", i);
  }

  check(!lr_newroot_detach(&n, dir), "detach %u: %s", i, strerror(errno));
  check_num(mounts(), before, "detach %u: mounts", i);
  check_num(!faccessat(cwd, path, F_OK, 0), there, "detach %u: %s", i, path);
  check(aged(attaches[i].parent), "detach %u: times", i);
  check(!root->shared, "detach %u: / is private", i);
  if (dir != -1) close(dir);
  check_num(descriptors(), open, "detach %u: descriptors", i);
  check(!access("sub", F_OK), "detach %u: the current directory", i);
  if (attaches[i].ro) check_need(!mount(0, "/", 0, MS_REMOUNT|MS_BIND, 0));
}

// Somebody used the directory that was made.
static void used(void)
{
  struct newroot n;
  struct fault f = {0};
  int dir = lr_fs_detached("tmpfs"), below;

  check_need(dir != -1);
  check(!lr_newroot_attach(&n, cwd, "/new", root_dir, 0, dir, &f), "used");
  check_need((below = open_tree(root_dir, "",
    OPENTREE_CLONE|OPENTREE_CLOEXEC|AT_EMPTY_PATH)) != -1);
  check_need(!mkdirat(below, "new/used", 0700));
  close(below);
  check(lr_newroot_detach(&n, dir) == -1 && errno == ENOTEMPTY,
    "used: it can't be removed");
  check(!access("/new/used", F_OK), "used: and is there");
  check(!lr_newroot_remove(&n), "used: that is said once");
  close(dir);
  check_need(!rmdir("/new/used") && !rmdir("/new"));
}

static void put(char *path)
{
  int fd = open(path, O_WRONLY|O_CREAT|O_CLOEXEC, 0600);

  check_need(fd != -1);
  close(fd);
}

// The root that all of this is on
static void make_root(void)
{
  check_need(!mkdir("dir", 0755) && !mkdir("dir/sub", 0755)
    && !mkdir("filled", 0755) && !mkdir("empty", 0755) && !mkdir("bind", 0755)
    && !mkdir("stack", 0755) && !mkfifo("fifo", 0600));
  put("file");
  check_need(!symlink("dir", "link") && !symlink("/none/x", "dangling")
    && !symlink("loop", "loop") && !symlink("filled", "tolink"));
  check_need(!mount("t", "filled", "tmpfs", 0, 0));
  put("filled/file");
  check_need(!mkdir("filled/sub", 0755) && !mkdir("filled/nested", 0755));
  check_need(!mount("t", "filled/nested", "tmpfs", 0, 0));
  put("filled/nested/file");
  check_need(!mount("t", "empty", "tmpfs", 0, 0));
  check_need(!mount("dir", "bind", 0, MS_BIND, 0));
  check_need(!mount("t", "stack", "tmpfs", 0, 0));
  check_need(!mount("t", "stack", "tmpfs", 0, 0));
  put("stack/file");
}

int main(void)
{
  char dir[4096];
  unsigned i;

  check_namespace();
  check_need((proc = open("/proc", O_RDONLY|O_DIRECTORY|O_CLOEXEC)) != -1);
  sprintf(dir, "%s/root", check_dir());
  check_need(!mkdir(dir, 0700) && !mount("root", dir, "tmpfs", 0, 0));
  check_need(!chdir(dir));
  make_root();
  if (!fork()) {
    check_need(!chroot(".") && !chdir("/dir"));
    check_need((root_dir = open("/", O_RDONLY|O_DIRECTORY|O_CLOEXEC)) != -1);
    check_need((cwd = open(".", O_PATH|O_DIRECTORY|O_CLOEXEC)) != -1);
    read_table();
    look();
    for (i = 0; i<ARRAY_LEN(attaches); i++) attach(i);
    used();

    return check_done();
  }
  check_need(wait(&i) != -1);
  check_need(!chdir("/") && !umount2(dir, MNT_DETACH));

  return !WIFEXITED(i) || WEXITSTATUS(i);
}
