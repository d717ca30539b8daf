// carry.c - mounts of many kinds go to another root, and come back
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// unit: lib/carry.c lib/carryplan.c lib/mountpoint.c lib/mountinfo.c lib/fsnew.c lib/mountopt.c
// unit: lib/fault.c lib/carryanew.c lib/carrygroup.c lib/uses.c lib/newroot.c lib/holders.c lib/layers.c

#include "toys.h"
#include "check.h"
#include "lib/carryplan.h"
#include "lib/carry.h"
#include "lib/fault.h"
#include "lib/fsnew.h"
#include "lib/kernel.h"
#include "lib/mountinfo.h"
#include "lib/mountopt.h"

// What is mounted on a root that has /dir/sub, /dir/file and /file. "t PATH": a
// tmpfs; "b WHAT PATH": a bind; "d PATH": no mount, just a directory, which "D PATH" removes. They make
// their directory or file. Then there are the letters of flags[].
static char *rows[] = {
  "",
  "t /m",
  "t /m;t /n;t /o",
  "t /m;t /m/n;t /m/n/o;t /m/p",
  "t /m;r /m",
  "t /d/e/f",
  "t /a b",
  "t /\\134\n\t",

  // On top of one another: the lower one, and what is on it, is hidden
  "t /m;t /m",
  "t /m;t /m;t /m",
  "t /m;t /m/n;t /m",
  "t /m;t /m/n;t /m/n;t /m;t /m/n",
  // On a shorter path
  "t /x/y;t /x",
  "t /x/y;t /x/y;t /x;t /x/y",
  "t /x/y/z;t /x/y;t /x",

  // Binds of the root itself
  "b /dir /bind",
  "b /file /fbind",
  "b /dir /bind;r /bind",
  "a /;b /dir /bind",
  "a /;b /dir /bind;u /bind",
  "b /dir /bind;S /bind",
  "a /;b /dir /bind;S /bind",
  "b /dir /bind;b /dir/file /bind/file",
  "b /dir /bind;t /bind/sub",
  "b /dir /bind;t /bind/sub;t /bind/sub/x",
  "b /dir /bind;t /bind",
  "b /dir /bind;t /bind/sub;t /bind",
  "t /m;b /dir /m/bind",
  "t /m;b /dir /m/bind;t /m/bind/sub;t /m",
  "t /bind;b /dir /bind",
  "b /dir /dir",
  "b /dir /x/y;t /x",
  "b / /all",
  // Binds of what is mounted on it
  "t /m;d /m/n;b /m /n;b /m/n /o",
  "t /m;b /m /m",

  // Some shared, some not
  "t /m;s /m",
  "t /m;s /m;t /m/n",
  "t /m;s /m;t /m/n;p /m/n",
  "t /m;t /m/n;s /m/n;t /m/o",
  "t /m;s /m;b /m /n",
  "t /m;s /m;t /m",
  "t /m;t /m;s /m",
  "t /m;s /m;t /m/n;t /m",
  "t /m;s /m;t /m;p /m;t /m/n",
  "t /m;s /m;t /m;p /m;t /m/n;s /m/n",
  "b /dir /bind;s /bind;t /bind/sub;p /bind/sub",
  "b /dir /bind;s /bind",
  "b /dir /bind;s /bind;t /bind/sub",
  "t /x/y;s /x/y;t /x",

  // What covers another mount is on a shared one, or is a copy of a mount that
  // was made on another mount of the same peer group
  "d /t/a/b;t /t/a;s /t/a;t /t/a;t /t",
  "d /t/k0;s /;b /t /t/k0;b /t/k0 /t/k0",
  "d /t/k0;s /;b /t /t/k0;s /t/k0;b /t/k0 /t/k0",
  "t /m;s /m;t /m;s /m;t /m;s /m",
  // A bind that shows what lies below itself or below another mount
  "d /srv/data;b /srv/data /srv",
  "d /x/y;b /x/y /b;t /x;d /x/y",

  // And together
  "t /proc;t /sys;t /sys/fs;s /sys;t /dev;t /dev/pts;t /dev/shm;s /dev;t /run;"
    "t /run/lock;b /dir /run/d;b /file /run/f;t /run/d/sub",
  "t /dev;t /dev/pts;s /dev;t /run;b /dir /run/d;b /file /run/f;t /run/d/sub;"
    "t /tmp;t /tmp;t /run",
};

