/* un_bzip2.c - unpack one bzip2 stream, by libbzip2
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include "lib/decoder.h"

#if CFG_LEAFROOT_BZIP2
#include <bzlib.h>

// libbzip2 calls this when its own state makes no sense, and it must not
// return. Only the decoder's thread ends then, and the data counts as damaged.
void bz_internal_error(int code)
{
  (void)code;
  pthread_exit(0);
}

// See lib/decoder.h, as for all decoders.
int lr_un_bzip2(struct decoder *d)
{
  bz_stream z = {0};
  unsigned long n, in;
  int rc = BZ_OK;

  if (BZ2_bzDecompressInit(&z, 0, 0) != BZ_OK) {
    d->err = ENOMEM;

    return -1;
  }
  while (rc == BZ_OK) {
    if (!(z.next_out = (void *)lr_decoder_room(d, 1, &n))) break;
    z.avail_out = n;
    in = z.avail_in = lr_decoder_more(d);
    z.next_in = (void *)d->at;
    rc = BZ2_bzDecompress(&z);
    if (rc == BZ_MEM_ERROR) d->err = ENOMEM;
    else if (rc<0) lr_decoder_bad(d, "damaged");
    in -= z.avail_in;
    if (lr_decoder_step(d, in, n-z.avail_out, rc != BZ_OK)) break;
  }
  BZ2_bzDecompressEnd(&z);

  return rc == BZ_STREAM_END ? 0 : -1;
}
#endif
