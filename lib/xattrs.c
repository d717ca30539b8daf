/* xattrs.c - extended attributes: capabilities, ACLs, labels and the others
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include "lib/kernel.h"
#include "lib/xattrs.h"

#define CAPABILITY "security.capability"

// Can the file system of FD hold no extended attributes? To list those of one
// that can't is no error (fs/xattr.c vfs_listxattr()), and gives what a
// security module makes up. So it's asked for one that nothing has: tmpfs takes
// trusted.* always, user.* since 6.6. Returns 1 if it holds none, else 0.
int lr_xattrs_none(int fd)
{
  return !flistxattr(fd, 0, 0)
    && 0>fgetxattr(fd, "trusted.leafroot", 0, 0) && errno == EOPNOTSUPP
    && 0>fgetxattr(fd, "user.leafroot", 0, 0) && errno == EOPNOTSUPP;
}

// Does the file system of directory FD refuse attribute ATTR? To set it tells,
// and it's removed again. Returns 1 if so, else 0.
static int refuses(int fd, char *attr)
{
  if (fsetxattr(fd, attr, "", 0, 0)) return errno == EOPNOTSUPP;
  fremovexattr(fd, attr);

  return 0;
}

// What can the file system of directory FD, which is open for real, not hold?
// A ramfs holds nothing, tmpfs trusted.* always, user.* since 6.6, and flags
// since 6.0. Returns XATTRS_* for each.
int lr_xattrs_lacks(int fd)
{
  int flags;

  return refuses(fd, "user.leafroot")*XATTRS_USER
    | refuses(fd, "trusted.leafroot")*XATTRS_OTHER
    | (ioctl(fd, KFS_GETFLAGS, &flags) ? XATTRS_FLAGS : 0);
}

// What has the attributes is FD or, with NAME, the entry NAME of directory FD,
// which becomes the current directory.
static ssize_t list(int fd, char *name, char *buf)
{
  if (!name) return flistxattr(fd, buf, 65536);

  return fchdir(fd) ? -1 : llistxattr(name, buf, 65536);
}

static ssize_t get(int fd, char *name, char *attr, char *value)
{
  if (!name) return fgetxattr(fd, attr, value, 65536);

  return fchdir(fd) ? -1 : lgetxattr(name, attr, value, 65536);
}

static int set(int fd, char *name, char *attr, char *value, int len)
{
  if (!name) return fsetxattr(fd, attr, value, len, 0);

  return fchdir(fd) ? -1 : lsetxattr(name, attr, value, len, 0);
}

// Copy all extended attributes of FROM to TO, both open for real (not O_PATH).
// Or with NAME those of the entry NAME in directory FROM to that in directory
// TO, without following a symlink, for what can't be opened: symlinks, devices,
// sockets. Before setxattrat() (6.13) a name means one from the current
// directory, which belongs to the process: only one thread may do it at a time,
// the others may not depend on the current directory, and it's another one
// afterwards. BUF is XATTRS_BUF bytes. To be called after the owner and the
// mode are set, as chown() drops capabilities. A file system without attributes
// (EOPNOTSUPP) has none. Returns 0, or -1 and errno.
int lr_xattrs_copy(char *buf, int from, int to, char *name)
{
  char *attr, *value = buf+65536;
  ssize_t len = list(from, name, buf), vlen;

  if (len<0) return -(errno != EOPNOTSUPP);
  for (attr = buf; attr<buf+len; attr += strlen(attr)+1) {
    if (0>(vlen = get(from, name, attr, value))) {
      // Removed meanwhile
      if (errno == ENODATA) continue;

      return -1;
    }
    if (set(to, name, attr, value, vlen)) return -1;
  }

  return 0;
}

// Has FD, or the entry NAME of directory FD, attributes that a file system
// which LACKS those (XATTRS_*) can't hold? BUF and the current directory are as
// in lr_xattrs_copy(). The labels of a security module are for that to keep
// where it can, on a ramfs too. Returns 1 if so, else 0.
int lr_xattrs_too_much(char *buf, int fd, char *name, int lacks)
{
  ssize_t len = list(fd, name, buf);
  char *s;

  for (s = buf; s<buf+len; s += strlen(s)+1)
    if (!strncmp(s, "user.", 5) ? lacks&XATTRS_USER : (lacks&XATTRS_OTHER)
      && (strncmp(s, "security.", 9) || !strcmp(s, CAPABILITY))) return 1;

  return 0;
}

// Take the ACLs from FD, or from the entry NAME of directory FD as in
// lr_xattrs_copy(), that the default ACL of its directory gave it.
void lr_xattrs_no_acl(int fd, char *name)
{
  if (!name) {
    fremovexattr(fd, "system.posix_acl_access");
    fremovexattr(fd, "system.posix_acl_default");
  } else if (!fchdir(fd)) lremovexattr(name, "system.posix_acl_access");
}

// Read the capabilities of FD into CAP. It has none if they can't be read.
void lr_xattrs_get_capability(int fd, struct capability *cap)
{
  cap->len = fgetxattr(fd, CAPABILITY, cap->value, sizeof(cap->value));
}

// Give FD the capabilities in CAP, if there are any there. Returns 0, or -1 and
// errno.
int lr_xattrs_set_capability(int fd, struct capability *cap)
{
  if (cap->len<1) return 0;

  return fsetxattr(fd, CAPABILITY, cap->value, cap->len, 0);
}
