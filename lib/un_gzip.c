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
#include <cpuid.h>
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

// What the processor has of what the loops need
#define HAS_SSE41  1
#define HAS_PCLMUL 2
#define HAS_AVX2   4        // with BMI2

// One stream. A virtual machine's host answers each CPUID, which takes a
// microsecond and more, so what is asked for each block is kept.
struct stream {
  struct inflate_state z;   // the first: what ISA-L hands on leads to the rest
  unsigned has;
};

// The HAS_* of this processor. (The compiler's __builtin_cpu_supports() knows
// them too, but its table of all processors is 4 kB.)
static unsigned processor(void)
{
  unsigned a, b, c, d, has = 0;

  if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
  if (c & bit_SSE4_1) has |= HAS_SSE41;
  if (c & bit_PCLMUL) has |= HAS_PCLMUL;

  // AVX can be used only if the kernel saves its registers: bits 1 and 2 of
  // XCR0 (Intel's manual, volume 1, 14.3)
  if (!(c & bit_OSXSAVE)) return has;
  asm("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
  if ((a&6) == 6 && __get_cpuid_count(7, 0, &a, &b, &c, &d)
    && (b & bit_AVX2) && (b & bit_BMI2)) has |= HAS_AVX2;

  return has;
}

int decode_huffman_code_block_stateless(struct inflate_state *state,
  uint8_t *start)
{
  unsigned has = ((struct stream *)state)->has;

  if (has & HAS_AVX2)
    return decode_huffman_code_block_stateless_04(state, start);
  if (has & HAS_SSE41)
    return decode_huffman_code_block_stateless_01(state, start);

  return decode_huffman_code_block_stateless_base(state, start);
}

// (Called for each piece of output, so seldom.)
uint32_t crc32_gzip_refl(uint32_t crc, const unsigned char *buf, uint64_t len)
{
  unsigned has = processor();
  int i;

  if ((has & HAS_PCLMUL) && (has & HAS_SSE41))
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
  struct stream *s = malloc(sizeof(*s));
  struct inflate_state *z = (void *)s;
  unsigned long n, in;
  int rc = -1;

  if (!s) {
    d->err = ENOMEM;

    return -1;
  }
  s->has = processor();
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
  free(s);

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
