// onpty.c - run a command on a terminal of its own
//
// usage: onpty COLUMNS COMMAND...
//
// Standard error is a new terminal that is so wide (0: a width it does not
// know, as a serial line); what is written there goes to our standard output.
// The mount /dev/pts is needed.
// SPDX-License-Identifier: 0BSD

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int ok(int rc, char *what)
{
  if (rc>=0) return rc;
  fprintf(stderr, "onpty: %s: %s\n", what, strerror(errno));
  exit(1);
}

int main(int argc, char **argv)
{
  struct winsize ws = {0};
  char buf[4096], name[32];
  int pty, tty, n, no = 0;

  if (argc<3) return 1;
  ok(pty = open("/dev/pts/ptmx", O_RDWR|O_NOCTTY), "/dev/pts/ptmx");
  ok(ioctl(pty, TIOCSPTLCK, &no), "unlock");
  ok(ioctl(pty, TIOCGPTN, &n), "number");
  sprintf(name, "/dev/pts/%d", n);
  ok(tty = open(name, O_RDWR|O_NOCTTY), name);
  ws.ws_col = atoi(argv[1]);
  ws.ws_row = ws.ws_col ? 25 : 0;
  ok(ioctl(tty, TIOCSWINSZ, &ws), "size");
  if (!ok(fork(), "fork")) {
    dup2(tty, 2);
    close(tty);
    close(pty);
    execvp(argv[2], argv+2);
    _exit(127);
  }
  close(tty);
  while ((n = read(pty, buf, sizeof(buf)))>0) ok(write(1, buf, n), "write");
  while (wait(&no)<0 && errno==EINTR);

  return 0;
}
