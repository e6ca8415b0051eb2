"""What is tried in a chroot that has the package."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from montauk_tui import __version__
from tests.deb.chroot import Chroot

USER: Final = "alice"
EXTRAS: Final = (
    "man-db", "bash-completion", "zsh", "fish", "systemd", "python3-venv",
)  # fmt: skip
"""What shows the manual page, completes, checks the service, and installs a wheel."""

SCREEN: Final = "/tmp/first_screen.py"

_UNITS: Final = ("montauk-probes.service", "montauk-recorder.service")
_EVIL: Final = "cd /evil && PYTHONPATH=/evil PYTHONHOME=/evil montauk --version"
_PROBES: Final = "montauk probes load && montauk probes status; montauk probes unload"
_BASH: Final = (
    ". /usr/share/bash-completion/bash_completion && __load_completion montauk"
    " && complete -p montauk"
)
_ZSH: Final = "autoload -U compinit && compinit -D -u && print $_comps[montauk]"
_LEFT: Final = (
    "find / -xdev -name '*montauk*' -not -path '/tmp/*' -not -path '/evil/*'"
    # What man-db has formatted is man-db's.
    " -not -path '/var/cache/man/*'; getent group montauk || :"
)
ROOT: Final = ("root",)


class Result(NamedTuple):
    """How one check went."""

    name: str
    fault: str
    detail: str


class Check(NamedTuple):
    """A command, and what it must print; whoever runs it, it must succeed."""

    name: str
    command: Sequence[str]
    expected: str
    users: Sequence[str] = ("root", USER)


CHECKS: Final = (
    Check("version", ["montauk", "--version"], rf"montauk {re.escape(__version__)}\n"),
    Check("once", ["montauk", "--once", "--limit", "5"], r"PID.*Command"),
    Check("collector-info", ["montauk", "--collector-info"], r"\[active\] .*"),
    Check("first-screen", ["python3", SCREEN, "montauk"], r"first screen .*"),
    Check("foreign-modules", ["sh", "-c", _EVIL], r"montauk [\d.]+\n"),
    Check("man", ["man", "montauk"], r"MONTAUK\(1\)"),
    Check("bash", ["bash", "-c", _BASH], r"complete .*-F \S+ .*montauk"),
    Check("zsh", ["zsh", "-fc", _ZSH], r"_\w+"),
    Check("fish", ["fish", "-c", "complete -C 'montauk --coll'"], r"--collector\b.*"),
    Check("kernel", ["montauk", "--collector", "kernel", "--once"], r"PID", ROOT),
    Check("probes", ["sh", "-c", _PROBES], r"readers +group montauk", ROOT),
    Check("service", ["systemd-analyze", "verify", *_UNITS], r"\A\s*\Z", ROOT),
    Check("enable", ["systemctl", "enable", *_UNITS], r"", ROOT),
)  # fmt: skip


def as_user(user: str, command: Sequence[str]) -> list[str]:
    """Return the command as root of the chroot runs it for a user."""
    if user == "root":
        return list(command)
    return [
        "runuser",
        "-u",
        user,
        "--",
        "env",
        "-C",
        "/",
        f"HOME=/home/{user}",
        *command,
    ]


def tried(debian: Chroot) -> Iterator[Result]:
    """Try everything as root, and as a user what users can."""
    for check in CHECKS:
        for user in check.users:
            command = as_user(user, check.command)
            yield result(debian, f"{user} {check.name}", command, check.expected)
    for user in ("root", USER):
        command = as_user(user, ["montauk", "--json", "-n", "1"])
        yield document(debian, f"{user} json", command)


def result(debian: Chroot, name: str, command: Sequence[str], expected: str) -> Result:
    """Run a command and compare what it prints."""
    done = debian.run(*command)
    last = (done.stdout.strip().splitlines() or [""])[-1]
    if done.returncode:
        return Result(name, f"exit status {done.returncode}: {last}", "")
    found = re.search(expected, done.stdout)
    return Result(
        name, "" if found else f"not expected: {last}", found[0] if found else ""
    )


def document(debian: Chroot, name: str, command: Sequence[str]) -> Result:
    """Read what a command prints as one JSON object."""
    done = debian.run(*command)
    try:
        processes = json.loads(done.stdout)["processes"]
    except (ValueError, KeyError) as error:
        return Result(name, f"{error}: {done.stdout[:200]}", "")
    return Result(name, "", f"{len(processes)} processes")


def purged(debian: Chroot) -> Result:
    """Remove the package, and look for what it leaves."""
    debian.need("apt-get", "purge", "montauk")
    left = debian.need("sh", "-c", _LEFT).split()
    return Result("purge", f"left: {' '.join(left)}" if left else "", "nothing left")
