/* deadfuse.c - deadfuse DIR: a file system whose server does not answer
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 *
 * Mounts a FUSE file system on DIR, with a process that has its working
 * directory there, prints "ready" and stays. The server answers what that
 * process needs to get there, and nothing else for ever: whoever asks for a
 * file's attributes waits without end, as with a dead NFS server.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

// include/uapi/linux/fuse.h
struct in { uint32_t len, opcode; uint64_t unique, node; uint32_t more[4]; };
struct out { uint32_t len; int32_t error; uint64_t unique; uint32_t init[16]; };
#define INIT 26
#define ACCESS 34

static void die(char *what)
{
  perror(what);
  exit(1);
}

int main(int argc, char *argv[])
{
  char buf[1<<17], options[80];
  struct in *in = (void *)buf;
  int fd;

  if (argc != 2) return 2;
  if (-1 == (fd = open("/dev/fuse", O_RDWR|O_CLOEXEC))) die("/dev/fuse");
  sprintf(options, "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
  if (mount("dead", argv[1], "fuse", 0, options)) die(argv[1]);
  if (!fork()) {
    close(fd);
    if (chdir(argv[1])) die(argv[1]);
    puts("ready");
    fflush(stdout);
    for (;;) pause();
  }

  // There is no permission to ask for (ENOSYS), and it is not asked for again
  while (0<read(fd, buf, sizeof(buf))) {
    struct out out = {.unique = in->unique, .init = {7, 31}};

    if (in->opcode != INIT && in->opcode != ACCESS) continue;
    if (in->opcode == ACCESS) out.error = -ENOSYS;
    out.len = in->opcode == INIT ? 16+64 : 16;
    if (write(fd, &out, out.len)<0) die("answering");
  }
  for (;;) pause();
}
