// archive.c - drive lib/initramfs.c without the applet, to test it
//
//   archive unpack DIR < ARCHIVE    and print what was left out
//   archive boot DIR < ARCHIVE      the same, after the kernel's own archive
//   archive verify [PATH] < ARCHIVE
//   archive list DIR                what is in a tree: one line each name
//   archive hurt DIR FIRST STEP [sum] < ARCHIVE
//                                   for each STEPth byte from FIRST on, unpack
//     the archive cut off before it, and with it changed, under DIR. sum: what
//     is changed has to be noticed. Prints what was wrong, then counts.
//
// As PID 1, in an archive given to the kernel, it lists / to the console and
// reboots.
// SPDX-License-Identifier: 0BSD

#include "toys.h"
#include "lib/fault.h"
#include "lib/initramfs.h"
#include <dirent.h>
#include <ftw.h>
#include <sys/mman.h>
#include <sys/reboot.h>

static FILE *out;

// Print STR with what could break a line as \ooo.
static void quote(char *str)
{
  for (; *str; str++) {
    if (*str<=' ' || *str == '\\' || *str>126)
      fprintf(out, "\\%03o", *(unsigned char *)str);
    else putc(*str, out);
  }
}

static unsigned checksum(int dir, char *name)
{
  unsigned char buf[65536];
  unsigned sum = 0x811c9dc5;
  int fd = openat(dir, name, O_RDONLY|O_NOFOLLOW), i, n;

  while (0<(n = read(fd, buf, sizeof(buf))))
    for (i = 0; i<n; i++) sum = (sum^buf[i])*0x1000193;
  close(fd);

  return sum;
}

// Other names of an inode, to number files with several: the first is 1.
static ino_t inos[65536];
static unsigned ninos;

static int name_of(ino_t ino)
{
  unsigned i;

  for (i = 0; i<ninos; i++) if (inos[i] == ino) return i+1;
  if (i<ARRAY_LEN(inos)) inos[ninos++] = ino;

  return ninos;
}

static int by_name(const void *a, const void *b)
{
  return strcmp(*(char **)a, *(char **)b);
}

// The names in the directory FD, sorted; ends at a 0.
static char **names(int fd)
{
  DIR *dir = fdopendir(fd);
  struct dirent *de;
  char **all = 0;
  int n = 0;

  while (dir && (de = readdir(dir))) {
    all = realloc(all, (n+2)*sizeof(*all));
    if (strcmp(de->d_name, ".") && strcmp(de->d_name, ".."))
      all[n++] = strdup(de->d_name);
  }
  if (dir) closedir(dir);
  if (all) {
    qsort(all, n, sizeof(*all), by_name);
    all[n] = 0;
  }

  return all;
}

// type mode owner size-or-device time links contents name
static void list(int dir, char *name, char *path)
{
  struct stat st;
  char buf[4097], *sub, **all;
  int fd, i, n;

  if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW)) return;
  fprintf(out, "%c %04o %u:%u ", "?pc?d?b?-?l?s???"[(st.st_mode&S_IFMT)>>12],
    st.st_mode&07777, st.st_uid, st.st_gid);
  if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
    fprintf(out, "%u,%u ", major(st.st_rdev), minor(st.st_rdev));
  else if (S_ISDIR(st.st_mode)) fprintf(out, "- ");
  else fprintf(out, "%llu ", (unsigned long long)st.st_size);
  // What the archive doesn't set is now, and differs each time.
  if (st.st_mtime>1700000000 && st.st_mtime<4000000000) fprintf(out, "now ");
  else fprintf(out, "%lld.%09ld ", (long long)st.st_mtime, st.st_mtim.tv_nsec);
  if (!S_ISDIR(st.st_mode) && st.st_nlink>1)
    fprintf(out, "%u#%u ", (unsigned)st.st_nlink, name_of(st.st_ino));
  else fprintf(out, "- ");
  if (S_ISREG(st.st_mode)) fprintf(out, "%08x ", checksum(dir, name));
  else if (S_ISLNK(st.st_mode)) {
    n = readlinkat(dir, name, buf, 4096);
    buf[n>0 ? n : 0] = 0;
    quote(buf);
    putc(' ', out);
  } else fprintf(out, "- ");
  quote(path);
  putc('\n', out);
  if (!S_ISDIR(st.st_mode)) return;

  fd = openat(dir, name, O_RDONLY|O_DIRECTORY|O_NOFOLLOW);
  all = names(dup(fd));
  for (i = 0; all && all[i]; i++) {
    if (0<asprintf(&sub, "%s/%s", path, all[i])) {
      list(fd, all[i], sub);
      free(sub);
    }
    free(all[i]);
  }
  free(all);
  close(fd);
}

