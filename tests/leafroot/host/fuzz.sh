# fuzz.sh - what parses: the corpus again, then 20 seconds of fuzzing each, behind
# the boots' backs (sourced, bash)
# shellcheck shell=bash
# SPDX-License-Identifier: 0BSD

# targets TEXT: a line "fuzz NAME: TEXT" for each
targets()
{
  local i

  for i in "$HERE"/fuzz/*.c
  do
    i=${i##*/}
    printf 'fuzz %s: %s\n' "${i%.c}" "$1"
  done
}

fuzz_start()
{
  testing "fuzz: the corpus" "'$LEAFROOT_TOP/scripts/fuzz.sh' 0 2>&1 |
    sed 's/ [0-9]* replayed/ replayed/'" "$(targets replayed)\n" "" ""
  selected "fuzz: 20 seconds each" && [ -z "$LEAFROOT_LIST" ] || return 0
  setsid "$LEAFROOT_TOP/scripts/fuzz.sh" 20 > "$WORK/fuzz" 2>&1 &
  FUZZER=$!
  BEHIND+=("$FUZZER")
}

fuzz_judge()
{
  [ -z "$FUZZER" ] || { wait "$FUZZER"; cat "$WORK/fuzz"; }
  testing "fuzz: 20 seconds each" \
    "sed 's/: [1-9][0-9]* a second, .*/: nothing found/' '$WORK/fuzz'" \
    "$(targets 'nothing found')\n" "" ""
}
