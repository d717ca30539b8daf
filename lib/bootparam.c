/* bootparam.c - the kernel command line
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 *
 * The rules are the kernel's own, lib/cmdline.c next_arg() and parameq() in
 * kernel/params.c: words end at white space outside double quotes, quotes can
 * stand round the whole word or round the value, '-' and '_' in a name are the
 * same, and what follows a lone "--" is for init.
 */

#include "toys.h"
#include "lib/bootparam.h"

// Do the LEN bytes at S spell NAME, '-' and '_' being alike?
static int same(char *s, int len, char *name)
{
  int i;

  for (i = 0; i<len; i++)
    if ((s[i]=='-' ? '_' : s[i]) != (name[i]=='-' ? '_' : name[i])) return 0;

  return !name[i];
}

// The value of the last NAME=value in CMDLINE, which stays as it is or is 0. A
// NAME without "=" has the value "". Returns a malloc()ed string, or 0 when
// NAME isn't there (or memory is out: nothing else can fail).
char *lr_bootparam(char *cmdline, char *name)
{
  char *s = cmdline ? : "", *val = 0;

  for (;;) {
    char *word, *eq = 0, *end;
    int quote = 0, quoted = 0;

    while (isspace(*s)) s++;
    if (!*s) return val;
    if (*s == '"') {
      quote = quoted = 1;
      s++;
    }
    for (word = s; *s && (quote || !isspace(*s)); s++) {
      if (*s == '"') quote = !quote;
      else if (*s == '=' && !eq) eq = s;
    }
    end = s;
    if (end-word == 2 && !memcmp(word, "--", 2)) return val;
    if (eq && eq+1<end && eq[1] == '"') {
      quoted = 1;
      eq++;
    }
    if (quoted && end>word && end[-1] == '"' && end-1 != eq) end--;
    if (!same(word, (eq ? eq-(*eq == '"') : end)-word, name)) continue;

    free(val);
    val = eq ? strndup(eq+1, end-eq-1) : strdup("");
  }
}
