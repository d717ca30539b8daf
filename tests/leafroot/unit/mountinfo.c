// mountinfo.c - lines of a mount table, and reading one
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// unit: lib/mountinfo.c lib/fault.c

#include "toys.h"
#include "check.h"
#include "lib/fault.h"
#include "lib/mountinfo.h"

// One line and what it means
static struct {
  char *line;
  struct mountinfo want;
} good[] = {
  {"36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=x",
    {0, 36, 35, 98, 0, 0, 1, 0, "/mnt1", "/mnt2", "rw,noatime", "ext3", "/dev/root",
     "rw,errors=x", 0}},
  // rootfs before 7.0 is its own parent.
  {"1 1 0:2 / / rw - rootfs none rw",
    {0, 1, 1, 0, 2, 0, 0, 0, "/", "/", "rw", "rootfs", "none", "rw", 0}},
  // Optional fields: none, one, many, unknown ones, empty ones
  {"2 1 0:3 / /a rw shared:1 - tmpfs t rw",
    {0, 2, 1, 0, 3, 1, 0, 0, "/", "/a", "rw", "tmpfs", "t", "rw", 0}},
  {"2 1 0:3 / /a rw shared:7 master:2 propagate_from:3 unbindable new:9 - "
   "tmpfs t rw", {0, 2, 1, 0, 3, 7, 2, 1, "/", "/a", "rw", "tmpfs", "t", "rw", 0}},
  {"2 1 0:3 / /a rw master:2 - tmpfs shared:1 rw",
    {0, 2, 1, 0, 3, 0, 2, 0, "/", "/a", "rw", "tmpfs", "shared:1", "rw", 0}},
  {"2 1 0:3 / /a rw sharedx:2 share - tmpfs t rw",
    {0, 2, 1, 0, 3, 0, 0, 0, "/", "/a", "rw", "tmpfs", "t", "rw", 0}},
  {"2 1 0:3 / /a rw  -- - tmpfs t rw",
    {0, 2, 1, 0, 3, 0, 0, 0, "/", "/a", "rw", "tmpfs", "t", "rw", 0}},
  // mount("", ...) makes an empty source.
  {"2 1 0:3 / /a rw - tmpfs  rw",
    {0, 2, 1, 0, 3, 0, 0, 0, "/", "/a", "rw", "tmpfs", "", "rw", 0}},
  {"2 1 0:3 / /a rw -  t rw",
    {0, 2, 1, 0, 3, 0, 0, 0, "/", "/a", "rw", "", "t", "rw", 0}},
  // The last field is all that is left of the line; it may be missing.
  {"2 1 0:3 / /a rw - tmpfs t", {0, 2, 1, 0, 3, 0, 0, 0, "/", "/a", "rw", "tmpfs",
    "t", "", 0}},
  {"2 1 0:3 / /a rw - tmpfs t ", {0, 2, 1, 0, 3, 0, 0, 0, "/", "/a", "rw", "tmpfs",
    "t", "", 0}},
  {"2 1 0:3 / /a rw - tmpfs t rw x  y ", {0, 2, 1, 0, 3, 0, 0, 0, "/", "/a", "rw",
    "tmpfs", "t", "rw x  y ", 0}},
  {"2 1 0:3 / /a rw - fuse.a-b t rw", {0, 2, 1, 0, 3, 0, 0, 0, "/", "/a", "rw",
    "fuse.a-b", "t", "rw", 0}},
  {"2 1 0:3 / /- rw - tmpfs - -", {0, 2, 1, 0, 3, 0, 0, 0, "/", "/-", "rw", "tmpfs",
    "-", "-", 0}},
  // fs/proc_namespace.c escapes blank, tab, newline, backslash and #.
  {"2 1 0:3 /a\\040b /c\\011\\012\\134\\043d rw - ty\\040pe s\\040 rw",
    {0, 2, 1, 0, 3, 0, 0, 0, "/a b", "/c\t\n\\#d", "rw", "ty pe", "s ", "rw", 0}},
  {"2 1 0:3 /\\134040 /\\134\\134 rw - t s rw",
    {0, 2, 1, 0, 3, 0, 0, 0, "/\\040", "/\\\\", "rw", "t", "s", "rw", 0}},
  {"2 1 0:3 /\\001\\177\\200\\377 / rw - t s rw",
    {0, 2, 1, 0, 3, 0, 0, 0, "/\x01\x7f\x80\xff", "/", "rw", "t", "s", "rw", 0}},
  // What is no escape stays as it is.
  {"2 1 0:3 /\\ /\\0 rw - \\04 \\08x \\40",
    {0, 2, 1, 0, 3, 0, 0, 0, "/\\", "/\\0", "rw", "\\04", "\\08x", "\\40", 0}},
  {"2 1 0:3 /\\400 /\\048 rw - \\x20 \\n rw",
    {0, 2, 1, 0, 3, 0, 0, 0, "/\\400", "/\\048", "rw", "\\x20", "\\n", "rw", 0}},
  // A directory that was removed, and one that cannot be reached
  {"2 1 0:3 /a//deleted /b//deleted rw - t s rw",
    {0, 2, 1, 0, 3, 0, 0, 0, "/a//deleted", "/b//deleted", "rw", "t", "s", "rw", 0}},
  {"2 1 0:4 net:[4026531840] /n rw - nsfs nsfs rw",
    {0, 2, 1, 0, 4, 0, 0, 0, "net:[4026531840]", "/n", "rw", "nsfs", "nsfs", "rw",
     0}},
  // Largest numbers
  {"2147483647 4294967295 4095:1048575 / / rw - t s rw",
    {0, 2147483647, 4294967295, 4095, 1048575, 0, 0, 0, "/", "/", "rw", "t", "s",
     "rw", 0}},
  // Garbage that is bytes of a name
  {"2 1 0:3 /\x01\x80\xff\r\t /\xc3( \xfe - \xfd \xfc \xfb",
    {0, 2, 1, 0, 3, 0, 0, 0, "/\x01\x80\xff\r\t", "/\xc3(", "\xfe", "\xfd", "\xfc",
     "\xfb", 0}},
};

