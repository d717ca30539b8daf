// initramfs.c - libFuzzer's target for lib/initramfs.c: verify an archive,
// then unpack it. Both have to come to the same verdict, within the tree, and
// the first has to have said what inits there are.
// SPDX-License-Identifier: 0BSD

// fuzz: -DDECODER_SLOT=3000 lib/initramfs.c lib/entry.c lib/unpack.c lib/names.c lib/initcheck.c lib/decompress.c lib/un_*.c lib/fault.c generated/lib/lib/libdecoders.a generated/lib/lib/libz.a

#include "toys.h"
#include "lib/fault.h"
#include "lib/initcheck.h"
#include "lib/kernel.h"
#include "lib/initramfs.h"
#include <ftw.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>

static char dir[] = "/tmp/fuzz-initramfs-XXXXXX", in[64], out[64];

static int gone(const char *path, const struct stat *st, int type,
  struct FTW *ftw)
{
  // Found below the sentinel, so what is there came from the archive.
  return ftw->level ? remove(path) : 0;
}

// The tree is on a file system of its own that goes away with the process, in
// a directory that has one neighbour.
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
  if (!mkdtemp(dir) || unshare(CLONE_NEWNS)
    || mount(0, "/", 0, MS_REC|MS_PRIVATE, 0)
    || mount("fuzz", dir, "tmpfs", 0, "size=256m,nr_inodes=20k")
    || sprintf(in, "%s/in", dir)<0 || sprintf(out, "%s/out", dir)<0
    || mkdir(in, 0755) || mkdir(out, 0755))
  {
    perror("fuzz-initramfs (needs root)");
    exit(1);
  }

  return 0;
}

// The kernel's memory limits are not ours to test.
static void say(void *context, char *line)
{
  if (!strstr(line, "offset ")) abort();
}

// What lr_initramfs_read() should have found of PATH, in directory DIR for "/"
static int there(int dir, char *path)
{
  struct kopen_how how = {O_PATH|O_CLOEXEC, 0, KRESOLVE_IN_ROOT};
  struct fault f = {0};
  struct stat st;
  int fd = kopenat2(dir, path, &how), found = 0;

  if (fd == -1) return 0;
  if (!fstat(fd, &st) && S_ISREG(st.st_mode))
    found = lr_initcheck(dir, path, &f) ? 1 : 3;
  lr_fault_clear(&f);
  close(fd);

  return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
  static char *want[] = {"/init", "/sbin/init", 0};
  struct initramfs a = {.fd = memfd_create("a", 0), .dir = -1, .want = want,
    .say = say};
  struct fault f = {0}, g = {0};
  struct stat st;
  int rc, found, real;

  if (a.fd == -1 || write(a.fd, data, len) != len || lseek(a.fd, 0, SEEK_SET))
    abort();
  rc = lr_initramfs_read(&a, &f);
  if (!rc != !f.step) abort();
  found = a.found;
  if (lseek(a.fd, 0, SEEK_SET)) abort();
  if (0>(a.dir = open(in, O_RDONLY|O_DIRECTORY))) abort();
  // Only what the file system says may differ.
  if (!lr_initramfs_read(&a, &g) ? rc : !rc && !g.err) abort();
  // Of a program whose loader is named far behind its beginning the first knows
  // that there is one, no more
  real = there(a.dir, *want)|there(a.dir, want[1]);
  if (!rc && !g.step && found != real && (found != 1 || real != 3)) abort();
  close(a.dir);
  close(a.fd);
  lr_fault_clear(&f);
  lr_fault_clear(&g);
  nftw(in, gone, 64, FTW_DEPTH|FTW_PHYS);
  chmod(in, 0755);
  if (stat(out, &st) || st.st_nlink != 2 || rmdir(out) || mkdir(out, 0755)
    || stat(dir, &st) || st.st_nlink != 4) abort();

  return 0;
}
