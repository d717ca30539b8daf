/* decompress.c - a file's bytes, with the compressed stretches in it unpacked
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 *
 * The decoder of each format, lib/un_NAME.c, runs in a thread of its own, so
 * that unpacking overlaps with what the caller does with the bytes. The thread
 * reads the file and fills the buffers of a ring; the caller empties them.
 *
 * The formats are those of the kernel's lib/decompress.c, and of each what the
 * kernel reads: one gzip member, xz stream, zstd frame and so on at a time (the
 * caller opens the next one), lz4 only in its legacy frames, lzo as lzop writes
 * it. Unlike the kernel we verify the checksums, where a format has them.
 */

#include "toys.h"
#include "lib/fault.h"
#include "lib/decompress.h"
#include "lib/decoder.h"

// Bytes that are read from the file at once
#define RAW (1<<18)

#define ROW(magic, name, built, option, decode) \
  {magic, name, option, built ? decode : 0},

static const struct {
  char magic[3], *name, *option;
  int (*decode)(struct decoder *d);  // 0: not built
} formats[] = { DECODERS(ROW) };

// Read up to LEN bytes of the file to BUF. Returns how many, 0 at the end, or
// -1 with d->err. A thread that was told to stop sees the end.
static ssize_t read_file(struct decoder *d, void *buf, unsigned long len)
{
  struct pollfd p = {.fd = d->fd, .events = POLLIN};
  ssize_t got;

  // A pipe can stay silent for good after the caller found the archive bad, so
  // look for a stop ten times a second instead of blocking in read().
  while (d->can_block && !poll(&p, 1, 100)) {
    char stop;

    pthread_mutex_lock(&d->lock);
    stop = d->stop;
    // There is time now: let the caller take what is in the ring already.
    pthread_cond_signal(&d->changed);
    pthread_mutex_unlock(&d->lock);
    if (stop) return 0;
  }
  do got = read(d->fd, buf, len);
  while (got<0 && errno==EINTR);
  if (got<0) d->err = errno;

  return got;
}

// Have at least one byte of the file at d->at. Returns d->have, how many there
// are: 0 at the file's end or, with d->err set, after an error.
unsigned long lr_decoder_more(struct decoder *d)
{
  ssize_t len;

  if (d->have || d->err) return d->have;
  len = read_file(d, d->at = d->raw, RAW);

  return d->have = len<0 ? 0 : len;
}

// The first LEN bytes at d->at are done with.
void lr_decoder_use(struct decoder *d, unsigned long len)
{
  d->at += len;
  d->have -= len;
  d->offset += len;
}

// Remember WHY, a constant, as what is wrong with the data. The first reason
// stays. Always returns -1.
int lr_decoder_bad(struct decoder *d, char *why)
{
  if (!d->why) d->why = why;

  return -1;
}

// Copy exactly LEN bytes of the file to BUF (0: drop them). Returns 0, or -1
// when the file ends before or cannot be read (both noted in D).
int lr_decoder_exactly(struct decoder *d, void *buf, unsigned long len)
{
  unsigned long n;
  char *to = buf;

  for (; len; len -= n) {
    if (!(n = lr_decoder_more(d))) return lr_decoder_bad(d, "truncated");
    if (n>len) n = len;
    if (to) {
      memcpy(to, d->at, n);
      to += n;
    }
    lr_decoder_use(d, n);
  }

  return 0;
}

// Have LEN bytes (at most 256 KiB) in one piece at d->at. Returns 0, or -1 when
// the file ends before or cannot be read (both noted in D): then what there is
// of them is there.
int lr_decoder_gather(struct decoder *d, unsigned long len)
{
  ssize_t n;

  if (d->have>=len) return 0;
  memmove(d->raw, d->at, d->have);
  d->at = d->raw;
  do if ((n = read_file(d, d->raw+d->have, RAW-d->have))>0) d->have += n;
  while (n>0 && d->have<len);

  return d->have<len ? lr_decoder_bad(d, "truncated") : 0;
}

// Note what one call of a library did: it took IN bytes from d->at, made OUT
// bytes where lr_decoder_room() said, and came to the END of the member or not.
// Returns 0, or -1 when there is nothing left to do although it is not the end.
// Only the file's end without progress means that: a library can hold back
// output that it had no room for, after it took the last byte of the file.
int lr_decoder_step(struct decoder *d, unsigned long in, unsigned long out,
  int end)
{
  d->used += out;
  lr_decoder_use(d, in);

  return end || in || out || d->have ? 0 : lr_decoder_bad(d, "truncated");
}

