// toys.h - what lib/ needs of toybox's, to test it alone
// SPDX-License-Identifier: 0BSD

#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char libbuf[4096];

#define ARRAY_LEN(array) (sizeof(array)/sizeof(*array))
#define minof(a, b) \
  ({typeof(a) aa = (a); typeof(b) bb = (b); aa<bb ? aa : bb;})
#define maxof(a, b) \
  ({typeof(a) aa = (a); typeof(b) bb = (b); aa>bb ? aa : bb;})
#define IS_BIG_ENDIAN (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

// Toybox's own types and helpers that lib/ uses
struct arg_list {
  struct arg_list *next;
  char *arg;
};

// Is *A the beginning of *S? Then that goes on behind it.
static inline int strstart(char **s, char *a)
{
  int len = strlen(a);

  if (strncmp(*s, a, len)) return 0;
  *s += len;

  return 1;
}

// A binary of its own, as generated/bin/leafroot is
#ifndef CFG_TOYBOX
#define CFG_TOYBOX 0
#endif

// What can be configured is, unless the compiler is told otherwise.
#ifndef CFG_LEAFROOT_ISAL
#define CFG_LEAFROOT_ISAL 1
#endif
#ifndef CFG_LEAFROOT_BZIP2
#define CFG_LEAFROOT_BZIP2 1
#endif
#ifndef CFG_LEAFROOT_LZ4
#define CFG_LEAFROOT_LZ4 1
#endif
#ifndef CFG_LEAFROOT_LZO
#define CFG_LEAFROOT_LZO 1
#endif
#ifndef CFG_LEAFROOT_XZ
#define CFG_LEAFROOT_XZ 1
#endif
#ifndef CFG_LEAFROOT_ZSTD
#define CFG_LEAFROOT_ZSTD 1
#endif
#ifndef CFG_TOYBOX_LIBZ
#define CFG_TOYBOX_LIBZ 1
#endif
