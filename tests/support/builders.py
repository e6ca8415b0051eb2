"""Samples and frames made by hand, all of them at one fixed moment."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from montauk_tui.engine.interval.ledger import close_ledger
from montauk_tui.engine.interval.rates import host_rates, process_rates
from montauk_tui.model.details import Details
from montauk_tui.model.frame import CollectorStatus, Frame
from montauk_tui.model.lookups import (
    Command,
    Lookups,
    command_from_cmdline,
    command_from_comm,
)
from montauk_tui.model.sample import (
    CPU_FIELDS,
    Counters,
    HostSample,
    Identity,
    Memory,
    Pressure,
    ProcessTable,
    Sample,
)
from montauk_tui.model.schema import (
    COMM_BYTES,
    COUNTERS,
    FIELDS,
    UNKNOWN,
    Bools,
    Ints,
)
from tests.support.needs import GAUGES, LABELS

TIME_S: Final = 1_795_000_000.0
"""2026-11-18 11:06:40 UTC, a Wednesday."""
MONOTONIC_S: Final = 50_000.0
BOOT_S: Final = 100_000.0
USER_HZ: Final = 100
GIB: Final = 1 << 30

Row = Mapping[str, Any]
"""Values of one process by column, and its `comm`; None is unknown."""

DEFAULT_ROW: Final[dict[str, int]] = {
    "ppid": 1,
    "tty": 0,
    "uid": 0,
    "state": ord("S"),
    "flags": 0,
    "start_ticks": 1_000,
    "utime": 0,
    "stime": 0,
    "cutime": 0,
    "cstime": 0,
    "priority": 20,
    "nice": 0,
    "rt_priority": 0,
    "policy": 0,
    "processor": 0,
    "threads": 1,
    "virt_bytes": 64 << 20,
    "rss_bytes": 8 << 20,
    "shared_bytes": UNKNOWN,
    "start_stack": 0,
    **dict.fromkeys(COUNTERS, UNKNOWN),
    "minflt": 0,
    "majflt": 0,
}
"""What a process is like where a row does not say otherwise; ids default to the pid."""

MEMORY: Final = Memory(
    total=16 * GIB,
    free=4 * GIB,
    available=10 * GIB,
    buffers=GIB // 2,
    cached=5 * GIB,
    shared=GIB // 4,
    swap_total=2 * GIB,
    swap_free=2 * GIB,
    swap_cached=0,
)


def make_table(rows: Iterable[Row]) -> ProcessTable:
    """Return the table of `rows` in any order; a row needs a pid and nothing else."""
    ordered = sorted(rows, key=lambda row: _number(row["pid"]))
    comms = [_bytes(row.get("comm", f"proc{row['pid']!r}")) for row in ordered]
    columns = {
        name: np.array([_value(row, name) for row in ordered], dtype=np.int64)
        for name in FIELDS
    }
    return ProcessTable(np.array(comms, dtype=f"S{COMM_BYTES}"), columns)


def _value(row: Row, name: str) -> int:
    if name in row:
        return _number(row[name])
    return DEFAULT_ROW.get(name, _number(row["pid"]))


def _number(value: int | str | bytes | None) -> int:
    if value is None:
        return UNKNOWN
    return value if isinstance(value, int) else ord(value)


def _bytes(value: int | str | bytes | None) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def cpu_ticks(**by_kind: float) -> list[float]:
    """Return the ticks of one CPU, 0 for every kind that is not named."""
    return [by_kind.get(kind, 0.0) for kind in CPU_FIELDS]


def make_host(
    ticks: Sequence[Sequence[float]] | None = None,
    cpu_ids: Sequence[int] | None = None,
    **overrides: Any,
) -> HostSample:
    """Return a host of two CPUs, or of as many as there are rows of `ticks`."""
    ticks = [cpu_ticks(user=1_000, idle=9_000)] * 2 if ticks is None else ticks
    ids = range(len(ticks)) if cpu_ids is None else cpu_ids
    values: dict[str, Any] = {
        "hostname": "testhost",
        "cpu_ids": np.array(ids, dtype=np.int64),
        "cpu_ticks": np.array(ticks, dtype=np.float64).reshape(-1, len(CPU_FIELDS)),
        "memory": MEMORY,
        "load": (0.5, 0.25, 0.125),
        "uptime_s": BOOT_S,
        "threads": 200,
        "running": 2,
        "pressure": {"cpu": Pressure(some_pct=1.5, full_pct=0.0)},
    }
    return HostSample(**{**values, **overrides})


def make_sample(
    rows: Iterable[Row] = (), *, after_s: float = 0.0, **overrides: Any
) -> Sample:
    """Return a sample of `rows`, taken `after_s` seconds after the fixed moment."""
    values: dict[str, Any] = {
        "time_s": TIME_S + after_s,
        "monotonic_s": MONOTONIC_S + after_s,
        "boot_s": BOOT_S + after_s,
        "ticks_per_second": USER_HZ,
        "user_hz": USER_HZ,
        "processes": make_table(rows),
        "host": make_host(),
        "counters": Counters(),
        "exits": None,
        "vanished": 0,
        "collect_cpu_s": 0.001,
    }
    values |= overrides
    values.setdefault("booted_at_s", values["time_s"] - values["boot_s"])
    return Sample(**values)


class FakeLookups:
    """`model.lookups.Lookups` from dicts; command lines and memory are by pid.

    Args:
        cmdlines: Argument vectors, NUL-separated. A pid that is missing cannot be read.
        users: Names by uid, sanitised already.
        shared: Resident shared memory in bytes.
        cold: Whether a command line, gauge or label is unknown until it was read.
        values: Gauges and labels by pid and name.
    """

    def __init__(
        self,
        cmdlines: Mapping[int, bytes] | None = None,
        users: Mapping[int, str] | None = None,
        shared: Mapping[int, float] | None = None,
        *,
        cold: bool = False,
        values: Mapping[int, Mapping[str, float | str]] | None = None,
    ) -> None:
        self._cmdlines = cmdlines or {}
        self._users = {0: "root"} if users is None else users
        self._shared = shared or {}
        self._cold = cold
        self._values = values or {}
        self.values_read: set[tuple[str, int]] = set()
        """Which gauges and labels were read, and of which pids."""
        self.read: set[Identity] = set()
        """Whose command line was read."""
        self.cut_commands: frozenset[Identity] = frozenset()
        """Of whose command line a part is missing."""
        self.read_details: Callable[[Identity], Details | None] = lambda _identity: None
        """Answers `details`; by default every process is gone."""

    def command(self, identity: Identity, comm: bytes) -> Command:
        self.read.add(identity)
        return self.known_command(identity, comm)

    def known_command(self, identity: Identity, comm: bytes) -> Command:
        raw = self._cmdlines.get(identity.pid)
        if raw is None or (self._cold and identity not in self.read):
            return command_from_comm(comm, bracketed=False)
        if not raw.strip(b"\0 "):
            return command_from_comm(comm, bracketed=True)
        return command_from_cmdline(raw)

    def known_texts(self, table: ProcessTable) -> list[str]:
        rows = range(len(table))
        known = self.known_command
        return [known(table.identity(row), bytes(table.comm[row])).text for row in rows]

    def cmdline(self, identity: Identity) -> bytes | None:
        return self._cmdlines.get(identity.pid)

    def cut_rows(self, table: ProcessTable) -> Bools:
        rows = range(len(table))
        cut = [table.identity(row) in self.cut_commands for row in rows]
        return np.array(cut, dtype=np.bool_)

    def gauge(self, name: str, identity: Identity) -> float:
        assert name in GAUGES
        self.values_read.add((name, identity.pid))
        return float(self._values.get(identity.pid, {}).get(name, math.nan))

    def label(self, name: str, identity: Identity) -> str:
        assert name in LABELS
        self.values_read.add((name, identity.pid))
        return str(self._values.get(identity.pid, {}).get(name, ""))

    def known_gauges(self, name: str, whose: Iterable[tuple[int, int]]) -> list[float]:
        assert name in GAUGES
        return [float(self._known(name, pid, math.nan)) for pid, _ in whose]

    def known_labels(self, name: str, whose: Iterable[tuple[int, int]]) -> list[str]:
        assert name in LABELS
        return [str(self._known(name, pid, "")) for pid, _ in whose]

    def _known(self, name: str, pid: int, nothing: float | str) -> float | str:
        if self._cold and (name, pid) not in self.values_read:
            return nothing
        return self._values.get(pid, {}).get(name, nothing)

    def cgroup(self, number: int) -> str:
        return f"/group-{number}"

    def details(self, identity: Identity) -> Details | None:
        return self.read_details(identity)

    def user(self, uid: int) -> str:
        return self._users.get(uid, str(uid))

    def shared_bytes(self, identity: Identity) -> float:
        return self._shared.get(identity.pid, math.nan)


def make_frame(
    previous: Sample | None, current: Sample, lookups: Lookups | None = None
) -> Frame:
    """Return the frame that the engine makes of two samples."""
    rates = process_rates(previous, current)
    return Frame(
        seq=0 if previous is None else 1,
        sample=current,
        interval_s=current.monotonic_s - previous.monotonic_s if previous else None,
        rates=rates,
        host_rates=host_rates(previous.host if previous else None, current.host),
        ledger=close_ledger(previous, current, rates) if previous else None,
        collector=CollectorStatus("replay", "by hand"),
        lookups=lookups or FakeLookups(),
        cpu_s=0.002,
    )


def pids(table: ProcessTable, rows: Ints) -> list[int]:
    """Return the pids of some rows, in the order of the rows."""
    found: list[int] = table.pid[rows].tolist()
    return found
