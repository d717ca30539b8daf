/* initcheck.c - could this be run as init?
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include <elf.h>
#include "lib/fault.h"
#include "lib/kernel.h"
#include "lib/initcheck.h"

// The interpreter that the ELF file FD, whose header is HEAD, asks for
// (PT_INTERP), into NAME of SIZE bytes; "" if it asks for none. An ELF file of
// the other word size is read as what it is. Returns 0, or -1 if it's broken.
static int elf_interp(int fd, char *head, char *name, unsigned size)
{
  int wide = head[EI_CLASS] == ELFCLASS64, i;
  unsigned long long off;
  ssize_t len;
  Elf32_Ehdr *e32 = (void *)head;
  Elf64_Ehdr *e64 = (void *)head;
  union { Elf32_Phdr p32; Elf64_Phdr p64; } ph;

  *name = 0;

  // Not our byte order: binfmt_misc may know what to do with it
  if (head[EI_DATA] != (IS_BIG_ENDIAN ? ELFDATA2MSB : ELFDATA2LSB)) return 0;
  for (i = 0; i<(wide ? e64->e_phnum : e32->e_phnum); i++) {
    off = (wide ? e64->e_phoff : e32->e_phoff)
      + i*(unsigned long long)(wide ? sizeof(ph.p64) : sizeof(ph.p32));
    len = wide ? sizeof(ph.p64) : sizeof(ph.p32);
    if (pread(fd, &ph, len, off) != len) return -1;
    if ((wide ? ph.p64.p_type : ph.p32.p_type) != PT_INTERP) continue;
    off = wide ? ph.p64.p_offset : ph.p32.p_offset;
    len = wide ? ph.p64.p_filesz : ph.p32.p_filesz;
    if (len<2 || len>(ssize_t)size || pread(fd, name, len, off) != len
      || name[len-1]) return -1;

    return 0;
  }

  return 0;
}

// Could PATH below ROOT, a directory that's seen as "/", be run? It and what it
// needs to start (the #! line's program, the ELF loader) must be regular files
// with an x bit; four scripts deep, as the kernel allows. Leaves a fault: what
// is wrong with which file. Returns 0 or -1.
int lr_initcheck(int root, char *path, struct fault *f)
{
  struct kopen_how how = {O_RDONLY|O_NONBLOCK|O_CLOEXEC, 0, KRESOLVE_IN_ROOT};
  char name[PATH_MAX], head[256], *s, *why = "init";
  struct stat st;
  int fd, len, depth;

  if (!*path) return lr_fault(f, ENOENT, why, "\"\"");
  if (strlen(path)>=sizeof(name))
    return lr_fault(f, ENAMETOOLONG, why, "%.64s...", path);
  strcpy(name, path);
  for (depth = 0; *name && depth<5; depth++) {
    fd = kopenat2(root, name, &how);
    if (fd == -1) {
      if (depth) return lr_fault(f, errno, why, "%s of %s", name, path);

      return lr_fault(f, errno, why, "%s", path);
    }
    errno = 0;
    len = fstat(fd, &st);
    if (!len && !S_ISREG(st.st_mode)) errno = S_ISDIR(st.st_mode) ? EISDIR
      : EACCES;
    else if (!len && !(st.st_mode&0111)) errno = EACCES;
    else if (!len) len = pread(fd, head, sizeof(head)-1, 0);
    if (len<0 || errno) {
      len = errno;
      close(fd);

      return lr_fault(f, len, why, "%s", name);
    }
    head[len] = *name = 0;
    if (len>(int)sizeof(Elf64_Ehdr) && !memcmp(head, ELFMAG, SELFMAG)) {
      why = "the loader";
      if (elf_interp(fd, head, name, sizeof(name)))
        *name = 0, errno = ENOEXEC;
    } else if (head[0] == '#' && head[1] == '!') {
      why = "the interpreter";
      for (s = head+2; *s == ' ' || *s == '\t'; s++);
      s[strcspn(s, " \t\n")] = 0;
      strcpy(name, s);
      if (!*s) errno = ENOEXEC;
    } else errno = ENOEXEC;
    close(fd);
    if (errno) return lr_fault(f, errno, "init", "%s", path);
  }
  if (*name) return lr_fault(f, ELOOP, why, "%s of %s", name, path);

  return 0;
}
