"""The processes that ended since the previous sample, as columns."""

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from montauk_tui.model.schema import COMM_BYTES, UNKNOWN, Bytes, Field, Ints

EXIT_FIELDS: Final[dict[str, Field]] = {
    "pid": Field("id", "process id"),
    "ppid": Field("id", "parent process id at the end"),
    "uid": Field("id", "effective user id"),
    "start_ticks": Field("ticks", "start after boot, 1/USER_HZ s: half the identity"),
    "lifetime_ns": Field("ns", "from its start to its end"),
    "exit_code": Field(
        "code", "what it passed to exit(2); unknown if a signal ended it"
    ),
    "exit_signal": Field("signal", "the signal that ended it; unknown if it exited"),
    "core_dumped": Field("flag", "1 where it left a core dump, else 0"),
    "utime_ns": Field("ns", "CPU time in user mode, all threads"),
    "stime_ns": Field("ns", "CPU time in the kernel, all threads"),
    "rss_bytes": Field("bytes", "resident set size at the end"),
    "peak_rss_bytes": Field("bytes", "largest resident set size"),
    "read_bytes": Field("bytes", "read from storage"),
    "write_bytes": Field("bytes", "written to storage"),
    "cgroup_id": Field("id", "inode number of its cgroup (version 2)"),
    "threads": Field("count", "threads at the end"),
    "cmdline_bytes": Field("bytes", "length of its arguments, kept or not"),
}


class ExitTable:
    """Equally long, read-only columns, a row per process that ended, in no order.

    The int64 columns are attributes named as in EXIT_FIELDS; `comm` holds raw names and
    `cmdline` NUL-separated arguments, as many of `cmdline_bytes` as were kept.

    Raises:
        ValueError: A column is not in the schema or has another length.
    """

    __slots__ = ("_columns", "cmdline", "comm")

    comm: Bytes
    cmdline: Bytes

    def __init__(
        self, comm: Bytes, cmdline: Bytes, columns: Mapping[str, Ints]
    ) -> None:
        """Check the columns and freeze them."""
        for name, values in {"cmdline": cmdline, **columns}.items():
            if name not in EXIT_FIELDS and name != "cmdline":
                raise ValueError(f"column {name!r} is not in the schema")
            if values.shape != comm.shape:
                raise ValueError(
                    f"column {name!r} has {len(values)} rows, not {len(comm)}"
                )
        self.comm, self.cmdline = comm, cmdline
        self._columns = dict(columns)
        for values in (comm, cmdline, *columns.values()):
            values.setflags(write=False)

    def __getattr__(self, name: str) -> Ints:
        """Return the column called `name`."""
        if name not in EXIT_FIELDS:
            raise AttributeError(name)
        if name not in self._columns:
            self._columns[name] = np.full(len(self), UNKNOWN, dtype=np.int64)
        return self._columns[name]

    def without(self, names: Iterable[str]) -> "ExitTable":
        """Return this table with the columns `names` unknown."""
        gone = set(names)
        if not gone:
            return self
        kept = {name: self._columns[name] for name in self._columns.keys() - gone}
        return ExitTable(self.comm, self.cmdline, kept)

    def __len__(self) -> int:
        """Return the number of processes."""
        return len(self.comm)

    @classmethod
    def empty(cls) -> "ExitTable":
        """Return a table of no process."""
        nothing = np.empty(0, dtype=np.int64)
        comm = np.empty(0, dtype=f"S{COMM_BYTES}")
        return cls(comm, np.empty(0, dtype="S1"), dict.fromkeys(EXIT_FIELDS, nothing))
