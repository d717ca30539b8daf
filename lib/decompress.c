/* decompress.c - a file's bytes, with the compressed stretches in it unpacked
 *
 * Copyright 2026 The leafroot authors
 *
 * Each format is a function that runs in a thread of its own, so that unpacking
 * overlaps with what the caller does with the bytes: it reads the file, and
 * fills the buffers of a ring that the caller empties.
 *
 * The formats are those of the kernel's lib/decompress.c, and of each what the
 * kernel reads: one gzip member, xz stream, zstd frame... a time (the caller
 * opens the next), lz4 only in its legacy frames, lzo as lzop writes it. Unlike
 * the kernel, checksums are verified where there are any.
 */

#include "toys.h"
#include "lib/fault.h"
#include "lib/decompress.h"
#include <pthread.h>

#if CFG_LEAFROOT_ISAL && defined(__x86_64__)
#include <igzip_lib.h>
#define GZIP 1
#elif CFG_TOYBOX_LIBZ
#include <zlib.h>
#define GZIP 1
#endif
#if CFG_LEAFROOT_BZIP2
#include <bzlib.h>
#endif
#if CFG_LEAFROOT_XZ
#include <lzma.h>
#endif
#if CFG_LEAFROOT_LZO
#include <lzo/lzo1x.h>
#endif
#if CFG_LEAFROOT_LZ4
#include <lz4.h>
#endif
#if CFG_LEAFROOT_ZSTD
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>
#include <zstd_errors.h>
#endif

// Bytes read from the file at once, and the usual ring of unpacked ones (of
// small pieces for the fuzzer, whose archives are small).
#define RAW  (1<<18)
#ifndef SLOT
#define SLOT (1<<19)
#endif
#define RING 16

struct decompress_state {
  int fd, wait;                 // wait: the file is one that can block
  unsigned char *raw, *at;      // buffer of RAW bytes, and what is left in it
  unsigned long have;
  unsigned long long offset;    // of *at in the file

  // The ring: pieces from tail to head are full. Most formats fill slots of
  // SIZE bytes of the memory by turns. All below is shared, and guarded by lock
  // while the thread runs.
  unsigned char *piece[RING], *memory;
  unsigned long len[RING], size, total;
  unsigned head, tail, count;
  char done, stop;
  pthread_mutex_t lock;
  pthread_cond_t turn;
  pthread_t thread;

  // the thread's own
  int (*run)(struct decompress_state *s);
  unsigned long used;           // bytes in the slot at head
  char *why;                    // what was wrong, a constant. 0: nothing
  int err;                      // errno if that says more
};

// Read up to LEN bytes of the file to BUF. Returns how many, 0 at the end, or
// -1 with s->err. A reader that was told to stop sees the end.
static ssize_t get(struct decompress_state *s, void *buf, unsigned long len)
{
  struct pollfd p = {.fd = s->fd, .events = POLLIN};
  ssize_t got;

  // A pipe can stay silent for good after the caller found the archive bad.
  while (s->wait && !poll(&p, 1, 100)) {
    char stop;

    pthread_mutex_lock(&s->lock);
    stop = s->stop;
    // While there's time, let the caller see what there is.
    pthread_cond_signal(&s->turn);
    pthread_mutex_unlock(&s->lock);
    if (stop) return 0;
  }
  do got = read(s->fd, buf, len);
  while (got<0 && errno==EINTR);
  if (got<0) s->err = errno;

  return got;
}

// Get bytes of the file: at least one at s->at, unless s->have stays 0: the
// end, or (s->err) an error.
static unsigned long more(struct decompress_state *s)
{
  ssize_t len;

  if (s->have || s->err) return s->have;
  len = get(s, s->at = s->raw, RAW);

  return s->have = len<0 ? 0 : len;
}

static void use(struct decompress_state *s, unsigned long len)
{
  s->at += len;
  s->have -= len;
  s->offset += len;
}