// A letter before PATH, and what the mount there gets
static struct {
  char op;
  unsigned long flags;
} flags[] = {
  {'s', MS_SHARED}, {'p', MS_PRIVATE}, {'a', MS_REMOUNT|MS_BIND|MS_NOATIME},
  {'r', MS_REMOUNT|MS_BIND|MS_RDONLY|MS_NOSUID|MS_NOATIME},
  {'u', MS_REMOUNT|MS_BIND|MS_RELATIME},
  {'S', MS_REMOUNT|MS_BIND|MS_STRICTATIME}, {'U', MS_UNBINDABLE}
};

static int proc, host;

// Open PATH as a directory. Never fails.
static int open_dir(char *path)
{
  int fd = open(path, O_RDONLY|O_DIRECTORY|O_CLOEXEC);

  check_need(fd != -1);

  return fd;
}

// Make PATH, a directory with its parents, if it's not there.
static void make_dir(char *path)
{
  char copy[4096], *s = strcpy(copy, path);

  while ((s = strchr(s+1, '/'))) {
    *s = 0;
    check_need(!mkdir(copy, 0755) || errno == EEXIST);
    *s = '/';
  }
  check_need(!mkdir(copy, 0755) || errno == EEXIST);
}

static void make_file(char *path)
{
  int fd = open(path, O_WRONLY|O_CREAT|O_CLOEXEC, 0600);

  check_need(fd != -1);
  close(fd);
}

// What a root has of its own, and the tree that was moved to it has too
static void make_tree(void)
{
  check_need(!mkdir("/dir", 0755) && !mkdir("/dir/sub", 0755));
  make_file("/dir/file");
  make_file("/file");
}

// The directories that ROW makes on the old root, on the new one too.
static void make_moved(char *row)
{
  char *copy = strdup(row), *save = 0, *op;

  for (op = strtok_r(copy, ";", &save); op; op = strtok_r(0, ";", &save))
    if (*op == 'd') make_dir(op+2);
  free(copy);
}

// Mount what ROW says.
static void make_mounts(char *row)
{
  char *copy = strdup(row), *save = 0, *op, *what, *path, source[16];
  struct stat st;
  unsigned n = 0, i;

  for (op = strtok_r(copy, ";", &save); op; op = strtok_r(0, ";", &save)) {
    path = what = op+2;
    sprintf(source, "t%u", n++);
    if (*op == 'b') {
      path = what+strcspn(what, " ");
      *path++ = 0;
      check_need(!stat(what, &st));
      if (S_ISDIR(st.st_mode)) make_dir(path);
      else make_file(path);
      check_need(!mount(what, path, 0, MS_BIND, 0));
    } else if (*op == 't' || *op == 'd') {
      make_dir(path);
      if (*op == 't') check_need(!mount(source, path, "tmpfs", 0, "size=1M"));
    } else if (*op == 'D') check_need(!rmdir(path));
    else for (i = 0; i<ARRAY_LEN(flags); i++) if (*op == flags[i].op)
      check_need(!mount(0, path, 0, flags[i].flags, 0));
  }
  free(copy);
}

// Add the mounts of LIST on PARENT to TEXT, and those on them, in the order of
// their paths, but for what is at SKIP. Those of ROOT's file system say so.
// (There can't be two on the same parent at the same path.)
static char *tell(char *text, struct mountinfo *list, struct mountinfo *root,
  struct mountinfo *parent, char *skip, int depth)
{
  struct mountinfo *m, *best, *last = 0;

  for (;;) {
    for (best = 0, m = list; m; m = m->next)
      if (m->parent == parent->id && m != parent && strcmp(m->dir, skip)
        && (!last || 0<strcmp(m->dir, last->dir))
        && (!best || 0>strcmp(m->dir, best->dir))) best = m;
    if (!best) return text;
    last = best;
    text += sprintf(text, "%*s%s %s %s %s %s%s%s\n", depth, "", best->dir,
      best->root, best->flags, best->source, best->super,
      best->shared ? " shared" : "",
      best->maj == root->maj && best->min == root->min ? " own" : "");
    text = tell(text, list, root, best, skip, depth+1);
  }
}

// The mount whose root directory is FD
static struct mountinfo *mount_of(struct mountinfo *list, int fd)
{
  struct kstat st;

