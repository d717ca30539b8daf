// scene.h - what is there: the root, the mounts, NEWROOT, memory
// SPDX-License-Identifier: 0BSD

struct request;
struct mountinfo;
struct fault;

// Constant after lr_scene_look(), but for the figures, which lr_survey() fills
// in. To look changes nothing.
struct scene {
  char pid1;                    // we are PID 1
  char user_namespace;          // -u made one: not all privilege is ours
  int proc;                     // a directory of procfs
  int cwd;                      // where we were started
  int root_dir;                 // "/"
  char *program;                // the path of our own program

  // "/"
  struct mountinfo *mounts, *root;  // the mount table, and its line of "/"
  unsigned long long root_ino;
  dev_t root_dev;
  char is_rootfs;               // it is its own parent: rootfs before 7.0
  char is_disk;                 // neither tmpfs nor ramfs
  char is_ro;                   // nothing can be written to it

  // NEWROOT
  int newroot;                  // NEWROOT_*
  int newroot_dir;              // its root directory if it is filled
  unsigned newroot_mount;       // and the id of that mount in the table, else 0

  // The survey's figures, of "/" or of the archives
  unsigned long long available;     // memory, in bytes
  unsigned long long free;          // the same without what a root in memory
                                    // keeps of it
  unsigned long long bytes, inodes; // as a tmpfs holds them
  unsigned long long names;         // each of which costs a tmpfs an inode
  unsigned long long size, files;   // what the new file system can hold, 0: any
  int archives, archives_checked;   // how many, and how many were verified
  int archives_init;                // 3: with an init that can be run, with all
                                    // it needs, 1: with one that can't be
  unsigned long long freed;         // what emptying the old root would free, as
                                    // far as that was counted
};

void lr_scene_begin(struct scene *s);
int lr_scene_look(struct scene *s, struct request *r, struct fault *f);
int lr_scene_source(struct scene *s);
