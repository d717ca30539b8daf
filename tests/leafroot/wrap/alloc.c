// alloc.c - a leafroot for which memory is out at the Nth allocation
//
// Linked into it with --wrap for malloc, calloc and realloc. The C library's
// own functions, as strdup(), call those. LEAFROOT_ALLOC=N in the environment:
// the Nth of them fails, with N+ every later one too, and descriptor 9 gets a
// line "injected" when that happens. With 0 none fails, and the last line there
// is "alloc" and how many there were.
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);

// The C library's own beginning does not count
static char *which;
__attribute__((constructor)) static void begin(void)
{
  which = getenv("LEAFROOT_ALLOC");
}

static int fails(void)
{
  static unsigned calls;
  unsigned call, at;
  char *end, line[32];

  if (!which) return 0;
  call = __atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST);
  if (!(at = strtoul(which, &end, 10))) {
    // Each over the one before: the end of leafroot is an exec, which we don't see
    sprintf(line, "alloc %9u\n", call);
    if (pwrite(9, line, strlen(line), 0)<0) which = 0;

    return 0;
  }
  if (call<at || (call>at && *end != '+')) return 0;
  if (call == at && write(9, "injected\n", 9)<0) which = 0;
  errno = ENOMEM;

  return 1;
}

void *__wrap_malloc(size_t size)
{
  return fails() ? 0 : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
  return fails() ? 0 : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
  return fails() ? 0 : __real_realloc(old, size);
}