  check_need(!kstatx(fd, "", AT_EMPTY_PATH, &st));
  while (list && list->id != st.mnt) list = list->next;
  check_need(list);

  return list;
}

static struct mountinfo *read_table(void)
{
  struct fault f = {0};
  struct mountinfo *list = lr_mountinfo_read(proc, &f);

  check_need(list);

  return list;
}

// All that is mounted on the root whose directory is DIR, as lines, but for
// what is at /new. It is this process's root then.
static char *mounts(int dir)
{
  struct mountinfo *list, *root;
  char *text = calloc(1, 65536);

  check_need(text && !fchdir(dir) && !chroot("."));
  list = read_table();
  root = mount_of(list, dir);
  tell(text, list, root, root, "/new", 0);
  lr_mountinfo_free(list);

  return text;
}

// Are the mounts on the root whose directory is DIR those of the lines WANT?
static void check_mounts(int dir, char *want, char *when, char *row)
{
  char *got = mounts(dir);

  check_str(got, want, "%s <%s>", when, row);
  free(got);
}

// Is FAULT, which is left nowhere after this, none?
static void check_none(int rc, struct fault *f, char *when, char *row)
{
  check(!rc && !f->step, "%s <%s>: %s %s: %s", when, row, f->step ? : "",
    f->name ? : "", strerror(f->err));
  lr_fault_clear(f);
}

// Begin ROW: an old root, SHARED alone (MS_SHARED), with all on it (also
// MS_REC) or not (0), a new one at /new, and C to carry from one to the other.
static void begin(struct carry *c, char *row, int shared)
{
  check_need(!fchdir(host) && !chroot("."));
  check_need(!mount("root", check_dir(), "tmpfs", 0, "size=10M"));
  check_need(!chdir(check_dir()) && !chroot("."));
  memset(c, 0, sizeof(*c));
  c->from = open_dir("/");
  check_need(!mkdir("/new", 0755));
  make_tree();
  make_mounts(row);
  if (shared) check_need(!mount(0, "/", 0, shared, 0));
  c->list = read_table();
  c->root = mount_of(c->list, c->from)->id;

  // As lr_newroot_attach() has it
  check_need(!mount(0, "/", 0, MS_PRIVATE, 0));
  check_need(!mount("root", "/new", "tmpfs", 0, "size=10M"));
  c->to = open_dir("/new");
  check_need(!fchdir(c->to) && !chroot("."));
  make_tree();
  make_moved(row);
  check_need(!fchdir(c->from) && !chroot("."));
}

static void end(struct carry *c)
{
  lr_carry_free(c);
  lr_mountinfo_free(c->list);
  close(c->from);
  close(c->to);
  check_need(!fchdir(host) && !chroot(".")
    && !umount2(check_dir(), MNT_DETACH));
}

// Carry the mounts of ROW over and back.
static void carry(char *row, int shared)
{
  struct carry c;
  struct fault f = {0};
  char *before, *got;

  begin(&c, row, shared);
  before = mounts(c.from);
  check_none(lr_carry_plan(&c, &f), &f, "plan", row);
  check_none(lr_carry_unbind(&c, &f), &f, "unbind", row);
  check_none(lr_carry(&c, &f), &f, "carry", row);
  check_mounts(c.to, before, "carried", row);
  check_mounts(c.from, "", "nothing is left of", row);
  check_none(lr_carry_back(&c, &f), &f, "back", row);
  // The files that they show are not back yet
  got = mounts(c.from);
  check(!strstr(got, " own\n"), "own binds stay off <%s>: %s", row, got);
  free(got);
  check_none(lr_carry_bind(&c, &f), &f, "bind", row);
  check_mounts(c.from, before, "back again", row);
  check_mounts(c.to, "", "nothing stays of", row);
  free(before);
  end(&c);
}

// Only unbind and bind: what fails first has nothing carried yet.
static void unbind(char *row, int shared)
{
  struct carry c;
  struct fault f = {0};
  char *before;

  begin(&c, row, shared);
  before = mounts(c.from);
  check_none(lr_carry_plan(&c, &f), &f, "plan", row);
  check_none(lr_carry_unbind(&c, &f), &f, "unbind", row);
  check_none(lr_carry_bind(&c, &f), &f, "bind", row);
  check_mounts(c.from, before, "bound again", row);
  check_mounts(c.to, "", "nothing bound on the new root", row);
  free(before);
  end(&c);
}