// Make the ring COUNT (at most DECODER_RING) slots of SIZE bytes. The memory
// only costs something once it is filled. Returns 0, or -1 with d->err. Not to
// be called when a piece was given already: its memory may be freed here.
int lr_decoder_ring(struct decoder *d, unsigned long size, unsigned count)
{
  d->slot = size;
  d->count = count;
  if (d->memory_size == size*count) return 0;
  free(d->memory);
  if (!(d->memory = malloc(d->memory_size = size*count))) {
    d->memory_size = 0;
    d->err = ENOMEM;

    return -1;
  }

  return 0;
}

// Give the d->used bytes at PIECE to the caller, if there are any. A decoder
// that uses lr_decoder_room() has no need of this.
void lr_decoder_give(struct decoder *d, unsigned char *piece)
{
  if (!d->used) return;
  pthread_mutex_lock(&d->lock);
  d->piece[d->head%d->count] = piece;
  d->piece_len[d->head++%d->count] = d->used;
  // Waking the other side costs 100 us when its virtual processor is idle. So
  // wake it only when it can do a good deal at once: the caller when the ring
  // gets half full, the decoder when it gets half empty.
  if (d->head-d->tail == d->count/2) pthread_cond_signal(&d->changed);
  pthread_mutex_unlock(&d->lock);
  d->used = 0;
}

// Wait until the ring takes one more piece. Returns 0, or -1 when the caller
// wants no more of them.
int lr_decoder_wait(struct decoder *d)
{
  char stop;

  pthread_mutex_lock(&d->lock);
  while (d->head-d->tail == d->count && !d->stop)
    pthread_cond_wait(&d->changed, &d->lock);
  stop = d->stop;
  pthread_mutex_unlock(&d->lock);

  return -stop;
}

// Find room for at least MIN unpacked bytes, at most a slot's size. Returns
// where they go (and the decoder then adds their number to d->used), and sets
// *LEN, unless LEN is 0, to how many have room. Returns 0 when the caller wants
// no more.
unsigned char *lr_decoder_room(struct decoder *d, unsigned long min,
  unsigned long *len)
{
  unsigned char *slot = d->memory+d->head%d->count*d->slot;

  if (d->slot-d->used<min) {
    lr_decoder_give(d, slot);
    slot = d->memory+d->head%d->count*d->slot;
  }
  if (!d->used && lr_decoder_wait(d)) return 0;
  if (len) *len = d->slot-d->used;

  return slot+d->used;
}

// The thread ends: the decoder returned, or a library called pthread_exit()
// (see lib/un_bzip2.c).
static void thread_ends(void *data)
{
  struct decoder *d = data;

  if (d->decode) lr_decoder_bad(d, "damaged");
  if (d->used) lr_decoder_give(d, d->memory+d->head%d->count*d->slot);
  pthread_mutex_lock(&d->lock);
  d->done = 1;
  pthread_cond_signal(&d->changed);
  pthread_mutex_unlock(&d->lock);
}

static void *thread_main(void *data)
{
  struct decoder *d = data;

  pthread_cleanup_push(thread_ends, d);
  // An error of the file says more than the end of it that it looked like.
  if (d->decode(d) && !d->why && !d->err) d->why = "stopped";
  d->decode = 0;
  pthread_cleanup_pop(1);

  return 0;
}

// Leave the open member: end its thread, and go on in the plain data with the
// first byte that the decoder did not use.
static void leave_member(struct decompress *c)
{
  struct decoder *d = c->decoder;

  pthread_mutex_lock(&d->lock);
  d->stop = 1;
  pthread_cond_signal(&d->changed);
  pthread_mutex_unlock(&d->lock);
  pthread_join(d->thread, 0);
  c->format = 0;
  c->at = d->at;
  c->have = d->have;
  c->offset = d->offset;
}

// Make C's decoder, the first time. Returns 0, or -1 with a fault.
static int new_decoder(struct decompress *c, struct fault *f)
{
  struct decoder *d = c->decoder = calloc(1, sizeof(*d));
  struct stat st;

  if (!d || !(d->raw = malloc(RAW))) {
    free(d);
    c->decoder = 0;

    return lr_fault(f, ENOMEM, "reading", "archive");
  }
  d->fd = c->fd;
  d->can_block = fstat(c->fd, &st) || !S_ISREG(st.st_mode);
  pthread_mutex_init(&d->lock, 0);
  pthread_cond_init(&d->changed, 0);

  return 0;
}

