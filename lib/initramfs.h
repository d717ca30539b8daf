// initramfs.h - unpack an initramfs archive as the kernel does

struct initramfs {
  int fd;                   // the archive, read to its end
  int dir;                  // where to unpack it. -1: only verify it
  char **want;              // paths of which one has to be in it, 0 at the
                            // end, or none: 0. Looked for if dir == -1
  int unprivileged;                // in a user namespace: go without what that may
                            // not have, devices and other owners
  // Called with each thing the kernel would leave out and not mention, a line
  // like "offset 512: etc/x: no such directory, left out". Can be 0.
  void (*say)(void *context, char *line);
  void *context;

  // Out: what the unpacked tree is (also when only verified). Bytes as tmpfs
  // holds them, that is in pages of 4096, and at most: something that was
  // replaced later on counts too.
  unsigned long long bytes, inodes, largest;
  int found;                // want: 1 a file of those is in it, 3 and one of
                            // them may be run, 0 none
};

struct fault;

int lr_initramfs_read(struct initramfs *a, struct fault *f);
int lr_initramfs_builtin(int dir, struct fault *f);
