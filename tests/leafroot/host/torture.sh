# torture.sh - parts of make torture, other seeds each day (sourced, bash)
# shellcheck shell=bash
# Copyright 2026 The leafroot authors
# SPDX-License-Identifier: 0BSD

# torture PART SETTING...: what is red, as a line that says how to do it again, and
# the last line. The seed is told with the tests' own lines.
torture()
{
  local seed=${SEED:-$(date +%Y%m%d)}

  echo "torture: PART=$1 SEED=$seed ${*:2}" >&6
  env "${@:2}" SEED="$seed" PART="$1" "$LEAFROOT_TOP/scripts/torture.sh" \
    2>&1 | grep -v '^|\|^ends:\|^== '
}
testing "torture: topologies" 'torture topologies N=100' "red: none\n" "" ""
testing "torture: faults" 'torture faults FAULTS=900' "red: none\n" "" ""
testing "torture: allocations" 'torture allocs FAULTS=600' "red: none\n" "" ""
testing "torture: signals" 'torture signals N=200' "red: none\n" "" ""
testing "torture: changes" 'torture changes N=150' "red: none\n" "" ""
