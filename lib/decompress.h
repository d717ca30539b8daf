// decompress.h - a file's bytes, with the compressed stretches in it unpacked
// SPDX-License-Identifier: 0BSD

// Initramfs archives mix plain and compressed data freely. The caller reads
// plain bytes until it meets one that starts a compressed member, opens that,
// and reads its unpacked bytes. At their end it is back in the plain data, just
// behind the member.
struct decompress {
  int fd;                     // in: the file, read to its end, never seeked
  unsigned char *at;          // bytes at hand, and how many there are
  unsigned long have;
  unsigned long long offset;  // of *at, from the start of the file or member
  char *format;               // name of the open member's format, 0: plain
  unsigned long long start;   // where in the file that member starts

  struct decoder *decoder;    // lib/decompress.c's own
};

struct fault;

int lr_decompress_more(struct decompress *c, struct fault *f);
void lr_decompress_use(struct decompress *c, unsigned long len);
int lr_decompress_open(struct decompress *c, struct fault *f);
void lr_decompress_free(struct decompress *c);
