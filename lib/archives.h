// archives.h - the archives that -x names
// SPDX-License-Identifier: 0BSD

struct request;
struct scene;
struct plan;
struct fault;

// One of them, in the order they were named
struct archive {
  struct archive *next;
  char *name;           // as it was named
  int fd;
};

int lr_archives_open(struct archive **list, struct request *r,
  struct scene *s, struct fault *f);
int lr_archives_scarce(struct archive *list, struct scene *s);
int lr_archives_check(struct archive *list, struct request *r,
  struct scene *s, struct fault *f);
int lr_archives_no_init(struct archive *list, struct plan *p,
  struct request *r, struct scene *s, struct fault *f);
int lr_archives_unpack(struct archive *list, struct request *r,
  struct scene *s, int root, volatile int *cancel, struct fault *f);
unsigned long long lr_archives_held(struct archive *list, dev_t dev);
