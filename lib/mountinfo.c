/* mountinfo.c - the mount table
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 *
 * The format is in proc_pid_mountinfo(5):
 * 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=panic
 */

#include "toys.h"
#include "lib/fault.h"
#include "lib/mountinfo.h"

// Undo the octal escapes in S (fs/seq_file.c: \040 and the like), in place. The
// options M->super have them still, as a comma in a value is \054.
void lr_mountinfo_unescape(char *s)
{
  char *to;

  for (to = s; *s; s++) {
    if (*s == '\\' && s[1]>='0' && s[1]<='3' && s[2]>='0' && s[2]<='7'
      && s[3]>='0' && s[3]<='7')
    {
      *to++ = (s[1]-'0')*64 + (s[2]-'0')*8 + s[3]-'0';
      s += 3;
    } else *to++ = *s;
  }
  *to = 0;
}

// Cut the next word off *S at a space. Returns it, "" if two spaces meet, or 0
// when there is none.
static char *word(char **s)
{
  char *w = *s, *end;

  if (!w || !*w) return 0;
  end = w+strcspn(w, " ");
  *s = *end ? end+1 : 0;
  *end = 0;

  return w;
}

// Fill M from LINE, which is cut up and must outlive M. Returns 0, or -1 when
// it is no line of mountinfo.
static int parse_line(struct mountinfo *m, char *line)
{
  char *w, *end;

  m->id = strtoul(line, &end, 10);
  m->parent = strtoul(line = end, &end, 10);
  m->maj = strtoul(line = end, &end, 10);
  if (end == line || *end++ != ':') return -1;
  m->min = strtoul(line = end, &end, 10);
  if (end == line || *end++ != ' ') return -1;
  line = end;
  if (!(m->root = word(&line)) || !(m->dir = word(&line))
    || !(m->flags = word(&line))) return -1;
  while ((w = word(&line)) && strcmp(w, "-")) {
    if (!strncmp(w, "shared:", 7)) m->shared = strtoul(w+7, 0, 10);
    if (!strncmp(w, "master:", 7)) m->master = strtoul(w+7, 0, 10);
    if (!strcmp(w, "unbindable")) m->unbindable = 1;
  }

  // The source can be an empty string: mount("", ...)
  if (!w || !(m->type = word(&line)) || !(m->source = word(&line))) return -1;
  m->super = (line && *line) ? line : "";
  lr_mountinfo_unescape(m->root);
  lr_mountinfo_unescape(m->dir);
  lr_mountinfo_unescape(m->type);
  lr_mountinfo_unescape(m->source);

  return 0;
}

// Parse TEXT, all of a mountinfo file, without changing it. Returns the list,
// or 0 with errno EINVAL when a line is none, ENOMEM, or 0 when the file is
// empty, as it is in a chroot that no mount is below.
struct mountinfo *lr_mountinfo_parse(char *text)
{
  struct mountinfo *list = 0, **end = &list;

  while (*text) {
    int len = strcspn(text, "\n");
    struct mountinfo *m = calloc(1, sizeof(*m)+len+1);

    if (!m) break;
    *end = m;
    end = &m->next;
    memcpy(m+1, text, len);
    if (parse_line(m, (void *)(m+1))) {
      errno = EINVAL;
      break;
    }
    text += len+!!text[len];
  }
  if (!*text) {
    errno = 0;

    return list;
  }
  lr_mountinfo_free(list);

  return 0;
}

// If the text of LEN bytes at BUF ends in the same line twice, returns how long
// that is, else 0. In a namespace with no mount but rootfs, as the kernel
// starts /init in, 6.18 gives that one's line again for ever. (6.12 does not;
// on 7.0 rootfs has a parent.)
static size_t repeats(char *buf, size_t len)
{
  char *last = len>1 ? memrchr(buf, '\n', len-1) : 0;
  size_t n = last ? buf+len-++last : 0;

  return (n && last-buf>=(long)n && !memcmp(last-n, last, n)
    && (last-n == buf || last[-(long)n-1] == '\n')) ? n : 0;
}

// Read our own mount table through PROCFD, a directory of procfs. Leaves a
// fault "reading" the table. Returns the list, or 0: without a fault, it's
// empty.
struct mountinfo *lr_mountinfo_read(int procfd, struct fault *f)
{
  struct mountinfo *list = 0;
  char *buf = 0, *new;
  size_t len = 0, size = 0, n;
  ssize_t got = -1;
  int fd = openat(procfd, "self/mountinfo", O_RDONLY|O_CLOEXEC), err;

  while (fd != -1) {
    if (size-len<4096) {
      if (!(new = realloc(buf, size += 65536))) break;
      buf = new;
    }
    if (1>(got = read(fd, buf+len, size-len-1))) break;
    len += got;
    for (; (n = repeats(buf, len)); got = 0) len -= n;
    if (!got) break;
  }
  if (!got) {
    buf[len] = 0;
    list = lr_mountinfo_parse(buf);
  }
  err = errno;
  if (fd != -1) close(fd);
  free(buf);
  if (!list && (got || err)) lr_fault(f, err, "reading", "the mount table");

  return list;
}

// The mount of LIST that has ID. Returns 0 if there is none.
struct mountinfo *lr_mountinfo_find(struct mountinfo *list, unsigned id)
{
  while (list && list->id != id) list = list->next;

  return list;
}

// What M shows of the file system that ROOT, a mount, is of: a path from ROOT's
// own root directory. Returns 0 if M is of another file system. ROOT can itself
// be a directory of its file system (a subvolume): then M can show what is
// outside of it, and that's also 0.
char *lr_mountinfo_shows(struct mountinfo *root, struct mountinfo *m)
{
  int len = root->root[1] ? strlen(root->root) : 0;

  if (m->maj != root->maj || m->min != root->min) return 0;
  if (strncmp(m->root, root->root, len)
    || (m->root[len] && m->root[len] != '/')) return 0;

  return m->root+len+!!m->root[len];
}

// Free what lr_mountinfo_parse() returned.
void lr_mountinfo_free(struct mountinfo *list)
{
  while (list) {
    struct mountinfo *m = list;

    list = m->next;
    free(m->uses);
    free(m);
  }
}
