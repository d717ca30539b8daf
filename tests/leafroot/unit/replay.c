// replay.c - main() for a fuzz target: run it on each file that is named
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

#include "toys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

int main(int argc, char *argv[])
{
  int i, fd;

  if (LLVMFuzzerInitialize) LLVMFuzzerInitialize(&argc, &argv);
  for (i = 1; i<argc; i++) {
    struct stat st;
    uint8_t *data;

    // Said before it's run, since what's wrong there calls abort()
    fprintf(stderr, "%s\n", argv[i]);
    fd = open(argv[i], O_RDONLY|O_CLOEXEC);
    // Just the bytes of the file, for a sanitizer to see who reads behind them
    if (fd == -1 || fstat(fd, &st) || !(data = malloc(st.st_size ? : 1))
      || read(fd, data, st.st_size) != st.st_size)
    {
      perror(argv[i]);

      return 1;
    }
    close(fd);
    LLVMFuzzerTestOneInput(data, st.st_size);
    free(data);
  }
  printf("replay: %d files\n", argc-1);

  return argc<2;
}
