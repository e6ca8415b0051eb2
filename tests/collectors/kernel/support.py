"""What the tests of the kernel collector share."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from montauk_tui.collectors.kernel import loader
from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.collectors.kernel.loader import Loaded
from montauk_tui.resources import folder

DEFINES: Final = {"CPUS": os.sysconf("SC_NPROCESSORS_CONF"), "LIVES": 64, "BRIEFS": 128}


@contextlib.contextmanager
def opened() -> Iterator[KernelCollector]:
    """Open a collector of one's own."""
    collector = KernelCollector()
    try:
        collector.open()
        yield collector
    finally:
        collector.close()


def load(python: Path | str | None, probes: Path | None = None) -> Loaded:
    return loader.Loader().load(
        probes or folder("probes"),
        DEFINES,
        "auto",
        python=None if python is None else str(python),
    )


def fake_python(folder: Path, script: str) -> Path:
    """Return a program that is run in place of the interpreter; $4 is its socket."""
    path = folder / "python3"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


def children_of(pid: int) -> list[int]:
    """Return the children of all threads of a process."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        # A thread may end meanwhile.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found += map(int, path.read_text().split())
    return found
