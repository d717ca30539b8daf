// layers.c - which directories an overlay can be made of
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// unit: lib/layers.c

#include "toys.h"
#include "check.h"
#include "lib/layers.h"

// Overlay "o" is made of the upper u and the lowers l and m. What is done before
// that, and after it; the directories that are said to be its layers; and
// whether they can be.
static struct {
  char *before, *after, *layers, is;
} rows[] = {
  {"", "", "u l m", 1},
  {"", "", "u l", 0},
  {"", "", "u m", 0},
  {"", "", "u m l", 1},
  {"touch l/both; sleep .01; touch m/both", "", "u l m", 1},
  {"touch l/both; sleep .01; touch m/both", "", "u m l", 0},
  {"", "", "l m", 0},
  {"", "", "m l u", 0},
  {"", "", "", 0},

  // Names, times and sizes of another directory
  {"", "mkdir e", "u e m", 0},
  {"", "mkdir e", "e l m", 0},
  {"", "cp -a l k", "u k m", 0},
  {"", "mkdir e; touch -r u e", "e l m", 0},

  // What is changed behind its back shows as well
  {"", "touch m/more", "u l m", 1},
  {"", "rm m/inm", "u l m", 1},
  {"", "echo more >> m/inm", "u l m", 1},
  {"", "chmod 600 m/inm", "u l m", 1},
  {"", "touch o/new; rm o/inm; echo x > o/inl", "u l m", 1},

  // Directories of one layer, and of several
  {"mkdir m/d; touch m/d/f", "", "u l m", 1},
  {"mkdir m/d m/d/e; touch m/d/f", "touch o/d/g; rmdir o/d/e", "u l m", 1},
  {"mkdir l/d m/d m/d/e; touch m/d/f m/d/e/f", "", "u l m", 1},
  {"mkdir l/d m/d m/d/e; touch m/d/f m/d/e/f", "touch o/d/e/g; rm o/d/f",
    "u l m", 1},
  {"mkdir l/d m/d m/d/e; touch m/d/f", "rm m/d/f; touch m/d/f", "u l m", 1},
  {"mkdir l/d m/d; touch m/d/f", "touch l/d/g", "u l m", 1},
  {"mkdir l/d m/d; touch m/d/f", "rm m/d/f", "u l m", 1},
  {"mkdir l/d m/d; touch m/d/f l/d/g", "mkdir k k/d", "u l k", 0},
  {"mkdir l/d m/d; touch l/d/g; rm m/inm", "mkdir k k/d", "u l k", 1},
  {"mkdir l/d m/d; touch l/d/g; rm m/inm", "mkdir k k/d; touch k/d/h", "u l k",
    0},
  {"mkdir l/d m/d; touch l/d/g; rm m/inm", "mkdir k; touch k/h", "u l k", 0},

  // A whiteout and an opaque directory
  {"", "rm o/inl", "u l m", 1},
  {"", "rm o/inl; mkdir o/inl; touch o/inl/f", "u l m", 1},
  {"mkdir m/d; touch m/d/f", "rm -r o/d; mkdir o/d; touch o/d/g", "u l m", 1},
  {"mkdir m/d; touch m/d/f", "rm -r o/d; mkdir o/d; touch o/d/g; rm u/d/g",
    "u l m", 1},
  {"mkdir m/d l/d; touch m/d/f l/d/g", "rm -r o/d; mkdir o/d", "u l m", 1},

  // Other kinds of files
  {"ln -s inm m/s; mkfifo m/p; mkdir m/d; ln m/inm m/d/hard", "", "u l m", 1},
  {"touch l/f; mkdir m/f; touch m/f/x", "", "u l m", 1},
  {"touch m/f; mkdir l/f; touch l/f/x", "", "u l m", 1}};

static void row(unsigned i)
{
  char script[2048], *word, *next, *list = strdup(rows[i].layers);
  int dir[4], count = 1, rc;

  // (Times are no more exact than the kernel's tick: what is made at once can
  // have the same.)
  sprintf(script, "mkdir row && cd row && mkdir u w l m o && chmod 711 l &&"
    " chmod 700 m && touch l/inl &&"
    " echo m > m/inm && echo u > u/inu && { %s; } &&"
    " mount -t overlay -o userxattr,lowerdir=l:m,upperdir=u,workdir=w o o"
    " && { %s; }", *rows[i].before ? rows[i].before : ":",
    *rows[i].after ? rows[i].after : ":");
  rc = system(script);
  check_num(rc, 0, "%s; %s", rows[i].before, rows[i].after);
  if (rc) return;
  check_need(-1 != (*dir = open("row/o", O_PATH|O_DIRECTORY)));
  for (next = list; *next && (word = strsep(&next, " ")); ) {
    sprintf(script, "row/%s", word);
    check_need(-1 != (dir[count++] = open(script, O_PATH|O_DIRECTORY)));
    if (!next) break;
  }
  free(list);
  check_num(lr_layers_shown(dir, count), rows[i].is, "%s; %s: %s",
    rows[i].before, rows[i].after, rows[i].layers);
  while (count--) close(dir[count]);
  check_need(!umount2("row/o", MNT_DETACH) && !system("rm -rf row"));
}

int main(void)
{
  unsigned i;

  check_namespace();
  check_need(!mount("t", check_dir(), "tmpfs", 0, 0) && !chdir(check_dir()));
  for (i = 0; i<ARRAY_LEN(rows); i++) row(i);
  check_need(!chdir("/") && !umount2(check_dir(), MNT_DETACH));

  return check_done();
}
