#!/bin/sh
# clean.sh [all] - remove what was built: what was downloaded, and the kernels and
# Debian roots made of that, stay. all: those too.
#
# Copyright 2026 The leafroot authors
# SPDX-License-Identifier: 0BSD

cd "${0%/*}/../generated" || exit 1
if [ "$1" = all ]
then
  exec find . -mindepth 1 -maxdepth 1 ! -name .gitignore -exec rm -rf {} +
fi
rm -rf toybox single lib bin log dropin lint check cover asan tsan test \
  fuzz/seeds fuzz/fuzz-* bench/bin bench/src bench/dst image/boot ./*.upstream \
  leafroot.cpio.gz leafroot.new