// What is no line of a mount table
static char *bad[] = {
  "\n", " ", "x", "-", "36", "36 ", "36 35", "36 35 ", "36 35 98",
  "36 35 98:", "36 35 98:0", "36 35 98:0 ", "36 35 98:0 /",
  "36 35 98:0 / ", "36 35 98:0 / /m", "36 35 98:0 / /m ",
  "36 35 98:0 / /m rw", "36 35 98:0 / /m rw ", "36 35 98:0 / /m rw -",
  "36 35 98:0 / /m rw - ", "36 35 98:0 / /m rw - ext3",
  "36 35 98:0 / /m rw - ext3 ", "36 35 98:0 / /m rw shared:1",
  "36 35 98:0 / /m rw shared:1 ext3 /dev/root rw",
  "36 35 98:0 / /m rw -- ext3 /dev/root rw",
  "36 35 98.0 / /m rw - ext3 /dev/root rw",
  "36 35 98 0 / /m rw - ext3 /dev/root rw",
  "36 35 :0 / /m rw - ext3 /dev/root rw",
  "36 35 98:x / /m rw - ext3 /dev/root rw",
  "36 35 98:0x / /m rw - ext3 /dev/root rw",
  "36 35 98:0\t/ /m rw - ext3 /dev/root rw",
  "36,35 98:0 / /m rw - ext3 /dev/root rw",
  "a b 98:0 / /m rw - ext3 /dev/root rw",
  "\xff\xfe\x01", "36 35 98:0 / /m rw - ext3\n/dev/root rw",
};

// Compare M with WANT, field by field.
static void same(struct mountinfo *m, struct mountinfo *want, char *line)
{
  if (!check(m, "refused: %s", line)) return;
  check_num(m->id, want->id, "id of %s", line);
  check_num(m->parent, want->parent, "parent of %s", line);
  check_num(m->maj, want->maj, "major number of %s", line);
  check_num(m->min, want->min, "minor number of %s", line);
  check_num(m->shared, want->shared, "shared of %s", line);
  check_num(m->master, want->master, "master of %s", line);
  check_num(m->unbindable, want->unbindable, "unbindable of %s", line);
  check_str(m->root, want->root, "root of %s", line);
  check_str(m->dir, want->dir, "directory of %s", line);
  check_str(m->flags, want->flags, "flags of %s", line);
  check_str(m->type, want->type, "type of %s", line);
  check_str(m->source, want->source, "source of %s", line);
  check_str(m->super, want->super, "super options of %s", line);
}

