// initcheck.h - could this be run as init?

int initcheck(int root, char *path, struct fault *f);
