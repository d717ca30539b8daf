#!/bin/sh
# image.sh [--name NAME] [--include PACKAGE,...] - a Debian root, minbase with
# runc and crun, made once and kept. Prints its directory. A NAME asked for with
# other packages than it has is made anew.
# SPDX-License-Identifier: 0BSD

die() { echo "image.sh: $*" >&2; exit 1; }

name=debian include=runc,crun
while [ $# -ne 0 ]
do
  case "$1" in
    --name) name=$2 && shift 2 || die "--name needs a name" ;;
    --include) include=$include,$2 && shift 2 || die "--include needs packages" ;;
    *) die "unknown argument $1" ;;
  esac
done

cd "${0%/*}/.." && top=$PWD dir=$PWD/generated/image/$name || exit 1
mkdir -p "$dir" && exec 8> "$dir/lock" && flock 8 || exit 1
[ "$(cat "$dir/packages" 2> /dev/null)" = "$include" ] && {
  echo "$dir/root"; exit; }

[ "$(id -u)" -eq 0 ] || die "making a root needs root"
"$top"/scripts/need.sh mmdebstrap=mmdebstrap || exit 1
# shellcheck source=/dev/null
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
conf=$("$top"/scripts/apt.sh "$suite") || exit 1

# Its own copy of the machine's sources and lists, and what only takes room, go.
# mmdebstrap has apt write to a descriptor by sh, which takes one digit for it: so
# few may be open.
echo "make generated/image/$name ($include)" >&2
rm -rf "$dir/root" "$dir/packages" && mmdebstrap --variant=minbase \
  --include="$include" --aptopt='APT::Install-Recommends "false"' \
  --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  "$suite" "$dir/root" "${conf%/*}/parts/debian.sources" \
  5>&- 6>&- 7>&- 8>&- > "$dir/log" 2>&1 ||
  die "$(grep '^[EW]:' "$dir/log" | tail -n 1)"
rm -rf "$dir/root/var/lib/apt/lists" "$dir/root/var/cache/apt" \
  "$dir"/root/etc/apt/sources.list* && echo "$include" > "$dir/packages" &&
  echo "$dir/root"
