#!/bin/sh
# musl-cc.sh ARGS... - musl-gcc, static, with the kernel's uapi headers and the
# libraries of generated/lib: scripts/musl-cc.sh -o out file.c
#
# musl brings no linux/*.h. The host's are added after musl's own (-idirafter),
# by a directory that has only them, lest the host libc's headers follow.
# SPDX-License-Identifier: 0BSD

top=$(cd "${0%/*}/.." && pwd) lib=$top/generated/lib
[ -d "$lib/uapi" ] || "$top"/scripts/lib.sh uapi || exit 1
exec musl-gcc -static -idirafter "$lib/uapi" -I "$lib/include" -L "$lib/lib" "$@"
