// carry.h - take the mounts of one root over to another, and back
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

struct carry;
struct fault;

int lr_carry_unbind(struct carry *c, struct fault *f);
int lr_carry_bind(struct carry *c, struct fault *f);
int lr_carry(struct carry *c, struct fault *f);
int lr_carry_back(struct carry *c, struct fault *f);
void lr_carry_rest(struct carry *c, int kept,
  void (*say)(char *dir, char *what));
