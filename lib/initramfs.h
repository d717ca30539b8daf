// initramfs.h - unpack an initramfs archive as the kernel does
// SPDX-License-Identifier: 0BSD

struct initramfs {
  int fd;                   // the archive, read to its end
  int dir;                  // where to unpack it. -1: only verify it
  char **want;              // paths of which one has to be in it, 0 at the
                            // end. 0: none. Looked for only if dir is -1
  int unprivileged;         // in a user namespace: do without what it may not
                            // make, devices and files of unmapped owners
  // Called with each thing that the kernel would leave out and not mention, a
  // line like "offset 512: etc/x: no such directory, left out". Can be 0.
  void (*say)(void *context, char *line);
  void *context;            // for say()
  volatile int *cancel;     // when nonzero lr_extract() stops, with errno
                            // EINTR. Can be 0

  // What was noted of earlier archives, which this one is unpacked over. Only
  // if dir is -1. 0: there are none
  struct names *names;
  unsigned long long limit; // if dir is not -1: bytes of memory that the tree
                            // may take, inodes included. 0: any
  unsigned page;            // bytes of a page of memory. 0: this machine's

  // Out: what the unpacked tree is (also when only verified). Bytes as tmpfs
  // holds them, in pages, and at most so many: something that was replaced
  // later on counts too.
  unsigned long long bytes, inodes;
  unsigned long long largest; // bytes of the largest file
  int found;                // of want: 0 none is in it as a regular file, 1 one
                            // is, 3 one is that can be run: it's executable,
                            // and so is all that it needs to start
};

struct fault;

int lr_initramfs_read(struct initramfs *a, struct fault *f);
int lr_initramfs_builtin(int dir, int unprivileged, struct fault *f);