// Carry to a root where no directory can be made. Returns if that failed.
static int fail(char *row, int shared)
{
  struct carry c;
  struct fault f = {0};
  char *before;
  int rc;

  begin(&c, row, shared);
  check_need(!mount(0, "/new", 0, MS_REMOUNT|MS_BIND|MS_RDONLY, 0));
  before = mounts(c.from);
  check_none(lr_carry_plan(&c, &f), &f, "plan", row);
  rc = lr_carry_unbind(&c, &f) || lr_carry(&c, &f);
  if (rc) check(f.err == EROFS && !strcmp(f.step, "carrying over") && f.name
    && *f.name == '/', "fails <%s>: %s %s: %s", row, f.step, f.name ? : "",
    strerror(f.err));
  lr_fault_clear(&f);
  check_none(lr_carry_back(&c, &f), &f, "back from half-way", row);
  check_none(lr_carry_bind(&c, &f), &f, "bind after half-way", row);
  check_mounts(c.from, before, "back from half-way", row);
  check_mounts(c.to, "", "nothing half-way of", row);
  free(before);
  end(&c);

  return rc;
}

// Copy, as with -u: the old root's stay. What is hidden there is left out, and
// a bind of the old root is still one.
static void copy(char *row)
{
  struct carry c;
  struct fault f = {0};
  struct mountinfo *m, *other;
  char *before, *s;
  int hidden = 0, len;

  begin(&c, row, 0);
  c.copy = 1;
  before = mounts(c.from);
  for (m = c.list; m; m = m->next) for (other = c.list; other;
    other = other->next)
  {
    len = strlen(m->dir);
    hidden |= other != m && m->id != c.root && (m->parent == other->parent
      || other->id == m->parent) && !strncmp(m->dir, other->dir, len)
      && (!other->dir[len] || other->dir[len] == '/');
  }
  check_none(lr_carry_plan(&c, &f), &f, "plan", row);
  check_none(lr_carry_unbind(&c, &f), &f, "unbind", row);
  check_none(lr_carry(&c, &f), &f, "copy", row);
  check_mounts(c.from, before, "copied, and there", row);
  check_none(lr_carry_back(&c, &f), &f, "back", row);
  check_mounts(c.from, before, "still there", row);
  while ((s = strstr(before, " own\n"))) memmove(s, s+4, strlen(s+4)+1);
  if (!hidden) check_mounts(c.to, before, "copied", row);
  free(before);
  end(&c);
}

static char lost[256];

static void lose(char *dir, char *what)
{
  (void)what;
  strcat(strcat(lost, dir), " ");
}

// To a new root that is somebody else's, with mounts of its own
static void filled(int flags)
{
  struct carry c;
  struct fault f = {0};
  char *got;

  begin(&c, "t /m;t /m/n;t /dir/sub;t /own;t /link;t /dir/file.d;"
    "b /dir/file /file;b /dir/file /flink", 0);
  check_need(!fchdir(c.to) && !chroot("."));
  check_need(!mkdir("/own", 0755) && !symlink("dir", "/link")
    && !symlink("file", "/flink"));
  check_need(!mount("own", "/own", "tmpfs", 0, "size=1M"));
  // A file where the old root has a directory
  make_file("/dir/file.d");
  check_need(!mount(0, "/", 0, MS_REMOUNT|MS_BIND|flags, 0));
  check_need(!fchdir(c.from) && !chroot("."));
  lr_mountinfo_free(c.list);
  c.list = read_table();
  c.filled = mount_of(c.list, c.to)->id;

  check_none(lr_carry_plan(&c, &f), &f, "plan", "filled");
  check_none(lr_carry_unbind(&c, &f), &f, "unbind", "filled");
  check_none(lr_carry(&c, &f), &f, "carry", "filled");
  *lost = 0;
  lr_carry_rest(&c, 0, lose);
  check_str(lost, flags ? "/m /link /flink /dir/file.d "
    : "/link /flink /dir/file.d ",
    "lost, flags %d", flags);
  check_mounts(c.from, "", "nothing is left of", "filled");
  got = mounts(c.to);
  check(!!strstr(got, "/own / rw,relatime own ") && strstr(got, "/dir/sub / ")
    && strstr(got, "/file /dir/file ") && !strstr(got, "link ")
    && !strstr(got, "/m/n ") == !!flags, "what is on it:\n%s", got);
  free(got);
  end(&c);
}