static void say(void *context, char *line)
{
  printf("say: %s\n", line);
}

static int gone(const char *path, const struct stat *st, int type,
  struct FTW *ftw)
{
  return ftw->level ? remove(path) : 0;
}

// Unpack LEN bytes of DATA under DIR, and return the list of what's there then,
// or 0 if it's refused.
static char *attempt(char *dir, unsigned char *data, size_t len, char **why)
{
  struct initramfs a = {.fd = memfd_create("a", 0)};
  struct fault f = {0};
  char *text = 0;
  size_t size;

  if (a.fd == -1 || write(a.fd, data, len) != len || lseek(a.fd, 0, 0)) abort();
  // A hang is a crash.
  alarm(10);
  a.dir = open(dir, O_RDONLY|O_DIRECTORY);
  *why = "";
  if (!lr_initramfs_read(&a, &f)) {
    out = open_memstream(&text, &size);
    ninos = 0;
    list(AT_FDCWD, dir, "");
    fclose(out);
    if (f.step) *why = "a fault, and yet success";
  } else if (!f.step || !f.name) *why = "refused without a fault";
  // Hostile sizes may fill the file system; nothing else is short here.
  else if (f.err && f.err != ENOSPC && f.err != ENOMEM) {
    printf("%s: %s: %s\n", f.step, f.name, strerror(f.err));
    *why = "no fault of the archive";
  }
  alarm(0);
  nftw(dir, gone, 64, FTW_DEPTH|FTW_PHYS);
  close(a.dir);
  close(a.fd);
  lr_fault_clear(&f);

  return text;
}

static int hurt(char *dir, unsigned long first, unsigned long step, int sum)
{
  unsigned long len = 0, i, cut = 0, other = 0, same = 0;
  static unsigned char data[1<<24];
  char *good, *text, *why;
  int rc, j, bad = 0;

  while (0<(rc = read(0, data+len, sizeof(data)-len))) len += rc;
  if (!(good = attempt(dir, data, len, &why))) return printf("refused\n");
  for (i = first; i<len; i += step) {
    if ((text = attempt(dir, data, i, &why))) cut++;
    if (*why) bad = printf("cut at %lu: %s\n", i, why);
    free(text);
    for (j = 0; j<2; j++) {
      data[i] ^= j ? 255 : 1;
      if ((text = attempt(dir, data, len, &why))) {
        if (!strcmp(good, text)) same++;
        else {
          other++;
          if (sum) bad = printf("byte %lu: another tree\n", i);
        }
      }
      data[i] ^= j ? 255 : 1;
      if (*why) bad = printf("byte %lu: %s\n", i, why);
      free(text);
    }
  }
  printf("%lu bytes: %lu cuts, %lu changes to nothing, %lu to another tree\n",
    len, cut, same, other);

  return !!bad;
}

int main(int argc, char *argv[])
{
  struct initramfs a = {.fd = 0, .dir = -1, .say = say};
  struct fault f = {0};
  int rc;

  out = stdout;
  setvbuf(stdout, 0, _IOFBF, 1<<16);
  umask(0);
  if (getpid() == 1) {
    int fd = open("/dev/console", O_RDWR);

    dup2(fd, 1);
    printf("=== list\n");
    list(AT_FDCWD, "/", "");
    printf("=== end\n");
    fflush(stdout);
    reboot(RB_AUTOBOOT);
    pause();
  }
  if (argc>2 && !strcmp(argv[1], "list")) {
    list(AT_FDCWD, argv[2], "");
    return 0;
  }
  if (argc>4 && !strcmp(argv[1], "hurt"))
    return hurt(argv[2], atol(argv[3]), atol(argv[4]), argc>5);
  if (argc>2 && (!strcmp(argv[1], "unpack") || !strcmp(argv[1], "boot"))) {
    a.dir = open(argv[2], O_RDONLY|O_DIRECTORY);
    if (*argv[1] == 'b' && lr_initramfs_builtin(a.dir, 0, &f)) return 2;
  } else if (argc>2) a.want = argv+2;
  rc = lr_initramfs_read(&a, &f);
  printf("%llu bytes, %llu inodes, largest %llu%s\n", a.bytes, a.inodes,
    a.largest, !a.want ? "" : a.found == 3 ? ", can be run"
      : a.found ? ", found" : ", not found");
  fflush(stdout);
  if (rc) {
    fprintf(stderr, "%s: %s%s%s\n", f.step, f.name, f.err ? ": " : "",
      f.err ? strerror(f.err) : "");
    lr_fault_clear(&f);
  }

  return !!rc;
}
