#!/bin/sh
# fetch.sh [NAME...] - the upstream sources leafroot is built from, into
# generated/src: NAME.tar (the distribution's source package as it is), and
# unpacked in NAME/. Pinned here; what differs is refused. Nothing is fetched
# twice.
# SPDX-License-Identifier: 0BSD

die() { echo "fetch.sh: $*" >&2; exit 1; }

# package version | suite | file | its sha256 | upstream's git and commit, for a
# machine without apt
table='
toybox=0.8.9+dfsg-1.1 bookworm toybox_0.8.9+dfsg.orig.tar.xz 16fb5967531e88ca33b8c9142376987617ebe52e34e2b3f3a779603674b7d07c https://github.com/landley/toybox c62d8a9f7471ebbb95d0bc2a6ccd6ee195719b44
zlib=1:1.2.13.dfsg-1 bookworm zlib_1.2.13.dfsg.orig.tar.bz2 71feb7947e3c00ef125f83b79a4e529bde31171e5babe48b391f06758d1ab0a1 https://github.com/madler/zlib 04f42ceca40f73e2978b50e93806c2a18c1281fc
xz-utils=5.4.1-1+deb12u1 bookworm xz-utils_5.4.1.orig.tar.xz 5d9827aa1875b21c288f78864bb26d2650b436ea8d2cad364e4921eb6266a5a5 - -
libzstd=1.5.4+dfsg2-5 bookworm libzstd_1.5.4+dfsg2.orig.tar.xz 8cf4bbb65e77ec348d052c8d6230eba66d435bddf64c8b5be2fcb16880c19953 - -
lz4=1.9.4-1 bookworm lz4_1.9.4.orig.tar.gz 0b0e3aa07c8c063ddf40b082bdf7e37a1562bda40a0ff5272957f3e987e0e54b - -
lzo2=2.10-2 bookworm lzo2_2.10.orig.tar.gz c0f892943208266f9b6543b3ae308fab6284c5c90e627931446fb49b4221a072 - -
bzip2=1.0.8-5 bookworm bzip2_1.0.8.orig.tar.gz ab5a03176ee106d3f0fa90e381da478ddae405918153cca248e682cd0c4a2269 - -
libisal=2.30.0-5 bookworm libisal_2.30.0.orig.tar.xz f363f1be3d657d5676cef5253ee2233e60116e2fa9c9de86881185bf81e0e4b8 - -
'

cd "${0%/*}/.." && top=$PWD && mkdir -p generated/src && cd generated/src ||
  exit 1

# What a tar file has outside itself in one directory is stripped.
unpack()
{
  rm -rf "$1.new" && mkdir "$1.new" &&
    tar xf "$2" -C "$1.new" --strip-components=1 --no-same-owner &&
    rm -rf "$1" && mv "$1.new" "$1" && echo "$3" > "$1.id"
}

from_apt()
{
  conf=$("$top"/scripts/apt.sh "$suite" deb-src) || return 1
  rm -rf "$name.dl" && mkdir "$name.dl" || exit 1
  (cd "$name.dl" && APT_CONFIG=$conf apt-get source -qq --tar-only \
    "$name=$version") > "$name.log" 2>&1 || {
    # The archive moved on to another version with the same upstream tar file.
    (cd "$name.dl" && APT_CONFIG=$conf apt-get source -qq --tar-only "$name") \
      >> "$name.log" 2>&1 || die "cannot get $file: $(tail -n 1 "$name.log")"
  }
  [ -f "$name.dl/$file" ] || die "the archive has no $file: $(ls "$name.dl")"
  mv "$name.dl/$file" . && rm -rf "$name.dl"
}

from_git()
{
  "$top"/scripts/need.sh git=git || exit 1
  rm -rf "$name.git" "$name.new" && git init -q --bare "$name.git" &&
    git -C "$name.git" fetch -q --depth 1 "$git" "$commit" &&
    mkdir "$name.new" &&
    git -C "$name.git" archive "$commit" | tar xf - -C "$name.new" &&
    rm -rf "$name" "$name.git" && mv "$name.new" "$name" ||
    die "cannot get $commit from $git"
  echo "$commit" > "$name.id"
}

one()
{
  name=${1%%=*} version=${1#*=} suite=$2 file=$3 sum=$4 git=$5 commit=$6
  [ -d "$name" ] && case "$(cat "$name.id" 2> /dev/null)" in
    "$sum"|"$commit") return ;;
  esac
  if [ ! -e "$file" ]
  then
    echo "fetch $name ${version#*:}" >&2
    command -v apt-get > /dev/null && from_apt || { from_git; return; }
  fi
  is=$(sha256sum < "$file") is=${is%% *}
  [ "$is" = "$sum" ] ||
    die "generated/src/$file has sha256 $is, wanted $sum; delete it to retry"
  "$top"/scripts/need.sh xz=xz-utils bzip2=bzip2 && unpack "$name" "$file" "$sum" ||
    die "cannot unpack $file"
}

echo "$table" | while read -r line
do
  [ -n "$line" ] || continue
  case " $* " in
    "  "|*" ${line%%=*} "*)
      # shellcheck disable=SC2086
      one $line || exit 1 ;;
  esac
done