// lr_mountinfo_parse() of a copy that is no longer than TEXT
static struct mountinfo *parse(char *text)
{
  char *copy = strdup(text);
  struct mountinfo *m;

  check_need(copy);
  errno = 0;
  m = lr_mountinfo_parse(copy);
  check_str(copy, text, "the text stays");
  free(copy);

  return m;
}

static void parsing(void)
{
  static char *first = "1 1 0:2 / / rw - rootfs none rw";
  struct mountinfo *m, *mm;
  char text[1024], *all, *end;
  unsigned i, n;

  for (i = 0; i<ARRAY_LEN(good); i++) {
    // By itself without a newline, and between two others
    m = parse(good[i].line);
    same(m, &good[i].want, good[i].line);
    check(m && !m->next, "one line makes one mount: %s", good[i].line);
    lr_mountinfo_free(m);
    snprintf(text, sizeof(text), "%s\n%s\n%s\n", first, good[i].line, first);
    m = parse(text);
    same(m ? m->next : 0, &good[i].want, good[i].line);
    check(m && m->next && m->next->next && !m->next->next->next
      && m->next->next->id == 1, "three lines, in order: %s", good[i].line);
    lr_mountinfo_free(m);
  }

  for (i = 0; i<ARRAY_LEN(bad); i++) {
    m = parse(bad[i]);
    check(!m && errno == EINVAL, "bad %u is none: <%s>", i, bad[i]);
    lr_mountinfo_free(m);
    // A bad line spoils the table, wherever it is.
    snprintf(text, sizeof(text), "%s\n%s\n%s\n", first, bad[i], first);
    m = parse(text);
    check(!m && errno == EINVAL, "bad %u between good lines: <%s>", i, bad[i]);
    lr_mountinfo_free(m);
  }

  // Each shortened line is refused or ends in a shorter last field.
  for (i = 0; good[0].line[i]; i++) {
    sprintf(text, "%.*s", i, good[0].line);
    m = parse(text);
    n = strlen("36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /");
    check(i<n ? !m : !!m, "cut at %u", i);
    lr_mountinfo_free(m);
  }

  // A number too large for its field: what it is taken for does not matter,
  // but that reading goes on behind it does.
  m = parse("99999999999999999999999 1 0:3 / /a rw - tmpfs t rw");
  check(m && !strcmp(m->dir, "/a") && m->parent == 1, "id of 23 digits");
  lr_mountinfo_free(m);
  m = parse("2 1 99999999999999999999999:99999999999999999999999 / /a rw - t t "
    "rw");
  check(m && !strcmp(m->dir, "/a") && m->id == 2, "device of 23 digits");
  lr_mountinfo_free(m);

  errno = EPERM;
  m = lr_mountinfo_parse("");
  check(!m && !errno, "an empty file is no error");
  check(!parse("\n\n") && errno == EINVAL, "empty lines are an error");

  // 5000 lines, one of which has fields of a page each
  check_need(all = malloc(5000*64+20000));
  for (end = all, i = 0; i<5000; i++)
    end += sprintf(end, "%u %u 0:%u / /m%u rw - tmpfs t rw\n", i+1, i, i, i);
  memset(text, 'n', sizeof(text)-1);
  text[sizeof(text)-1] = 0;
  end += sprintf(end, "9 9 0:9 /%s%s%s%s /%s%s%s%s rw - t t rw", text, text,
    text, text, text, text, text, text);
  m = parse(all);
  for (n = 0, mm = m; mm && mm->id == n+1 && mm->next; mm = mm->next) n++;
  check(n == 5000 && mm && mm->id == 9 && strlen(mm->root) == 4093
    && strlen(mm->dir) == 4093, "5000 lines and a long one: %u", n);
  lr_mountinfo_free(m);
  free(all);
}

