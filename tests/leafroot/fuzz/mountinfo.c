// mountinfo.c - libFuzzer's target for lib/mountinfo.c: what was parsed,
// written down as the kernel would, has to be parsed to the same again.
// SPDX-License-Identifier: 0BSD

// fuzz: lib/mountinfo.c lib/fault.c

#include "toys.h"
#include "lib/mountinfo.h"

// Add S to *TO, escaped as fs/proc_namespace.c mangle() does.
static void mangle(char **to, char *s)
{
  for (; *s; s++)
    if (strchr(" \t\n\\#", *s)) *to += sprintf(*to, "\\%03o", *s);
    else *(*to)++ = *s;
  *(*to)++ = ' ';
}

static char *print(struct mountinfo *m, size_t len)
{
  char *buf = malloc(len*4+4096), *to = buf;

  for (; m; m = m->next) {
    if (to-buf>len*4) abort();
    to += sprintf(to, "%u %u %u:%u ", m->id, m->parent, m->maj, m->min);
    mangle(&to, m->root);
    mangle(&to, m->dir);
    to += sprintf(to, "%s %s- ", m->flags, m->shared ? "shared:1 " : "");
    mangle(&to, m->type);
    mangle(&to, m->source);
    to += sprintf(to, "%s\n", m->super);
  }
  *to = 0;

  return buf;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
  char *s = malloc(len+1), *text, *again;
  struct mountinfo *m, *n;
  size_t lines = 0, i;   // there are no more mounts than lines

  memcpy(s, data, len);
  s[len] = 0;
  m = lr_mountinfo_parse(s);
  if (!m && errno != EINVAL && errno) abort();
  for (i = 0; s[i]; i++) lines += s[i] == '\n' || !s[i+1];
  for (n = m; n; n = n->next) if (!lines--) abort();

  // 21 digits for each number that had 1: lines have 10 bytes at least
  if (m) {
    text = print(m, len*4);
    n = lr_mountinfo_parse(text);
    if (!n) abort();
    again = print(n, len*4);
    if (strcmp(text, again)) {
      printf("%s---\n%s", text, again);
      abort();
    }
    free(text);
    free(again);
    lr_mountinfo_free(n);
  }
  lr_mountinfo_free(m);
  free(s);

  return 0;
}