// What's wrong with the data: WHY, a constant. Always -1.
static int bad(struct decompress_state *s, char *why)
{
  if (!s->why) s->why = why;

  return -1;
}

// A decoder took IN bytes and made OUT, and came to its END or not. -1 if not
// and there is nothing left to do: only the file's end without progress says
// so, since a decoder can have held back output it had no room for.
static int step(struct decompress_state *s, unsigned long in,
  unsigned long out, int end)
{
  s->used += out;
  use(s, in);

  return end || in || out || s->have ? 0 : bad(s, "truncated");
}

// Get exactly LEN bytes of the file to BUF (0: drop them).
static int exactly(struct decompress_state *s, void *buf, unsigned long len)
{
  unsigned long n;
  char *to = buf;

  for (; len; len -= n) {
    if (!(n = more(s))) return bad(s, "truncated");
    if (n>len) n = len;
    if (to) {
      memcpy(to, s->at, n);
      to += n;
    }
    use(s, n);
  }

  return 0;
}

// Give the bytes used of PIECE to the caller, if there are any.
static void give(struct decompress_state *s, unsigned char *piece)
{
  if (!s->used) return;
  pthread_mutex_lock(&s->lock);
  s->piece[s->head%s->count] = piece;
  s->len[s->head++%s->count] = s->used;
  // Waking costs: an idle virtual processor takes 100 us. Do so when it's worth
  // it, the ring half full (for the other side: half empty).
  if (s->head-s->tail == s->count/2) pthread_cond_signal(&s->turn);
  pthread_mutex_unlock(&s->lock);
  s->used = 0;
}

// Wait until one more piece can be given. -1 if the caller wants no more.
static int turn(struct decompress_state *s)
{
  char stop;

  pthread_mutex_lock(&s->lock);
  while (s->head-s->tail == s->count && !s->stop)
    pthread_cond_wait(&s->turn, &s->lock);
  stop = s->stop;
  pthread_mutex_unlock(&s->lock);

  return -stop;
}

// Where the next unpacked bytes go: at least MIN of room, *LEN when that's
// asked for. 0 when the caller wants no more.
static unsigned char *room(struct decompress_state *s, unsigned long min,
  unsigned long *len)
{
  unsigned char *slot = s->memory+s->head%s->count*s->size;

  if (s->size-s->used<min) {
    give(s, slot);
    slot = s->memory+s->head%s->count*s->size;
  }
  if (!s->used && turn(s)) return 0;
  if (len) *len = s->size-s->used;

  return slot+s->used;
}

// Make the ring COUNT slots of SIZE bytes. Memory is used when it's filled.
static int ring(struct decompress_state *s, unsigned long size, unsigned count)
{
  s->size = size;
  s->count = count;
  if (s->total == size*count) return 0;
  free(s->memory);
  if (!(s->memory = malloc(s->total = size*count))) {
    s->total = 0;
    s->err = ENOMEM;

    return -1;
  }

  return 0;
}

#if CFG_LEAFROOT_ISAL && defined(__x86_64__)
int decode_huffman_code_block_stateless_01(struct inflate_state *, uint8_t *);
int decode_huffman_code_block_stateless_04(struct inflate_state *, uint8_t *);
int decode_huffman_code_block_stateless_base(struct inflate_state *, uint8_t *);
uint32_t crc32_gzip_refl_by8(uint32_t, const unsigned char *, uint64_t);

// What ISA-L asks for by these names: its own choosers of the loop that fits
// the processor (SSE4.1 with carry-less multiply 2010, AVX2 2013; emulators
// have neither by default) pull in all of its library.
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

// Where it would keep what a gzip header says, such as the file's name.
void isal_gzip_header_init(struct isal_gzip_header *header)
{
  memset(header, 0, sizeof(*header));
}

// Only zlib's framing needs it, which is not gzip's.
uint32_t isal_adler32_bam1(uint32_t sum, const unsigned char *buf, uint64_t len)
{
  (void)sum, (void)buf, (void)len;

  return 0;
}

