"""Exit records: the processes that exited since the previous sample, as columns."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar, Final, Self

from montauk_tui.model.deaths import Death
from montauk_tui.model.records import RecordTable
from montauk_tui.model.schema import Bools, Bytes, Field, Ints

Deaths = Mapping[tuple[int, int], Death]
"""By pid and start in ticks."""

NO_DEATHS: Final[Deaths] = MappingProxyType({})

EXIT_FIELDS: Final[dict[str, Field]] = {
    "pid": Field("id", "process id"),
    "ppid": Field("id", "parent process id at the exit"),
    "uid": Field("id", "effective user id"),
    "start_ticks": Field("ticks", "start after boot, 1/USER_HZ s: half the identity"),
    "end_ns": Field("ns", "time of the exit after boot (CLOCK_BOOTTIME)"),
    "lifetime_ns": Field("ns", "from its start to its exit"),
    "exit_code": Field("code", "argument of exit(2); unknown if a signal killed it"),
    "exit_signal": Field(
        "signal", "the signal that killed it; unknown if it called exit(2)"
    ),
    "core_dumped": Field("flag", "1 where it left a core dump, else 0"),
    "utime_ns": Field("ns", "CPU time in user mode, all threads"),
    "stime_ns": Field("ns", "CPU time in the kernel, all threads"),
    "rss_bytes": Field("bytes", "resident set size at the exit"),
    "peak_rss_bytes": Field(
        "bytes", "largest resident set size since its last exec, or else its fork"
    ),
    "read_bytes": Field("bytes", "read from storage"),
    "write_bytes": Field("bytes", "written to storage"),
    "cgroup_id": Field("id", "inode number of its cgroup (version 2)"),
    "threads": Field("count", "threads at the exit"),
    "cmdline_bytes": Field("bytes", "length of its arguments, kept or not"),
}


class ExitTable(RecordTable):
    """A row per exited process, in no order.

    `deaths` has the signals that ended some of them, as far as they are known. Few
    exits are by a signal, so that is not a column.
    """

    __slots__ = ("deaths",)
    FIELDS: ClassVar[Mapping[str, Field]] = EXIT_FIELDS
    deaths: Deaths

    def __init__(
        self,
        comm: Bytes,
        cmdline: Bytes,
        columns: Mapping[str, Ints],
        exe: Bytes | None = None,
    ) -> None:
        """Check the columns and freeze them; no death is known."""
        super().__init__(comm, cmdline, columns, exe)
        self.deaths = NO_DEATHS

    def with_deaths(self, deaths: Deaths) -> Self:
        """Return the same rows with these deaths."""
        if not deaths:
            return self
        table = self._of(self.comm, dict(self._columns))
        table.deaths = deaths
        return table

    def without(self, names: Iterable[str]) -> Self:
        """Return this table with the columns `names` unknown."""
        return super().without(names).with_deaths(self.deaths)

    def only(self, rows: Ints | Bools) -> Self:
        """Return some of the rows, by number or by flag."""
        return super().only(rows).with_deaths(self.deaths)

    def compact(self) -> Self:
        """Return this table with texts no wider than the longest of them."""
        return super().compact().with_deaths(self.deaths)

    @classmethod
    def joined(cls, tables: Sequence[Self]) -> Self:
        """Return the rows of several tables, one after the other."""
        deaths: dict[tuple[int, int], Death] = {}
        for table in tables:
            deaths.update(table.deaths)
        return super().joined(tables).with_deaths(deaths)
