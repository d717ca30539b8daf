// holders.h - processes that keep a file system in use
// SPDX-License-Identifier: 0BSD

struct holder {
  int pid;
  char name[16];             // as the kernel calls it
  char storage;              // its argv[0] starts with '@': a storage daemon
  char root, cwd, exe;       // which of these are there
  unsigned long long bytes;  // memory of the files it runs, maps or has open
};

struct kstat;

int lr_holders_loop(int root, int sys, dev_t dev, int n, char *name, int size,
  struct kstat *st);
int lr_holders(int proc, dev_t dev, pid_t except,
  void (*each)(struct holder *));
