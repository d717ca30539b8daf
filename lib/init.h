// init.h - which init can be run, and to run it
// SPDX-License-Identifier: 0BSD

struct request;
struct scene;
struct plan;
struct fault;

int lr_init_own(struct request *r, struct scene *s, char *path);
void lr_init_begin(struct plan *p, struct request *r, struct scene *s);
char **lr_init_wanted(struct request *r, struct scene *s);
int lr_init_none(struct fault *f, char *why, char *name);
int lr_init_find(struct plan *p, struct request *r, struct scene *s, int root,
  struct fault *f);
void lr_hang(void);
int lr_init_run(struct plan *p, struct request *r, struct scene *s);
