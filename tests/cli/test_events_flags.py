"""The options of execsnoop and exitsnoop: which events each leaves."""

import pytest

from tests.cli.conftest import Command, Install
from tests.support.builders import Row
from tests.support.starts import exec_, fork
from tests.support.stream import BOOT_NS, END, Made, sample_of

STARTS = [
    fork(42, BOOT_NS + 1, ppid=2, comm=b"sh"),
    exec_(42, BOOT_NS + 2, ppid=2, comm=b"true", cmdline=b"/bin/true\0-a.b\0"),
    exec_(43, BOOT_NS + 3, ppid=42, comm=b"cc1", cmdline=b"cc1\0x.c\0", uid=7),
]
ENDS: list[Row] = [
    {**END, "pid": 42, "ppid": 2, "comm": b"true", "exit_code": 0},
    {**END, "pid": 43, "ppid": 42, "comm": b"cc1", "exit_code": 1, "uid": 7},
    {**END, "pid": 44, "ppid": 42, "comm": b"cc1", "exit_code": None, "exit_signal": 9},
]


def shown(here: Command, install: Install, arguments: str) -> set[str]:
    """Return event and PID of what is printed."""
    install(Made("kernel", sample_of(STARTS, ENDS, after_s=1e9)))
    result = here("events", "--duration", "0.1", *arguments.split())
    assert result.code == 0
    rows = [line.split() for line in result.out.splitlines()[1:]]
    return {f"{row[1]} {row[2]}" for row in rows}


EVERY = {"fork 42", "exec 42", "exec 43", "exit 42", "exit 43", "exit 44"}


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        ("", EVERY),
        ("-t", EVERY),
        ("-T", EVERY),
        ("-x", {"exit 43", "exit 44"}),
        ("--failed -F exit=1", {"exit 43"}),
        ("-p 42", {"fork 42", "exec 42", "exit 42"}),
        ("-p42 -p 44", {"fork 42", "exec 42", "exit 42", "exit 44"}),
        ("-P 42", {"exec 43", "exit 43", "exit 44"}),
        ("-P 2 -p 43", set()),
        ("-u 7", {"exec 43", "exit 43"}),
        ("-n ^cc1$", {"exec 43", "exit 43", "exit 44"}),
        ("-n ^cc$", set()),
        (r"-l -a\.b$", {"exec 42"}),
        ("-x -P 42 -u 7 -n c", {"exit 43"}),
    ],
)
def test_each_option_leaves_what_it_says(
    here: Command, install: Install, arguments: str, left: set[str]
) -> None:
    if arguments.startswith("-l"):
        arguments = arguments.replace("-l ", "-l=")
    assert shown(here, install, arguments) == left


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("-n [", "montauk: --name: not a regular expression"),
        ("--line=(", "montauk: --line: not a regular expression"),
        ("-p 0", "montauk: --pid: '0' is not a PID"),
        ("-P x,1", "montauk: --ppid: 'x' is not a PID"),
        ("-u nobody-at-all", "montauk: --user: no user is called"),
        ("-t -s cpu", "montauk: unrecognized arguments"),
    ],
)
def test_what_means_nothing_is_refused(
    here: Command, arguments: str, complaint: str
) -> None:
    result = here("events", *arguments.split())
    assert result.code == 2
    assert result.complaint.startswith(complaint)
