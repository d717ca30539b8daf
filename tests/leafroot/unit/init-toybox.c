// init-toybox.c - init.c where leafroot is one of the commands of toybox
// Copyright 2026 The leafroot authors
// SPDX-License-Identifier: 0BSD

// Linked statically, so that the program itself can be run as init.

// unit: -DCFG_TOYBOX=1 lib/init.c lib/initcheck.c lib/request.c lib/bootparam.c
// unit: lib/mountopt.c lib/report.c lib/fault.c -static

#include "init.c"
