#!/bin/sh
# Makes BCC available to the kernel collector, or says in one line how to.
#
# BCC comes from the distribution: `bcc` on PyPI is an unrelated project, so it is
# looked for in the interpreters that the distribution's package serves, and what is
# imported must have `BPF`. Never fails: montauk runs without it.
#
# usage: bcc.sh [PYTHON...]

set -u
[ $# -gt 0 ] || set -- /usr/bin/python3 python3

for python; do
    "$python" -c 'from bcc import BPF' >/dev/null 2>&1 && exit 0
done

without="montauk runs without it, with another collector"

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    # shellcheck source=scripts/dots.sh
    . "${0%/*}/dots.sh"
    printf 'installing python3-bpfcc for the kernel collector ...'
    start_dots
    {
        DEBIAN_FRONTEND=noninteractive &&
            export DEBIAN_FRONTEND &&
            apt-get update -qq &&
            apt-get install -y --no-install-recommends python3-bpfcc
    } </dev/null >/dev/null 2>&1
    status=$?
    stop_dots
    echo
    [ $status -eq 0 ] || echo "python3-bpfcc could not be installed; $without" >&2
    exit 0
fi

release=${OS_RELEASE:-/etc/os-release}
# shellcheck source=/dev/null
family=$(ID='' ID_LIKE='' && . "$release" 2>/dev/null && echo "$ID $ID_LIKE")
case " $family " in
*" debian "* | *" ubuntu "*) command="apt-get install python3-bpfcc" ;;
*" fedora "* | *" rhel "* | *" centos "*) command="dnf install python3-bcc" ;;
*" arch "*) command="pacman -S python-bcc" ;;
*" suse "* | *" opensuse "*) command="zypper install python3-bcc" ;;
*" alpine "*) command="apk add py3-bcc" ;;
*)
    echo "for the kernel collector, install your distribution's Python 3 package of BCC" \
        "(not \`bcc\` from PyPI); $without" >&2
    exit 0
    ;;
esac
echo "for the kernel collector: sudo $command; $without" >&2
exit 0
