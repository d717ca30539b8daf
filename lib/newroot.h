// newroot.h - NEWROOT, where the new root is mounted while it is filled
// SPDX-License-Identifier: 0BSD

struct mountinfo;
struct fault;

// What NEWROOT is before anything is done
enum newroot_is {
  NEWROOT_ABSENT,       // to be made, in a directory of "/" itself
  NEWROOT_DIRECTORY,    // a directory of "/" itself
  NEWROOT_FILLED,       // a mount on "/" that somebody filled

  // and what it can't be:
  NEWROOT_ROOT,         // "/"
  NEWROOT_MADE_OFF,     // to be made, but on another mount
  NEWROOT_OFF,          // a directory of another mount
  NEWROOT_EMPTY,        // a mount with nothing in it
  NEWROOT_NESTED        // filled, but not mounted on "/" itself
};

// NEWROOT as it was found
struct newroot_found {
  int is;               // NEWROOT_*
  int dir;              // FILLED, NESTED: its root directory
  unsigned mount;       // and the id of that mount in the mount table, else 0
};

// A NEWROOT that lr_newroot_attach() mounted something on, and how it was
// before
struct newroot {
  char *path;           // from CWD
  int cwd;
  int parent;           // the directory it was made in, -1 if it was there
  struct stat times;    // of that
  char attached;        // something is mounted there now
  char on_root;         // that is not at PATH but on top of "/"
  unsigned long long ino;  // of the directory that was made, else 0
  unsigned long long dev;  // the device (st_dev) of that directory
};

int lr_newroot_look(struct newroot_found *n, int cwd, char *path,
  struct mountinfo *list, struct mountinfo *root, unsigned long long root_ino,
  struct fault *f);
int lr_newroot_is_empty(int fd);
int lr_newroot_attach(struct newroot *n, int cwd, char *path, int root_dir,
  int shared, int mount, struct fault *f);
int lr_newroot_remove(struct newroot *n);
int lr_newroot_detach(struct newroot *n, int mount);
