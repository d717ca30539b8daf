// initcheck.c - what could be run as init, and what could not
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// unit: lib/initcheck.c lib/fault.c

#include "toys.h"
#include "check.h"
#include <elf.h>
#include "lib/fault.h"
#include "lib/initcheck.h"

static int root;

// Is what lr_initcheck() says of PATH the fault STEP NAME ERR? STEP 0: none
static void expect(char *path, char *step, char *name, int err)
{
  struct fault f = {0};

  check_num(lr_initcheck(root, path, &f), step ? -1 : 0, "%s", path);
  check_str(f.step, step, "step of %s", path);
  check_str(f.name, name, "name of %s", path);
  check_num(f.err, err, "errno of %s", path);
  lr_fault_clear(&f);
}

// A file that can be run, whose content is the string TEXT
static void text(char *name, char *text)
{
  check_file(name, 0755, text, strlen(text));
}

// Write the LEN bytes at P to *TO as a number of the byte order BIG.
static void number(char *to, unsigned long long n, int len, int big)
{
  int i;

  for (i = 0; i<len; i++) to[big ? len-1-i : i] = n>>(8*i);
}

// An ELF file: of 64 bits if WIDE, most significant byte first if BIG. It has
// PHNUM program headers at PHOFF, the last of which is of TYPE and says that
// LEN bytes at OFF are its. Those before are PT_LOAD.
struct elf {
  int wide, big, phnum, type;
  unsigned long long phoff, off, len;
};

// Put the ELF file of E into BUF. Returns its size.
static int elf(char *buf, struct elf *e)
{
  int word = e->wide ? 8 : 4, head = e->wide ? 64 : 52,
    each = e->wide ? 56 : 32, i;
  char *ph;

  memset(buf, 0, 4096);
  memcpy(buf, ELFMAG, SELFMAG);
  buf[EI_CLASS] = e->wide ? ELFCLASS64 : ELFCLASS32;
  buf[EI_DATA] = e->big ? ELFDATA2MSB : ELFDATA2LSB;
  buf[EI_VERSION] = EV_CURRENT;
  number(buf+16, ET_DYN, 2, e->big);
  number(buf+24+word, e->phoff, word, e->big);
  number(buf+24+3*word+6, each, 2, e->big);
  number(buf+24+3*word+8, e->phnum, 2, e->big);
  if (e->phoff>4096 || e->phoff+e->phnum*each>4096) return head+64;
  for (i = 0; i<e->phnum; i++) {
    ph = buf+e->phoff+i*each;
    number(ph, i == e->phnum-1 ? e->type : PT_LOAD, 4, e->big);
    number(ph+(e->wide ? 8 : 4), e->off, word, e->big);
    number(ph+(e->wide ? 32 : 16), e->len, word, e->big);
  }

  return 4096;
}

// What the files of elves() have in common
#define PLAIN(wide) {wide, IS_BIG_ENDIAN, 1, PT_INTERP, 64, 3000, 8}

