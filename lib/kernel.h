// kernel.h - system calls that libc has no name for, and their constants
// SPDX-License-Identifier: 0BSD

// The constants are the kernel's ABI (include/uapi/linux/{mount,stat,fs}.h).
// They stand here because musl 1.2.3 has none of them, and newer ones have
// some under names that clash with the kernel's own headers.

#ifndef _LEAFROOT_KERNEL_H
#define _LEAFROOT_KERNEL_H

#include <sys/mount.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

// Numbers since 5.0 are the same everywhere but for these offsets.
#if defined(__alpha__)
#define KNR(x) ((x)+110)
#elif defined(__mips__)
#define KNR(x) ((x)+_MIPS_SIM_BASE)
#if _MIPS_SIM == _ABIO32
#define _MIPS_SIM_BASE 4000
#elif _MIPS_SIM == _ABI64
#define _MIPS_SIM_BASE 5000
#else
#define _MIPS_SIM_BASE 6000
#endif
#else
#define KNR(x) (x)
#endif

// openat2(), 5.6. EAGAIN, says openat2(2): something was renamed or mounted
// meanwhile; or it's a device's own answer, so not for ever.
struct kopen_how { uint64_t flags, mode, resolve; };
static inline int kopenat2(int dir, char *path, struct kopen_how *how)
{
  int fd, tries = 1000;

  do fd = syscall(KNR(437), dir, path, how, sizeof(*how));
  while (fd == -1 && errno == EAGAIN && tries--);

  return fd;
}
#define KRESOLVE_NO_XDEV     1
#define KRESOLVE_NO_SYMLINKS 4
#define KRESOLVE_BENEATH     8
#define KRESOLVE_IN_ROOT     0x10

// mount API, 5.2
#define open_tree(dir, path, flags) syscall(KNR(428), dir, path, flags)
#define move_mount(dir, path, to, topath, flags) \
  syscall(KNR(429), dir, path, to, topath, flags)
#define fsopen(type, flags) syscall(KNR(430), type, flags)
#define fsconfig(fd, cmd, key, val, aux) \
  syscall(KNR(431), fd, cmd, key, val, aux)
#define fsmount(fd, flags, attr) syscall(KNR(432), fd, flags, attr)
#define fspick(dir, path, flags) syscall(KNR(433), dir, path, flags)
#define OPENTREE_CLONE     1
#define OPENTREE_CLOEXEC   O_CLOEXEC
#define MOVEMOUNT_F_EMPTY  4
#define MOVEMOUNT_T_SYMLINKS 0x10
#define MOVEMOUNT_T_EMPTY  0x40
#define MOVEMOUNT_SET_GROUP 0x100   // 5.15
#define FSOPEN_CLOEXEC_    1
#define FSMOUNT_CLOEXEC_   1
#define FSPICK_CLOEXEC_    1
#define FSPICK_EMPTY       8
#define FSCONFIG_FLAG      0
#define FSCONFIG_STRING    1
#define FSCONFIG_CREATE    6
#define FSCONFIG_RECONF    7

#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif
#define AT_NOAUTOMOUNT 0x800
// statx() by what is known, without asking the server of a network file system
#define AT_DONT_SYNC   0x4000
#define AT_RECURSIVE_  0x8000

// mount_setattr(), 5.12
struct kmount_attr { uint64_t set, clear, propagation, userns; };
#define kmount_setattr(fd, path, flags, attr) \
  syscall(KNR(442), fd, path, flags, attr, sizeof(*(attr)))

// per-mount attributes of fsmount()
#define MATTR_RDONLY       1
#define MATTR_NOSUID       2
#define MATTR_NODEV        4
#define MATTR_NOEXEC       8
#define MATTR_ATIME        0x70
#define MATTR_NOATIME      0x10
#define MATTR_STRICTATIME  0x20
#define MATTR_NODIRATIME   0x80
#define MATTR_NOSYMFOLLOW  0x200000
#define MSFLAG_NOSYMFOLLOW 0x100

// statx(), 4.11; stx_mnt_id 5.8
struct kstamp { int64_t sec; uint32_t nsec; int32_t pad; };
struct kstat {
  uint32_t mask, blksize;
  uint64_t attr;
  uint32_t nlink, uid, gid;
  uint16_t mode, pad1;
  uint64_t ino, size, blocks, attr_mask;
  struct kstamp atime, btime, ctime, mtime;
  uint32_t rmaj, rmin, maj, min;
  uint64_t mnt, pad2[13];
};
#define KSTAT_ALL  0x17ff   // basic stats and the mount's id
#define KSTAT_MNT  0x1000   // in mask: the kernel knows the mount's id
#define kstatx(dir, path, flags, st) \
  syscall(SYS_statx, dir, path, (flags)|AT_NOAUTOMOUNT, KSTAT_ALL, st)
#define KATTR_IMMUTABLE 0x10
#define KATTR_APPEND    0x20
#define KATTR_FROZEN    (KATTR_IMMUTABLE|KATTR_APPEND)
#define KATTR_MOUNT_ROOT 0x2000   // 5.8

// file attributes, as chattr(1) has them
#define KFS_GETFLAGS  _IOR('f', 1, long)
#define KFS_SETFLAGS  _IOW('f', 2, long)
#define KFS_IMMUTABLE 0x10
#define KFS_APPEND    0x20
#define KFS_NODUMP    0x40
#define KFS_NOATIME   0x80

// statfs() f_flags (include/linux/statfs.h)
#define KST_RDONLY      1
#define KST_NOSUID      2
#define KST_NODEV       4
#define KST_NOEXEC      8
#define KST_NOATIME     0x400
#define KST_NODIRATIME  0x800
#define KST_RELATIME    0x1000
#define KST_NOSYMFOLLOW 0x2000

// file systems, as statfs() names them
#define MAGIC_TMPFS  0x01021994
#define MAGIC_RAMFS  0x858458f6
#define MAGIC_NULLFS 0x4e554c4c

#endif
