// probe.h - does pivot_root work here?
// SPDX-License-Identifier: 0BSD

struct fault;

int lr_probe(int proc, struct fault *f);
