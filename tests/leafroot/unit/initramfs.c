// initramfs.c - literal bytes of archives, and what is made of them
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// unit: lib/initramfs.c lib/entry.c lib/unpack.c lib/names.c lib/initcheck.c
// unit: lib/decompress.c lib/un_*.c
// unit: lib/fault.c generated/lib/lib/libdecoders.a generated/lib/lib/libz.a
// unit: -pthread

#include "toys.h"
#include "check.h"
#include "lib/fault.h"
#include "lib/decompress.h"
#include "lib/names.h"
#include "lib/initramfs.h"
#include "lib/unpack.h"
#include <dirent.h>
#include <elf.h>
#include <sys/mman.h>

// A string literal's bytes, and how many there are without the NUL
#define BYTES(s) s, sizeof(s)-1

// A header: 8 digits each, but for the owner, who is the user that runs this:
// patch() puts the numbers there. Times are all 5.
#define HEAD_(magic, ino, mode, nlink, size, rdev, namesize, sum) \
  magic "000000" ino "0000" mode "uuuuuuuu" "gggggggg" "0000000" nlink \
  "00000005" size "00000000" "00000000" rdev namesize sum
#define HEAD(mode, size, namesize) \
  HEAD_("070701", "01", mode, "1", size, "0000000000000000", namesize, \
    "00000000")
#define LINK(ino, mode, nlink, size, namesize) \
  HEAD_("070701", ino, mode, nlink, size, "0000000000000000", namesize, \
    "00000000")
#define SUM(size, namesize, sum) \
  HEAD_("070702", "01", "81a4", "1", size, "0000000000000000", namesize, sum)

// Whole entries. What follows a name fills up to a multiple of 4, and so does
// what follows the contents.
#define TRAILER HEAD("0000", "00000000", "0000000b") "TRAILER!!!\0\0\0\0"
#define A HEAD("81a4", "00000003", "00000002") "a\0" "abc\0"
#define B HEAD("81a4", "00000003", "00000002") "b\0" "abc\0"
#define DIR_D HEAD("41ed", "00000000", "00000002") "d\0"
#define LONG "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"

