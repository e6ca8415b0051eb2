"""A cgroup for a workload: it has the CPU time of all processes ever in it."""

import os
import secrets
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class Group:
    """A cgroup, version 2."""

    def __init__(self, folder: Path) -> None:
        """Take a folder that exists."""
        self.folder = folder

    def cpu_s(self) -> float:
        """Return the CPU time of all its processes, exited ones included."""
        return usage_s((self.folder / "cpu.stat").read_text("ascii"))

    def pids(self) -> list[int]:
        """Return its current processes."""
        return [int(pid) for pid in (self.folder / "cgroup.procs").read_text().split()]

    def wait_until_empty(self, seconds: float) -> bool:
        """Tell whether all exit within a time."""
        end = time.monotonic() + seconds
        while self.pids():
            if time.monotonic() > end:
                return False
            time.sleep(0.01)
        return True

    def end(self) -> None:
        """Kill the remaining processes, and remove it."""
        for _ in range(100):
            for pid in self.pids():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            with suppress(OSError):
                self.folder.rmdir()
                return
            time.sleep(0.02)


def usage_s(text: str) -> float:
    """Return the CPU time in a file cpu.stat."""
    values = dict(line.split() for line in text.splitlines())
    return int(values["usage_usec"]) / 1e6


@contextmanager
def group() -> Iterator[Group | None]:
    """Create a cgroup below our own; None if that is not possible."""
    made = _make()
    try:
        yield made
    finally:
        if made:
            made.end()


def _make() -> Group | None:
    text = Path("/proc/self/mounts").read_text("utf-8")
    mounts = [line.split() for line in text.splitlines()]
    ours = [
        line.removeprefix("0::/")
        for line in Path("/proc/self/cgroup").read_text().splitlines()
        if line.startswith("0::/")
    ]
    for mount in mounts:
        if ours and mount[2:3] == ["cgroup2"]:
            made = Group(Path(mount[1], ours[0], f"accuracy-{secrets.token_hex(4)}"))
            with suppress(OSError, KeyError):
                made.folder.mkdir()
                made.cpu_s()
                return made
    return None
