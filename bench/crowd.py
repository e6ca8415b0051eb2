"""Processes to measure beside, for as long as they are needed."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

LOADS: Final = Path(__file__).with_name("loads.py")
_SETTLE_S: Final = 0.5


def present() -> int:
    """Return the number of processes on the machine."""
    return sum(name.isdigit() for name in os.listdir("/proc"))  # noqa: PTH208


def forks() -> int:
    """Return the processes and threads started since boot (proc_stat(5))."""
    text = Path("/proc/stat").read_text("ascii")
    lines = (line.split() for line in text.splitlines())
    return next(int(line[1]) for line in lines if line[0] == "processes")


@contextmanager
def load(kind: str, count: int) -> Iterator[None]:
    """Run processes of a kind of `bench.loads`.

    Raises:
        RuntimeError: So many cannot be started.
    """
    command = [sys.executable, "-I", "-S", str(LOADS), kind, str(count)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        state = process.stdout.readline().strip() if process.stdout else ""
        if state != "ready":
            raise RuntimeError(f"cannot start the load {kind} {count}: {state}")
        time.sleep(_SETTLE_S)
        yield


@contextmanager
def crowd(total: int, kind: str = "idle") -> Iterator[int]:
    """Fill the machine up to `total` processes; yield the number of processes."""
    # One of them starts the others.
    with load(kind, max(total - present() - 1, 0)):
        yield present()
