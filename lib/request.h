// request.h - what was asked: arguments, environment, kernel command line
// SPDX-License-Identifier: 0BSD

// Constant after lr_request_read(). Each fact once, whoever said it: what an
// argument says overrules the kernel command line.
struct request {
  // -2 or leafroot=copy, and so on. off: leafroot=off, just run init
  char off, copy, force, hang, dry_run, probe, quiet, verbose;
  char own_namespace;           // -u
  char *console;                // -c DEV
  char *keep, *keep_arg;        // -k DIR or keep=DIR; only -k. From the root on
  char *type;                   // -t TYPE
  char *newroot;                // NEWROOT, without a slash at its end
  struct arg_list *options;     // -o OPTS, in their order
  struct arg_list *archives;    // -x ARCHIVE. 0 is the one the kernel kept
  char **init;                  // INIT and its arguments, 0 if not given
  char **init_args;             // the arguments of any other init

  // The kernel's own words
  char *rdinit;                 // what the kernel started, "/init" by default
  char *init_param;             // init=
  char *rootfstype;             // rootfstype=
  char *flags, *flags_name;     // rootflags=, or else initramfs_options=
};

struct fault;

int lr_request_read(struct request *r, char **argv, int pid1, char *cmdline,
  char *env, struct fault *f);
char **lr_request_argv(struct request *r, char *init);
