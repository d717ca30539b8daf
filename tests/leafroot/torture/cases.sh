# cases.sh - make one system call after another of leafroot fail, or send it a
# signal, on one root (busybox sh, read by root.sh)
#
# $run is how leafroot is called. A case is a line of stdin, "NUMBER INJECT...":
# what inject is told, "alloc:N" for an allocation (wrap/alloc.c), "mutate:SEED" for a
# tree that is changed meanwhile, or nothing. What it prints of one begins with "== case
# NUMBER STATUS" and ends with "== done". If nothing at all is different "== same"
# is all there is of mounts and files.
# Copyright 2026 The leafroot authors
# shellcheck shell=dash disable=SC2034,SC2086,SC2154
# SPDX-License-Identifier: 0BSD

# What observe sees, and the options of "/", which it leaves out
seen()
{
  observe /bin/manifest > "/out/$1" 2>&1
  [ -z "$options" ] ||
    awk '$5 == "/" { print "- options", $6, $NF }' /proc/self/mountinfo >> "/out/$1"
}

seen before
while read -r number inject
do
  : > /out/ran
  : > /out/check
  : > /out/inside
  [ -z "$reset" ] || { $reset; seen before; }
  case "$inject" in
    '') ;;
    count) inject='inject -c /out/counts' ;;
    mutate:*)
      mutate "${inject#*:}" /mut &
      mutator=$!
      inject='' ;;
    alloc:*) inject="env LEAFROOT_ALLOC=${inject#*:}" ;;
    */[0-9]*) inject="inject -t /bin/errors $inject" ;;
    *) inject="inject $inject" ;;
  esac
  $as $inject $run > /out/err 2>&1 < /dev/null 9> /out/injected
  rc=$?
  cd /
  if [ -n "$mutator" ]
  then
    kill -9 "$mutator"
    wait "$mutator" 2> /dev/null
    mutator=''
    mutate -c /mut > /out/check
    rm -rf /mut/*
    echo mutated > /out/injected
  fi
  seen after
  echo "== case $number $rc"
  if cmp -s /out/before /out/after
  then
    echo "== same"
  else
    echo "== before"
    cat /out/before
    echo "== after"
    cat /out/after
    cat /out/after > /out/before
  fi
  [ ! -s /out/inside ] || { echo "== inside"; cat /out/inside; }
  case "$inject" in
    "inject -c "*) echo "== counts"; cat /out/counts ;;
    *ALLOC=0) echo "== counts"; cat /out/injected ;;
  esac
  echo "== said"
  cat /out/err
  echo
  [ ! -s /out/check ] || { echo "== check"; cat /out/check; }
  [ ! -s /out/injected ] || { echo "== injected"; cat /out/injected; }
  [ ! -s /out/ran ] || echo "== ran"
  echo "== done"
done