static int un_gzip(struct decompress_state *s)
{
  struct inflate_state *z = malloc(sizeof(*z));
  unsigned long n, in;
  int rc = -1;

  if (!z) {
    s->err = ENOMEM;

    return -1;
  }
  isal_inflate_init(z);
  z->crc_flag = ISAL_GZIP;
  while (z->block_state != ISAL_BLOCK_FINISH) {
    if (!(z->next_out = room(s, 1, &n))) goto done;
    z->avail_out = n;
    in = z->avail_in = more(s);
    z->next_in = s->at;
    if (isal_inflate(z)<0) {
      bad(s, "damaged");
      goto done;
    }
    if (step(s, in-z->avail_in, n-z->avail_out,
      z->block_state == ISAL_BLOCK_FINISH)) goto done;
  }
  rc = 0;

done:
  free(z);

  return rc;
}

#elif GZIP
static int un_gzip(struct decompress_state *s)
{
  z_stream z = {0};
  unsigned long n, in;
  int rc = 0;

  // 15: the largest window, 16: of gzip
  if (inflateInit2(&z, 15+16) != Z_OK) {
    s->err = ENOMEM;

    return -1;
  }
  while (rc != Z_STREAM_END) {
    if (!(z.next_out = room(s, 1, &n))) break;
    z.avail_out = n;
    in = z.avail_in = more(s);
    z.next_in = s->at;
    rc = inflate(&z, Z_NO_FLUSH);
    if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR) {
      bad(s, "damaged");
      break;
    }
    in -= z.avail_in;
    if (step(s, in, n-z.avail_out, rc == Z_STREAM_END)) break;
  }
  inflateEnd(&z);

  return rc == Z_STREAM_END ? 0 : -1;
}
#else
#define un_gzip 0
#endif

#if CFG_LEAFROOT_BZIP2
// What its library calls when its own state makes no sense.
void bz_internal_error(int code)
{
  (void)code;
  pthread_exit(0);
}

static int un_bzip2(struct decompress_state *s)
{
  bz_stream z = {0};
  unsigned long n, in;
  int rc = BZ_OK;

  if (BZ2_bzDecompressInit(&z, 0, 0) != BZ_OK) {
    s->err = ENOMEM;

    return -1;
  }
  while (rc == BZ_OK) {
    if (!(z.next_out = (void *)room(s, 1, &n))) break;
    z.avail_out = n;
    in = z.avail_in = more(s);
    z.next_in = (void *)s->at;
    rc = BZ2_bzDecompress(&z);
    if (rc == BZ_MEM_ERROR) s->err = ENOMEM;
    else if (rc<0) bad(s, "damaged");
    in -= z.avail_in;
    if (step(s, in, n-z.avail_out, rc != BZ_OK)) break;
  }
  BZ2_bzDecompressEnd(&z);

  return rc == BZ_STREAM_END ? 0 : -1;
}
#else
#define un_bzip2 0
#endif

#if CFG_LEAFROOT_XZ
// Both of liblzma's formats, from Z initialised with result RC.
static int un_either(struct decompress_state *s, lzma_stream *z, lzma_ret rc)
{
  unsigned long n, in;

  while (rc == LZMA_OK) {
    if (!(z->next_out = room(s, 1, &n))) break;
    z->avail_out = n;
    in = z->avail_in = more(s);
    z->next_in = s->at;
    rc = lzma_code(z, LZMA_RUN);
    in -= z->avail_in;
    if (step(s, in, n-z->avail_out, rc != LZMA_OK)) break;
  }
  if (rc == LZMA_MEM_ERROR) s->err = ENOMEM;
  else if (rc == LZMA_UNSUPPORTED_CHECK)
    bad(s, "has a checksum that is not CRC");
  else if (rc == LZMA_OPTIONS_ERROR) bad(s, "needs a filter unknown here");
  else if (rc > LZMA_STREAM_END) bad(s, "damaged");
  lzma_end(z);

  return rc == LZMA_STREAM_END ? 0 : -1;
}

