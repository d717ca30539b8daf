// mountinfo.h - the mount table
// SPDX-License-Identifier: 0BSD

struct mountinfo {
  struct mountinfo *next;  // in the order they were mounted
  unsigned id, parent;     // id == parent: rootfs before 7.0
  unsigned maj, min;       // device of the file system
  unsigned shared;         // its peer group: what is mounted on one of that is
                           // mounted on each. 0: none
  unsigned master;         // the peer group it gets mounts from, else 0
  char unbindable;         // it can't be cloned
  char *root;              // what of the file system is mounted: "/" or a path
  char *dir;               // where, as seen from our root
  char *flags;             // "rw,nosuid,relatime"
  char *type, *source, *super;
  char *uses;              // what it needs of "/", see lr_uses(), or 0
};

struct mountinfo *lr_mountinfo_parse(char *text);
struct mountinfo *lr_mountinfo_read(int procfd, struct fault *f);
struct mountinfo *lr_mountinfo_find(struct mountinfo *list, unsigned id);
char *lr_mountinfo_shows(struct mountinfo *root, struct mountinfo *m);
void lr_mountinfo_unescape(char *s);
void lr_mountinfo_free(struct mountinfo *list);
