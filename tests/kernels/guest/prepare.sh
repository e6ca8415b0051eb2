#!/bin/sh
# Runs as root in the guest: makes it a place like any other, then runs a command.
#
# From the environment: RESULTS (a folder shared with the host, for writing), CHECKOUT,
# PYTHON, FOLDERS (one in a line: what to read through a cache). The file system is
# read-only except for RESULTS, /run and /tmp. Writes there: started (seconds since
# boot), output, code.

set -u
outside=$RESULTS
RESULTS=/run/results
mkdir -p "$RESULTS" /run/home /run/temporary /run/host
mount --bind "$outside" "$RESULTS" # the checkout may soon cover it

mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
mountpoint -q /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing

# As on any machine, compiled probes are kept from one start to the next.
mount -t tmpfs -o mode=755 none /var/cache

# What is read over and over is much faster through the page cache.
if mount -t 9p -o ro,trans=virtio,version=9p2000.L,cache=loose,msize=512000 host /run/host; then
    newline='
'
    IFS=$newline
    for folder in /usr/bin /usr/lib/python3* /usr/lib/*-linux-gnu $FOLDERS; do
        mkdir -p "$folder"
        mount --bind "/run/host$folder" "$folder"
    done
    unset IFS
fi

export RESULTS HOME=/run/home TMPDIR=/run/temporary LC_ALL=C.UTF-8
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PYTHONPATH="$CHECKOUT" PYTHONDONTWRITEBYTECODE=1
cd "$CHECKOUT" || exit

cut -d' ' -f1 /proc/uptime >"$RESULTS/started"
"$@" >"$RESULTS/output" 2>&1 </dev/null
echo $? >"$RESULTS/code"
