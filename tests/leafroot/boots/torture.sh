# torture.sh - random trees of mounts on true rootfs: TORTURE_BOOTS seeds, from
# TORTURE_SEED on, other ones each day
# shellcheck shell=bash disable=SC2016
# Copyright 2026 The leafroot authors
# SPDX-License-Identifier: 0BSD

# torture_boot SEED: topologies.py made it, and judges what it prints
torture_boot()
{
  local plan

  mapfile -t plan < <("$HERE/torture/topologies.py" --boot "$1")
  boot "torture-$1" 'insmod /t/overlay.ko
    {
    '"$(printf '%s\n' "${plan[@]:2}")"'
    } 2> /dev/null
    cd /
    observe /t/manifest > /run/before
    exec 9> /run/injected' '
    echo "== before"
    cat /run/before
    echo "== after"
    observe /t/manifest
    echo "== said"
    cat /run/err
    [ ! -s /run/injected ] || echo "== injected"
    echo "== ran"
    echo "== ended"' \
    leaf="exec ${plan[1]} 2> /run/err" cmdline="${plan[0]}" says=any \
    modules='loop overlay' \
    judge="same torture same '$HERE/torture/topologies.py' --judge $1 log"
}

if selects 'boot torture-'
then
  for ((i = ${TORTURE_SEED:=$(($(date +%s)/86400))};
    i < TORTURE_SEED+${TORTURE_BOOTS:-4}; i++))
  do
    torture_boot "$i"
  done
fi
