"""Processes that a test starts, acts on and ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from montauk_tui.actions import pid_owner
from montauk_tui.model.sample import Identity
from tests.support.patience import until


def identity_of(pid: int) -> Identity:
    found = pid_owner.holder(pid)
    assert found is not None
    return Identity(pid, found.start_ticks)


@contextmanager
def child(*command: str) -> Iterator[tuple[subprocess.Popen[bytes], Identity]]:
    """Run a process until the block ends."""
    with subprocess.Popen(command or ("sleep", "600")) as process:
        try:
            # Popen goes on a moment before the arguments are in place.
            arguments = Path(f"/proc/{process.pid}/cmdline")
            until(arguments.read_bytes, "the arguments of the child")
            yield process, identity_of(process.pid)
        finally:
            process.kill()


@contextmanager
def zombie() -> Iterator[Identity]:
    """Leave a process that ended uncollected until the block ends."""
    pid = os.posix_spawn(sys.executable, [sys.executable, "-c", ""], os.environ)
    try:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        yield identity_of(pid)
    finally:
        os.waitpid(pid, 0)


@contextmanager
def without_leader(
    lives: str, held_mib: int = 1, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `lives.c` with two threads of which the first has ended."""
    with subprocess.Popen(
        [lives, "leader-first-holding", str(held_mib)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment or {},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        try:
            yield process
        finally:
            process.kill()


def ended_by(process: subprocess.Popen[bytes]) -> signal.Signals:
    """Return the signal that ended a process."""
    until(lambda: process.poll() is not None, "the end of a process")
    return signal.Signals(-process.returncode)