static int un_xz(struct decompress_state *s)
{
  lzma_stream z = LZMA_STREAM_INIT;

  return un_either(s, &z,
    lzma_stream_decoder(&z, UINT64_MAX, LZMA_TELL_UNSUPPORTED_CHECK));
}

static int un_lzma(struct decompress_state *s)
{
  lzma_stream z = LZMA_STREAM_INIT;

  return un_either(s, &z, lzma_alone_decoder(&z, UINT64_MAX));
}
#else
#define un_xz 0
#define un_lzma 0
#endif

#if CFG_LEAFROOT_LZO
static unsigned be32(unsigned char *p)
{
  return (unsigned)p[0]<<24 | p[1]<<16 | p[2]<<8 | p[3];
}

// lzop's header, as its version 1.04 writes it: magic 9, version 2, library 2,
// version needed 2, method 1, and from version 0x940 on level 1; flags 4,
// filter 4 if flags have 0x800, mode 4, time 4 (8 from 0x940 on), length of
// the name 1, the name, checksum 4. Returns the flags, or -1.
static long long lzop_header(struct decompress_state *s)
{
  unsigned char head[9+7+1+4+4+12+1+255+4], *p = head;
  unsigned modern, flags, sum;

  if (exactly(s, p, 9+7)) return -1;
  if (memcmp(p, "\x89LZO\0\r\n\x1a\n", 9)) return bad(s, "damaged header");
  modern = (p[9]<<8|p[10]) >= 0x940;
  if (exactly(s, p += 16, modern+4)) return -1;
  flags = be32(p += modern);
  sum = (flags&0x800 ? 4 : 0)+(modern ? 12 : 8)+1;
  if (exactly(s, p += 4, sum)) return -1;
  p += sum;
  if (exactly(s, p, p[-1]+4)) return -1;
  p += p[-1];
  sum = flags&0x1000 ? lzo_crc32(0, head+9, p-head-9)
    : lzo_adler32(1, head+9, p-head-9);
  if (be32(p) != sum) return bad(s, "damaged header");

  return flags;
}

// Blocks: unpacked length (0: the end), packed length, checksum, data. The
// kernel reads blocks of up to 256k, each with just one checksum.
static int un_lzo(struct decompress_state *s)
{
  unsigned char head[12], *in = 0, *out;
  long long flags = lzop_header(s);
  unsigned len, sum;
  lzo_uint got;
  int rc = -1;

  if (flags<0) return -1;
  if (!!(flags&1)+!!(flags&2)+!!(flags&0x100)+!!(flags&0x200) != 1)
    return bad(s, "has not one checksum a block");
  if (!(in = malloc(1<<18))) s->err = ENOMEM;
  else for (;;) {
    if (exactly(s, head, 4)) break;
    if (!(got = be32(head))) {
      rc = 0;
      break;
    }
    if (exactly(s, head+4, 8)) break;
    if (got>1<<18 || (len = be32(head+4))>got || !len) {
      bad(s, "damaged");
      break;
    }
    if (!(out = room(s, got, 0)) || exactly(s, in, len)) break;
    if (len == got) memcpy(out, in, len);
    else if (lzo1x_decompress_safe(in, len, out, &got, 0)
      || got != be32(head))
    {
      bad(s, "damaged");
      break;
    }
    if (flags&0x300) sum = lzo_crc32(0, flags&0x100 ? out : in,
      flags&0x100 ? got : len);
    else sum = lzo_adler32(1, flags&1 ? out : in, flags&1 ? got : len);
    if (sum != be32(head+8)) {
      bad(s, "damaged");
      break;
    }
    s->used += got;
  }
  free(in);

  return rc;
}
#else
#define un_lzo 0
#endif

