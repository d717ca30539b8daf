#!/bin/busybox sh
# shellcheck shell=dash
# rooted-init.sh - what leafroot runs on a rooted() root: say so, and end
echo "ran $$ $*" >> /out/ran
