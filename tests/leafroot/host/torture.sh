# torture.sh - a part of make torture, other seeds each time (sourced, bash)
# shellcheck shell=bash
# Copyright 2026 The leafroot authors
# SPDX-License-Identifier: 0BSD

# A red one is printed with its seed: make torture N=1 SEED=that
testing "torture: topologies" \
  "N=100 SEED=\${SEED:-\$(date +%s)} '$LEAFROOT_TOP/scripts/torture.sh' 2>&1 |
    grep -v '^| topologies |'" "red: none\n" "" ""
