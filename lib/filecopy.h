// filecopy.h - one file's content and metadata, from descriptor to descriptor
// SPDX-License-Identifier: 0BSD

#define COPY_CHUNK (4<<20)

// What a copy is made with; one for each thread.
struct filecopy {
  char *buf;              // 2*65536 bytes: xattr names, then a value
  volatile int *stop;     // when set, stop with errno EINTR
  unsigned long long *done;  // bytes copied so far are added here
};

struct kstat;

int lr_filecopy_data(struct filecopy *c, int in, int out, off_t from, off_t to,
  int dense, off_t *cut);
int lr_filecopy_xattrs(struct filecopy *c, int in, int out);
int lr_filecopy_times(int fd, struct kstat *st);
int lr_filecopy_thaw(int fd, int freeze);
