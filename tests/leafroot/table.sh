# table.sh - what containers that got out found, on every kernel, as one table:
# generated/log/escapes.md (sourced when all boots have ended)
# shellcheck shell=bash disable=SC2016

escapes()
{
  {
    echo "| kernel | leafroot | root taken by | got out and found |"
    echo "|---|---|---|---|"
    grep -ha '^--- [0-9.]* | ' "$LOGS"/kernel-*/log | sed 's/^---/|/; s/$/ |/' |
      sort -u -V
    echo
    echo "| kernel | leafroot | runtime | got out and found |"
    echo "|---|---|---|---|"
    grep -ha '^--- [0-9.]*[^ ]* | ' "$LOGS"/runtimes-*/log |
      sed 's/^---/|/; s/$/ |/' | sort -u -V
  } > "$LEAFROOT_TOP/generated/log/escapes.md"

  # What 7.2 and 7.3 find has to be the same.
  sed -n '3,/^$/{s/^| 7\.[0-9]*/| 7.x/p;t;p}' "$LEAFROOT_TOP/generated/log/escapes.md" |
    uniq
}
HOST="reads the host's files, mkdir works, file works"
NOTHING="empty, nothing can be written"
table=
for i in 5.10 6.1 6.12 6.18
do
  table+="| $i | after | move | $HOST |\n| $i | after | pivot | $NOTHING |
| $i | before | bind | $HOST |\n| $i | before | move | $HOST |
| $i | before | pivot | pivot_root: Invalid argument |\n"
done
[ -n "$LEAFROOT_ONLY" ] ||
  testing "the table of escapes" "escapes | sort -V -u" "$(printf '%b' "$table\
| 7.x | after-f | pivot | $NOTHING |\n| 7.x | before | move | $HOST |
| 7.x | before | pivot | $NOTHING |\n" | sort -V)\n" "" ""
