// uses.c - which mounts need directories of a file system, and the layers of an
// overlay
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// unit: lib/uses.c lib/mountinfo.c lib/newroot.c lib/fault.c

#include "toys.h"
#include "check.h"
#include "lib/fault.h"
#include "lib/kernel.h"
#include "lib/mountinfo.h"
#include "lib/uses.h"

// Options of an overlay, as mountinfo has them, and its layers in their order:
// a word each, < before a lower one
static struct {
  char *options, *layers;
} overlays[] = {
  {"rw,lowerdir=/a,upperdir=/u,workdir=/w", "</a /u /w"},
  {"ro,lowerdir=/a:/b:/c", "</a </b </c"},
  {"rw,lowerdir=/a::/d1::/d2,metacopy=on", "</a </d1 </d2"},
  {"ro,lowerdir+=/a,lowerdir+=/b:c,datadir+=/d", "</a </b:c </d"},
  {"rw,upperdir=/u,workdir=/u2,lowerdir=/a:/b", "/u /u2 </a </b"},
  {"rw,lowerdir=a:/b,upperdir=u", "<a </b u"},
  // A comma, a space, a newline, and a backslash with what it protects
  {"ro,lowerdir=/a\\054b:/c\\040d:/e\\012f", "</a,b </c d </e\nf"},
  {"ro,lowerdir=/a\\134:b:/c", "</a:b </c"},
  {"ro,lowerdir=/a\\134\\134b:/c", "</a\\b </c"},
  {"ro,lowerdir=/a\\134", "</a\\"},
  {"rw,upperdir=/u\\134\\054v,workdir=/w", "/u\\,v /u,v /w"},
  {"ro,lowerdir+=/a\\134:b", "</a\\:b </a:b"},
  // None of these are layers
  {"rw,index=off,xino=/a,lowerdirs=/b,xupperdir=/c,lowerdir", ""},
  {"rw,lowerdir=,upperdir=", ""},
  {"rw,lowerdir=:", ""},
  {"", ""},
  {"rw,lowerdir=:/a:,redirect_dir=on,", "</a"},
};

// A line of mountinfo, with @ for the device of the root and & for that of what
// is mounted on /t, and what it needs of the root
static struct {
  char *line, *what;
} mounts[] = {
  {"@ /full /m rw - tmpfs t rw", "/full"},
  {"@ /empty /m rw - tmpfs t rw", "/empty"},
  {"@ / /m rw - tmpfs t rw", "/"},
  {"& / /m rw - tmpfs t rw", 0},
  {"& /full /m rw - tmpfs t rw", 0},
  {"0:0 / /m rw - sysfs t rw", 0},
  // A file keeps what it has, and so does what is gone
  {"@ /file /m rw - tmpfs t rw", 0},
  {"@ /link /m rw - tmpfs t rw", 0},
  {"@ /file//deleted /m rw - tmpfs t rw", 0},
  {"@ /gone//deleted /m rw - tmpfs t rw", 0},
  {"@ /gone/deleted /m rw - tmpfs t rw", "/gone/deleted"},
  // What another mount hides is there too
  {"@ /t/full /m rw - tmpfs t rw", "/t/full"},
  {"@ /t/other /m rw - tmpfs t rw", "/t/other"},

  {"0:99 / /m rw - overlay o rw,lowerdir=/full", "/full"},
  {"0:99 / /m rw - overlay o rw,lowerdir=/g:/full", "/full"},
  {"0:99 / /m rw - overlay o rw,lowerdir=/t/other", 0},
  // Nothing is lost with an empty layer that is only read
  {"0:99 / /m rw - overlay o rw,lowerdir=/empty", 0},
  {"0:99 / /m rw - overlay o rw,lowerdir=/g,upperdir=/empty", "/empty"},
  {"0:99 / /m rw - overlay o rw,lowerdir=/g,workdir=/empty", "/empty"},
  {"0:99 / /m rw - overlay o rw,lowerdir+=/empty,lowerdir+=/link", "/link"},
  {"0:99 / /m rw - overlay o rw,lowerdir=/g", 0},
  // The layer can be what is hidden
  {"0:99 / /m rw - overlay o rw,lowerdir=/t", "/t"},
  {"0:99 / /m rw - overlay o rw,lowerdir=/t/full", "/t/full"},
  {"0:99 / /m rw - overlay o rw,lowerdir=/t/up,upperdir=/t/up", "/t/up"},
  // Through another mount, by a bind and by a symlink, into the root
  {"0:99 / /m rw - overlay o rw,lowerdir=/t/bind", "/t/bind"},
  {"0:99 / /m rw - overlay o rw,lowerdir=/t/back", "/t/back"},
  {"0:99 / /m rw - overlay o rw,lowerdir=/t/none", 0},
  {"0:99 / /m rw - overlay o rw,lowerdir=/tolink", 0},
  // The place of a mount that was moved, and what was on it
  {"0:99 / /m rw - overlay o rw,lowerdir=/empty,upperdir=/empty/up", 0},
  // Unknown
  {"0:99 / /m rw - overlay o rw,lowerdir=full", "full"},
  {"0:99 / /m rw - overlay o rw,lowerdir=/g:other", "other"},
  // Another type's options say nothing
  {"0:99 / /m rw - fuse o rw,lowerdir=/full", 0},
};

