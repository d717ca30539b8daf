# table.sh - what is best looked at when all boots have ended: what containers that
# got out found, on every kernel, as one table, generated/log/escapes.md; and times
# (sourced, bash)
# shellcheck shell=bash disable=SC2016
# SPDX-License-Identifier: 0BSD

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
    grep -ha '^--- [0-9.]* | ' "$LOGS"/runtimes-*/log |
      sed 's/^---/|/; s/$/ |/' | sort -u -V
  } > "$LEAFROOT_TOP/generated/log/escapes.md"

  # What 7.2 and 7.3 find has to be the same.
  sed -n '3,/^$/{s/^| 7\.[0-9]*/| 7.x/p;t;p}' "$LEAFROOT_TOP/generated/log/escapes.md" |
    uniq
}
# in_table BOOT: is that boot needed by a table that is asked for?
in_table() { [[ $1 == kernel-* ]] && selected "the table of escapes"; }

expected_table()
{
  local i host="reads the host's files, mkdir works, file works" \
    nothing="empty, nothing can be written"

  for i in 5.10 6.1 6.12 6.18
  do
    printf '%s\n' "| $i | after | move | $host |" \
      "| $i | after | pivot | $nothing |" "| $i | before | bind | $host |" \
      "| $i | before | move | $host |" \
      "| $i | before | pivot | pivot_root: Invalid argument |"
  done
  printf '%s\n' "| 7.x | after-f | pivot | $nothing |" \
    "| 7.x | before | move | $host |" "| 7.x | before | pivot | $nothing |"
}

table_judge()
{
  # The boots of the table need not be asked for themselves.
  ! selected "the table of escapes" || [ -z "$RUNNER" ] || wait "$RUNNER"
  testing "the table of escapes" "escapes | grep . | sort -V -u" \
    "$(expected_table | sort -V)\n" "" ""

  # 20 at 10 ms each; the clock ticks every 10 ms.
  testing "host: a leaf takes less than 10 ms" "in_leaf '
    ticks() { sed \"s/ .*//;s/[.]//\" /proc/uptime; }
    least=999
    for i in 1 2 3 4 5
    do
      start=\$(ticks)
      for j in \$(seq 20); do leafroot /newroot /bin/true || exit 1; done
      took=\$((\$(ticks)-start))
      [ \$took -ge \$least ] || least=\$took
    done
    [ \$least -lt 20 ] && echo yes || echo \"20 in \$least/100 s\"'" "yes\n" "" ""
}
