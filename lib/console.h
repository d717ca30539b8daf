// console.h - stdin, stdout and stderr

void console_fill(void);
int console_open(char *dev);
int console_leave(dev_t old, char *dev);
