/* un_lzo.c - unpack one file of lzop, by LZO
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include "lib/decoder.h"

#if CFG_LEAFROOT_LZO
#include <lzo/lzo1x.h>

// The most that the kernel reads as one block
#define BLOCK (1<<18)

// Flags of lzop's header: which checksum each block has
#define ADLER_UNPACKED 1
#define ADLER_PACKED   2
#define CRC_UNPACKED   0x100
#define CRC_PACKED     0x200

static unsigned be32(unsigned char *p)
{
  return (unsigned)p[0]<<24 | p[1]<<16 | p[2]<<8 | p[3];
}

// Read lzop's header, as its version 1.04 writes it, in bytes: magic 9, version
// 2, library 2, version needed 2, method 1, and from version 0x940 on level 1;
// flags 4, filter 4 if flags have 0x800, mode 4, time 4 (8 from 0x940 on),
// length of the name 1, the name, checksum 4. Returns the flags, or -1.
static long long lzop_header(struct decoder *d)
{
  unsigned char head[9+7+1+4+4+12+1+255+4], *p = head;
  unsigned modern, flags, len, sum;

  if (lr_decoder_exactly(d, p, 9+7)) return -1;
  if (memcmp(p, "\x89LZO\0\r\n\x1a\n", 9))
    return lr_decoder_bad(d, "damaged header");
  modern = (p[9]<<8|p[10]) >= 0x940;
  if (lr_decoder_exactly(d, p += 16, modern+4)) return -1;
  flags = be32(p += modern);
  len = (flags&0x800 ? 4 : 0)+(modern ? 12 : 8)+1;
  if (lr_decoder_exactly(d, p += 4, len)) return -1;
  p += len;
  if (lr_decoder_exactly(d, p, p[-1]+4)) return -1;
  p += p[-1];
  sum = flags&0x1000 ? lzo_crc32(0, head+9, p-head-9)
    : lzo_adler32(1, head+9, p-head-9);
  if (be32(p) != sum) return lr_decoder_bad(d, "damaged header");

  return flags;
}

// Unpack one block to the ring, with IN for its packed bytes: unpacked length
// 4 (0 marks the end, and is all there is then), packed length 4, checksum 4,
// data. Data as long packed as unpacked is just copied. Returns 1, 0 at the
// end, or -1.
static int one_block(struct decoder *d, unsigned flags, unsigned char *in)
{
  unsigned char head[12], *out;
  unsigned len, sum, unpacked;
  lzo_uint got;

  if (lr_decoder_exactly(d, head, 4)) return -1;
  if (!(got = be32(head))) return 0;
  if (lr_decoder_exactly(d, head+4, 8)) return -1;
  if (got>BLOCK || (len = be32(head+4))>got || !len)
    return lr_decoder_bad(d, "damaged");
  if (!(out = lr_decoder_room(d, got, 0)) || lr_decoder_exactly(d, in, len))
    return -1;
  if (len == got) memcpy(out, in, len);
  else if (lzo1x_decompress_safe(in, len, out, &got, 0) || got != be32(head))
    return lr_decoder_bad(d, "damaged");
  unpacked = flags&(ADLER_UNPACKED|CRC_UNPACKED);
  if (flags&(CRC_UNPACKED|CRC_PACKED))
    sum = lzo_crc32(0, unpacked ? out : in, unpacked ? got : len);
  else sum = lzo_adler32(1, unpacked ? out : in, unpacked ? got : len);
  if (sum != be32(head+8)) return lr_decoder_bad(d, "damaged");
  d->used += got;

  return 1;
}

// See lib/decoder.h, as for all decoders. The kernel reads blocks of up to 256
// KiB, each with just one checksum.
int lr_un_lzo(struct decoder *d)
{
  long long flags = lzop_header(d);
  unsigned char *in;
  int rc = -1;

  if (flags<0) return -1;
  if (!!(flags&ADLER_UNPACKED)+!!(flags&ADLER_PACKED)+!!(flags&CRC_UNPACKED)
    +!!(flags&CRC_PACKED) != 1)
      return lr_decoder_bad(d, "has not one checksum a block");
  // Only the fuzzer's slots are too small for a block.
  if (DECODER_SLOT<BLOCK && lr_decoder_ring(d, BLOCK, 2)) return -1;
  if (!(in = malloc(BLOCK))) d->err = ENOMEM;
  else while (0<(rc = one_block(d, flags, in)));
  free(in);

  return rc;
}
#endif
