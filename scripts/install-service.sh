#!/bin/sh
# Install montauk for all users, and a service: `probes` loads those of the kernel
# collector at boot, for a group of readers; `recorder` records every process.
#
# PREFIX    where to install (/usr/local)
# UNITDIR   where the service goes (/etc/systemd/system)
# GROUP     the group of those who may read the probes (montauk); empty: none
# MONTAUK   a program that is installed already, in place of a new one
set -eu

name=${1:-}
prefix=${PREFIX:-/usr/local}
units=${UNITDIR:-/etc/systemd/system}
group=${GROUP-montauk}
program=${MONTAUK:-}

fail() {
    echo "install-$name: $1" >&2
    exit 1
}

case $name in
probes) by_hand="load the probes by hand: montauk probes load" ;;
recorder) by_hand="record by hand: montauk record" group= ;;
*)
    echo "install-service: give the service: probes or recorder" >&2
    exit 1
    ;;
esac
[ "$(id -u)" = 0 ] || fail "only root may install the service; run: sudo make install-$name"
[ -d "$units" ] || fail "no folder $units; set UNITDIR, or $by_hand"

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
unit=montauk-$name.service
sed "s|@MONTAUK@|$program|" "scripts/$unit" >"$units/$unit"
chmod 0644 "$units/$unit"

echo "installed: $units/$unit"
echo "start it:  systemctl daemon-reload && systemctl enable --now montauk-$name"
[ -z "$group" ] || echo "readers:   usermod -aG $group USER"
[ "$name" != recorder ] || echo "read it:   sudo montauk replay --at 03:07"
