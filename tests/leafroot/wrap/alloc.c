// alloc.c - a leafroot for which memory is out at the Nth allocation
//
// Linked into it with --wrap for malloc, calloc and realloc. The C library's
// own functions, as strdup(), call those. LEAFROOT_ALLOC=N in the environment:
// the Nth of them fails, with N+ every later one too. When that happens
// "injected" is written to descriptor 9, if that is open.
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
static int begun;
__attribute__((constructor)) static void begin(void)
{
  begun = 1;
}

static int fails(void)
{
  static unsigned calls;
  char *n = getenv("LEAFROOT_ALLOC");
  unsigned call = __atomic_add_fetch(&calls, begun, __ATOMIC_SEQ_CST), at;

  if (!begun || !n || call<(at = strtoul(n, &n, 10))) return 0;
  if (call>at && *n != '+') return 0;
  if (call == at && write(9, "injected\n", 9)<0) errno = 0;
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