// What an archive makes: the tree as "NAME=MODE" or "NAME=MODE>TARGET" for each
// name in it, in order, files with "(CONTENTS)". FAULT: what is wrong with it,
// then the tree is what came before. SAID: what was said, without the name of
// the errno.
static const struct {
  char *what, *bytes;
  unsigned len;
  char *tree, *fault, *said;
} rows[] = {
  {"nothing", BYTES(""), "", "archive: offset 0: no archive", ""},
  {"only padding", BYTES("\0\0\0\0\0\0\0\0"), "",
    "archive: offset 8: no archive", ""},
  {"only a trailer", BYTES(TRAILER), "", 0, ""},
  {"one file", BYTES(A TRAILER), "a=100644(abc)", 0, ""},
  {"no trailer", BYTES(A), "a=100644(abc)", 0,
    "offset 116: ends without a trailer, so perhaps not all of it is here"},
  {"padding before, between and after",
    BYTES("\0\0\0\0" A "\0\0\0\0" B "\0\0\0\0\0\0\0\0" TRAILER "\0\0\0\0\0\0"),
    "a=100644(abc) b=100644(abc)", 0, ""},
  {"two archives", BYTES(A TRAILER B TRAILER),
    "a=100644(abc) b=100644(abc)", 0, ""},
  {"no padding between entries", BYTES(A TRAILER "\0" B TRAILER),
    "a=100644(abc)", "archive: offset 241: broken padding", ""},
  {"junk", BYTES(A TRAILER "junk"), "a=100644(abc)",
    "archive: offset 240: neither cpio nor compressed", ""},

  // Headers
  {"the old format", BYTES("070707" A), "",
    "archive: offset 0: an old cpio format: use cpio -H newc", ""},
  {"the old binary format", BYTES("\xc7\x71" A), "",
    "archive: offset 0: neither cpio nor compressed", ""},
  {"magic 070703", BYTES("070703" A), "", "archive: offset 0: no cpio magic",
    ""},
  {"no magic", BYTES("0" A), "", "archive: offset 0: no cpio magic", ""},
  {"upper case",
    BYTES(HEAD("81A4", "00000003", "00000002") "a\0" "abc\0" TRAILER),
    "a=100644(abc)", 0, ""},
  {"no digit", BYTES(HEAD("81g4", "00000003", "00000002") "a\0" "abc\0"), "",
    "archive: offset 0: damaged header", ""},
  {"0x as digits", BYTES(HEAD("81a4", "0x000003", "00000002") "a\0" "abc\0"),
    "", "archive: offset 0: damaged header", ""},
  {"a sign", BYTES(HEAD("81a4", "      +3", "00000002") "a\0" "abc\0"), "",
    "archive: offset 0: damaged header", ""},
  {"a minus", BYTES(HEAD("81a4", "-0000003", "00000002") "a\0" "abc\0"), "",
    "archive: offset 0: damaged header", ""},
  {"a NUL", BYTES(HEAD("81a4", "\0\0\0\0\0\0\0\0", "00000002") "a\0" "abc\0"),
    "", "archive: offset 0: damaged header", ""},

  // Names
  {"namesize 0", BYTES(HEAD("81a4", "00000004", "00000000") "\0\0" "abcd" A
    TRAILER), "a=100644(abc)", 0, "offset 0: left out (it has no name)"},
  {"namesize 1, so an empty name",
    BYTES(HEAD("41ed", "00000000", "00000001") "\0\0" A TRAILER),
    "a=100644(abc)", 0, ""},
  {"no NUL", BYTES(HEAD("81a4", "00000003", "00000002") "ab" "abc\0" TRAILER),
    "", "archive: offset 0: malformed: its name has no end", ""},
  {"a NUL in the middle",
    BYTES(HEAD("81a4", "00000003", "00000006") "a\0xyz\0" "abc\0" TRAILER),
    "a=100644(abc)", 0, ""},
  {"a name of 256", BYTES(HEAD("81a4", "00000000", "00000102")
    "/" LONG LONG LONG LONG "\0" TRAILER), "", 0,
    "offset 0: /" LONG LONG LONG LONG ": left out (creating: "},
  {"a huge namesize", BYTES(HEAD("81a4", "00000000", "ffffffff") "a\0"), "",
    "archive: offset 0: ends inside an entry",
    "offset 0: left out (its name is over 4095 bytes)"},
  {"namesize 4097", BYTES(HEAD("81a4", "00000000", "00001001") "a\0"), "",
    "archive: offset 0: ends inside an entry",
    "offset 0: left out (its name is over 4095 bytes)"},
  {"a file with a slash at its end",
    BYTES(HEAD("81a4", "00000000", "00000003") "a/\0\0\0\0" A TRAILER),
    "a=100644(abc)", 0, "offset 0: a: left out (a slash after its name)"},
  {"a directory with slashes at its end",
    BYTES(HEAD("41ed", "00000000", "00000005") "d///\0\0" TRAILER), "d=40755",
    0, ""},

  // Where names lead. The tree has a neighbour, which has to stay as it is.
  {"..", BYTES(HEAD("81a4", "00000003", "00000006") "../x\0\0" "abc\0" TRAILER),
    "x=100644(abc)", 0, ""},
  {".. from below", BYTES(DIR_D HEAD("81a4", "00000003", "0000000a")
    "d/../../x\0" "abc\0" TRAILER), "d=40755 x=100644(abc)", 0, ""},
  {"an absolute name",
    BYTES(HEAD("81a4", "00000003", "00000006") "///x\0\0" "abc\0" TRAILER),
    "x=100644(abc)", 0, ""},
  {"only dots", BYTES(HEAD("41ed", "00000000", "00000006") "../..\0" TRAILER),
    "", 0, ""},
  {"a symlink out of it, and through it",
    BYTES(HEAD("a1ff", "00000009", "00000002") "l\0" "../../../\0\0\0"
      HEAD("81a4", "00000003", "00000006") "l/x\0\0\0" "abc\0" TRAILER),
    "l=120777>../../../ x=100644(abc)", 0, ""},
  {"an absolute symlink, and through it",
    BYTES(DIR_D HEAD("a1ff", "00000002", "00000002") "l\0" "/d\0\0"
      HEAD("81a4", "00000003", "00000006") "l/x\0\0\0" "abc\0" TRAILER),
    "d=40755 d/x=100644(abc) l=120777>/d", 0, ""},
  {"a symlink to the neighbour, and through it",
    BYTES(HEAD("a1ff", "0000000c", "00000002") "l\0" "../neighbour"
      HEAD("81a4", "00000003", "00000006") "l/x\0\0\0" "abc\0" TRAILER),
    "l=120777>../neighbour", 0,
    "offset 124: l/x: left out (creating: "},
  {"a symlink to itself, and through it",
    BYTES(HEAD("a1ff", "00000001", "00000002") "l\0" "l\0\0\0"
      HEAD("81a4", "00000003", "00000006") "l/x\0\0\0" "abc\0" TRAILER),
    "l=120777>l", 0, "offset 116: l/x: left out (creating: "},
  {"a file in place of a symlink is no file behind it",
    BYTES(A HEAD("a1ff", "00000001", "00000002") "l\0" "a\0\0\0"
      HEAD("81a4", "00000003", "00000002") "l\0" "xyz\0" TRAILER),
    "a=100644(abc) l=100644(xyz)", 0, ""},
  {"no parent", BYTES(HEAD("81a4", "00000003", "00000006") "n/x\0\0\0" "abc\0"
    B TRAILER), "b=100644(abc)", 0, "offset 0: n/x: left out (creating: "},
  {"a file as a parent",
    BYTES(A HEAD("81a4", "00000003", "00000006") "a/x\0\0\0" "abc\0" TRAILER),
    "a=100644(abc)", 0, "offset 116: a/x: left out (creating: "},

  // Kinds
  {"suid and sgid are kept",
    BYTES(HEAD("8ded", "00000000", "00000002") "a\0" TRAILER),
    "a=106755()", 0, ""},
  {"a sticky directory",
    BYTES(HEAD("43ff", "00000000", "00000002") "d\0" TRAILER), "d=41777", 0,
    ""},
  {"a directory that gives its group",
    BYTES(HEAD("45ed", "00000000", "00000002") "d\0" TRAILER), "d=42755", 0,
    ""},
  {"a FIFO", BYTES(HEAD("1180", "00000000", "00000002") "p\0" TRAILER),
    "p=10600", 0, ""},
  {"a socket", BYTES(HEAD("c180", "00000000", "00000002") "s\0" TRAILER),
    "s=140600", 0, ""},
  {"no type", BYTES(HEAD("0180", "00000000", "00000002") "x\0" TRAILER), "", 0,
    "offset 0: x: left out (no known type of file)"},
  {"a directory with contents",
    BYTES(HEAD("41ed", "00000003", "00000002") "d\0" "abc\0" TRAILER), "", 0,
    "offset 0: d: left out (it has contents and is no regular file)"},
  {"an empty target", BYTES(HEAD("a1ff", "00000000", "00000002") "l\0"
    TRAILER), "", 0, "offset 0: l: left out (creating: "},
  {"a target of 4097", BYTES(HEAD("a1ff", "00001001", "00000002") "l\0" "x"),
    "", "archive: offset 0: ends inside an entry",
    "offset 0: l: left out (its target is over 4096 bytes)"},
  {"two names of a file", BYTES(LINK("07", "81a4", "2", "00000003", "00000002")
    "a\0" "abc\0" LINK("07", "81a4", "2", "00000000", "00000002") "b\0"
    TRAILER), "a=100644(abc)2 b=100644(abc)2", 0, ""},
  {"the last name's mode", BYTES(LINK("07", "81a4", "2", "00000003", "00000002")
    "a\0" "abc\0" LINK("07", "8180", "2", "00000000", "00000002") "b\0"
    TRAILER), "a=100600(abc)2 b=100600(abc)2", 0, ""},
  {"contents by the last name", BYTES(LINK("07", "81a4", "2", "00000000",
    "00000002") "a\0" LINK("07", "81a4", "2", "00000003", "00000002") "b\0"
    "abc\0" TRAILER), "a=100644(abc)2 b=100644(abc)2", 0, ""},
  {"the same numbers after a trailer are another file",
    BYTES(LINK("07", "81a4", "2", "00000003", "00000002") "a\0" "abc\0" TRAILER
      LINK("07", "81a4", "2", "00000003", "00000002") "b\0" "xyz\0" TRAILER),
    "a=100644(abc) b=100644(xyz)", 0, ""},
  {"the same file again", BYTES(A HEAD("8180", "00000002", "00000002") "a\0"
    "xy\0\0" TRAILER), "a=100600(xy)", 0, ""},

  // Checksums and sizes
  {"a checksum", BYTES(SUM("00000003", "00000002", "00000126") "a\0" "abc\0"
    TRAILER), "a=100644(abc)", 0, ""},
  {"a bad checksum", BYTES(SUM("00000003", "00000002", "00000127") "a\0"
    "abc\0" TRAILER), "a=100644(abc)",
    "archive: offset 0: bad data checksum", ""},
  {"a huge directory", BYTES(HEAD("41ed", "ffffffff", "00000002") "d\0"
    TRAILER), "", "archive: offset 0: ends inside an entry",
    "offset 0: d: left out (it has contents and is no regular file)"},
  {"a trailer with contents", BYTES(A HEAD("0000", "00000004", "0000000b")
    "TRAILER!!!\0\0\0\0" "abcd" B TRAILER), "a=100644(abc) b=100644(abc)", 0,
    "offset 116: TRAILER!!!: left out (it has contents and is no regular "
    "file)"},
  {"a symlink with the trailer's name", BYTES(HEAD("a1ff", "00000001",
    "0000000b") "TRAILER!!!\0\0\0\0" "x\0\0\0" TRAILER),
    "TRAILER!!!=120777>x", 0, ""},

  // Compressed, and plain after it
  {"a trailer by gzip", BYTES(
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x33\x30\x37\x30\x37\x30"
    "\x34\x80\x00\x18\x8d\x0b\xc0\xe4\x4d\x0d\x48\x03\x49\x30\x46\x48"
    "\x90\xa3\xa7\x8f\x6b\x90\xa2\xa2\x22\x03\x10\x00\x00\xb2\x90\x6e"
    "\xa7\x7c\x00\x00\x00"
    "\0\0\0" A TRAILER), "a=100644(abc)", 0, ""},
  {"junk in gzip", BYTES(
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x33\x30\x37\x30\x37\x30"
    "\x34\x80\x00\x18\x8d\x0b\xc0\xe4\x4d\x0d\x48\x03\x49\x30\x46\x48"
    "\x90\xa3\xa7\x8f\x6b\x90\xa2\xa2\x22\x03\x10\x64\x95\xe6\x65\x03"
    "\x00\xba\xd2\x5f\xff\x80\x00\x00\x00"), "",
    "archive: offset 124 of the gzip data at 0: junk between archives", ""},
  {"gzip with nothing in it", BYTES(
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x03\x00\x00\x00\x00\x00"
    "\x00\x00\x00\x00"), "",
    "archive: offset 0 of the gzip data at 0: empty", ""},
};

