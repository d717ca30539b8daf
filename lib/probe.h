// probe.h - does pivot_root work here?

struct fault;

int lr_probe(int proc, struct fault *f);