#if CFG_LEAFROOT_LZ4
// After the magic, blocks: packed length, data, 8 MiB unpacked (the last one
// less). No end is marked: a length of 0 (padding), the file's end or, since
// the kernel's 5.15, the file's last bytes if fewer than 4. The magic may
// come again between blocks. What else follows is taken for a block.
static int un_lz4(struct decompress_state *s)
{
  unsigned long max = LZ4_COMPRESSBOUND(8<<20), len;
  unsigned char *in, head[4], *out;
  int rc = -1, got;

  if (ring(s, 8<<20, 2)) return -1;
  if (!(in = malloc(max))) s->err = ENOMEM;
  else if (exactly(s, head, 4) || memcmp(head, "\2\x21\x4c\x18", 4))
    bad(s, "damaged header");
  else for (;;) {
    for (len = 0; len<4; len++) {
      if (!more(s)) break;
      head[len] = *s->at;
      use(s, 1);
    }
    if (len<4 || !memcmp(head, "\0\0\0\0", 4)) {
      // Fewer than 4 bytes that are not padding were the start of something.
      while (len--) if (head[len]) bad(s, "truncated");
      if (!s->why) rc = 0;
      break;
    }
    len = head[0] | head[1]<<8 | head[2]<<16 | (unsigned long)head[3]<<24;
    if (len == 0x184c2102) continue;
    if (len>max) {
      bad(s, "followed by what is neither a block nor padding");
      break;
    }
    if (!(out = room(s, 8<<20, 0)) || exactly(s, in, len)) break;
    if ((got = LZ4_decompress_safe((void *)in, (void *)out, len, 8<<20))<0) {
      bad(s, "damaged");
      break;
    }
    s->used += got;
  }
  free(in);

  return rc;
}
#else
#define un_lz4 0
#endif

#if CFG_LEAFROOT_ZSTD
// Have LEN bytes at hand in one piece, as far as the file has them.
static int together(struct decompress_state *s, unsigned long len)
{
  ssize_t n;

  if (s->have>=len) return 0;
  memmove(s->raw, s->at, s->have);
  s->at = s->raw;
  do if ((n = get(s, s->raw+s->have, RAW-s->have))>0) s->have += n;
  while (n>0 && s->have<len);

  return s->have<len ? bad(s, "truncated") : 0;
}

static int zstd_bad(struct decompress_state *s, size_t rc)
{
  if (ZSTD_getErrorCode(rc) == ZSTD_error_memory_allocation) s->err = ENOMEM;

  return bad(s, "damaged");
}

// Blocks are unpacked one after the other into memory that is window and ring
// in one: what the caller has yet to see lies inside the window, which is not
// written over. Without this zstd would copy from a window of its own.
static int zstd_blocks(struct decompress_state *s, ZSTD_DCtx *z)
{
  ZSTD_frameHeader head;
  unsigned long size, block, pos = 0, n;
  size_t rc;

  together(s, ZSTD_FRAMEHEADERSIZE_MAX);
  s->why = 0;
  if (s->err) return -1;
  rc = ZSTD_getFrameHeader(&head, s->at, s->have);
  if (rc) return bad(s, ZSTD_isError(rc) ? "damaged" : "truncated");
  // the library's default limit, and the kernel's
  if (head.windowSize>1<<27) return bad(s, "needs a window over 128 MiB");

  // A piece is at most a slot and a block long, and RING+1 of them are around.
  block = head.blockSizeMax;
  size = (RING+1)*(SLOT+block);
  if (size<head.windowSize) size = head.windowSize;
  if (ring(s, size += 2*block+64, 1)) return -1;
  s->count = RING;
  if (turn(s)) return -1;
  for (ZSTD_decompressBegin(z); (n = ZSTD_nextSrcSizeToDecompress(z));) {
    if (together(s, n)) break;
    if (s->used>=SLOT || size-pos<block+64) {
      give(s, s->memory+pos-s->used);
      if (turn(s)) break;
    }
    if (size-pos<block+64) pos = 0;
    rc = ZSTD_decompressContinue(z, s->memory+pos, block, s->at, n);
    if (ZSTD_isError(rc)) {
      zstd_bad(s, rc);
      break;
    }
    use(s, n);
    pos += rc;
    s->used += rc;
  }
  give(s, s->memory+pos-s->used);

  return n ? -1 : 0;
}

