"""Three hosts in namespaces of their own, under different loads, really recorded.

Each has PIDs, a host name, a network and a machine id of its own, `montauk record`
with the kernel collector, and a load in a cgroup: `python -m tests.engines live`.
"""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

from tests.support.cgroups import own_group

_BUILD: Final = """
import subprocess, sys, time
end, number = time.monotonic() + float(sys.argv[1]), 0
while time.monotonic() < end:
    number += 1
    work = "i=0; while [ $i -lt 1000 ]; do i=$((i+1)); done"
    subprocess.run(["sh", "-c", f"{work}; expr {number % 9}; exit $?"], stdout=-3)
    time.sleep(0.03)
"""
_WEB: Final = """
import os, sys, time
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    sum(range(200_000))
    if os.fork() == 0:
        sum(range(100_000))
        os._exit(0)
    os.wait()
    time.sleep(0.15)
"""
_LEAK: Final = """
import subprocess, sys, time
end, kept = time.monotonic() + float(sys.argv[1]), []
while time.monotonic() < end:
    kept.append(b"x" * (1 << 15))
    sum(range(50_000))
    with subprocess.Popen(["sleep", "100"]) as child:
        time.sleep(0.3)
        child.kill()
"""


class Guest(NamedTuple):
    """A host."""

    name: str
    machine: str
    program: str


GUESTS: Final = {
    "build": Guest("build", "a" * 32, _BUILD),
    "web-1": Guest("web", "b" * 32, _WEB),
    "web-2": Guest("web", "c" * 32, _LEAK),
}
"""By folder; two have one name."""

_NAMESPACES: Final = (
    "unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--mount", "--uts",
    "--net",
)  # fmt: skip


class Recorded(NamedTuple):
    """A host's recording, and what the kernel charged its load."""

    folder: Path
    cgroup: str
    charged_s: float


def record_live(path: Path, seconds: int) -> list[Recorded]:
    """Record all hosts at the same time."""
    with ExitStack() as stack:
        groups = [stack.enter_context(own_group()) for _ in GUESTS]
        running = [
            stack.enter_context(_running(guest, path / folder, group, seconds))
            for (folder, guest), group in zip(GUESTS.items(), groups, strict=True)
        ]
        for host in running:
            if host.wait():
                raise SystemExit("a host failed: see above")
        return [
            Recorded(path / folder, f"/{group.name}", _used_s(group))
            for folder, group in zip(GUESTS, groups, strict=True)
        ]


@contextlib.contextmanager
def _running(
    guest: Guest, folder: Path, group: Path, seconds: int
) -> Iterator["subprocess.Popen[bytes]"]:
    ids = folder.with_suffix(".ids")
    ids.mkdir()
    (ids / "machine_id").write_text(f"{guest.machine}\n")
    (ids / "boot_id").write_text(f"{guest.machine[:8]}-0000-4000-8000-000000000000\n")
    command = [
        *_NAMESPACES, sys.executable, "-m", "tests.engines.guest", guest.name, str(ids),
        str(folder), str(group / "cgroup.procs"), str(seconds), guest.program,
    ]  # fmt: skip
    with subprocess.Popen(command) as host:
        try:
            yield host
        finally:
            host.kill()


def _used_s(group: Path) -> float:
    lines = (line.split() for line in (group / "cpu.stat").read_text().splitlines())
    return next(int(line[1]) for line in lines if line[0] == "usage_usec") / 1e6
