/* un_gzip.c - unpack one gzip member, by ISA-L or by zlib
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 *
 * ISA-L's inflate is the faster one, but has its loops in x86-64 assembler.
 */

#include "toys.h"
#include "lib/decoder.h"

#if DECODER_ISAL
#include <igzip_lib.h>

int decode_huffman_code_block_stateless_01(struct inflate_state *, uint8_t *);
int decode_huffman_code_block_stateless_04(struct inflate_state *, uint8_t *);
int decode_huffman_code_block_stateless_base(struct inflate_state *, uint8_t *);
uint32_t crc32_gzip_refl_by8(uint32_t, const unsigned char *, uint64_t);

// ISA-L calls the following functions by these names. Its own versions, which
// choose the loop that fits the processor, would pull in all of its library.
// The loops need SSE4.1 with carry-less multiply (processors of 2010) or AVX2
// (2013); emulators have neither by default.
struct isal_hufftables hufftables_default;

int decode_huffman_code_block_stateless(struct inflate_state *state,
  uint8_t *start)
{
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2"))
    return decode_huffman_code_block_stateless_04(state, start);
  if (__builtin_cpu_supports("sse4.1"))
    return decode_huffman_code_block_stateless_01(state, start);

  return decode_huffman_code_block_stateless_base(state, start);
}

uint32_t crc32_gzip_refl(uint32_t crc, const unsigned char *buf, uint64_t len)
{
  int i;

  if (__builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1"))
    return crc32_gzip_refl_by8(crc, buf, len);
  for (crc = ~crc; len--;)
    for (crc ^= *buf++, i = 8; i--;) crc = crc>>1 ^ (crc&1 ? 0xedb88320 : 0);

  return ~crc;
}

// Where it would keep what a gzip header says, such as the file's name
void isal_gzip_header_init(struct isal_gzip_header *header)
{
  memset(header, 0, sizeof(*header));
}

// Only zlib's framing needs this checksum, and gzip's framing is another.
uint32_t isal_adler32_bam1(uint32_t sum, const unsigned char *buf, uint64_t len)
{
  (void)sum, (void)buf, (void)len;

  return 0;
}

// See lib/decoder.h, as for all decoders.
int lr_un_gzip(struct decoder *d)
{
  struct inflate_state *z = malloc(sizeof(*z));
  unsigned long n, in;
  int rc = -1;

  if (!z) {
    d->err = ENOMEM;

    return -1;
  }
  isal_inflate_init(z);
  z->crc_flag = ISAL_GZIP;
  while (z->block_state != ISAL_BLOCK_FINISH) {
    if (!(z->next_out = lr_decoder_room(d, 1, &n))) goto done;
    z->avail_out = n;
    in = z->avail_in = lr_decoder_more(d);
    z->next_in = d->at;
    if (isal_inflate(z)<0) {
      lr_decoder_bad(d, "damaged");
      goto done;
    }
    if (lr_decoder_step(d, in-z->avail_in, n-z->avail_out,
      z->block_state == ISAL_BLOCK_FINISH)) goto done;
  }
  rc = 0;

done:
  free(z);

  return rc;
}

#elif DECODER_GZIP
#include <zlib.h>

// See lib/decoder.h, as for all decoders.
int lr_un_gzip(struct decoder *d)
{
  z_stream z = {0};
  unsigned long n, in;
  int rc = 0;

  // 15: the largest window, 16: of gzip
  if (inflateInit2(&z, 15+16) != Z_OK) {
    d->err = ENOMEM;

    return -1;
  }
  while (rc != Z_STREAM_END) {
    if (!(z.next_out = lr_decoder_room(d, 1, &n))) break;
    z.avail_out = n;
    in = z.avail_in = lr_decoder_more(d);
    z.next_in = d->at;
    rc = inflate(&z, Z_NO_FLUSH);
    if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR) {
      lr_decoder_bad(d, "damaged");
      break;
    }
    in -= z.avail_in;
    if (lr_decoder_step(d, in, n-z.avail_out, rc == Z_STREAM_END)) break;
  }
  inflateEnd(&z);

  return rc == Z_STREAM_END ? 0 : -1;
}
#endif
