# shellcheck shell=sh
# Read by scripts that install: on a terminal a dot a second says that it goes on.

ticker=

start_dots() {
    [ -t 1 ] || return 0
    # It also ends with its script, whatever ends that one.
    while kill -0 $$ && sleep 1 >/dev/null; do printf .; done 2>/dev/null </dev/null &
    ticker=$!
}

stop_dots() {
    [ -z "$ticker" ] || kill "$ticker"
    ticker=
}
