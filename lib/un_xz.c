/* un_xz.c - unpack one xz stream or lzma file, by liblzma
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include "lib/decoder.h"

#if CFG_LEAFROOT_XZ
#include <lzma.h>

// Both of liblzma's formats, from Z that was initialised with result RC.
static int un_either(struct decoder *d, lzma_stream *z, lzma_ret rc)
{
  unsigned long n, in;

  while (rc == LZMA_OK) {
    if (!(z->next_out = lr_decoder_room(d, 1, &n))) break;
    z->avail_out = n;
    in = z->avail_in = lr_decoder_more(d);
    z->next_in = d->at;
    rc = lzma_code(z, LZMA_RUN);
    in -= z->avail_in;
    if (lr_decoder_step(d, in, n-z->avail_out, rc != LZMA_OK)) break;
  }
  if (rc == LZMA_MEM_ERROR) d->err = ENOMEM;
  else if (rc == LZMA_UNSUPPORTED_CHECK)
    lr_decoder_bad(d, "has a checksum that is not CRC");
  else if (rc == LZMA_OPTIONS_ERROR)
    lr_decoder_bad(d, "needs a filter unknown here");
  else if (rc > LZMA_STREAM_END) lr_decoder_bad(d, "damaged");
  lzma_end(z);

  return rc == LZMA_STREAM_END ? 0 : -1;
}

// See lib/decoder.h, as for all decoders.
int lr_un_xz(struct decoder *d)
{
  lzma_stream z = LZMA_STREAM_INIT;

  return un_either(d, &z,
    lzma_stream_decoder(&z, UINT64_MAX, LZMA_TELL_UNSUPPORTED_CHECK));
}

int lr_un_lzma(struct decoder *d)
{
  lzma_stream z = LZMA_STREAM_INIT;

  return un_either(d, &z, lzma_alone_decoder(&z, UINT64_MAX));
}
#endif
