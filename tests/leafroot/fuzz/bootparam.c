// bootparam.c - libFuzzer's target for lib/bootparam.c
// SPDX-License-Identifier: 0BSD

// fuzz: lib/bootparam.c

#include "toys.h"
#include "lib/bootparam.h"

// The value of the last NAME in S, found another way: words cut out as
// lib/cmdline.c of the kernel does, by writing to a copy. 0: none.
static char *slow(char *s, char *name)
{
  char *copy = strdup(s), *val = 0, *word, *eq, *end;
  int quote, i;

  for (s = copy;; ) {
    while (isspace(*s)) s++;
    if (!*s) break;
    quote = *s == '"';
    word = s += quote;
    i = quote;
    for (eq = 0; *s && (quote || !isspace(*s)); s++)
      if (*s == '"') quote = !quote;
      else if (*s == '=' && !eq) eq = s;
    end = s;
    if (*s) *s++ = 0;
    if (!strcmp(word, "--")) break;
    if (eq) {
      *eq++ = 0;
      if (*eq == '"') {
        eq++;
        i = 1;
      }
    }
    if (i && end>(eq ? : word) && end[-1] == '"') end[-1] = 0;
    for (i = 0; word[i] || name[i]; i++)
      if (word[i] != name[i] && !(strchr("-_", word[i]) && word[i]
        && strchr("-_", name[i]) && name[i])) break;
    if (!word[i] && !name[i]) val = eq ? : "";
  }
  if (val) val = strdup(val);
  free(copy);

  return val;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
  static char *names[] = {"rootflags", "leafroot", "initramfs_options", "a"};
  char *s = malloc(len+1), *copy = malloc(len+1), *val, *want;
  int i;

  memcpy(s, data, len);
  s[len] = 0;
  strcpy(copy, s);
  for (i = 0; i<ARRAY_LEN(names); i++) {
    val = lr_bootparam(s, names[i]);
    want = slow(s, names[i]);
    if (!val != !want || (val && strcmp(val, want)) || strcmp(s, copy)) {
      printf("%s: '%s', not '%s'\n", names[i], val ? : "(none)",
        want ? : "(none)");
      abort();
    }
    free(val);
    free(want);
  }
  free(s);
  free(copy);

  return 0;
}
