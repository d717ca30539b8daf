// fault.h - what failed, for the applet to make a sentence of.
// SPDX-License-Identifier: 0BSD

// lib/ neither exits nor, but for report.c, prints: in PID 1 an exit is a
// panic.
struct fault {
  char *step;  // what was being done, a noun phrase: "reading". 0: no fault
  char *name;  // to what, as the user would name it. malloc()ed, can be 0
  char *in;    // what that was found in, said before all else. Can be 0
  int err;     // errno if that says why, else 0
};

int lr_fault(struct fault *f, int err, char *step, char *fmt, ...)
  __attribute__((format(printf, 4, 5)));
void lr_fault_clear(struct fault *f);
