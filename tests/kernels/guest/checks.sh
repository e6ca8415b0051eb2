#!/bin/sh
# Runs every check in the guest: NAME.rows holds its lines, NAME.log what it says on
# stderr, NAME.code how it ended, NAME.seconds how long it took.
#
# usage: checks.sh SECONDS NAME ...   how long each may take, and which

set -u
limit=$1
shift
for name; do
    check=$CHECKOUT/tests/kernels/guest/check_$name.py
    began=$(cut -d. -f1 /proc/uptime)
    timeout --kill-after=5 "$limit" "$PYTHON" "$check" \
        >"$RESULTS/$name.rows" 2>"$RESULTS/$name.log"
    echo $? >"$RESULTS/$name.code"
    echo $(($(cut -d. -f1 /proc/uptime) - began)) >"$RESULTS/$name.seconds"
done
