// mountpoint.h - something to mount on
// SPDX-License-Identifier: 0BSD

int lr_open_in_root(int root, char *path, int flags);
int lr_mountpoint_directory(int dir, char *path);
int lr_mountpoint_make(int root, char *path, int directory);
int lr_mountpoint_there(int root, char *path, struct timespec *times,
  int set);
int lr_mountpoint_remove(int root, char *path, int there);