static int un_zstd(struct decompress_state *s)
{
  ZSTD_DCtx *z = ZSTD_createDCtx();
  int rc = -1;

  if (!z) s->err = ENOMEM;
  else rc = zstd_blocks(s, z);
  ZSTD_freeDCtx(z);

  return rc;
}
#else
#define un_zstd 0
#endif

// By the magic of the kernel's lib/decompress.c: two bytes, the rest is for
// the format itself to check.
static const struct {
  char magic[3], *name, *option;
  int (*run)(struct decompress_state *s);
} formats[] = {
  {"\x1f\x8b", "gzip", "LEAFROOT_ISAL or TOYBOX_LIBZ", un_gzip},
  {"\x1f\x9e", "gzip", "LEAFROOT_ISAL or TOYBOX_LIBZ", un_gzip},
  {"BZ", "bzip2", "LEAFROOT_BZIP2", un_bzip2},
  {"\x5d\0", "lzma", "LEAFROOT_XZ", un_lzma},
  {"\xfd\x37", "xz", "LEAFROOT_XZ", un_xz},
  {"\x89\x4c", "lzo", "LEAFROOT_LZO", un_lzo},
  {"\x02\x21", "lz4", "LEAFROOT_LZ4", un_lz4},
  {"\x28\xb5", "zstd", "LEAFROOT_ZSTD", un_zstd},
};

// The thread's end, however it came about.
static void ended(void *data)
{
  struct decompress_state *s = data;

  if (s->run) bad(s, "damaged");
  if (s->used) give(s, s->memory+s->head%s->count*s->size);
  pthread_mutex_lock(&s->lock);
  s->done = 1;
  pthread_cond_signal(&s->turn);
  pthread_mutex_unlock(&s->lock);
}

static void *run(void *data)
{
  struct decompress_state *s = data;

  pthread_cleanup_push(ended, s);
  // A file error says more than the end it looked like.
  if (s->run(s) && !s->why && !s->err) s->why = "stopped";
  s->run = 0;
  pthread_cleanup_pop(1);

  return 0;
}

// End the open member, giving back what of the file it left unread.
static void leave(struct decompress *d)
{
  struct decompress_state *s = d->state;

  pthread_mutex_lock(&s->lock);
  s->stop = 1;
  pthread_cond_signal(&s->turn);
  pthread_mutex_unlock(&s->lock);
  pthread_join(s->thread, 0);
  d->format = 0;
  d->at = s->at;
  d->have = s->have;
  d->offset = s->offset;
}

static int start(struct decompress *d, struct fault *f)
{
  struct decompress_state *s = d->state = calloc(1, sizeof(*s));
  struct stat st;

  if (!s || !(s->raw = malloc(RAW))) {
    free(s);
    d->state = 0;

    return lr_fault(f, ENOMEM, "reading", "archive");
  }
  s->fd = d->fd;
  s->wait = fstat(d->fd, &st) || !S_ISREG(st.st_mode);
  pthread_mutex_init(&s->lock, 0);
  pthread_cond_init(&s->turn, 0);

  return 0;
}

