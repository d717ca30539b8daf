// extract.h - unpack an archive into a root that nothing in it can leave
// SPDX-License-Identifier: 0BSD

struct initramfs;

int lr_extract(struct initramfs *a, int root, int first, struct fault *f);
int lr_extract_open(char *name, struct fault *f);
