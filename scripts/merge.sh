#!/bin/sh
# merge.sh DIR - bring DIR up to date as a pristine toybox with our files added.
# The toybox is $TOYBOX, a checkout, or generated/src/toybox. Only what changed
# is copied, so that an incremental build stays one. An upstream file is never
# overwritten.
# SPDX-License-Identifier: 0BSD

die() { echo "merge.sh: $*" >&2; exit 1; }

[ -n "$1" ] || die "usage: merge.sh DIR"
cd "${0%/*}/.." && mkdir -p "$1" && dir=$(cd "$1" && pwd) || exit 1
from=${TOYBOX:-generated/src/toybox}
[ -f "$from/toys.h" ] || die "$from is not a toybox source tree"
from=$(cd "$from" && pwd)

# A checkout someone works in has build results and .git: neither belongs here.
# (With a .git 0.8.9 asks git describe for its version, and prints nothing when
# there is no tag.)
upstream()
{
  (cd "$from" && find . \( -name .git -o -path ./generated -o -path ./root \
    -o -path ./.config -o -path ./.singleconfig -o -path ./.singlemake \
    -o -path ./toybox -o -path ./leafroot \) -prune -o ! -type d "$@")
}

id="$from $(upstream -printf '%P %T@ %s\n' | sort | cksum)"
if [ "$(cat "$dir/.pristine" 2> /dev/null)" != "$id" ]
then
  find "$dir" -mindepth 1 -delete &&
    upstream -print | (cd "$from" && tar cf - -T -) | tar xmf - -C "$dir" &&
    (cd "$dir" && find . -type f | cut -c 3- | sort) > "$dir.upstream" &&
    echo "$id" > "$dir/.pristine" || die "cannot copy $from"
fi

find toys/pending lib tests \( -name '*.[ch]' -o -name '*.test' \
  -o -path 'tests/leafroot/*' \) -type f ! -name '*~' ! -path '*/.*' \
  2> /dev/null | sort > "$dir/.ours.new"

theirs=$(sort "$dir/.ours.new" "$dir.upstream" | uniq -d)
[ -z "$theirs" ] || die "upstream has a file of this name: $theirs"

# A file that is ours no more goes.
[ -e "$dir/.ours" ] && comm -23 "$dir/.ours" "$dir/.ours.new" |
  while read -r i
  do
    rm -f "$dir/$i"
  done

# toybox's build knows nothing of a header that changed under lib/, so all our
# sources are made newer then.
header=
while read -r i
do
  cmp -s "$i" "$dir/$i" || {
    mkdir -p "$dir/${i%/*}" && rm -f "$dir/$i" && cp "$i" "$dir/$i" ||
      die "cannot copy $i"
    case "$i" in *.h) header=y ;; esac
  }
  [ ! -x "$i" ] || [ -x "$dir/$i" ] || chmod +x "$dir/$i"
done < "$dir/.ours.new"
[ -z "$header" ] || grep '\.c$' "$dir/.ours.new" | (cd "$dir" && xargs -r touch)
cmp -s "$dir/.ours.new" "$dir/.ours" || mv "$dir/.ours.new" "$dir/.ours"
