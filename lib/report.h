// report.h - what leafroot says
// SPDX-License-Identifier: 0BSD

// The only room that writes to stderr. Each line is one write, since the wiper
// and other processes may be talking at the same time.

struct fault;

// A size for people, as a value, so that nobody has to keep a buffer:
// lr_size(bytes).text
struct sizetext { char text[32]; };

int lr_say(char *fmt, ...) __attribute__((format(printf, 1, 2)));
int lr_complain(struct fault *f, char *ending);
struct sizetext lr_size(unsigned long long bytes);