// Decoded bytes of the open member: the slot at tail was used up.
static int more_decoded(struct decompress *d, struct fault *f)
{
  struct decompress_state *s = d->state;
  char *format = d->format;
  unsigned i;

  pthread_mutex_lock(&s->lock);
  // at is 0 until the first slot
  if (d->at) {
    s->tail++;
    d->at = 0;
    if (s->head-s->tail == s->count/2) pthread_cond_signal(&s->turn);
  }
  while (s->head == s->tail && !s->done) pthread_cond_wait(&s->turn, &s->lock);
  i = s->head != s->tail;
  pthread_mutex_unlock(&s->lock);
  if (i) {
    i = s->tail%s->count;
    d->at = s->piece[i];
    d->have = s->len[i];

    return 1;
  }

  leave(d);
  if (s->err) return lr_fault(f, s->err, "reading", "%s archive at offset %llu",
    format, s->offset);
  if (s->why) return lr_fault(f, 0, "archive", "offset %llu: %s data %s",
    s->offset, format, s->why);

  return 0;
}

// Get bytes to hand: D with fd set (and the rest 0 at the first call). Returns
// 1 with at least one byte at D->at; 0 at the end of the file or, with
// D->format set before and 0 after, of the member; -1 with a fault, which
// comes after every byte before it was seen.
int lr_decompress_more(struct decompress *d, struct fault *f)
{
  struct decompress_state *s = d->state;

  if (d->have) return 1;
  if (d->format) return more_decoded(d, f);
  if (!s) {
    if (start(d, f)) return -1;
    s = d->state;
  }
  s->stop = s->have = 0;
  d->have = more(s);
  d->at = s->at;
  if (s->err) return lr_fault(f, s->err, "reading", "archive at offset %llu",
    s->offset);

  return !!d->have;
}

// Take LEN of the bytes at hand.
void lr_decompress_use(struct decompress *d, unsigned long len)
{
  d->at += len;
  d->have -= len;
  d->offset += len;
  if (d->state && !d->format) use(d->state, len);
}

// Open the compressed member that starts at D->at, by its magic. The bytes at
// hand are its unpacked ones from now on, their offset counted from 0. -1:
// no magic that the kernel knows, or one for which there is no decoder here.
int lr_decompress_open(struct decompress *d, struct fault *f)
{
  struct decompress_state *s = d->state;
  pthread_attr_t attr;
  int i, rc;

  // The magic can lie across what two reads brought.
  if (d->have == 1) {
    *s->raw = *s->at;
    s->at = s->raw;
    rc = get(s, s->raw+1, RAW-1);
    if (rc<0) return lr_fault(f, s->err, "reading", "archive at offset %llu",
      s->offset+1);
    s->have = d->have = 1+rc;
    d->at = s->at;
  }
  for (i = 0; i<(int)ARRAY_LEN(formats); i++)
    if (d->have>1 && !memcmp(formats[i].magic, d->at, 2)) break;
  if (i == ARRAY_LEN(formats))
    return lr_fault(f, 0, "archive", "offset %llu: neither cpio nor compressed",
      s->offset);
  if (!formats[i].run)
    return lr_fault(f, 0, "archive", "offset %llu: %s: built without %s",
      s->offset, formats[i].name, formats[i].option);

  s->run = formats[i].run;
  s->head = s->tail = s->used = s->done = s->stop = 0;
  if (ring(s, SLOT, RING)) return lr_fault(f, s->err, "reading", "archive");
  d->start = d->offset;
  d->offset = d->have = 0;
  d->at = 0;
  // musl's default of 128k is enough, but not every libc's default is small
  pthread_attr_init(&attr);
  pthread_attr_setstacksize(&attr, 1<<18);
  rc = pthread_create(&s->thread, &attr, run, s);
  pthread_attr_destroy(&attr);
  if (rc) return lr_fault(f, rc, "starting", "a decoder thread");
  d->format = formats[i].name;

  return 0;
}

// Stop whatever runs, and free all but D itself. Its file stays open.
void lr_decompress_free(struct decompress *d)
{
  struct decompress_state *s = d->state;

  if (!s) return;
  if (d->format) leave(d);
  free(s->memory);
  pthread_cond_destroy(&s->turn);
  pthread_mutex_destroy(&s->lock);
  free(s->raw);
  free(s);
  memset(d, 0, sizeof(*d));
}
