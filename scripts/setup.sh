#!/bin/sh
# Creates the environment, or adds to it, and shows what is being installed.
#
# usage: setup.sh run|dev|site|fleet VENV [PYTHON]
#
# `run` installs what the monitor needs, `dev` what tests, checks and documents need,
# `site` what builds the documents as a site, `fleet` the engines of `make test-fleet`.
# The output of pip is shown only if it fails.

set -u
part=$1
venv=$2
python=${3:-python3}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "montauk needs Python 3.11 or newer: make PYTHON=python3.12 ..." >&2
    exit 1
}
"$python" -c 'import ensurepip, venv' 2>/dev/null || {
    echo "$python has no venv module: apt-get install python3-venv" >&2
    exit 1
}

log=$(mktemp) || exit 1
# shellcheck source=scripts/dots.sh
. "${0%/*}/dots.sh"
trap 'stop_dots; rm -f "$log" "$log.status"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Prints the names of the packages that pip says it takes, from an index or a local folder.
# Not sed and tr: they keep a line that has no end yet.
names() {
    while read -r word name _; do
        case "$word $name" in
        Collecting\ *) printf ' %s' "${name%%[!A-Za-z0-9_.-]*}" ;;
        Processing\ *-[0-9]*) name=${name##*/} && printf ' %s' "${name%%-[0-9]*}" ;;
        "Installing collected") printf ' ... installing' ;;
        esac
    done
}

# Runs pip, prints the name of each package it collects, and keeps the rest for an error.
# A pipeline returns the status of its last command, so pip's goes through a file.
install() {
    {
        # In a pipe, Python would keep what pip prints to the end.
        PYTHONUNBUFFERED=1 "$venv/bin/python" -m pip install \
            --disable-pip-version-check --progress-bar off "$@" 2>&1
        echo $? >"$log.status"
    } | tee "$log" | names
    [ "$(cat "$log.status")" -eq 0 ] && return
    printf '\n'
    tail -n 20 "$log" >&2
    exit 1
}

start_dots
case $part in
run)
    printf 'setting up %s, about half a minute, once:' "$venv"
    "$python" -m venv "$venv" || exit 1
    install --editable .
    ;;
dev)
    printf 'adding what tests and checks need to %s, about half a minute, once:' "$venv"
    install --upgrade "pip>=25.1"
    install --group dev
    ;;
site)
    printf 'adding what the site needs to %s, once:' "$venv"
    install --group site
    ;;
fleet)
    printf 'adding Spark and ClickHouse to %s, some minutes, once:' "$venv"
    install --group fleet
    ;;
*)
    echo "usage: setup.sh run|dev|site|fleet VENV [PYTHON]" >&2
    exit 2
    ;;
esac
stop_dots
echo
