#!/bin/sh
# Install montauk for all users, the group of those who may read its probes, and the
# service that loads them at boot.
#
# PREFIX    where to install (/usr/local)
# UNITDIR   where the service goes (/etc/systemd/system)
# GROUP     the group to create (montauk); empty: none
# MONTAUK   a program that is installed already, in place of a new one
set -eu

prefix=${PREFIX:-/usr/local}
units=${UNITDIR:-/etc/systemd/system}
group=${GROUP-montauk}
program=${MONTAUK:-}

fail() {
    echo "install-probes: $1" >&2
    exit 1
}

[ "$(id -u)" = 0 ] || fail "only root may install the service; run: sudo make install-probes"
[ -d "$units" ] || fail "no folder $units; set UNITDIR, or load the probes by hand: montauk probes load"

if [ -z "$program" ]; then
    # A copy of root's: the service must not run what a user can change.
    "${PYTHON:-python3}" -m venv "$prefix/lib/montauk"
    "$prefix/lib/montauk/bin/python" -m pip install --quiet --disable-pip-version-check \
        --upgrade .
    mkdir -p "$prefix/bin"
    ln -sf "$prefix/lib/montauk/bin/montauk" "$prefix/bin/montauk"
    program=$prefix/bin/montauk
fi
[ -x "$program" ] || fail "$program is no program; set MONTAUK to an installed montauk"
[ "$(stat -L -c %u "$program")" = 0 ] || fail "$program is not root's; leave MONTAUK unset"

if [ -n "$group" ] && ! getent group "$group" >/dev/null; then
    groupadd --system "$group"
fi
sed "s|@MONTAUK@|$program|" scripts/montauk-probes.service >"$units/montauk-probes.service"
chmod 0644 "$units/montauk-probes.service"

echo "installed: $units/montauk-probes.service"
echo "start it:  systemctl daemon-reload && systemctl enable --now montauk-probes"
[ -z "$group" ] || echo "readers:   usermod -aG $group USER"