static char said[8192];

static void say(void *context, char *line)
{
  check(context == said, "say() has its context");
  if (strlen(said)+strlen(line)<sizeof(said)-1) strcat(said, line);
}

// Put the user that runs this where an owner belongs.
static void patch(char *data, unsigned len)
{
  char number[9];
  unsigned i;

  for (i = 0; i+8<=len; i++) {
    if (!memcmp(data+i, "uuuuuuuu", 8)) sprintf(number, "%08x", geteuid());
    else if (!memcmp(data+i, "gggggggg", 8)) sprintf(number, "%08x", getegid());
    else continue;
    memcpy(data+i, number, 8);
  }
}

// List what is in the directory FD to TEXT: see rows. PATH is where it is.
static void list(int fd, char *path, char *text)
{
  struct dirent **all;
  int n = scandirat(fd, ".", &all, 0, alphasort), i, file, got;
  char sub[512], *to;
  struct stat st;

  check_need(n>=0);
  for (i = 0; i<n; free(all[i++])) {
    if (!strcmp(all[i]->d_name, ".") || !strcmp(all[i]->d_name, "..")) continue;
    check_need(!fstatat(fd, all[i]->d_name, &st, AT_SYMLINK_NOFOLLOW));
    snprintf(sub, sizeof(sub), "%s%s", path, all[i]->d_name);
    to = text+strlen(text);
    to += sprintf(to, "%s%s=%o", *text ? " " : "", sub, st.st_mode);
    if (S_ISREG(st.st_mode)) {
      file = openat(fd, all[i]->d_name, O_RDONLY|O_CLOEXEC);
      check_need(0<=(got = read(file, to+1, 64)));
      close(file);
      *to = '(';
      strcpy(to+1+got, ")");
      if (st.st_nlink>1) sprintf(to+strlen(to), "%u", (unsigned)st.st_nlink);
    } else if (S_ISLNK(st.st_mode)) {
      check_need(0<=(got = readlinkat(fd, all[i]->d_name, to+1, 64)));
      *to = '>';
      to[1+got] = 0;
    } else if (S_ISDIR(st.st_mode)) {
      strcat(sub, "/");
      file = openat(fd, all[i]->d_name, O_RDONLY|O_DIRECTORY|O_CLOEXEC);
      check_need(file != -1);
      list(file, sub, text);
    }
    check_num(st.st_mtime, 5, "%s: time", sub);
  }
  free(all);
  close(fd);
}

