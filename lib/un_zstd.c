/* un_zstd.c - unpack one zstd frame, by libzstd
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include "lib/decoder.h"

#if CFG_LEAFROOT_ZSTD
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>
#include <zstd_errors.h>

static int zstd_bad(struct decoder *d, size_t rc)
{
  if (ZSTD_getErrorCode(rc) == ZSTD_error_memory_allocation) d->err = ENOMEM;

  return lr_decoder_bad(d, "damaged");
}

// Read the frame's header, and make the memory that its blocks are unpacked to.
// Returns the most bytes that a block can have, 0 if the frame is empty, or -1.
static long zstd_header(struct decoder *d)
{
  ZSTD_frameHeader head;
  unsigned long size;
  size_t rc;

  // A whole frame can be shorter than the longest header.
  lr_decoder_gather(d, ZSTD_FRAMEHEADERSIZE_MAX);
  d->why = 0;
  if (d->err) return -1;
  rc = ZSTD_getFrameHeader(&head, d->at, d->have);
  if (rc) return lr_decoder_bad(d, ZSTD_isError(rc) ? "damaged" : "truncated");
  // The library's default limit, and the kernel's
  if (head.windowSize>1<<27)
    return lr_decoder_bad(d, "needs a window over 128 MiB");

  // A piece is at most a slot and a block long. DECODER_RING+1 of them are
  // around at once: those in the ring, and the one that is being filled.
  size = (DECODER_RING+1)*(DECODER_SLOT+head.blockSizeMax);
  if (size<head.windowSize) size = head.windowSize;
  if (lr_decoder_ring(d, size+2*head.blockSizeMax+64, 1)) return -1;
  d->count = DECODER_RING;

  return head.blockSizeMax;
}

// Blocks are unpacked one behind the other, into memory that is at once zstd's
// window and the ring: what the caller has yet to see lies inside the window,
// and that is not written over. Otherwise zstd would have a window of its own,
// and copy everything out of it.
static int zstd_blocks(struct decoder *d, ZSTD_DCtx *z)
{
  long block = zstd_header(d);
  unsigned long size = d->slot, pos = 0, n;
  size_t rc;

  if (block<0 || lr_decoder_wait(d)) return -1;
  for (ZSTD_decompressBegin(z); (n = ZSTD_nextSrcSizeToDecompress(z));) {
    if (lr_decoder_gather(d, n)) break;
    if (d->used>=DECODER_SLOT || size<pos+block+64) {
      lr_decoder_give(d, d->memory+pos-d->used);
      if (lr_decoder_wait(d)) break;
    }
    if (size<pos+block+64) pos = 0;
    rc = ZSTD_decompressContinue(z, d->memory+pos, block, d->at, n);
    if (ZSTD_isError(rc)) {
      zstd_bad(d, rc);
      break;
    }
    lr_decoder_use(d, n);
    pos += rc;
    d->used += rc;
  }
  lr_decoder_give(d, d->memory+pos-d->used);

  return n ? -1 : 0;
}

// See lib/decoder.h, as for all decoders.
int lr_un_zstd(struct decoder *d)
{
  ZSTD_DCtx *z = ZSTD_createDCtx();
  int rc = -1;

  if (!z) d->err = ENOMEM;
  else rc = zstd_blocks(d, z);
  ZSTD_freeDCtx(z);

  return rc;
}
#endif
