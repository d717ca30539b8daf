// fsnew.h - a file system that is being mounted or remounted
// SPDX-License-Identifier: 0BSD

struct fault;

struct fsnew {
  char *name;      // what faults call it. The caller's
  int ctx;         // fsopen() context: takes options, also after the mount
  int dir;         // the root directory, -1 until lr_fsnew_mount()
  int ro;          // picked: the file system, not just the mount, is read-only
  int ramfs;       // the type is ramfs: no limits, no xattrs
  unsigned set, clear;      // MATTR_* of the mount
  char *size, *nr_inodes;   // options that limit it, as given, or 0. malloc()ed
  char owned;               // an option said who owns the root, or its mode
  char given;               // it took an option that's not the mount's
};

int lr_fsnew_open(struct fsnew *n, char *type, struct fault *f);
int lr_fsnew_pick(struct fsnew *n, int dir, char *name, struct fault *f);
int lr_fsnew_option(struct fsnew *n, char *from, char *opt, struct fault *f);
int lr_fsnew_mount(struct fsnew *n, struct fault *f);
int lr_fsnew_remount(struct fsnew *n, struct fault *f);
void lr_fsnew_close(struct fsnew *n);
int lr_fs_detached(char *type);
