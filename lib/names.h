// names.h - the paths of a tree that is not there (yet), to look them up

struct names;

struct names *names_new(void);
int names_add(struct names *n, char *path, unsigned type, char *target);
int names_find(struct names *n, char *path);
void names_free(struct names *n);
