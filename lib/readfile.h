// readfile.h - a small file of procfs as text

char *lr_readfile(int dir, char *name);
