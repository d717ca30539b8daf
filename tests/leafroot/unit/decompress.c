// decompress.c - the decoders, on literal bytes of each format
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// unit: lib/decompress.c lib/un_*.c lib/fault.c -pthread
// unit: generated/lib/lib/libdecoders.a generated/lib/lib/libz.a

#include "toys.h"
#include "check.h"
#include "lib/fault.h"
#include "lib/decompress.h"
#include <sys/mman.h>

// A string literal's bytes, and how many there are without the NUL
#define BYTES(s) s, sizeof(s)-1

#define TEXT "one two two two two three\n"

// TEXT, packed. CHECKED: the format has a checksum of what is unpacked.
static const struct { char *format; int checked; char *bytes; unsigned len; }
packed[] = {
  {"gzip", 1, BYTES(
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\xcf\x4b\x55\x28\x29\xcf"
    "\x47\xc5\x19\x45\xa9\xa9\x5c\x00\xa6\xff\xa0\x26\x1a\x00\x00\x00")},
  {"bzip2", 1, BYTES(
    "\x42\x5a\x68\x39\x31\x41\x59\x26\x53\x59\x99\xad\xef\x62\x00\x00\x07"
    "\xd1\x80\x00\x10\x40\x00\x02\x41\x94\x80\x20\x00\x21\x28\x1a\x34\x20"
    "\xc9\x88\xa4\x12\x2d\xec\x61\xad\xc0\x83\xc5\xdc\x91\x4e\x14\x24\x26"
    "\x6b\x7b\xd8\x80")},
  {"lzma", 0, BYTES(
    "\x5d\x00\x00\x80\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00\x37\x9b\x88"
    "\xce\x76\xe2\xf4\xe3\xf3\xbb\x61\x90\xa6\xbc\x1d\xc2\xd3\xf8\xff\xff"
    "\x14\x80\x00\x00")},
  {"xz", 1, BYTES(
    "\xfd\x37\x7a\x58\x5a\x00\x00\x01\x69\x22\xde\x36\x02\x00\x21\x01\x16"
    "\x00\x00\x00\x74\x2f\xe5\xa3\xe0\x00\x19\x00\x12\x5d\x00\x37\x9b\x88"
    "\xce\x76\xe2\xf4\xe3\xf3\xbb\x61\x90\xa6\xbc\x1b\x9e\xd8\x00\x00\x00"
    "\x00\xa6\xff\xa0\x26\x00\x01\x2a\x1a\x79\x80\x8f\xb2\x90\x42\x99\x0d"
    "\x01\x00\x00\x00\x00\x01\x59\x5a")},
  {"lzo", 1, BYTES(
    "\x89\x4c\x5a\x4f\x00\x0d\x0a\x1a\x0a\x10\x40\x20\xa0\x09\x40\x03\x09"
    "\x03\x00\x00\x0d\x00\x00\x00\x00\x6b\x06\x26\x02\x00\x00\x00\x00\x00"
    "\x24\xd3\x02\x0f\x00\x00\x00\x1a\x00\x00\x00\x14\x82\xad\x09\x6d\x18"
    "\x6f\x6e\x65\x20\x74\x77\x6f\x2c\x0c\x00\x02\x68\x72\x65\x65\x0a\x11"
    "\x00\x00\x00\x00\x00\x00")},
  {"lz4", 0, BYTES(
    "\x02\x21\x4c\x18\x10\x00\x00\x00\x7a\x6f\x6e\x65\x20\x74\x77\x6f\x04"
    "\x00\x50\x68\x72\x65\x65\x0a")},
  {"zstd", 1, BYTES(
    "\x28\xb5\x2f\xfd\x04\x68\x95\x00\x00\x60\x6f\x6e\x65\x20\x74\x77\x6f"
    "\x68\x72\x65\x65\x0a\x01\x00\xe4\x6b\x04\x66\x70\xf6\x03")},
};

static int starts(char *text, char *start)
{
  return !strncmp(text, start, strlen(start));
}