// It can't be switched to: it is as it was, with nothing made in it, and so is
// the old root. One of the mounts is hidden below another.
static void filled_back(void)
{
  struct carry c;
  struct fault f = {0};
  struct timespec old[2] = {{.tv_sec = 5}, {.tv_sec = 5}};
  struct stat st;
  char *before, *got, *s,
    *row = "t /m/n/o;t /dir/x;d /t/h;t /t/h;t /t;b /file /f2";

  begin(&c, row, 0);
  lr_mountinfo_free(c.list);
  c.list = read_table();
  c.filled = mount_of(c.list, c.to)->id;
  check_need(!fchdir(c.to) && !rmdir("t/h") && !mkdir("m", 0700));
  check_need(!utimensat(c.to, "m", old, 0) && !futimens(c.to, old));
  before = mounts(c.from);
  check_none(lr_carry_plan(&c, &f), &f, "plan", "filled back");
  check_none(lr_carry_unbind(&c, &f), &f, "unbind", "filled back");
  check_none(lr_carry(&c, &f), &f, "carry", "filled back");
  got = strdup(before);
  // It shows the old root's file
  if ((s = strstr(got, " own\n"))) memmove(s, s+4, strlen(s+4)+1);
  check_mounts(c.to, got, "carried to filled", row);
  free(got);
  check_none(lr_carry_back(&c, &f), &f, "back", "filled back");
  check_none(lr_carry_bind(&c, &f), &f, "bind", "filled back");
  check_mounts(c.from, before, "back from filled", row);
  check_mounts(c.to, "", "nothing stays on filled", row);
  check_need(!fchdir(c.to));
  check(access("m/n", F_OK) && !access("m", F_OK) && access("dir/x", F_OK)
    && access("t/h", F_OK) && !access("t", F_OK) && access("f2", F_OK),
    "what was made is removed");
  check(!fstatat(c.to, "m", &st, 0) && st.st_mtim.tv_sec == 5
    && !fstat(c.to, &st) && st.st_mtim.tv_sec == 5, "times are as they were");
  free(before);
  end(&c);
}

// A mount that ROW makes is refused by the plan, with the words WANT. With USES
// that is what the last one needs of the old root.
static void refused(char *row, char *newroot, char *uses, char *want)
{
  struct carry c;
  struct fault f = {0};
  struct mountinfo *m;
  char text[256];

  begin(&c, row, 0);
  c.newroot = newroot;
  if (uses) {
    c.filled = c.wiped = 1;
    for (m = c.list; m->next; m = m->next);
    m->uses = strdup(uses);
  }
  check_num(lr_carry_plan(&c, &f), -1, "refused <%s>", row);
  snprintf(text, sizeof(text), "%s %s", f.step ? : "", f.name ? : "");
  check_str(text, want, "refused <%s>", row);
  lr_fault_clear(&f);
  end(&c);
}

int main(void)
{
  int shared[] = {0, MS_SHARED, MS_SHARED|MS_REC}, failed = 0;
  unsigned i, j;

  check_dir();
  check_namespace();
  check_need((proc = open("/proc", O_RDONLY|O_DIRECTORY|O_CLOEXEC)) != -1);
  host = open_dir("/");
  for (i = 0; i<ARRAY_LEN(rows); i++) {
    for (j = 0; j<ARRAY_LEN(shared); j++) {
      carry(rows[i], shared[j]);
      unbind(rows[i], shared[j]);
      failed += fail(rows[i], shared[j]);
    }
    copy(rows[i]);
  }
  check(failed>50, "%d could not be carried to a read-only root", failed);
  filled(0);
  filled(MS_RDONLY);
  filled_back();
  refused("d /x;b /x /m;D /x", 0, 0,
    "carrying over /m: shows what was removed");
  refused("U /", 0, 0, "carrying over /: is unbindable");
  refused("t /", 0, 0, "carrying over /: tmpfs is mounted on it");
  refused("t /n/a", "/n", 0, "carrying over /n/a: is below NEWROOT");
  refused("b /dir /m", 0, "/dir", "mount /m: is /dir of the old root, which"
    " would be emptied (-k keeps it)");

  return check_done();
}
