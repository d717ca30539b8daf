// bootparam.h - the kernel command line

char *lr_bootparam(char *cmdline, char *name);
