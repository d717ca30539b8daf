// decoder.h - the table of compressed formats, and what their decoders may use
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// Only lib/decompress.c and the decoders, lib/un_NAME.c, include this. A new
// format is one such file and one row here (and its library in
// scripts/decoders.sh, its option in toys/pending/leafroot.c and Config.in).

#include <pthread.h>

// Bytes of a slot of the usual ring, and how many slots it has. The fuzzer sets
// a smaller slot, because its archives are small.
#ifndef DECODER_SLOT
#define DECODER_SLOT (1<<19)
#endif
#define DECODER_RING 16

// ISA-L has its fast loops in x86-64 assembler only.
#ifdef __x86_64__
#define DECODER_ISAL CFG_LEAFROOT_ISAL
#else
#define DECODER_ISAL 0
#endif
#define DECODER_GZIP (DECODER_ISAL || CFG_TOYBOX_LIBZ)

// The formats, as in the kernel's lib/decompress.c: the two bytes of the magic
// that it compares (the decoder itself checks the rest), the name, whether the
// decoder is built, the option that builds it, and the function.
#define DECODERS(row) \
  row("\x1f\x8b", "gzip", DECODER_GZIP, "LEAFROOT_ISAL or TOYBOX_LIBZ", \
    lr_un_gzip) \
  row("\x1f\x9e", "gzip", DECODER_GZIP, "LEAFROOT_ISAL or TOYBOX_LIBZ", \
    lr_un_gzip) \
  row("BZ", "bzip2", CFG_LEAFROOT_BZIP2, "LEAFROOT_BZIP2", lr_un_bzip2) \
  row("\x5d\0", "lzma", CFG_LEAFROOT_XZ, "LEAFROOT_XZ", lr_un_lzma) \
  row("\xfd\x37", "xz", CFG_LEAFROOT_XZ, "LEAFROOT_XZ", lr_un_xz) \
  row("\x89\x4c", "lzo", CFG_LEAFROOT_LZO, "LEAFROOT_LZO", lr_un_lzo) \
  row("\x02\x21", "lz4", CFG_LEAFROOT_LZ4, "LEAFROOT_LZ4", lr_un_lz4) \
  row("\x28\xb5", "zstd", CFG_LEAFROOT_ZSTD, "LEAFROOT_ZSTD", lr_un_zstd)

struct decoder {
  // Input: what was read of the file and not used yet. Decoders use this.
  unsigned char *at;
  unsigned long have;           // bytes at AT
  unsigned long long offset;    // of AT in the file

  // Output and result. Decoders use this.
  unsigned char *memory;        // the ring's slots
  unsigned count;               // pieces that may be in the ring at once
  unsigned long used;           // bytes made since the last piece was given
  char *why;                    // what is wrong, a constant. 0: nothing
  int err;                      // errno if that says more, else 0

  // The rest is lib/decompress.c's.
  int fd;
  int can_block;                // the file is a pipe or so, not a regular one
  unsigned char *raw;           // the buffer that AT is in
  unsigned long slot;           // bytes of a slot
  unsigned long memory_size;
  int (*decode)(struct decoder *d);  // 0 after it returned

  // Shared with the caller of lr_decompress_more(), guarded by lock while the
  // thread runs. The pieces from tail to head-1 are full, modulo count.
  unsigned char *piece[DECODER_RING];
  unsigned long piece_len[DECODER_RING];
  unsigned head, tail;
  char done;                    // the thread makes no more pieces
  char stop;                    // the caller wants no more pieces
  pthread_mutex_t lock;
  pthread_cond_t changed;       // head, tail, done or stop
  pthread_t thread;
};

// A decoder unpacks one member: one gzip member, xz stream, zstd frame and so
// on. It is called in a thread of its own, with D->at at the member's first
// byte. Returns 0 with D->at behind the member's last byte, or -1 after
// lr_decoder_bad() or with D->err set (or with neither when lr_decoder_room()
// or lr_decoder_wait() said that the caller wants no more).
#define DECODER_DECLARE(magic, name, built, option, decode) \
  int decode(struct decoder *d);
DECODERS(DECODER_DECLARE)

unsigned long lr_decoder_more(struct decoder *d);
void lr_decoder_use(struct decoder *d, unsigned long len);
int lr_decoder_exactly(struct decoder *d, void *buf, unsigned long len);
int lr_decoder_gather(struct decoder *d, unsigned long len);
int lr_decoder_bad(struct decoder *d, char *why);
int lr_decoder_step(struct decoder *d, unsigned long in, unsigned long out,
  int end);
unsigned char *lr_decoder_room(struct decoder *d, unsigned long min,
  unsigned long *len);
int lr_decoder_ring(struct decoder *d, unsigned long size, unsigned count);
int lr_decoder_wait(struct decoder *d);
void lr_decoder_give(struct decoder *d, unsigned char *piece);
