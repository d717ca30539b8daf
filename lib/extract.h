// extract.h - unpack an archive into a root that nothing in it can leave

struct initramfs;

int extract(struct initramfs *a, int root, int first, struct fault *f);
int extract_open(char *name, struct fault *f);
