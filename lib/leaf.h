// leaf.h - the new root's file system
// SPDX-License-Identifier: 0BSD

struct fsnew;
struct request;
struct scene;
struct fault;

int lr_leaf_make(struct fsnew *leaf, char *type, struct request *r,
  struct scene *s, struct fault *f);
int lr_leaf_unlimit(struct fsnew *leaf, struct scene *s, struct fault *f);
int lr_leaf_limit(struct fsnew *leaf, struct scene *s, struct fault *f);
int lr_leaf_options(struct fsnew *n, struct request *r, int disk,
  struct fault *f);
