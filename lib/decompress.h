// decompress.h - a file's bytes, with the compressed stretches in it unpacked

// The caller reads plain bytes until it meets one that starts a compressed
// member, opens that, and reads its bytes until their end leaves it again where
// the plain ones go on: initramfs archives mix both freely.
struct decompress {
  int fd;                     // in: the file, read to its end, never seeked
  unsigned char *at;          // bytes at hand, and how many there are
  unsigned long have;
  unsigned long long offset;  // of *at, from the start of the file or member
  char *format;               // name of the open member's format, 0: plain
  unsigned long long start;   // where in the file that member starts

  struct decompress_state *state;
};

struct fault;

int lr_decompress_more(struct decompress *d, struct fault *f);
void lr_decompress_use(struct decompress *d, unsigned long len);
int lr_decompress_open(struct decompress *d, struct fault *f);
void lr_decompress_free(struct decompress *d);
