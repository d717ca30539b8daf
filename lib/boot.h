// boot.h - one boot: what was asked, what is there, what will be and was done
// SPDX-License-Identifier: 0BSD

// The steps of toys/pending/leafroot.c hand it on. Rooms that do one thing get
// only the parts they need; survey, check and fill need most of them.

#include "lib/request.h"
#include "lib/scene.h"
#include "lib/plan.h"
#include "lib/fault.h"
#include "lib/fsnew.h"
#include "lib/archives.h"
#include "lib/tree.h"
#include "lib/progress.h"
#include "lib/remount.h"
#include "lib/newroot.h"
#include "lib/carryplan.h"

struct boot {
  struct request asked;      // constant after "read"
  struct scene there;        // constant after "survey"
  struct plan plan;          // constant after "check"
  struct fsnew leaf;         // the new root's file system
  struct archive *archives;  // to be unpacked to it
  struct progress progress;
  struct fault why;          // a step failed
  long long begun;           // when, in ms

  struct {                   // what the undo of a step needs
    struct remount remount;
    struct newroot newroot;
    struct carry carry;
    struct tree tree;
    char emptied;            // the old root was emptied before the new one is
                             // filled, so there is no way back
    char kept;               // the old root is mounted below the new one
    char leaf_stays;         // something could not be put back: the new root
                             // has it, so that has to stay mounted
    unsigned long long signals; // those that were taken
  } done;
};