static void elf_files(void)
{
  char buf[4096], name[32];
  struct elf e;
  int wide, size, n;

  for (wide = 0; wide<2; wide++) {
    sprintf(name, "/elf%d", wide ? 64 : 32);

    e = (struct elf)PLAIN(wide);
    size = elf(buf, &e);
    memcpy(buf+3000, "/loader", 8);
    check_file(name, 0755, buf, size);
    expect(name, 0, 0, 0);

    // Its loader isn't there, or is not to be run.
    memcpy(buf+3000, "/lacks!", 8);
    check_file(name, 0755, buf, size);
    sprintf(buf, "/lacks! of %s", name);
    expect(name, "the loader", buf, ENOENT);
    size = elf(buf, &e);
    memcpy(buf+3000, "/plain!", 8);
    check_file(name, 0755, buf, size);
    expect(name, "the loader", "/plain!", EACCES);
    // A name that is not whole: as if it began at the root
    memcpy(buf+3000, "loader\0", 8);
    check_file(name, 0755, buf, size);
    expect(name, 0, 0, 0);

    // PT_INTERP is the last of several.
    e = (struct elf)PLAIN(wide);
    e.phnum = 20;
    size = elf(buf, &e);
    memcpy(buf+3000, "/loader", 8);
    check_file(name, 0755, buf, size);
    expect(name, 0, 0, 0);
    memcpy(buf+3000, "/plain!", 8);
    check_file(name, 0755, buf, size);
    expect(name, "the loader", "/plain!", EACCES);

    // No loader, no header
    e = (struct elf)PLAIN(wide);
    e.type = PT_NOTE;
    check_file(name, 0755, buf, elf(buf, &e));
    expect(name, 0, 0, 0);
    e.phnum = 0;
    check_file(name, 0755, buf, elf(buf, &e));
    expect(name, 0, 0, 0);

    // The other byte order is left to binfmt_misc, whatever else it holds.
    e = (struct elf)PLAIN(wide);
    e.big = !e.big;
    size = elf(buf, &e);
    check_file(name, 0755, buf, size);
    expect(name, 0, 0, 0);

    // Headers that are not there, or lie behind the end
    e = (struct elf)PLAIN(wide);
    e.phnum = 65535;
    e.phoff = 3900;
    check_file(name, 0755, buf, elf(buf, &e));
    expect(name, "init", name, ENOEXEC);
    e.phnum = 1;
    e.phoff = 4090;
    check_file(name, 0755, buf, elf(buf, &e));
    expect(name, "init", name, ENOEXEC);
    e.phoff = 1<<30;
    check_file(name, 0755, buf, elf(buf, &e));
    expect(name, "init", name, ENOEXEC);
    e.phoff = wide ? -1ULL : 0xffffffff;
    check_file(name, 0755, buf, elf(buf, &e));
    expect(name, "init", name, ENOEXEC);
    e.phoff = wide ? 1ULL<<63 : 0x80000000;
    check_file(name, 0755, buf, elf(buf, &e));
    expect(name, "init", name, ENOEXEC);
    e = (struct elf)PLAIN(wide);
    size = elf(buf, &e);
    check_file(name, 0755, buf, 64+(wide ? 56 : 32)-1);
    expect(name, "init", name, ENOEXEC);
    // As many headers as there can be, none of which is PT_INTERP: in a file
    // with a hole
    e.phnum = 65535;
    e.phoff = 8000;
    check_file(name, 0755, buf, elf(buf, &e));
    sprintf(buf, "%s%s", check_dir(), name);
    check_need(!truncate(buf, 8000+65535*56));
    expect(name, 0, 0, 0);

    // A loader's name that is cut off, has no end, is too short or too long
    for (n = 0; n<6; n++) {
      e = (struct elf)PLAIN(wide);
      e.off = (unsigned long long []){3000, 3000, 3000, 4092, 1ULL<<31,
        wide ? -1ULL : 0xffffffff}[n];
      e.len = (unsigned long long []){0, 1, 7, 8, 8, 8}[n];
      size = elf(buf, &e);
      memcpy(buf+3000, "/loader", 8);
      memcpy(buf+4092, "/loa", 4);
      check_file(name, 0755, buf, size);
      expect(name, "init", name, ENOEXEC);
    }
    for (n = 0; n<3; n++) {
      e = (struct elf)PLAIN(wide);
      e.off = 0;
      e.len = (unsigned long long []){PATH_MAX+1, 1<<30, wide ? -1ULL
        : 0xffffffff}[n];
      check_file(name, 0755, buf, elf(buf, &e));
      expect(name, "init", name, ENOEXEC);
    }
    // What is longer than a name, up to the first NUL is one
    e = (struct elf)PLAIN(wide);
    e.len = 1000;
    size = elf(buf, &e);
    memcpy(buf+3000, "/loader\0xyz", 11);
    check_file(name, 0755, buf, size);
    expect(name, 0, 0, 0);
    // An empty name is none
    memset(buf+3000, 0, 1000);
    check_file(name, 0755, buf, size);
    expect(name, 0, 0, 0);
    // Its own loader
    strcpy(buf+3000, name);
    check_file(name, 0755, buf, size);
    sprintf(buf, "%s of %s", name, name);
    expect(name, "the loader", buf, ELOOP);
  }

  // Cut short: no ELF file, and nothing else either
  e = (struct elf)PLAIN(1);
  elf(buf, &e);
  for (n = 0; n<=64; n++) {
    check_file("/cut", 0755, buf, n);
    expect("/cut", "init", "/cut", ENOEXEC);
  }
}

