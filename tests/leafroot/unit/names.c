// names.c - the paths of the dry pass: what leads where
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// unit: lib/names.c

#include "toys.h"
#include "check.h"
#include "lib/names.h"

#define F (S_IFREG|0111)
#define D (S_IFDIR|0111)
#define L (S_IFLNK|0111)

// A tree, in the order in which it is made: path, mode, target, and the errno
// that lr_names_add() has to leave, 0 if it is added.
static const struct { char *path; unsigned mode; char *target; int err; }
adds[] = {
  {"d", D, 0, 0},
  {"d/f", F, 0, 0},
  {"d/plain", S_IFREG, 0, 0},
  {"/d/sub", D, 0, 0},
  {"d/sub/f", F, 0, 0},
  {"d//sub///g", F, 0, 0},
  {"./d/./h", F, 0, 0},
  {"d/sub/../i", F, 0, 0},
  {"../../j", F, 0, 0},
  {"d/.../k", F, 0, ENOENT},
  {"none/f", F, 0, ENOENT},
  {"d/f/x", F, 0, ENOTDIR},
  {"d/f/../x", F, 0, ENOTDIR},
  // What has a directory in it can be another directory, but nothing else.
  {"d", F, 0, ENOTEMPTY},
  {"d", D, 0, 0},
  {"d/h", L, "f", 0},
  {"empty", D, 0, 0},
  {"empty", F, 0, 0},
  {"empty/x", F, 0, ENOTDIR},
  // Symlinks
  {"abs", L, "/d/sub", 0},
  {"rel", L, "d/sub/", 0},
  {"up", L, "../../../d", 0},
  {"d/sub/back", L, "../f", 0},
  {"d/sub/root", L, "/", 0},
  {"none-at-all", L, "nowhere", 0},
  {"tofile", L, "d/f", 0},
  {"tofile/x", F, 0, ENOTDIR},
  {"d/nothing", L, "", 0},
  {"self", L, "self", 0},
  {"a", L, "b", 0},
  {"b", L, "/a", 0},
  {"self/x", F, 0, ELOOP},
  {"a/x", F, 0, ELOOP},
  {"none-at-all/x", F, 0, ENOENT},
  {"abs/through", F, 0, 0},
  {"rel/../through2", F, 0, 0},
  {"up/sub/through3", F, 0, 0},
  // The last name is not followed: this replaces the symlink.
  {"replaced", L, "d/f", 0},
  {"replaced", S_IFREG, 0, 0},
};

// What is found then: followed, not followed. 0: nothing.
static const struct { char *path; unsigned mode, nofollow; } finds[] = {
  {"", D&S_IFMT, D&S_IFMT},
  {"/", D&S_IFMT, D&S_IFMT},
  {"//..//.", D&S_IFMT, D&S_IFMT},
  {"d", D, D},
  {"/d", D, D},
  {"d/", D, D},
  {"d///", D, D},
  {"d/f", F, F},
  {"d/plain", S_IFREG, S_IFREG},
  {"d/F", 0, 0},
  {"d/sub/g", F, F},
  {"d/sub/../sub/./g", F, F},
  {"d/i", F, F},
  {"j", F, F},
  {"/../j", F, F},
  {"d/h", F, L},
  {"empty", F, F},
  {"empty/..", 0, 0},
  {"none/..", 0, 0},
  {"abs", D, L},
  {"abs/f", F, F},
  {"rel/f", F, F},
  {"up", D, L},
  {"up/f", F, F},
  {"d/sub/back", F, L},
  {"abs/back", F, L},
  {"abs/../f", F, F},
  {"d/sub/root/d/f", F, F},
  {"d/sub/root/d/sub/root/j", F, F},
  {"none-at-all", 0, L},
  {"tofile", F, L},
  {"tofile/x", 0, 0},
  {"tofile/..", 0, 0},
  // An empty target leads to the symlink's directory.
  {"d/nothing", D, L},
  {"d/nothing/f", F, F},
  {"self", 0, L},
  {"a", 0, L},
  {"b", 0, L},
  {"self/..", 0, 0},
  {"d/sub/through", F, F},
  {"d/through2", F, F},
  {"d/sub/through3", F, F},
  {"replaced", S_IFREG, S_IFREG},
};

static void make_tree(struct names *n)
{
  unsigned i;
  int rc;

  for (i = 0; i<ARRAY_LEN(adds); i++) {
    errno = 0;
    rc = lr_names_add(n, adds[i].path, adds[i].mode, adds[i].target);
    if (!rc) errno = 0;
    check(errno == adds[i].err && rc == (adds[i].err ? -1 : 0),
      "adding %s: %d, %s", adds[i].path, rc, strerror(errno));
  }
  for (i = 0; i<ARRAY_LEN(finds); i++) {
    check_num(lr_names_find(n, finds[i].path, 0), finds[i].mode,
      "finding %s", finds[i].path);
    check_num(lr_names_find(n, finds[i].path, 1), finds[i].nofollow,
      "finding %s, not followed", finds[i].path);
  }
}

