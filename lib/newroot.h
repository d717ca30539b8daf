// newroot.h - NEWROOT, where the new root is mounted while it is filled
// SPDX-License-Identifier: 0BSD

struct scene;
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

// A NEWROOT that lr_newroot_attach() mounted something on, and how it was
// before
struct newroot {
  char *path;           // from CWD
  int cwd;
  int parent;           // the directory it was made in, -1 if it was there
  struct stat times;    // of that
  char attached;        // something is mounted there now
  char on_root;         // that is not at PATH but on top of "/"
  char unshared;        // "/" was shared before
  unsigned long long ino;  // of the directory that was made, else 0
};

int lr_newroot_look(struct scene *s, char *path, struct fault *f);
int lr_newroot_attach(struct newroot *n, struct scene *s, char *path,
  int mount, struct fault *f);
int lr_newroot_remove(struct newroot *n);
int lr_newroot_detach(struct newroot *n, int mount);
