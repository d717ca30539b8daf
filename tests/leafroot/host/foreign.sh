# foreign.sh - the README's lines for a toybox tree of one's own, as they stand
# there, on a copy of pristine toybox 0.8.9 (sourced, bash)
#
# Copyright 2026 The leafroot authors
# shellcheck shell=bash disable=SC2016
# SPDX-License-Identifier: 0BSD

# readme_lines SECTION: what stands in the section's blocks of sh, one by one,
# with a NUL behind each
readme_lines()
{
  sed -n "/^## $1\$/,/^## [^#]/p" "$LEAFROOT_TOP/README.md" |
    awk '/^```sh$/ { on = 1; next } /^```$/ { if (on) printf "%c", 0; on = 0 }
      on { print }'
}

# foreign N: run the first block, which puts leafroot into the tree, and the Nth,
# which builds, with nothing set that the README does not speak of.
foreign()
{
  local dir=$PWD/foreign blocks

  have "$NEED" gcc=gcc make=make musl-gcc=musl-tools \
    /usr/include/linux/version.h=linux-libc-dev &&
    have "$LEAFROOT_TOP/scripts/fetch.sh" toybox || return 1
  mapfile -td '' blocks < <(readme_lines 'In a toybox tree of your own')
  rm -rf "$dir" && cp -r "$LEAFROOT_TOP/generated/src/toybox" "$dir" &&
    (cd "$LEAFROOT_TOP" && env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
      TOYBOX="$dir" sh -ec "${blocks[0]}${blocks[$1]}" > "$dir/log" 2>&1) ||
    { echo "${#blocks[@]} blocks, exit $?"; tail -n 5 "$dir/log"; return 1; }
}

# What was built runs, is static, and refuses what ours refuses.
foreign_alone()
{
  foreign 1 && file_type foreign/leafroot &&
    foreign/leafroot -t ext4 2>&1 && echo "exit 0"
  foreign/leafroot --help | grep -o '^usage: leafroot'
  rm -rf foreign
}
foreign_toybox()
{
  foreign 2 && file_type foreign/toybox &&
    foreign/toybox leafroot -t ext4 2>&1 && echo "exit 0"
  foreign/toybox | tr ' ' '\n' | grep -xE 'leafroot|ls|rfkill'
  rm -rf foreign
}
# A program without an interpreter in it is static.
file_type()
{
  ! readelf -l "$1" | grep INTERP && readelf -h "$1" | grep -o EXEC
}

testing "foreign tree: README's lines, leafroot alone" foreign_alone \
  "EXEC\nleafroot: -t ext4: neither tmpfs nor ramfs\nusage: leafroot\n" "" ""
testing "foreign tree: README's lines, within toybox" foreign_toybox \
  "EXEC\nleafroot: -t ext4: neither tmpfs nor ramfs\nleafroot\nls\nrfkill\n" "" ""
