#!/bin/sh
# dropin.sh - generated/leafroot.cpio.gz, the archive that makes leafroot part of
# any initramfs it is joined to: /leafroot, and no directory, as an entry sbin
# would replace an image's symlink. The same bytes each time.
# SPDX-License-Identifier: 0BSD

cd "${0%/*}/.." && top=$PWD dir=$PWD/generated/dropin || exit 1
[ -z "$(find generated/leafroot.cpio.gz -newer generated/bin/leafroot \
  2> /dev/null)" ] || exit 0
scripts/need.sh cpio=cpio gzip=gzip || exit 1
rm -rf "$dir" && mkdir -p "$dir" &&
  install -m 755 generated/bin/leafroot "$dir/leafroot" &&
  touch -d @0 "$dir/leafroot" && cd "$dir" &&
  echo leafroot | cpio -o -H newc --quiet --reproducible -R 0:0 > new &&
  gzip -9n < new > "$top/generated/leafroot.new" && cd "$top" &&
  mv generated/leafroot.new generated/leafroot.cpio.gz && rm -r "$dir"
