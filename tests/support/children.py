"""Processes that a test starts, acts on and ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from montauk_tui.actions import pid_owner
from montauk_tui.model.sample import Identity
from tests.support.patience import until

MOST_NICE: Final = 19


def identity_of(pid: int) -> Identity:
    found = pid_owner.holder(pid)
    assert found is not None
    return Identity(pid, found.start_ticks)


def with_room_above(*threads: int) -> int:
    """Return the nice value of threads of this user: it can be raised by 9.

    It is set to 0 where there is no room, or the test is skipped.
    """
    own = os.getpriority(os.PRIO_PROCESS, threads[0])
    if own <= MOST_NICE - 9:
        return own
    try:
        for thread in threads:
            os.setpriority(os.PRIO_PROCESS, thread, 0)
    except PermissionError:
        pytest.skip(f"the nice value is {own}, and only root may lower it")
    return 0


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
