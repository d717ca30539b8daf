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

// Read LEN bytes from OFF on of program P to TO. Returns 0, or -1 if they are
// not there.
static int part(struct program *p, void *to, unsigned len,
  unsigned long long off)
{
  if (p->fd != -1) return -(pread(p->fd, to, len, off) != (ssize_t)len);
  if (off>p->len || len>p->len-off) return -1;
  memcpy(to, p->head+off, len);

  return 0;
}

// The interpreter that ELF file P asks for (PT_INTERP), into NAME of SIZE
// bytes; "" if it asks for none. An ELF file of the other word size is read as
// what it is. Returns 0, or -1 if it's broken.
static int elf_interp(struct program *p, char *name, unsigned size)
{
  int wide = p->head[EI_CLASS] == ELFCLASS64, i;
  unsigned long long off;
  unsigned len;
  Elf32_Ehdr *e32 = (void *)p->head;
  Elf64_Ehdr *e64 = (void *)p->head;
  union { Elf32_Phdr p32; Elf64_Phdr p64; } ph;

  *name = 0;

  // Not our byte order: binfmt_misc may know what to do with it
  if (p->head[EI_DATA] != (IS_BIG_ENDIAN ? ELFDATA2MSB : ELFDATA2LSB)) return 0;
  for (i = 0; i<(wide ? e64->e_phnum : e32->e_phnum); i++) {
    len = wide ? sizeof(ph.p64) : sizeof(ph.p32);
    off = (wide ? e64->e_phoff : e32->e_phoff)+i*(unsigned long long)len;
    if (part(p, &ph, len, off)) return -1;
    if ((wide ? ph.p64.p_type : ph.p32.p_type) != PT_INTERP) continue;
    off = wide ? ph.p64.p_offset : ph.p32.p_offset;
    len = minof(wide ? ph.p64.p_filesz : ph.p32.p_filesz, size+1ULL);

    return (len<2 || len>size || part(p, name, len, off) || name[len-1]) ? -1
      : 0;
  }

  return 0;
}

// What program P needs to start, to NAME of SIZE bytes: the #! line's program,
// the ELF loader, "" if nothing. Of a file that's not there yet the beginning
// has to do. Returns the word for that, or 0 if P can't be run (ENOEXEC), or
// that is not in its beginning.
char *lr_initcheck_needs(struct program *p, char *name, unsigned size)
{
  char *s = p->head, *end = s+minof(p->len, 255U);
  unsigned len;

  if (p->len>sizeof(Elf64_Ehdr) && !memcmp(s, ELFMAG, SELFMAG))
    return elf_interp(p, name, size) ? 0 : "the loader";
  if (p->len<2 || s[0] != '#' || s[1] != '!') return 0;
  for (s += 2; s<end && (*s == ' ' || *s == '\t'); s++);
  for (len = 0; s+len<end && s[len] && !strchr(" \t\n", s[len]); len++);
  if (!len || len>=size) return 0;
  memcpy(name, s, len);
  name[len] = 0;

  return "the interpreter";
}

// Could PATH below ROOT, a directory that's seen as "/", be run? It and what it
// needs to start (the #! line's program, the ELF loader) must be regular files
// with an x bit; four scripts deep, as the kernel allows. Leaves a fault: what
// is wrong with which file. Returns 0 or -1.
int lr_initcheck(int root, char *path, struct fault *f)
{
  struct kopen_how how = {O_RDONLY|O_NONBLOCK|O_CLOEXEC, 0, KRESOLVE_IN_ROOT};
  char name[PATH_MAX], head[256], *why = "init", *needs;
  struct program p = {.head = head};
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
    p.fd = fd;
    p.len = len;
    *name = 0;
    needs = lr_initcheck_needs(&p, name, sizeof(name));
    close(fd);
    if (!needs) return lr_fault(f, ENOEXEC, "init", "%s", path);
    why = needs;
  }
  if (*name) return lr_fault(f, ELOOP, why, "%s of %s", name, path);

  return 0;
}
