"""Counters that cost a file each per process; only those needed are read.

Hot path: 9 us a file, most of it in the kernel.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import numpy as np

from montauk_tui.collectors.procfs.enrich.base import Enricher, Rows
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.model.schema import UNKNOWN, Ints, Need

_MOST_BYTES: Final = 1 << 14
"""A status file has a line with all groups of the process in it."""

_INT64_DIGITS: Final = 18

Counts = Mapping[str, int]


def parse_io(text: bytes) -> Counts:
    """Return the counters of /proc/PID/io, for all threads (proc_pid_io(5)).

    Bytes written to a file that was truncated before they were stored are not counted;
    they are subtracted from the process that truncates the file.

    Raises:
        ValueError: It is no such file.
    """
    words = text.split()
    values = dict(zip(words[::2], words[1::2], strict=False))
    counts = {
        name: _number(values.get(b"%s:" % name.encode(), b""))
        for name in ("read_bytes", "write_bytes", "rchar", "wchar")
    }
    cancelled = _number(values.get(b"cancelled_write_bytes:", b"0"))
    return {**counts, "write_bytes": max(0, counts["write_bytes"] - cancelled)}


def parse_switches(text: bytes) -> Counts:
    """Return the context switches in /proc/PID/status, of the main thread only.

    Raises:
        ValueError: It is no such file.
    """
    # The name of the process comes first and may hold anything.
    _, _, rest = text.rpartition(b"\nvoluntary_ctxt_switches:")
    voluntary, _, rest = rest.partition(b"\nnonvoluntary_ctxt_switches:")
    return {
        "voluntary_switches": _number(voluntary.strip()),
        "involuntary_switches": _number(rest.partition(b"\n")[0].strip()),
    }


def parse_schedstat(text: bytes) -> Counts:
    """Return the time on a run queue in /proc/PID/schedstat, of the main thread only.

    A kernel that does not count has 0 for everything (proc_pid_schedstat in
    fs/proc/base.c).

    Raises:
        ValueError: It is no such file, or nothing was counted.
    """
    words = text.split()
    if len(words) < 3 or words[2] == b"0":  # noqa: PLR2004 - time, delay, turns
        raise ValueError
    return {"run_delay_ns": _number(words[1])}


class FileCounters:
    """Reads a file of each process in each sample.

    A process's files are those of its folder, a thread's those of its own.
    """

    def __init__(
        self, name: str, parse: Callable[[bytes], Counts], root: ProcRoot
    ) -> None:
        """Read the file `name` in the folders below `root`."""
        self._root, self._name, self._parse = root, name, parse

    def __call__(self, rows: Rows) -> dict[str, Ints]:
        """Return the counters, unknown where a file is not readable."""
        columns: dict[str, Ints] = {}
        pids, tgids = rows.table.pid.tolist(), rows.table.tgid.tolist()
        for row, (pid, tgid) in enumerate(zip(pids, tgids, strict=True)):
            folder = f"{pid}" if pid == tgid else f"{tgid}/task/{pid}"
            try:
                text = self._root.read(f"{folder}/{self._name}", _MOST_BYTES)
                counts = self._parse(text)
            except (OSError, ValueError):
                continue
            for field, count in counts.items():
                if field not in columns:
                    columns[field] = np.full(len(pids), UNKNOWN, dtype=np.int64)
                columns[field][row] = count
        return columns


def _number(word: bytes) -> int:
    """Return a count.

    Raises:
        ValueError: It is not a number.
    """
    if not word.isdigit() or len(word) > _INT64_DIGITS:
        raise ValueError
    return int(word)


COUNTERS_OF_FILES: Final = (
    Enricher(("read_bytes", "write_bytes", "rchar", "wchar"),
             partial(FileCounters, "io", parse_io), Need.IO, two_samples=True),
    Enricher(("voluntary_switches", "involuntary_switches"),
             partial(FileCounters, "status", parse_switches), Need.SWITCHES,
             two_samples=True),
    Enricher(("run_delay_ns",), partial(FileCounters, "schedstat", parse_schedstat),
             Need.WAIT, two_samples=True),
)  # fmt: skip
"""A file each."""
