// check.h - what a unit table needs: count rows, name what failed
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// A table, tests/leafroot/unit/x.c, belongs to lib/x.c. It includes toys.h and
// then this, and its main() ends in "return check_done();". A line in it says
// what it is linked with: "// unit: lib/x.c lib/y.c -lz".

#ifndef LEAFROOT_CHECK_H
#define LEAFROOT_CHECK_H

#include <ftw.h>

// toybox's own buffer, which lib/ uses for short texts
char libbuf[4096];

static struct {
  int rows, failed;
  char *name;               // of the table, from its file's
  char dir[64];             // of check_dir(), "" when there is none
  pid_t owner;              // who made dir, and so removes it
} check_state;

// Record a row, which is right if OK. FMT makes the text that names the row
// when it is wrong. Returns OK.
__attribute__((format(printf, 4, 5), unused))
static int check_row(char *file, int line, int ok, char *fmt, ...)
{
  va_list va;

  if (!check_state.name)
    check_state.name = strrchr(file, '/') ? strrchr(file, '/')+1 : file;
  check_state.rows++;
  if (ok) return 1;
  check_state.failed++;
  printf("FAIL %s:%d: ", file, line);
  va_start(va, fmt);
  vprintf(fmt, va);
  va_end(va);
  putchar('\n');
  // What follows may crash
  fflush(stdout);

  return 0;
}

// Record that GOT is to be the string WANT; either can be 0. Returns 1 if so.
__attribute__((format(printf, 5, 6), unused))
static int check_strings(char *file, int line, char *got, char *want,
  char *fmt, ...)
{
  int ok = got && want ? !strcmp(got, want) : got == want;
  char text[512];
  va_list va;

  va_start(va, fmt);
  vsnprintf(text, sizeof(text), fmt, va);
  va_end(va);

  return check_row(file, line, ok, "%s: got %s%.300s%s, want %s%.300s%s", text,
    got ? "\"" : "", got ? got : "(null)", got ? "\"" : "", want ? "\"" : "",
    want ? want : "(null)", want ? "\"" : "");
}

// Record that GOT is to be the number WANT. Returns 1 if so.
__attribute__((format(printf, 5, 6), unused))
static int check_numbers(char *file, int line, long long got, long long want,
  char *fmt, ...)
{
  char text[512];
  va_list va;

  va_start(va, fmt);
  vsnprintf(text, sizeof(text), fmt, va);
  va_end(va);

  return check_row(file, line, got == want, "%s: got %lld, want %lld", text,
    got, want);
}

// A row of a table each: check(expression, "which row", ...),
// check_str(got, want, "which row", ...) and check_num() in the same way.
#define check(expr, ...) check_row(__FILE__, __LINE__, !!(expr), __VA_ARGS__)
#define check_str(got, want, ...) \
  check_strings(__FILE__, __LINE__, got, want, __VA_ARGS__)
#define check_num(got, want, ...) \
  check_numbers(__FILE__, __LINE__, got, want, __VA_ARGS__)

// What a table needs to start at all: without it no row would mean anything.
#define check_need(expr) do { \
  if (!(expr)) { \
    printf("FAIL %s:%d: %s: %s\n", __FILE__, __LINE__, #expr, \
      strerror(errno)); \
    exit(1); \
  } \
} while (0)

static int check_unlink(const char *path, const struct stat *st, int type,
  struct FTW *ftw)
{
  (void)st;
  (void)type;
  (void)ftw;

  return remove(path);
}

static void check_remove(void)
{
  // A child that exits has this handler too
  if (!*check_state.dir || check_state.owner != getpid()) return;
  // A table that ends early may have left mounts there
  while (!umount2(check_state.dir, MNT_DETACH));
  nftw(check_state.dir, check_unlink, 20, FTW_DEPTH|FTW_PHYS);
}

// An empty directory for the table's files, the same at every call, which is
// removed when the table ends. $CHECK_DIR says where it is made.
__attribute__((unused))
static char *check_dir(void)
{
  char *where = getenv("CHECK_DIR");

  if (*check_state.dir) return check_state.dir;
  snprintf(check_state.dir, sizeof(check_state.dir), "%s/check.XXXXXX",
    where ? where : "/tmp");
  check_need(mkdtemp(check_state.dir));
  check_state.owner = getpid();
  atexit(check_remove);

  return check_state.dir;
}

// Open NAME in check_dir() with FLAGS, and mode 0600 if it's made. Never fails.
__attribute__((unused))
static int check_open(char *name, int flags)
{
  char path[4096];
  int fd;

  snprintf(path, sizeof(path), "%s/%s", check_dir(), name);
  check_need((fd = open(path, flags|O_CLOEXEC, 0600)) != -1);

  return fd;
}

// Make the file NAME in check_dir() of MODE, whatever the umask, with the LEN
// bytes at DATA, in the place of one that's there. Never fails.
__attribute__((unused))
static void check_file(char *name, int mode, void *data, size_t len)
{
  char path[4096];
  int fd;

  // One that may not be written to can still be replaced
  snprintf(path, sizeof(path), "%s/%s", check_dir(), name);
  check_need(!unlink(path) || errno == ENOENT);
  fd = check_open(name, O_WRONLY|O_CREAT|O_EXCL);
  check_need(write(fd, data, len) == (ssize_t)len);
  check_need(!fchmod(fd, mode));
  close(fd);
}

// Write TEXT to the file PATH. Never fails.
static void check_tell(char *path, char *text)
{
  int fd = open(path, O_WRONLY|O_CLOEXEC);

  check_need(fd != -1);
  check_need(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
  close(fd);
}

// Go on in a mount namespace that nothing leaves, allowed to mount there: who
// is not root becomes it in a user namespace. Never fails, but ends the table
// where user namespaces are not allowed: then it takes root.
__attribute__((unused))
static void check_namespace(void)
{
  char uid[32], gid[32];

  if (!geteuid()) check_need(!unshare(CLONE_NEWNS));
  else {
    sprintf(uid, "0 %d 1", geteuid());
    sprintf(gid, "0 %d 1", getegid());
    check_need(!unshare(CLONE_NEWUSER|CLONE_NEWNS));
    check_tell("/proc/self/setgroups", "deny");
    check_tell("/proc/self/uid_map", uid);
    check_tell("/proc/self/gid_map", gid);
  }
  check_need(!mount(0, "/", 0, MS_REC|MS_PRIVATE, 0));
}

// Say how the table ended: the exit status of main().
__attribute__((unused))
static int check_done(void)
{
  printf("%.*s: %d rows\n", check_state.name
    ? (int)strcspn(check_state.name, ".") : 1,
    check_state.name ? check_state.name : "?", check_state.rows);

  return check_state.failed || !check_state.rows;
}

#endif
