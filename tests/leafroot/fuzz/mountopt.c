// mountopt.c - libFuzzer's target for lib/mountopt.c: a list of options is
// cut up and each given to a tmpfs and a ramfs of the running kernel.
// SPDX-License-Identifier: 0BSD

// fuzz: lib/fsnew.c lib/mountopt.c lib/fault.c

#include "toys.h"
#include "lib/fault.h"
#include "lib/fsnew.h"
#include "lib/kernel.h"
#include "lib/mountopt.h"

char libbuf[4096];

// Add to *TO what of S is neither a quote nor a comma.
static void bare(char **to, char *s)
{
  for (; *s; s++) if (!strchr("\",", *s)) *(*to)++ = *s;
  **to = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
  static char *types[] = {"tmpfs", "ramfs"};
  char *s = malloc(len+1), *list = malloc(len+1), *all = malloc(len+1),
    *kept = malloc(len+1), *end = all, *opt, *next;
  struct fault f = {0};
  struct fsnew n;
  struct stat st;
  size_t i;

  memcpy(s, data, len);
  s[len] = 0;
  bare(&end, s);
  for (i = 0; i<ARRAY_LEN(types); i++) {
    strcpy(next = list, s);
    if (lr_fsnew_open(&n, types[i], &f)) {
      perror("fuzz-mountopt (needs root)");
      exit(1);
    }
    for (end = kept; (opt = lr_mountopt_next(&next)); bare(&end, opt)) {
      if (next>list+strlen(s) || opt+strlen(opt)>next || strchr(opt, '"'))
        abort();
      // The kernel's own words, or nothing wrong: one of the two
      if (!lr_fsnew_option(&n, "-o ", opt, &f) != !f.step) abort();
      if (f.step && (!f.name || !strstr(f.name, opt))) abort();
      lr_fault_clear(&f);
      if (n.set & ~(MATTR_RDONLY|MATTR_NOSUID|MATTR_NODEV|MATTR_NOEXEC
        |MATTR_ATIME|MATTR_NODIRATIME|MATTR_NOSYMFOLLOW)) abort();
    }
    // Nothing gets lost but quotes and the commas between options
    *end = 0;
    if (strcmp(kept, all)) abort();
    // What it took by itself it may refuse together: never without a reason
    if (!lr_fsnew_mount(&n, &f)) {
      if (f.step || fstat(n.dir, &st) || !S_ISDIR(st.st_mode)) abort();
    } else if (!f.step) abort();
    lr_fault_clear(&f);
    lr_fsnew_close(&n);
  }
  free(s);
  free(list);
  free(all);
  free(kept);

  return 0;
}