// Read C to its end: PLAIN bytes, a member, and plain bytes after it. Puts all
// of them in BUF of SIZE, with a NUL behind. Returns how many, or -1 with a
// fault.
static long read_all(struct decompress *c, char *buf, unsigned long size,
  unsigned long plain, struct fault *f)
{
  unsigned long len = 0, n;
  char *format;
  int rc;

  for (;;) {
    // Where the plain bytes end, a member starts.
    if (!c->format && len == plain) {
      plain = -1;
      if (0>(rc = lr_decompress_more(c, f))) return -1;
      if (!rc) break;
      if (lr_decompress_open(c, f)) return -1;
    }
    format = c->format;
    if (0>(rc = lr_decompress_more(c, f))) return -1;
    if (!rc && !format) break;
    if (!rc) continue;
    n = c->have;
    if (!format && plain != -1UL && n>plain-len) n = plain-len;
    if (n>size-1-len) n = size-1-len;
    if (!n) return lr_fault(f, 0, "too much", "for the buffer");
    memcpy(buf+len, c->at, n);
    len += n;
    lr_decompress_use(c, n);
  }
  buf[len] = 0;

  return len;
}

// Unpack LEN bytes of DATA, of which PLAIN are plain before a member starts.
// Returns as read_all(). WHY, of 200 bytes, gets the fault as text.
static long unpack(char *data, unsigned long len, unsigned long plain,
  char *buf, unsigned long size, char *why)
{
  struct decompress c = {.fd = memfd_create("data", MFD_CLOEXEC)};
  struct fault f = {0};
  long got;

  check_need(c.fd != -1 && write(c.fd, data, len) == (ssize_t)len
    && !lseek(c.fd, 0, SEEK_SET));
  // Nothing may run for ever.
  alarm(20);
  got = read_all(&c, buf, size, plain, &f);
  alarm(0);
  close(c.fd);
  lr_decompress_free(&c);
  sprintf(why, "%.20s: %.100s: %d", f.step ? : "none", f.name ? : "", f.err);
  if (!f.step == (got<0)) strcpy(why, "a fault and a result that disagree");
  lr_fault_clear(&f);

  return got;
}

// Between plain bytes, where lz4 takes what is not padding for a block
static void between_plain(void)
{
  char data[256], buf[256], why[200], *end;
  unsigned i;
  long got;

  for (i = 0; i<ARRAY_LEN(packed); i++) {
    int lz4 = !strcmp(packed[i].format, "lz4");

    memcpy(data, "plain", 5);
    memcpy(data+5, packed[i].bytes, packed[i].len);
    end = data+5+packed[i].len;
    memcpy(end, "\0\0\0\0rest", 8);
    got = unpack(data, end+8-data, 5, buf, sizeof(buf), why);
    if (check_num(got, (lz4 ? 9 : 13)+strlen(TEXT), "%s: %s", packed[i].format,
      why))
    {
      check(!memcmp(buf, "plain" TEXT, 5+strlen(TEXT)), "%s: text",
        packed[i].format);
      check(!memcmp(buf+got-(lz4 ? 4 : 8), lz4 ? "rest" : "\0\0\0\0rest",
        lz4 ? 4 : 8), "%s: what follows", packed[i].format);
    }
  }
}

// Cut the member with number I off before each byte. zstd says where the block
// that is cut off starts, the others where the file ends.
static void cut(unsigned i)
{
  char buf[256], why[200], want[64], *format = packed[i].format;
  int zstd = !strcmp(format, "zstd"), n;
  unsigned len, at;
  long got;

  for (len = 0; len<packed[i].len; len++) {
    got = unpack(packed[i].bytes, len, 0, buf, sizeof(buf), why);
    // lz4 has no end but the file's.
    if (!len || (len == 4 && !strcmp(format, "lz4"))) {
      check_num(got, 0, "%s cut at %u: %s", format, len, why);
      continue;
    }
    n = 0;
    sscanf(why, "archive: offset %u: %n", &at, &n);
    if (len == 1) strcpy(want, "neither cpio nor compressed: 0");
    else sprintf(want, "%s data truncated: 0", format);
    check(got == -1 && n && !strcmp(why+n, want)
      && (len == 1 ? !at : zstd ? at<=len : at == len), "%s cut at %u: %ld, %s",
      format, len, got, why);
  }
}

