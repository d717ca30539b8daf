/* switchroot.c - make a mount the root
 *
 * Copyright 2026 The leafroot authors
 * SPDX-License-Identifier: 0BSD
 */

#include "toys.h"
#include "lib/fault.h"
#include "lib/kernel.h"
#include "lib/switchroot.h"

// Make TO, the root directory of a mount on FROM (our root; -1: on its root
// directory itself), the root of this process and the topmost mount of its
// namespace. With PIVOT, pivot_root(2): it moves every process that has the old
// root, and puts that at PUT_OLD (a directory below TO) or unmounts it.
// Without, for rootfs before 7.0, which pivot_root(2) answers with EINVAL: move
// TO over "/" and chroot. Only the caller is moved then, so PID 1 has to be it:
// the kernel's own helpers start from PID 1's root. The current directory is
// "/" afterwards.
// Leaves a fault "switching to" or "pivoting to". Returns 0, or -1 and nothing
// has changed.
int lr_switchroot(int from, int to, int pivot, char *put_old, struct fault *f)
{
  int old = open("/", O_PATH|O_DIRECTORY|O_CLOEXEC), tries, rc;

  // What's on a shared mount can't be moved off it, and pivot_root(2) wants
  // neither root shared nor on a shared one
  mount(0, "/", 0, MS_PRIVATE, 0);
  if (fchdir(to)) rc = lr_fault(f, errno, "changing to", "the new root");
  else if (pivot && (rc = syscall(SYS_pivot_root, ".", put_old ? : ".")))
    lr_fault(f, errno, "pivoting to", "the new root");
  else if (!pivot && (rc = from == -1 ? 0
    : move_mount(to, "", from, "", MOVEMOUNT_F_EMPTY|MOVEMOUNT_T_EMPTY)))
      lr_fault(f, errno, "switching to", "the new root");
  if (!rc && pivot && !put_old) {
    // Mounts on it can have peers on the new root, if that was filled. Those
    // would be unmounted with it.
    if (!fchdir(old)) mount(0, ".", 0, MS_REC|MS_PRIVATE, 0);

    // The old root is now on top of the new one: "." names it
    for (tries = 3; tries; tries--)
      if (!fchdir(to) && !umount2(".", MNT_DETACH)) break;
  }
  if (old != -1) close(old);
  if (rc) return -1;

  // There's no way back from here, so no reason to stop: what must not fail is
  // tried again. A pivot has done this.
  for (tries = 3; tries--; ) if (!fchdir(to) && !chroot(".")) break;
  if (chdir("/")) errno = 0;

  return 0;
}
