# archive.sh - archives: each row of archives.py against what kernels made of it,
# archives of other programs, damage at many offsets, memory (sourced, bash)
# shellcheck shell=bash
# SPDX-License-Identifier: 0BSD

"$LEAFROOT_TOP"/scripts/need.sh python3=python3 xz=xz-utils bzip2=bzip2 zstd=zstd lz4=lz4 lzop=lzop \
  cpio=cpio bsdcpio=libarchive-tools busybox=busybox-static \
  /usr/bin/time=time && "$HERE/archive-build.sh" &&
  unshare -m python3 "$HERE/archives-test.py" > "$WORK/archives/results"
rc=$? n=0
while read -r line
do
  n=$((n+1)) name=${line% ok}
  name=${name%%: *}
  testing "archive: $name" "sed -n ${n}p '$WORK/archives/results'" "$name ok\n" \
    "" ""
done < "$WORK/archives/results"
testing "archive: all of them" "echo $rc" "0\n" "" ""