// Have unpacked bytes of the open member at hand. The piece at the ring's tail
// was used up. Returns as lr_decompress_more() does.
static int more_unpacked(struct decompress *c, struct fault *f)
{
  struct decoder *d = c->decoder;
  char *format = c->format;
  unsigned i;

  pthread_mutex_lock(&d->lock);
  // c->at is 0 before the first piece: then there is none to hand back.
  if (c->at) {
    d->tail++;
    c->at = 0;
    if (d->head-d->tail == d->count/2) pthread_cond_signal(&d->changed);
  }
  while (d->head == d->tail && !d->done)
    pthread_cond_wait(&d->changed, &d->lock);
  i = d->head != d->tail;
  pthread_mutex_unlock(&d->lock);
  if (i) {
    i = d->tail%d->count;
    c->at = d->piece[i];
    c->have = d->piece_len[i];

    return 1;
  }

  leave_member(c);
  if (d->err) return lr_fault(f, d->err, "reading", "%s archive at offset %llu",
    format, d->offset);
  if (d->why) return lr_fault(f, 0, "archive", "offset %llu: %s data %s",
    d->offset, format, d->why);

  return 0;
}

// Have bytes at hand: C with fd set (and all else 0 at the first call).
// Returns 1 with at least one byte at C->at. Returns 0 at the end of the file
// or, if C->format was set before the call and is 0 now, at the end of the
// member. Returns -1 with a fault "reading" (with errno) or "archive" (with the
// offset in the file), once all bytes before it were handed out.
int lr_decompress_more(struct decompress *c, struct fault *f)
{
  struct decoder *d;

  if (c->have) return 1;
  if (c->format) return more_unpacked(c, f);
  if (!c->decoder && new_decoder(c, f)) return -1;
  d = c->decoder;
  d->stop = d->have = 0;
  c->have = lr_decoder_more(d);
  c->at = d->at;
  if (d->err) return lr_fault(f, d->err, "reading", "archive at offset %llu",
    d->offset);

  return !!c->have;
}

// The first LEN of the bytes at hand are done with.
void lr_decompress_use(struct decompress *c, unsigned long len)
{
  c->at += len;
  c->have -= len;
  c->offset += len;
  if (c->decoder && !c->format) lr_decoder_use(c->decoder, len);
}

// Returns the row of formats for the compressed member that starts at C->at, or
// -1 with a fault.
static int find_format(struct decompress *c, struct fault *f)
{
  struct decoder *d = c->decoder;
  ssize_t got;
  int i;

  // The two bytes of the magic can come from two reads.
  if (c->have == 1) {
    *d->raw = *d->at;
    d->at = d->raw;
    got = read_file(d, d->raw+1, RAW-1);
    if (got<0) return lr_fault(f, d->err, "reading", "archive at offset %llu",
      d->offset+1);
    d->have = c->have = 1+got;
    c->at = d->at;
  }
  for (i = 0; i<(int)ARRAY_LEN(formats); i++)
    if (c->have>1 && !memcmp(formats[i].magic, c->at, 2)) break;
  if (i == ARRAY_LEN(formats))
    return lr_fault(f, 0, "archive", "offset %llu: neither cpio nor compressed",
      d->offset);
  if (!formats[i].decode)
    return lr_fault(f, 0, "archive", "offset %llu: %s: built without %s",
      d->offset, formats[i].name, formats[i].option);

  return i;
}

// Open the compressed member that starts at C->at, where lr_decompress_more()
// left at least one byte. From now on the bytes at hand are its unpacked ones,
// and C->offset counts them from 0. Returns 0, or -1 with a fault: no magic
// that the kernel knows, or no decoder for it in this build ("archive", with
// the offset), the file cannot be read, or no memory.
int lr_decompress_open(struct decompress *c, struct fault *f)
{
  struct decoder *d = c->decoder;
  pthread_attr_t attr;
  int format = find_format(c, f), rc;

  if (format<0) return -1;
  d->decode = formats[format].decode;
  d->head = d->tail = d->used = d->done = d->stop = 0;
  if (lr_decoder_ring(d, DECODER_SLOT, DECODER_RING))
    return lr_fault(f, d->err, "reading", "archive");
  c->start = c->offset;
  c->offset = c->have = 0;
  c->at = 0;
  // musl's default stack of 128 KiB is enough, but other libcs have far larger
  // defaults.
  pthread_attr_init(&attr);
  pthread_attr_setstacksize(&attr, 1<<18);
  rc = pthread_create(&d->thread, &attr, thread_main, d);
  pthread_attr_destroy(&attr);
  if (rc) return lr_fault(f, rc, "starting", "a decoder thread");
  c->format = formats[format].name;

  return 0;
}

// Stop what runs and free everything but C itself, which is all 0 then. Leaves
// the file open.
void lr_decompress_free(struct decompress *c)
{
  struct decoder *d = c->decoder;

  if (!d) return;
  if (c->format) leave_member(c);
  free(d->memory);
  pthread_cond_destroy(&d->changed);
  pthread_mutex_destroy(&d->lock);
  free(d->raw);
  free(d);
  memset(c, 0, sizeof(*c));
}
