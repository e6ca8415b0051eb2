"""A folder that looks like /proc, to point a collector at."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pytest

from montauk_tui.model.schema import PF_KTHREAD

CPU_LINES: Final = b"""\
cpu  30 0 20 940 10 0 0 0 0 0
cpu0 10 0 10 475 5 0 0 0 0 0
cpu1 20 0 10 465 5 0 0 0 0 0
intr 12345 0 0 1
ctxt 678
"""

MEMINFO: Final = b"""\
MemTotal:       16000000 kB
MemFree:         8000000 kB
MemAvailable:   12000000 kB
Buffers:          100000 kB
Cached:          3000000 kB
SwapCached:         1000 kB
SwapTotal:       2000000 kB
SwapFree:        1900000 kB
Shmem:             50000 kB
HugePages_Total:       0
"""

LOADAVG: Final = b"0.50 1.25 2.00 3/210 4242\n"

UPTIME: Final = b"12345.67 45678.90\n"

PRESSURE: Final = b"""\
some avg10=1.50 avg60=0.80 avg300=0.20 total=123456
full avg10=0.25 avg60=0.10 avg300=0.00 total=45678
"""

HOST_FILES: Final = {
    "stat": CPU_LINES,
    "meminfo": MEMINFO,
    "loadavg": LOADAVG,
    "uptime": UPTIME,
    "pressure/cpu": PRESSURE,
    "pressure/memory": PRESSURE,
    "pressure/io": PRESSURE,
}
"""The files about the machine that a sample reads, by their path below /proc."""

UNLIMITED: Final = 18446744073709551615
"""How the kernel prints RLIM_INFINITY: one more bit than an int64 has."""


@dataclass(frozen=True, slots=True)
class FakeProcess:
    """What the stat file of a process or thread says; the rest is made up."""

    pid: int
    comm: bytes = b"worker"
    ppid: int = 1
    state: str = "S"
    flags: int = 0x400000
    utime: int = 0
    stime: int = 0
    threads: int = 1
    start_ticks: int = 1000
    rss_pages: int = 250
    shared_pages: int = 100
    start_stack: int = 140722000000000
    cmdline: bytes = b"/usr/bin/worker\0--fast\0"

    @property
    def stat(self) -> bytes:
        """The line that the kernel prints (do_task_stat in fs/proc/array.c)."""
        numbers = [
            self.ppid, self.pid, self.pid, 0, -1, self.flags, 11, 0, 2, 0,
            self.utime, self.stime, 3, 4, 20, 0, self.threads, 0, self.start_ticks,
            12000000, self.rss_pages, UNLIMITED, 1, 1, self.start_stack, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 17, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        ]  # fmt: skip
        tail = " ".join(map(str, numbers)).encode()
        return b"%d (%s) %s %s\n" % (self.pid, self.comm, self.state.encode(), tail)


def kernel_thread(pid: int, comm: bytes) -> FakeProcess:
    """Return a kernel thread: it has no memory and no arguments."""
    return FakeProcess(
        pid, comm, ppid=2, state="I", flags=PF_KTHREAD, rss_pages=0, cmdline=b""
    )


def zombie(pid: int, comm: bytes) -> FakeProcess:
    """Return a process that ended and was not waited for."""
    return FakeProcess(
        pid, comm, state="Z", rss_pages=0, start_stack=0, cmdline=b""
    )  # fmt: skip


class FakeProc:
    """A /proc below a temporary folder."""

    def __init__(self, folder: Path) -> None:
        """Write the files about the machine; there are no processes yet."""
        self.path = folder / "proc"
        (self.path / "pressure").mkdir(parents=True)
        for name, content in HOST_FILES.items():
            self.write(name, content)

    @property
    def root(self) -> str:
        """What a collector takes as the folder to read."""
        return str(self.path)

    def write(self, name: str, content: bytes) -> None:
        """Replace one file below the folder."""
        (self.path / name).write_bytes(content)

    def add(self, process: FakeProcess, *threads: FakeProcess) -> FakeProcess:
        """Add a process with its further threads, or replace the one of its pid."""
        process = replace(process, threads=max(process.threads, 1 + len(threads)))
        self.remove(process.pid)
        folder = self.path / str(process.pid)
        for thread in (process, *threads):
            (folder / "task" / str(thread.pid)).mkdir(parents=True)
            (folder / "task" / str(thread.pid) / "stat").write_bytes(
                replace(thread, threads=process.threads).stat
            )
        (folder / "stat").write_bytes(process.stat)
        (folder / "cmdline").write_bytes(process.cmdline)
        statm = f"3000 {process.rss_pages} {process.shared_pages} 10 0 200 0\n"
        (folder / "statm").write_bytes(statm.encode())
        return process

    def remove(self, pid: int) -> None:
        """Take a process away, if it is there."""
        shutil.rmtree(self.path / str(pid), ignore_errors=True)


class OpenCount:
    """The files opened below /proc since the last `clear`, counted in `os.open`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Start to count."""
        self.paths: list[str] = []
        self._before: Callable[[str], object] = lambda _path: None
        real = os.open

        def counting(
            path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None
        ) -> int:
            if dir_fd is not None:
                self._before(path)
                self.paths.append(path)
            return real(path, flags, mode, dir_fd=dir_fd)

        monkeypatch.setattr(os, "open", counting)

    def before_each(self, action: Callable[[str], object]) -> None:
        """Call `action` with the path before each file is opened."""
        self._before = action

    def clear(self) -> None:
        """Forget what was opened so far."""
        self.paths.clear()

    @property
    def of_processes(self) -> list[str]:
        """The paths that lie in the folders of processes."""
        return sorted(path for path in self.paths if path[0].isdigit())
