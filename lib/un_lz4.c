/* un_lz4.c - unpack lz4's legacy frames, by LZ4
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include "lib/decoder.h"

#if CFG_LEAFROOT_LZ4
#include <lz4.h>

// Unpacked bytes of a block (the last one has less)
#define BLOCK (8<<20)

// Read a block's length, or what stands where one could. Returns 0 with *LEN,
// 1 at the end of the member, or -1. Fewer than 4 bytes at the file's end that
// are no padding were the start of something.
static int block_length(struct decoder *d, unsigned long *len)
{
  unsigned char head[4];
  int n;

  for (n = 0; n<4; n++) {
    if (!lr_decoder_more(d)) break;
    head[n] = *d->at;
    lr_decoder_use(d, 1);
  }
  if (n<4 || !memcmp(head, "\0\0\0\0", 4)) {
    while (n--) if (head[n]) lr_decoder_bad(d, "truncated");

    return d->why ? -1 : 1;
  }
  *len = head[0] | head[1]<<8 | head[2]<<16 | (unsigned long)head[3]<<24;

  return 0;
}

// See lib/decoder.h, as for all decoders. After the magic there are blocks:
// packed length 4, data, 8 MiB unpacked. Nothing marks the end: it is where a
// length of 0 stands (padding), the file's end or, since the kernel's 5.15, the
// file's last bytes if fewer than 4. The magic may come again between blocks.
// What else follows is taken for a block.
int lr_un_lz4(struct decoder *d)
{
  unsigned long max = LZ4_COMPRESSBOUND(BLOCK), len;
  unsigned char *in, magic[4], *out;
  int rc = -1, got;

  if (lr_decoder_ring(d, BLOCK, 2)) return -1;
  if (!(in = malloc(max))) d->err = ENOMEM;
  else if (lr_decoder_exactly(d, magic, 4)
    || memcmp(magic, "\2\x21\x4c\x18", 4)) lr_decoder_bad(d, "damaged header");
  else while (!(rc = block_length(d, &len))) {
    // The magic again
    if (len == 0x184c2102) continue;
    rc = -1;
    if (len>max) {
      lr_decoder_bad(d, "followed by what is neither a block nor padding");
      break;
    }
    if (!(out = lr_decoder_room(d, BLOCK, 0)) || lr_decoder_exactly(d, in, len))
      break;
    got = LZ4_decompress_safe((void *)in, (void *)out, len, BLOCK);
    if (got<0) {
      lr_decoder_bad(d, "damaged");
      break;
    }
    d->used += got;
  }
  free(in);

  return rc<0 ? -1 : 0;
}
#endif