// Each byte behind the magic changed: what has a checksum is never another text
static void changed(void)
{
  char data[256], buf[1<<16], why[200], start[64];
  unsigned i, at, j;
  long got;

  for (i = 0; i<ARRAY_LEN(packed); i++) for (at = 2; at<packed[i].len; at++) {
    for (j = 0; j<2; j++) {
      memcpy(data, packed[i].bytes, packed[i].len);
      data[at] ^= j ? 255 : 1;
      got = unpack(data, packed[i].len, 0, buf, sizeof(buf), why);
      sprintf(start, ": %s data ", packed[i].format);
      if (got<0) check(starts(why, "archive: offset ") && strstr(why, start),
        "%s changed at %u: %s", packed[i].format, at, why);
      else check(!packed[i].checked || !strcmp(buf, TEXT),
        "%s changed at %u: another text", packed[i].format, at);
    }
  }
}

// A pipe, of which the first read brings one byte of the magic
static void by_pipe(void)
{
  struct decompress c;
  struct fault f;
  char buf[256];
  unsigned i;
  int fds[2];

  for (i = 0; i<ARRAY_LEN(packed); i++) {
    memset(&c, 0, sizeof(c));
    memset(&f, 0, sizeof(f));
    check_need(!pipe(fds));
    c.fd = *fds;
    check_need(write(fds[1], packed[i].bytes, 1) == 1);
    check(lr_decompress_more(&c, &f) == 1 && c.have == 1, "%s: one byte",
      packed[i].format);
    check_need(write(fds[1], packed[i].bytes+1, packed[i].len-1)
      == packed[i].len-1);
    close(fds[1]);
    check_num(read_all(&c, buf, sizeof(buf), 0, &f), strlen(TEXT),
      "%s by a pipe: %s", packed[i].format, f.name ? : "");
    check_str(buf, TEXT, "%s by a pipe", packed[i].format);
    check(!c.format && c.offset == packed[i].len, "%s: the offset after it",
      packed[i].format);
    lr_decompress_free(&c);
    lr_fault_clear(&f);
    close(*fds);
  }
}

// What is refused, or just not: bytes, what is unpacked or -1, the fault
static const struct { char *what, *bytes; unsigned len; long got; char *why; }
rows[] = {
  {"no magic", BYTES("\x1f\x9d\x90"), -1,
    "archive: offset 0: neither cpio nor compressed: 0"},
  {"the old gzip magic, which the decoder does not know",
    BYTES("\x1f\x9e\x08\0\0\0\0\0\0\3\3\0\0\0\0\0\0\0\0\0"), -1,
    "archive: offset 0: gzip data damaged: 0"},
  {"bzip2's magic and nothing of it", BYTES("BZoo"), -1,
    "archive: offset 3: bzip2 data damaged: 0"},
  {"lzo's magic and nothing of it", BYTES("\x89LZO\0\r\n\x1a\r0123456789"), -1,
    "archive: offset 16: lzo data damaged header: 0"},
  {"lz4's frame format, which is not the legacy one",
    BYTES("\x04\x22\x4d\x18\x64\x40\xa7\0\0\0\0"), -1,
    "archive: offset 0: neither cpio nor compressed: 0"},
  {"an lz4 block that is too long",
    BYTES("\x02\x21\x4c\x18\xff\xff\xff\xff"), -1,
    "archive: offset 8: lz4 data followed by what is neither a block nor "
    "padding: 0"},
  {"lz4 with its magic again", BYTES("\x02\x21\x4c\x18\x02\x21\x4c\x18"), 0, 0},
  {"lz4 with some padding", BYTES("\x02\x21\x4c\x18\0\0"), 0, 0},
  {"lz4 with two bytes more", BYTES("\x02\x21\x4c\x18\0\x01"), -1,
    "archive: offset 6: lz4 data truncated: 0"},
  {"a zstd window of 128 MiB", BYTES("\x28\xb5\x2f\xfd\0\x88\x01\0\0"), 0, 0},
  {"a zstd window of more", BYTES("\x28\xb5\x2f\xfd\0\x89\x01\0\0"), -1,
    "archive: offset 0: zstd data needs a window over 128 MiB: 0"},
  {"xz with sha256", BYTES(
      "\xfd\x37\x7a\x58\x5a\x00\x00\x0a\xe1\xfb\x0c\xa1\x02\x00\x21\x01\x16"
      "\x00\x00\x00\x74\x2f\xe5\xa3\xe0\x00\x19\x00\x12\x5d\x00\x37\x9b\x88"
      "\xce\x76\xe2\xf4\xe3\xf3\xbb\x61\x90\xa6\xbc\x1b\x9e\xd8\x00\x00\x00"
      "\x00\x23\x34\x6b\x01\x12\x40\xce\x88\xc8\x31\x7f\xd4\xd6\xfe\xda\x33"
      "\x6d\x91\xb8\xcf\xe4\x02\x7b\x6d\x76\xc1\x30\xca\x9e\x99\x5c\xc8\x00"
      "\x01\x46\x1a\xd2\xa4\xc7\x7b\x18\x9b\x4b\x9a\x01\x00\x00\x00\x00\x0a"
      "\x59\x5a"), -1,
    "archive: offset 12: xz data has a checksum that is not CRC: 0"},
  {"xz with the delta filter", BYTES(
      "\xfd\x37\x7a\x58\x5a\x00\x00\x01\x69\x22\xde\x36\x02\x01\x03\x01"
      "\x00\x21\x01\x16\x79\x20\xc4\xee\xe0\x00\x19\x00\x14\x5d\x00\x37"
      "\xbf\xda\xeb\x71\xc8\x5e\xe0\x4f\xa7\xf2\x33\x79\xea\x0d\xbd\xc6"
      "\x67\xc0\x00\x00\xa6\xff\xa0\x26\x00\x01\x2c\x1a\xff\x27\xd5\xe4"
      "\x90\x42\x99\x0d\x01\x00\x00\x00\x00\x01\x59\x5a"), -1,
    "archive: offset 24: xz data needs a filter unknown here: 0"},
};

