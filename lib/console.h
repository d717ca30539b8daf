// console.h - stdin, stdout and stderr

void console_fill(void);
int console_open(int root, char *dev);
int console_leave(int root, dev_t old, char *dev);
