// survey.h - how much is there, and the file system that is to hold it
// SPDX-License-Identifier: 0BSD

struct boot;

int lr_survey(struct boot *b);