static void removing(struct names *n)
{
  lr_names_remove(n, "d");
  check_num(lr_names_find(n, "d", 0), D, "a directory that is not empty stays");
  lr_names_remove(n, "abs");
  check_num(lr_names_find(n, "abs", 1), 0, "the symlink is removed");
  check_num(lr_names_find(n, "d/sub", 1), D, "but not what it led to");
  lr_names_remove(n, "none");
  lr_names_remove(n, "/");
  lr_names_remove(n, "d/f/x");
  lr_names_remove(n, "self/x");
  check_num(lr_names_find(n, "d/f", 1), F, "what is not there changes nothing");

  check(!lr_names_add(n, "e", D, 0), "e");
  check(!lr_names_add(n, "e/x", F, 0), "e/x");
  lr_names_remove(n, "e/x");
  lr_names_remove(n, "e/x");
  check_num(lr_names_find(n, "e/x", 1), 0, "gone");
  check(!lr_names_add(n, "e/x", F, 0), "added again");
  check(lr_names_add(n, "e", F, 0) && errno == ENOTEMPTY, "it counts again");
  lr_names_remove(n, "e/x");
  lr_names_remove(n, "e");
  check_num(lr_names_find(n, "e", 1), 0, "an empty directory is removed");
  check(lr_names_add(n, "e/x", F, 0) && errno == ENOENT, "gone as a parent");
}

// A chain of symlinks that is as long as the kernel's limit of 40, and one more
static void chain(struct names *n)
{
  char name[16], target[16];
  int i;

  for (i = 0; i<41; i++) {
    sprintf(name, "l%d", i);
    sprintf(target, i ? "l%d" : "j", i-1);
    if (lr_names_add(n, name, L, target)) break;
  }
  check_num(i, 41, "41 symlinks");
  check_num(lr_names_find(n, "l39", 0), F, "40 symlinks are followed");
  check_num(lr_names_find(n, "l40", 0), 0, "41 are not");
}

// Names and paths that are too long: 255 bytes of a name, 8 KiB of a path
static void too_long(struct names *n)
{
  char *path = malloc(20000), name[300];
  int i;

  memset(name, 'n', sizeof(name));
  name[255] = 0;
  check(!lr_names_add(n, name, F, 0), "a name of 255");
  check_num(lr_names_find(n, name, 0), F, "a name of 255 is found");
  name[255] = 'n';
  name[256] = 0;
  check(lr_names_add(n, name, F, 0) && errno == ENAMETOOLONG, "a name of 256");

  memset(path, '/', 20000);
  strcpy(path+8100, "j");
  check_num(lr_names_find(n, path, 0), F, "8100 slashes");
  path[8101] = '/';
  strcpy(path+10000, "j");
  check(lr_names_add(n, path, F, 0) && errno == ENAMETOOLONG, "10000 slashes");

  // Deeper and deeper, until it is no path any more
  for (*path = i = 0; i<100; i++) {
    sprintf(path+strlen(path), "/%.200s", name);
    if (lr_names_add(n, path, D, 0)) break;
  }
  check(i == 40 && errno == ENAMETOOLONG, "%d levels, %s", i, strerror(errno));

  // Short paths that become long by their symlinks
  strcpy(path, "/");
  while (strlen(path)<4000) strcat(path, "./");
  check(!lr_names_add(n, "far", L, path), "a target of 4000");
  check_num(lr_names_find(n, "far/j", 0), F, "it is followed");
  memset(path, '/', 5000);
  strcpy(path, "far");
  path[3] = '/';
  strcpy(path+5000, "j");
  check_num(lr_names_find(n, path, 0), F, "slashes after it count once");
  strcpy(path, "far");
  while (strlen(path)<5000) strcat(path, "/.");
  check_num(lr_names_find(n, path, 0), 0, "4000 and 5000 are too much");
  check(errno == ENAMETOOLONG, "and that is said: %s", strerror(errno));
  free(path);
}

// More than the table has room for at first
static void many(struct names *n)
{
  char name[32];
  int i, right = 0;

  for (i = 0; i<50000; i++) {
    sprintf(name, "d/%d", i);
    if (lr_names_add(n, name, i&1 ? F : S_IFREG, 0)) break;
  }
  check_num(i, 50000, "50000 names");
  for (i = 0; i<50000; i++) {
    sprintf(name, "d/%d", i);
    right += lr_names_find(n, name, 0) == (i&1 ? F : S_IFREG);
  }
  check_num(right, 50000, "all of them are found");
  check_num(lr_names_find(n, "d/50000", 0), 0, "no other one is");
  check_num(lr_names_find(n, "d/sub/back", 0), F, "nor what was there is lost");
}

int main(void)
{
  struct names *n = lr_names_new();

  check_need(n);
  make_tree(n);
  removing(n);
  chain(n);
  too_long(n);
  many(n);
  lr_names_free(n);
  lr_names_free(0);

  return check_done();
}