static void scripts(void)
{
  static struct { char *text, *step, *name; int err; } rows[] = {
    {"#!/loader", 0, 0, 0},
    {"#!/loader\n", 0, 0, 0},
    {"#!/loader -x\n", 0, 0, 0},
    {"#! \t /loader\n", 0, 0, 0},
    {"#!/loader\t\n", 0, 0, 0},
    {"#!loader\n", 0, 0, 0},
    {"#!/sub/../loader\n", 0, 0, 0},
    {"#!/../../loader\n", 0, 0, 0},
    {"#!/script0\n", 0, 0, 0},
    {"#!/lacks\n", "the interpreter", "/lacks of /s", ENOENT},
    {"#!/loader\r\n", "the interpreter", "/loader\r of /s", ENOENT},
    {"#!/\xff\xfe\n", "the interpreter", "/\xff\xfe of /s", ENOENT},
    {"#!/%s%n\n", "the interpreter", "/%s%n of /s", ENOENT},
    {"#!/loader/x\n", "the interpreter", "/loader/x of /s", ENOTDIR},
    {"#!/plain!\n", "the interpreter", "/plain!", EACCES},
    {"#!/sub\n", "the interpreter", "/sub", EISDIR},
    {"#!/fifo\n", "the interpreter", "/fifo", EACCES},
    {"#!/s\n", "the interpreter", "/s of /s", ELOOP},
    {"#!/loop\n", "the interpreter", "/loop of /s", ELOOP},
    // Nothing that could be run
    {"#!", "init", "/s", ENOEXEC},
    {"#!\n/loader\n", "init", "/s", ENOEXEC},
    {"#! \t \n", "init", "/s", ENOEXEC},
    {"#", "init", "/s", ENOEXEC},
    {"# /loader\n", "init", "/s", ENOEXEC},
    {" #!/loader\n", "init", "/s", ENOEXEC},
    {"\xef\xbb\xbf#!/loader\n", "init", "/s", ENOEXEC},
    {"", "init", "/s", ENOEXEC},
    {"echo\n", "init", "/s", ENOEXEC},
    {"\x7f" "ELF", "init", "/s", ENOEXEC},
  };
  struct fault f = {0};
  char name[32], line[400];
  unsigned i;

  for (i = 0; i<ARRAY_LEN(rows); i++) {
    text("/s", rows[i].text);
    expect("/s", rows[i].step, rows[i].name, rows[i].err);
  }

  // Four scripts, each the interpreter of the one before, and the program that
  // the last one asks for can be run. A fifth script cannot.
  text("/depth0", "#!/loader\n");
  for (i = 1; i<6; i++) {
    sprintf(name, "/depth%d", i);
    sprintf(line, "#!/depth%d\n", i-1);
    text(name, line);
  }
  expect("/depth3", 0, 0, 0);
  expect("/depth4", "the interpreter", "/loader of /depth4", ELOOP);
  expect("/depth5", "the interpreter", "/depth0 of /depth5", ELOOP);

  // A NUL ends the name, and so does the end of what is looked at.
  check_file("/s", 0755, "#!/loader\0x\n", 12);
  expect("/s", 0, 0, 0);
  memset(line, 'n', 399);
  memcpy(line, "#!/", 3);
  line[399] = 0;
  text("/s", line);
  check_num(lr_initcheck(root, "/s", &f), -1, "a #! line of 399 bytes");
  check_str(f.step, "the interpreter", "step of a long #! line");
  lr_fault_clear(&f);
}

static void places(void)
{
  char name[PATH_MAX+10];

  expect("", "init", "\"\"", ENOENT);
  expect("/lacks", "init", "/lacks", ENOENT);
  expect("/sub", "init", "/sub", EISDIR);
  expect("/", "init", "/", EISDIR);
  expect(".", "init", ".", EISDIR);
  expect("/fifo", "init", "/fifo", EACCES);
  expect("/plain!", "init", "/plain!", EACCES);
  expect("/loader", 0, 0, 0);
  expect("loader", 0, 0, 0);
  expect("/loader/", "init", "/loader/", ENOTDIR);
  expect("/sub/loader", "init", "/sub/loader", ENOENT);
  expect("/sub/../loader", 0, 0, 0);
  // One x bit of any is enough, set-id alone is none
  check_file("/x", 0644, "#!/loader\n", 10);
  expect("/x", "init", "/x", EACCES);
  check_file("/x", 0410, "#!/loader\n", 10);
  expect("/x", 0, 0, 0);
  check_file("/x", 0401, "#!/loader\n", 10);
  expect("/x", 0, 0, 0);
  check_file("/x", 06644, "#!/loader\n", 10);
  expect("/x", "init", "/x", EACCES);

  // Symbolic links are those of the root, which none leads out of.
  expect("/link", 0, 0, 0);
  expect("/up", 0, 0, 0);
  expect("/far", "init", "/far", ENOENT);
  expect("/dangling", "init", "/dangling", ENOENT);
  expect("/loop", "init", "/loop", ELOOP);
  expect("/linkdir/../loader", 0, 0, 0);
  expect("/../../../loader", 0, 0, 0);
  expect("/proc/self/exe", "init", "/proc/self/exe", ENOENT);

  // Too long, by name or as a whole
  memset(name, 'n', sizeof(name));
  *name = '/';
  name[257] = 0;
  expect(name, "init", name, ENAMETOOLONG);
  name[257] = 'n';
  name[PATH_MAX] = 0;
  expect(name, "init",
    "/nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn...",
    ENAMETOOLONG);

  expect("/\xff\n%s%n", "init", "/\xff\n%s%n", ENOENT);
}

int main(void)
{
  struct elf e = {1, IS_BIG_ENDIAN, 0, 0, 64, 0, 0};
  char buf[4096];
  int dir;

  check_need((root = dir = open(check_dir(), O_RDONLY|O_DIRECTORY)) != -1);
  check_file("/loader", 0755, buf, elf(buf, &e));
  check_file("/plain!", 0644, buf, elf(buf, &e));
  text("/script0", "#!/loader\n");
  check_need(!mkdirat(root, "sub", 0755));
  check_need(!mkfifoat(root, "fifo", 0755));
  check_need(!symlinkat("/loader", root, "link"));
  check_need(!symlinkat("../../../loader", root, "up"));
  check_need(!symlinkat("/bin/sh", root, "far"));
  check_need(!symlinkat("/lacks", root, "dangling"));
  check_need(!symlinkat("/loop", root, "loop"));
  check_need(!symlinkat("/sub", root, "linkdir"));
  places();
  scripts();
  elf_files();

  // No such root
  root = -1;
  expect("loader", "init", "loader", EBADF);
  close(dir);

  return check_done();
}
