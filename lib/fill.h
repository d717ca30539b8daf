// fill.h - fill the new root, and put back what was moved to it

struct boot;

int lr_fill(struct boot *b);
int lr_fill_back(struct boot *b);
void lr_fill_signals(struct boot *b);