// An empty directory "in" with one neighbour: returns a descriptor.
static int new_tree(void)
{
  char path[256];
  int fd;

  sprintf(path, "%s/in", check_dir());
  nftw(path, check_unlink, 20, FTW_DEPTH|FTW_PHYS);
  check_need(!mkdir(path, 0755));
  check_need(0<=(fd = open(path, O_RDONLY|O_DIRECTORY|O_CLOEXEC)));

  return fd;
}

// Read LEN bytes of DATA, to directory DIR or with -1 in a dry pass. WHY gets
// the fault as text. Returns lr_initramfs_read()'s result.
static int read_archive(char *data, unsigned len, int dir, struct initramfs *a,
  char *why)
{
  struct fault f = {0};
  int rc;

  memset(a, 0, sizeof(*a));
  a->fd = memfd_create("data", MFD_CLOEXEC);
  a->dir = dir;
  a->say = say;
  a->context = said;
  *said = 0;
  check_need(write(a->fd, data, len) == len && !lseek(a->fd, 0, SEEK_SET));
  // Nothing may run for ever.
  alarm(20);
  rc = lr_initramfs_read(a, &f);
  alarm(0);
  close(a->fd);
  *why = 0;
  if (f.step) snprintf(why, 256, "%s: %s%s%s", f.step, f.name ? : "?",
    f.err ? ": " : "", f.err ? strerror(f.err) : "");
  check(!rc == !f.step, "the result and a fault agree: %d, %s", rc, why);
  lr_fault_clear(&f);

  return rc;
}

