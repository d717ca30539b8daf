// holdfile.c - keep a file in use while it is moved, and look at it afterwards
//
// usage: holdfile HOW FILE READY GO
//
// HOW: shared, private (map it), write (open it for that). Makes READY, waits
// for GO to exist, then says whether all of FILE is what it was.
// SPDX-License-Identifier: 0BSD

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned long long sum(unsigned char *p, size_t n)
{
  unsigned long long h = 0xcbf29ce484222325;

  for (; n--; p++) h = (h^*p)*0x100000001b3;

  return h;
}

int main(int argc, char **argv)
{
  int fd, map;
  struct stat st;
  unsigned char *p;
  unsigned long long before, after;

  if (argc!=5) return 1;
  map = strcmp(argv[1], "write");
  if ((fd = open(argv[2], map ? O_RDONLY : O_RDWR))<0 || fstat(fd, &st)) {
    perror(argv[2]);
    return 1;
  }
  p = map ? mmap(0, st.st_size, PROT_READ, strcmp(argv[1], "shared")
    ? MAP_PRIVATE : MAP_SHARED, fd, 0) : malloc(st.st_size);
  if (!p || p==MAP_FAILED) return 1;
  if (!map && pread(fd, p, st.st_size, 0)!=st.st_size) return 1;
  before = sum(p, st.st_size);

  // The mapping alone has to hold it.
  if (map) close(fd);
  close(open(argv[3], O_CREAT|O_WRONLY, 0600));
  while (access(argv[4], F_OK)) usleep(10000);
  if (!map) {
    memset(p, 0, st.st_size);
    if (pread(fd, p, st.st_size, 0)!=st.st_size) return puts("truncated"), 1;
  }
  after = sum(p, st.st_size);
  puts(before==after ? "same" : "changed");

  return 0;
}
