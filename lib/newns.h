// newns.h - a mount namespace of our own

int newns(struct fault *f);
