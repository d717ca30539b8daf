// xattrs.h - extended attributes: capabilities, ACLs, labels and the others
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

#define XATTRS_BUF (2*65536)  // the kernel's limits: of all names, of one value

// A file's capabilities, which emptying the file drops (in the kernel:
// security_inode_killpriv())
struct capability {
  int len;                 // below 1: it has none
  char value[64];
};

// What a file system can't hold
#define XATTRS_USER  1     // attributes user.*, and all others, which are
#define XATTRS_OTHER 2     // trusted.*, ACLs and capabilities
#define XATTRS_FLAGS 4     // to be immutable or append-only

int lr_xattrs_none(int fd);
int lr_xattrs_lacks(int fd);
int lr_xattrs_too_much(char *buf, int fd, char *name, int lacks);
void lr_xattrs_no_acl(int fd, char *name);
int lr_xattrs_copy(char *buf, int from, int to, char *name);
void lr_xattrs_get_capability(int fd, struct capability *cap);
int lr_xattrs_set_capability(int fd, struct capability *cap);
