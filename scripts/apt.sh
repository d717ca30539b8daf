#!/bin/sh
# apt.sh SUITE [TYPE] - private apt state for one suite of the Debian archive
# this machine already uses. Prints the file to set APT_CONFIG to. TYPE is deb
# (the default) or deb-src. Neither the machine's sources nor its lists change.
# SPDX-License-Identifier: 0BSD

die() { echo "apt.sh: $*" >&2; exit 1; }

[ -n "$1" ] || die "usage: apt.sh SUITE [TYPE]"
top=$(cd "${0%/*}/.." && pwd) suite=$1 type=${2:-deb}
dir=$top/generated/apt/$suite-$type conf=$dir/apt.conf etc=${APT_ETC:-/etc/apt}

# Print every enabled entry as "uri suites components keyring", from either form.
# In deb822 a paragraph ends at an empty line; in one line the options come in
# brackets.
entries()
{
  cat "$etc"/sources.list "$etc"/sources.list.d/*.list 2> /dev/null | awk '
    $1 == "deb" {
      key = "-"
      if (match($0, /\[[^]]*\]/)) {
        opt = substr($0, RSTART+1, RLENGTH-2)
        $0 = substr($0, 1, RSTART-1) " " substr($0, RSTART+RLENGTH)
        n = split(opt, o, " ")
        for (i = 1; i <= n; i++) if (o[i] ~ /^signed-by=/) key = substr(o[i], 11)
      }
      c = ""
      for (i = 4; i <= NF; i++) c = c "," $i
      print $2, "," $3 ",", c ",", key
    }'
  for i in "$etc"/sources.list.d/*.sources
  do
    [ -e "$i" ] && { cat "$i"; echo; }
  done | awk '
    function list(s) { gsub(/[ \t]+/, ",", s); return "," s "," }
    function flush() {
      if (f["types"] ~ /(^| )deb( |$)/ && tolower(f["enabled"]) != "no") {
        n = split(f["uris"], u, " ")
        for (i = 1; i <= n; i++)
          print u[i], list(f["suites"]), list(f["components"]),
            f["signed-by"] ~ /^\// ? f["signed-by"] : "-"
      }
      split("", f)
    }
    /^#/ { next }
    /^[ \t]*$/ { flush(); next }
    /^[A-Za-z-]+:/ {
      name = tolower(substr($0, 1, index($0, ":")-1))
      v = substr($0, index($0, ":")+1); gsub(/^[ \t]+|[ \t]+$/, "", v)
      f[name] = v
    }
    /^[ \t]/ { f[name] = f[name] " " $0 }
    END { flush() }'
}

# A Debian entry holds a release by its bare name (no "-security", no vendor's
# prefix) and has main. Signed by Debian's keyring or a path of just /debian
# beats a vendor who uses Debian's names.
entry=$(entries | awk '
  $2 ~ /,(stable|oldstable|oldoldstable|testing|unstable|sid|bullseye|bookworm|trixie|forky|duke),/ &&
  $3 ~ /,main,/ {
    score = ($4 ~ /debian-archive/) * 2 + ($1 ~ /^[a-z+]*:\/\/[^\/]*\/debian\/?$/)
    if (best == "" || score > top) { best = $1 " " $4; top = score }
  }
  END { print best }')
[ -n "$entry" ] || die "no Debian archive among this machine's apt sources"

mkdir -p "$dir/parts" "$dir/state/lists/partial" "$dir/cache/archives/partial" &&
  exec 9> "$dir/lock" && flock 9 || exit 1
{
  echo "Types: $type"
  echo "URIs: ${entry% *}"
  echo "Suites: $suite"
  echo "Components: main"
  [ "${entry#* }" = - ] || echo "Signed-By: ${entry#* }"
} > "$dir/parts/debian.sources"
cat > "$conf" << EOF
Dir::State "$dir/state";
Dir::Cache "$dir/cache";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$dir/parts";
Acquire::Languages "none";
Acquire::Retries "3";
APT::Get::List-Cleanup "false";
EOF
[ "$(id -u)" -ne 0 ] || echo 'APT::Sandbox::User "root";' >> "$conf"

# Lists are kept a day, so that asking twice stays off the net.
if [ -z "$(find "$dir/updated" -mmin -1440 2> /dev/null)" ]
then
  APT_CONFIG=$conf apt-get update > "$dir/log" 2>&1 && ! grep -q '^[EW]:' "$dir/log" ||
    die "suite $suite cannot be reached: $(grep -m1 '^[EW]:' "$dir/log")"
  touch "$dir/updated"
fi
echo "$conf"