// SAID is as WANT, up to the name of an errno.
static int as_said(char *want)
{
  return strncmp(said, want, strlen(want)) ? 0
    : !strcmp(said, want) || (*want && want[strlen(want)-1] == ' ');
}

// One row of the table: in a dry pass and for good, with the same result
static void row(unsigned i)
{
  char why[256], tree[8192] = "", *what = rows[i].what, *data, dry[8192];
  struct initramfs a, b;

  check_need(data = malloc(rows[i].len+1));
  memcpy(data, rows[i].bytes, rows[i].len);
  patch(data, rows[i].len);
  read_archive(data, rows[i].len, -1, &a, why);
  check_str(why, rows[i].fault ? : "", "%s, dry", what);
  strcpy(dry, said);
  read_archive(data, rows[i].len, new_tree(), &b, why);
  check_str(why, rows[i].fault ? : "", "%s", what);
  check(as_said(rows[i].said), "%s: said %s, want %s", what, said,
    rows[i].said);
  list(b.dir, "", tree);
  check_str(tree, rows[i].tree, "%s", what);
  check(a.bytes == b.bytes && a.inodes == b.inodes && a.largest == b.largest,
    "%s: the dry pass counts the same", what);
  // Only symlink() itself says no to an empty target, and a type that is not
  // known is only said when there is something to make.
  if (strcmp(what, "an empty target") && strcmp(what, "no type"))
    check_str(dry, said, "%s: the dry pass says the same", what);
  free(data);
}

