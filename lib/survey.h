// survey.h - how much is there, and the file system that is to hold it

struct boot;

int lr_survey(struct boot *b);