// lr_mountinfo_read() of a file self/mountinfo that holds TEXT
static struct mountinfo *reading(char *text, struct fault *f)
{
  int dir = open(check_dir(), O_RDONLY|O_DIRECTORY);
  struct mountinfo *m;

  check_need(dir != -1);
  check_file("self/mountinfo", 0600, text, strlen(text));
  memset(f, 0, sizeof(*f));
  m = lr_mountinfo_read(dir, f);
  close(dir);

  return m;
}

static void files(void)
{
  static char *line = "1 1 0:2 / / rw - rootfs none rw\n",
    *other = "21 1 0:2 / / rw - rootfs none rw\n";
  struct mountinfo *m, *mm;
  struct fault f = {0};
  char *all, *end, path[256];
  int dir, i, n;

  snprintf(path, sizeof(path), "%s/self", check_dir());
  check_need(!mkdir(path, 0700));

  m = reading(line, &f);
  check(m && m->id == 1 && !m->next && !f.step, "one line");
  lr_mountinfo_free(m);

  m = reading("", &f);
  check(!m && !f.step, "an empty table is no fault");

  // 6.18 can give rootfs's line again and again: it is one mount.
  check_need(all = malloc(400000));
  for (end = all, i = 0; i<5000; i++) end = stpcpy(end, line);
  m = reading(all, &f);
  check(m && m->id == 1 && !m->next && !f.step, "a line 5000 times is one");
  lr_mountinfo_free(m);

  // The last line is another one's end, or the same but for its first digit.
  sprintf(all, "%s%s", other, line);
  m = reading(all, &f);
  check(m && m->id == 21 && m->next && !m->next->next, "a line's end repeated");
  lr_mountinfo_free(m);
  sprintf(all, "%s%s%s", line, other, line);
  m = reading(all, &f);
  for (n = 0, mm = m; mm; mm = mm->next) n++;
  check_num(n, 3, "a line repeated, but not at once");
  lr_mountinfo_free(m);

  // More than one buffer of 64 KiB
  for (end = all, i = 0; i<5000; i++)
    end += sprintf(end, "%d %d 0:%d / /mount/number/%d rw - tmpfs tmpfs rw\n",
      i+1, i, i, i);
  m = reading(all, &f);
  for (n = 0, mm = m; mm && (int)mm->id == n+1; mm = mm->next) n++;
  check(n == 5000 && !mm, "%d bytes: %d mounts", (int)(end-all), n);
  lr_mountinfo_free(m);
  free(all);

  m = reading("rubbish\n", &f);
  check(!m, "rubbish is refused");
  check_str(f.step, "reading", "step of rubbish");
  check_str(f.name, "the mount table", "name of rubbish");
  check_num(f.err, EINVAL, "errno of rubbish");
  lr_fault_clear(&f);

  snprintf(path, sizeof(path), "%s/self/mountinfo", check_dir());
  check_need(!unlink(path));
  check_need((dir = open(check_dir(), O_RDONLY|O_DIRECTORY)) != -1);
  m = lr_mountinfo_read(dir, &f);
  check(!m && f.step && f.err == ENOENT, "no such file");
  lr_fault_clear(&f);
  check_need(!mkdir(path, 0700));
  m = lr_mountinfo_read(dir, &f);
  check(!m && f.step && f.err == EISDIR, "a directory");
  lr_fault_clear(&f);
  close(dir);
  m = lr_mountinfo_read(-1, &f);
  check(!m && f.step && f.err == EBADF, "no procfs");
  lr_fault_clear(&f);

  // This machine's own, which has a root at least
  check_need((dir = open("/proc", O_RDONLY|O_DIRECTORY)) != -1);
  m = lr_mountinfo_read(dir, &f);
  for (mm = m; mm && strcmp(mm->dir, "/"); mm = mm->next);
  check(mm && !f.step, "the mount table of this machine has /");
  lr_mountinfo_free(m);
  lr_fault_clear(&f);
  close(dir);
  lr_mountinfo_free(0);
}

int main(void)
{
  parsing();
  files();

  return check_done();
}
