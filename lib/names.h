// names.h - the paths of a tree that is not there (yet), to look them up

struct names;

struct names *names_new(void);
int names_add(struct names *n, char *path, unsigned type, char *target);
void names_remove(struct names *n, char *path);
unsigned names_find(struct names *n, char *path, int last);
void names_free(struct names *n);
