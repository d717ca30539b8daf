// unpack.h - make what an entry of an archive says
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

struct unpack;
struct link;

int lr_unpack_start(struct unpack *u);
int lr_unpack_entry(struct unpack *u, struct link *link);
unsigned lr_unpack_mode(struct unpack *u);
int lr_unpack_end(struct unpack *u, int rc);
