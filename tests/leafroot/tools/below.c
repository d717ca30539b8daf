// below.c - what a container that got out of its root finds below it
//
// In a mount namespace of its own: take every mount off "/" with umount2(),
// return to the bottom of the stack with setns(), list what is there and try to
// write. Prints the entries found, then the errno of mkdir and of creating a
// file ("mkdir 0" is a success). Needs /proc.
// SPDX-License-Identifier: 0BSD

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static int die(char *what)
{
  printf("%s: %s\n", what, strerror(errno));

  return 1;
}

int main(void)
{
  DIR *dir;
  struct dirent *d;
  int ns, fd;

  if (unshare(CLONE_NEWNS)) return die("unshare");
  if (mount(0, "/", 0, MS_REC|MS_PRIVATE, 0)) return die("private");

  // setns() walks from the namespace's first mount to the topmost one on it.
  if ((ns = open("/proc/self/ns/mnt", O_RDONLY))<0) return die("ns/mnt");
  if (umount2("/", MNT_DETACH)) return die("umount /");
  if (setns(ns, CLONE_NEWNS)) return die("setns");

  if (!(dir = opendir("/"))) return die("/");
  while ((d = readdir(dir)))
    if (strcmp(d->d_name, ".") && strcmp(d->d_name, "..")) puts(d->d_name);
  printf("mkdir %d\n", mkdir("/below.d", 0700) ? errno : 0);
  rmdir("/below.d");
  fd = open("/below.f", O_CREAT|O_EXCL|O_WRONLY, 0600);
  printf("create %d\n", fd<0 ? errno : 0);
  unlink("/below.f");

  return 0;
}
