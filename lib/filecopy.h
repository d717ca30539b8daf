// filecopy.h - one file's content, times and flags
// SPDX-License-Identifier: 0BSD

// The most that is in memory twice while a file's memory is freed
#define COPY_CHUNK (4<<20)

// What a copy needs to know of the thread that makes it
struct filecopy {
  volatile int *stop;        // when set, stop with errno EINTR
  unsigned long long *done;  // bytes copied so far are added here
  unsigned piece;            // what is in memory twice at most. 0: COPY_CHUNK
};

struct kstat;

int lr_filecopy_data(struct filecopy *c, int in, int out, off_t from, off_t to,
  int dense, off_t *cut);
int lr_filecopy_times(int fd, struct kstat *st);
int lr_filecopy_has_flags(int fd);
int lr_filecopy_flags(int in, int out);
int lr_filecopy_freeze(int fd, int attr);