// A small archive cut off before each byte. Its entries start at these offsets,
// and end there too. Contents may lack their padding.
static void cut(void)
{
  static char bytes[] = A DIR_D B TRAILER;
  static const unsigned starts[] = {0, 116, 228, 344, 468};
  char why[256], want[64];
  unsigned len, i;
  struct initramfs a;
  int dry, rc;

  patch(bytes, sizeof(bytes)-1);
  check_num(sizeof(bytes)-1, starts[4], "the archive's length");
  for (len = 0; len<=starts[4]; len++) for (dry = 0; dry<2; dry++) {
    for (i = 0; i<4 && starts[i+1]<=len; i++);
    rc = read_archive(bytes, len, dry ? -1 : new_tree(), &a, why);
    if (!dry) close(a.dir);
    if (!len) strcpy(want, "archive: offset 0: no archive");
    // The last byte of A and B pads their contents.
    else if (len == starts[i] || len == 115 || len == 343) *want = 0;
    else sprintf(want, "archive: offset %u: ends inside an entry", starts[i]);
    check_str(why, want, "cut at %u", len);
    check(!!rc == !!*want, "cut at %u: %d", len, rc);
    check(!!*said == (!rc && len<starts[4]), "cut at %u: said %s", len, said);
  }
}

// What only root can make. Writing takes suid and sgid off a file again, but
// not when the writer has CAP_FSETID.
static void privileged(void)
{
  static char null[] = HEAD_("070701", "01", "21b6", "1", "00000000",
    "00000001" "00000003", "00000005", "00000000") "null\0\0" TRAILER;
  // 4294967294 is nobody's, so for a user without a namespace it is EPERM.
  static char owner[] = "070701" "00000001" "000081a4" "fffffffe" "fffffffe"
    "00000001" "00000005" "00000000" "00000000" "00000000" "00000000"
    "00000000" "00000002" "00000000" "a\0" TRAILER;
  static char suid[] = HEAD("8ded", "00000003", "00000002") "a\0" "abc\0"
    TRAILER;
  char why[256];
  struct initramfs a;
  struct stat st;

  patch(null, sizeof(null)-1);
  check_num(read_archive(null, sizeof(null)-1, -1, &a, why), 0, "null, dry");
  check_num(a.inodes, 1, "null, dry: inodes");
  read_archive(null, sizeof(null)-1, new_tree(), &a, why);
  if (!geteuid()) check(!*why && !fstatat(a.dir, "null", &st, 0)
    && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3), "null: %s", why);
  else check_str(why, "creating: null: Operation not permitted", "null");
  close(a.dir);

  patch(owner, sizeof(owner)-1);
  read_archive(owner, sizeof(owner)-1, new_tree(), &a, why);
  if (!geteuid()) check(!*why && !fstatat(a.dir, "a", &st, 0)
    && st.st_uid == 0xfffffffe, "owner: %s", why);
  else check_str(why, "setting the owner and mode of: a: Operation not "
    "permitted", "owner");
  close(a.dir);

  patch(suid, sizeof(suid)-1);
  check_num(read_archive(suid, sizeof(suid)-1, new_tree(), &a, why), 0, "suid");
  check_need(!fstatat(a.dir, "a", &st, 0));
  check_num(st.st_mode&07777, geteuid() ? 0755 : 06755, "suid and contents");
  close(a.dir);
}

// A program of FORMAT, of 4096 bytes, that asks for LOADER at offset AT: the
// least that an ELF file can be.
static void program(char *to, unsigned at, char *loader)
{
  Elf64_Ehdr e = {.e_ident = ELFMAG, .e_phoff = sizeof(e), .e_phnum = 1};
  Elf64_Phdr p = {.p_type = loader ? PT_INTERP : PT_NULL, .p_offset = at};

  e.e_ident[EI_CLASS] = ELFCLASS64;
  e.e_ident[EI_DATA] = IS_BIG_ENDIAN ? ELFDATA2MSB : ELFDATA2LSB;
  memset(to, 0, 8192);
  if (loader) {
    p.p_filesz = strlen(loader)+1;
    strcpy(to+at, loader);
  }
  memcpy(to, &e, sizeof(e));
  memcpy(to+sizeof(e), &p, sizeof(p));
}