// The mount table of one line
static struct mountinfo *parse(char *line)
{
  struct mountinfo *m = lr_mountinfo_parse(line);

  check_need(m);

  return m;
}

static void layers(void)
{
  struct mountinfo *m;
  struct layer *list, *l;
  char line[512], got[512], *s;
  unsigned i;

  for (i = 0; i<ARRAY_LEN(overlays); i++) {
    sprintf(line, "2 1 0:99 / /m rw - overlay o %s", overlays[i].options);
    m = parse(line);
    check_need(list = lr_uses_layers(m));
    for (*(s = got) = 0, l = list; l->path; l++)
      s += sprintf(s, "%s%s%s", s == got ? "" : " ", l->lower ? "<" : "",
        l->path);
    check_str(got, overlays[i].layers, "layers of %s", overlays[i].options);
    check_str(m->super, overlays[i].options, "%s stays", overlays[i].options);
    free(list);
    lr_mountinfo_free(m);
  }
}

// Row I of mounts[], where the root has the mount ROOT and BARE is it alone.
static void need(unsigned i, struct mountinfo *root, struct mountinfo *other,
  int bare)
{
  char line[512], *s = line+sprintf(line, "2 1 "), *from, *what = 0;
  struct mountinfo *m;

  for (from = mounts[i].line; *from; from++) {
    if (*from == '@') s += sprintf(s, "%u:%u", root->maj, root->min);
    else if (*from == '&') s += sprintf(s, "%u:%u", other->maj, other->min);
    else *s++ = *from;
  }
  *s = 0;
  m = parse(line);
  check_num(lr_uses(m, root, bare, &what), !!mounts[i].what, "%s",
    mounts[i].line);
  check_str(what, mounts[i].what, "%s", mounts[i].line);
  free(what);
  lr_mountinfo_free(m);
}

static void make_root(void)
{
  check_need(!mkdir("full", 0755) && !mkdir("full/a", 0755)
    && !mkdir("empty", 0755) && !mkdir("t", 0755) && !mkdir("t/full", 0755)
    && !mkdir("t/full/a", 0755) && !mkdir("t/up", 0755) && !mkfifo("file", 0600)
    && !symlink("full", "link") && !symlink("/t/other", "tolink"));
  check_need(!mount("t", "t", "tmpfs", 0, 0) && !mkdir("t/other", 0755)
    && !mkdir("t/other/a", 0755) && !mkdir("t/full", 0755)
    && !mkdir("t/bind", 0755) && !symlink("/full", "t/back"));
  check_need(!mount("full", "t/bind", 0, MS_BIND, 0) && !mkdir("g", 0755)
    && !mount("t", "g", 0, MS_BIND, 0));
}

static int needs(void)
{
  struct mountinfo *list, *root, *other;
  struct fault f = {0};
  struct kstat st;
  int proc = open("/proc", O_RDONLY|O_DIRECTORY|O_CLOEXEC), bare;
  unsigned i;

  check_need(proc != -1 && !chroot(".") && !chdir("/"));
  check_need(list = lr_mountinfo_read(proc, &f));
  check_need(!kstatx(AT_FDCWD, "/", 0, &st));
  check_need(root = lr_mountinfo_find(list, st.mnt));
  check_need(!kstatx(AT_FDCWD, "/t", 0, &st));
  check_need(other = lr_mountinfo_find(list, st.mnt));
  bare = open_tree(AT_FDCWD, "/", OPENTREE_CLONE|OPENTREE_CLOEXEC);
  check_need(bare != -1);
  for (i = 0; i<ARRAY_LEN(mounts); i++) need(i, root, other, bare);
  close(bare);
  lr_mountinfo_free(list);

  return check_done();
}

int main(void)
{
  char dir[4096];
  int rc;

  check_namespace();
  sprintf(dir, "%s/root", check_dir());
  check_need(!mkdir(dir, 0700) && !mount("root", dir, "tmpfs", 0, 0));
  check_need(!chdir(dir));
  make_root();
  layers();
  if (!fork()) return needs();
  check_need(wait(&rc) != -1);
  check_need(!chdir("/") && !umount2(dir, MNT_DETACH));

  return !WIFEXITED(rc) || WEXITSTATUS(rc);
}
