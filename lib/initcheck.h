// initcheck.h - could this be run as init?

int lr_initcheck(int root, char *path, struct fault *f);