static void refused(void)
{
  char buf[256], why[200];
  unsigned i;

  for (i = 0; i<ARRAY_LEN(rows); i++) {
    check_num(unpack(rows[i].bytes, rows[i].len, 0, buf, sizeof(buf), why),
      rows[i].got, "%s: %s", rows[i].what, why);
    check_str(why, rows[i].why ? : "none: : 0", "%s", rows[i].what);
  }
}

// 40 million NULs, which go round the ring five times, in 51 bytes
static void large(void)
{
  static char zeros[] =
    "\x42\x5a\x68\x39\x31\x41\x59\x26\x53\x59\xd8\xec\xdd\xfe\x01\x32\x5f"
    "\x40\x08\xc0\x00\x00\x10\x00\x08\x20\x00\x30\xcc\x09\xaa\x69\xa0\x4a"
    "\x51\x5b\x50\x12\x94\x57\x8b\xb9\x22\x9c\x28\x48\x6c\x76\x6e\xff\x00";
  struct decompress c = {.fd = memfd_create("data", MFD_CLOEXEC)};
  struct fault f = {0};
  unsigned long n, len = 0, other = 0;
  char *format;
  int rc;

  check_need(write(c.fd, zeros, sizeof(zeros)-1) == sizeof(zeros)-1
    && !lseek(c.fd, 0, SEEK_SET));
  check_num(lr_decompress_more(&c, &f), 1, "more");
  check_num(lr_decompress_open(&c, &f), 0, "open");
  do {
    format = c.format;
    rc = lr_decompress_more(&c, &f);
    if (rc<1 || !format) break;
    for (n = 0; n<c.have; n++) other += !!c.at[n];
    len += c.have;
    lr_decompress_use(&c, c.have);
  } while (len<50000000);
  check(!rc && !f.step, "its end: %d %s", rc, f.name ? : "");
  check_num(len, 40000000, "its length");
  check_num(other, 0, "bytes that are not NUL");

  // Leave it in the middle, where its thread waits for room
  lr_decompress_free(&c);
  c.fd = memfd_create("data", MFD_CLOEXEC);
  check_need(write(c.fd, zeros, sizeof(zeros)-1) == sizeof(zeros)-1
    && !lseek(c.fd, 0, SEEK_SET));
  check(lr_decompress_more(&c, &f) == 1 && !lr_decompress_open(&c, &f)
    && lr_decompress_more(&c, &f) == 1, "open again");
  lr_decompress_free(&c);
  check(!c.decoder && !c.format && !c.have, "left in the middle");
}

int main(void)
{
  unsigned i;

  between_plain();
  for (i = 0; i<ARRAY_LEN(packed); i++) cut(i);
  changed();
  by_pipe();
  refused();
  large();

  return check_done();
}
