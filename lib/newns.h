// newns.h - a mount namespace of our own

int lr_newns(struct fault *f);
