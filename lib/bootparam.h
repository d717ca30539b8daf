// bootparam.h - the kernel command line

char *bootparam(char *cmdline, char *name);
