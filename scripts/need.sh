#!/bin/sh
# need.sh CMD=PACKAGE... - see that each command exists, installing the package
# that brings it. CMD may be a file, for what is not a command (a header).
# SPDX-License-Identifier: 0BSD

missing='' names=''
for i
do
  cmd=${i%%=*}
  case "$cmd" in
    /*) [ -e "$cmd" ] && continue ;;
    *) command -v "$cmd" > /dev/null 2>&1 && continue ;;
  esac
  missing="$missing ${i#*=}" names="$names $cmd"
done
[ -z "$missing" ] && exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get > /dev/null
then
  echo "missing:$names (install:$missing)" >&2
  exit 1
fi

echo "installing:$missing" >&2
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
install()
{
  # Word splitting is wanted: one word, one package.
  # shellcheck disable=SC2086
  apt-get install -qy --no-install-recommends $missing > "$log" 2>&1
}
install || { apt-get update > /dev/null 2>&1 && install; } && exit 0
tail -n 5 "$log" >&2
echo "cannot install:$missing" >&2
exit 1