// Append to *TO the entry of NAME: MODE, inode INO with NLINK names, LEN bytes
// of TEXT.
static void put(char **to, char *name, unsigned mode, unsigned ino,
  unsigned nlink, char *text, unsigned len)
{
  char *s = *to;

  s += sprintf(s, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
    ino, mode, geteuid(), getegid(), nlink, 5, len, 0, 0, 0, 0,
    (int)strlen(name)+1, 0);
  s = stpcpy(s, name)+1;
  while ((s-*to)&3) *s++ = 0;
  memcpy(s, text, len);
  s += len;
  while ((s-*to)&3) *s++ = 0;
  *to = s;
}

// Which inits are found in a dry pass, with all that they need to start
static void wanted(void)
{
  static const struct { char *path; int found; } paths[] = {
    {"/a", 1}, {"a", 1}, {"x", 3}, {"d", 0}, {"d/x", 3}, {"l", 3}, {"/l/x", 0},
    {"n", 0}, {"/d/../l", 3}, {"empty", 1}, {"text", 1}, {"static", 3},
    {"dynamic", 3}, {"no-loader", 1}, {"far", 1}, {"script", 3}, {"bare", 1},
    {"no-script", 1}, {"plain-script", 1}, {"s1", 3}, {"s4", 3}, {"s5", 1},
    {"round", 1}, {"by-symlink", 3}, {"link1", 3}, {"link2", 3}, {"link3", 1},
    {"other", 1}, {"cut", 1}, {"text-now", 1}, {"program-now", 3},
  };
  static char bytes[200000], elf[8192];
  static struct names *names;
  char *want[] = {0, 0}, why[256], name[32], text[32], *to = bytes;
  struct initramfs a = {0};
  struct fault f = {0};
  unsigned i;

#define PUT(name, mode, text) put(&to, name, mode, 1, 1, text, strlen(text))
#define ELF(name, at, loader, len) \
  (program(elf, at, loader), put(&to, name, 0100755, 1, 1, elf, len))
  put(&to, "d", 040755, 1, 1, "", 0);
  ELF("d/x", 0, 0, 8192);
  ELF("x", 0, 0, 8192);
  PUT("a", 0100644, "#!x");
  PUT("l", 0120777, "d/x");
  PUT("empty", 0100755, "");
  PUT("text", 0100755, "echo");
  ELF("static", 0, 0, 200);
  ELF("dynamic", 300, "/d/x", 400);
  ELF("no-loader", 300, "/d/none", 400);
  ELF("far", 5000, "/d/x", 8192);
  ELF("cut", 300, "/d/x", 302);
  PUT("script", 0100755, "#! \t/l -c\n");
  PUT("bare", 0100755, "#! \n");
  PUT("no-script", 0100755, "#!/none\n");
  PUT("plain-script", 0100755, "#!/a\n");
  for (i = 1; i<6; i++) {
    sprintf(name, "s%d", i);
    sprintf(text, "#!/%c%d\n", i == 1 ? 'x' : 's', i-1);
    PUT(name, 0100755, i == 1 ? "#!x" : text);
  }
  PUT("round", 0100755, "#!/round");
  PUT("by-symlink", 0120777, "///dynamic");

  // The contents come with the last of three names, as cpio writes them
  put(&to, "link1", 0100755, 7, 3, "", 0);
  put(&to, "link2", 0100755, 7, 3, "", 0);
  put(&to, "link3", 0100755, 7, 3, "#!x", 3);
  // What one of them is by now is another file
  PUT("link3", 0120777, "text");
  put(&to, "other", 0100755, 8, 1, "echo", 4);
  PUT("text-now", 0100755, "#!x");
  PUT("text-now", 0100755, "echo");
  PUT("program-now", 0100755, "echo");
  PUT("program-now", 0100755, "#!x");
  PUT("TRAILER!!!", 0, "");
  check_need(to<bytes+sizeof(bytes) && (names = lr_names_new()));

  // In an archive by itself, and below another one that has nothing of it
  for (i = 0; i<2*ARRAY_LEN(paths); i++) {
    a = (struct initramfs){.fd = memfd_create("data", MFD_CLOEXEC), .dir = -1,
      .want = want, .names = i<ARRAY_LEN(paths) ? 0 : names};
    *want = paths[i%ARRAY_LEN(paths)].path;
    check_need(write(a.fd, bytes, to-bytes) == to-bytes);
    if (i>ARRAY_LEN(paths)) check_need(!ftruncate(a.fd, 0)
      && write(a.fd, to-124, 124) == 124);
    check_need(!lseek(a.fd, 0, SEEK_SET));
    sprintf(why, "%d", lr_initramfs_read(&a, &f));
    check_str(why, "0", "wanted %s: %s", *want, f.name ? : "");
    check_num(a.found, paths[i%ARRAY_LEN(paths)].found, "wanted %s", *want);
    close(a.fd);
  }
  lr_names_free(names);
}

// The memory that a tree takes, by pages of this machine's size and of others,
// and where to stop.
static void memory(void)
{
  static const struct { unsigned page; unsigned long long bytes; } pages[] = {
    {0, 0}, {4096, 3*4096}, {16384, 3*16384}, {65536, 3*65536},
  };
  static const struct { unsigned long long limit; int fails; } limits[] = {
    {0, 0}, {3*4096+4*1024, 0}, {3*4096+4*1024-1, 1}, {1, 1},
  };
  static char bytes[20000], text[4096];
  char *to = bytes;
  struct initramfs a = {0};
  struct fault f = {0};
  struct stat st;
  unsigned i;
  int rc;

  // A file of one byte, a long symlink, a file with two names, nothing
  memset(text, 'x', sizeof(text));
  put(&to, "one", 0100644, 1, 1, text, 1);
  put(&to, "symlink", 0120777, 1, 1, text, 128);
  put(&to, "two1", 0100644, 2, 2, "", 0);
  put(&to, "two2", 0100644, 2, 2, text, 4096);
  PUT("TRAILER!!!", 0, "");
  for (i = 0; i<ARRAY_LEN(pages)+ARRAY_LEN(limits); i++) {
    a = (struct initramfs){.fd = memfd_create("data", MFD_CLOEXEC), .dir = -1};
    check_need(write(a.fd, bytes, to-bytes) == to-bytes
      && !lseek(a.fd, 0, SEEK_SET));
    if (i<ARRAY_LEN(pages)) {
      a.page = pages[i].page;
      check_need(!lr_initramfs_read(&a, &f));
      check_num(a.bytes, pages[i].bytes ? : 3ULL*sysconf(_SC_PAGESIZE),
        "pages of %u", pages[i].page);
    } else {
      a.dir = new_tree();
      a.page = 4096;
      a.limit = limits[i-ARRAY_LEN(pages)].limit;
      rc = lr_initramfs_read(&a, &f);
      check_num(-rc, limits[i-ARRAY_LEN(pages)].fails, "limit %llu", a.limit);
      check(!rc || (f.err == ENOSPC && !strcmp(f.step, "unpacking")),
        "limit %llu: no space", a.limit);
      check(!fstatat(a.dir, "two2", &st, 0) == !rc, "limit %llu: what is there",
        a.limit);
      lr_fault_clear(&f);
      close(a.dir);
    }
    close(a.fd);
  }
}

int main(void)
{
  mode_t mask = umask(027);
  char path[256];
  struct stat st;
  unsigned i;

  sprintf(path, "%s/neighbour", check_dir());
  check_need(!mkdir(path, 0755));
  for (i = 0; i<ARRAY_LEN(rows); i++) row(i);
  cut();
  privileged();
  wanted();
  memory();
  check(!rmdir(path), "the neighbour is there, and empty");
  check(!stat(check_dir(), &st) && st.st_nlink == 3, "and there is no other");
  check_num(umask(mask), 027, "the umask is as it was");

  return check_done();
}
