"""Rows that are not live processes, made so that all columns, filters and sorts apply.

Such a row has a unique negative pid; the pid of the exited process is in the extra
column `real_pid`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from montauk_tui.engine.rows.kinds import all_of
from montauk_tui.engine.rows.texts import cmdline_texts
from montauk_tui.model.details import Details
from montauk_tui.model.exits import Deaths, ExitTable
from montauk_tui.model.frame import Frame, Rates
from montauk_tui.model.history import ExitedBatch, Extra
from montauk_tui.model.join import by_pid
from montauk_tui.model.kinds import RowKind, numbers
from montauk_tui.model.kthreads import kernel_flags
from montauk_tui.model.lookups import (
    Command,
    Lookups,
    command_from_cmdline,
    command_from_comm,
)
from montauk_tui.model.names import DEAD
from montauk_tui.model.records import cut_lines
from montauk_tui.model.sample import Identity, ProcessTable, Sample
from montauk_tui.model.schema import (
    COUNTERS,
    UNKNOWN,
    Bools,
    Bytes,
    Floats,
    Ints,
    as_floats,
)
from montauk_tui.model.text import clean

_PER_S: Final = {name: f"{name}_per_s" for name in COUNTERS}
"""Extra columns that hold the rates of counters."""


class RowLookups:
    """Strings of rows that are not live processes; asks the base for all others."""

    def __init__(
        self,
        base: Lookups,
        pids: Ints,
        cmdlines: Sequence[bytes] | Bytes,
        cmdline_bytes: Ints | None = None,
    ) -> None:
        """Take the arguments of rows, by ascending number.

        Args:
            base: Answers for all other rows.
            pids: Those of the rows.
            cmdlines: What is kept of their arguments.
            cmdline_bytes: How long these are, kept or not; None where none are cut.
        """
        self._base = base
        self._pids = pids
        self._cmdlines = cmdlines
        self._cmdline_bytes = cmdline_bytes
        self._texts: list[str] | None = None
        self._cut: Bools | None = None

    def _raw(self, identity: Identity) -> bytes | None:
        """Return the arguments of one of these rows, None for any other row."""
        place = int(np.searchsorted(self._pids, identity.pid))
        if place == len(self._pids) or self._pids[place] != identity.pid:
            return None
        return bytes(self._cmdlines[place])

    def command(self, identity: Identity, comm: bytes) -> Command:
        """Return the command line."""
        raw = self._raw(identity)
        if raw is None:
            return self._base.command(identity, comm)
        return _command(raw, comm)

    def known_command(self, identity: Identity, comm: bytes) -> Command:
        """Return the command line as far as it is known without reading anything."""
        raw = self._raw(identity)
        if raw is None:
            return self._base.known_command(identity, comm)
        return _command(raw, comm)

    def known_texts(self, table: ProcessTable) -> list[str]:
        """Return the text of `known_command` for each row of a table."""
        found = by_pid(self._pids, table.pid)
        if not found.found.any():
            return self._base.known_texts(table)
        if self._texts is None:
            # Once for all keys that are typed in a filter while these rows are shown.
            self._texts = cmdline_texts(self._cmdlines)
        texts, own = np.empty(len(table), dtype=object), self._texts
        comms, places = table.comm[found.found].tolist(), found.row[found.found]
        texts[found.found] = [
            own[place] or clean(comm)
            for place, comm in zip(places.tolist(), comms, strict=True)
        ]
        rest = ~found.found
        if rest.any():
            texts[rest] = self._base.known_texts(table.only(rest))
        every: list[str] = texts.tolist()
        return every

    def cmdline(self, identity: Identity) -> bytes | None:
        """Return the argument vector."""
        raw = self._raw(identity)
        return self._base.cmdline(identity) if raw is None else raw or None

    def cut_rows(self, table: ProcessTable) -> Bools:
        """Tell which rows have cut arguments."""
        rows = self._base.cut_rows(table)
        if self._cmdline_bytes is None:
            return rows
        if self._cut is None:
            # Once for every time these rows are drawn.
            self._cut = cut_lines(self._cmdlines, self._cmdline_bytes)
        own = by_pid(self._pids, table.pid)
        rows[own.found] = self._cut[own.row[own.found]]
        return rows

    def user(self, uid: int) -> str:
        """Return the user name."""
        return self._base.user(uid)

    def cgroup(self, number: int) -> str:
        """Return the path of a cgroup."""
        return self._base.cgroup(number)

    def gauge(self, name: str, identity: Identity) -> float:
        """Return a number of a live process."""
        return (
            self._base.gauge(name, identity)
            if self._raw(identity) is None
            else float("nan")
        )

    def label(self, name: str, identity: Identity) -> str:
        """Return a text of a live process."""
        return self._base.label(name, identity) if self._raw(identity) is None else ""

    def known_gauges(self, name: str, whose: Iterable[tuple[int, int]]) -> list[float]:
        """Return a number of each: none is kept for exited processes."""
        return self._base.known_gauges(name, whose)

    def known_labels(self, name: str, whose: Iterable[tuple[int, int]]) -> list[str]:
        """Return a text of each."""
        return self._base.known_labels(name, whose)

    def details(self, identity: Identity) -> Details | None:
        """Return everything known about a live process."""
        return self._base.details(identity) if self._raw(identity) is None else None

    def shared_bytes(self, identity: Identity) -> float:
        """Return the resident shared memory; unknown for an exited process."""
        return (
            self._base.shared_bytes(identity)
            if self._raw(identity) is None
            else float("nan")
        )


def _command(raw: bytes, comm: bytes) -> Command:
    if raw.strip(b"\0 "):
        return command_from_cmdline(raw)
    return command_from_comm(comm, bracketed=False)


def frame_of(
    frame: Frame,
    table: ProcessTable,
    cpu_pct: Floats,
    extra: Extra,
    lookups: Lookups | None = None,
    deaths: Deaths | None = None,
) -> Frame:
    """Return a frame with other rows and the same machine.

    Rates beside CPU% are in `extra`, as `carried` puts them there.
    """
    nothing = np.full(len(table), np.nan)
    rates = Rates(
        nothing, cpu_pct, np.empty(0), np.empty(0), np.empty(0),
        extra.get("children_s", nothing),
        {name: extra[column] for name, column in _PER_S.items() if column in extra},
    )  # fmt: skip
    return replace(
        frame,
        sample=replace(frame.sample, processes=table, exits=None),
        rates=rates,
        extra=extra,
        lookups=lookups or frame.lookups,
        deaths=frame.deaths if deaths is None else deaths,
        whole=frame,
    )


def carried(rates: Rates) -> Extra:
    """Return the rates beside CPU% as extra columns."""
    return {"children_s": rates.children_s, **per_s_extra(rates.per_s)}


def per_s_extra(per_s: Mapping[str, Floats]) -> Extra:
    """Return rates of counters as extra columns."""
    return {_PER_S[name]: values for name, values in per_s.items()}


def only(frame: Frame, kept: Bools, extra: Extra) -> Frame:
    """Return some of the rows of a frame, with more columns for them."""
    wanted = {**frame.extra, **extra, **carried(frame.rates)}
    columns = {name: values[kept] for name, values in wanted.items()}
    table = frame.sample.processes.only(kept)
    return frame_of(frame, table, frame.rates.cpu_pct[kept], columns)


def reported_now(exits: ExitTable, frame: Frame) -> ExitedBatch:
    """Return the exits of a frame's sample with the rates of its interval."""
    count, rates = len(exits), frame.rates
    reported_s = np.full(count, frame.sample.monotonic_s)
    serial = np.arange(1, count + 1)
    return ExitedBatch(
        exits, rates.exit_used_s, rates.exit_cpu_pct, reported_s, serial,
        rates.exit_per_s, np.full(count, rates.interval_s),
    )  # fmt: skip


def by_now(exited: ExitedBatch, now_s: float) -> ExitedBatch:
    """Return the same with rates of 0 for exits reported before `now_s`.

    Their totals are unchanged.
    """
    was_before = exited.reported_s < now_s
    return exited._replace(
        cpu_s=np.where(was_before, 0.0, exited.cpu_s),
        cpu_pct=np.where(was_before, 0.0, exited.cpu_pct),
        per_s={
            name: np.where(was_before, 0.0, rate) for name, rate in exited.per_s.items()
        },
    )


def exited_table(
    exited: ExitedBatch, sample: Sample, kind: RowKind = RowKind.EXITED
) -> ProcessTable:
    """Return a row for each exited process, the last reported first."""
    exits = exited.exits
    back = np.arange(len(exits))[::-1]
    pid = numbers(kind, exited.serial[back])
    hz = sample.ticks_per_second
    flags = kernel_flags(sample.processes, exits.ppid, exits.cmdline_bytes > 0)
    columns = {
        "pid": pid,
        "tgid": pid,
        "ppid": exits.ppid[back],
        "uid": exits.uid[back],
        "start_ticks": exits.start_ticks[back],
        "state": np.full(len(pid), DEAD),
        "flags": flags[back],
        "utime": in_ticks(exits.utime_ns[back], hz),
        "stime": in_ticks(exits.stime_ns[back], hz),
        "rss_bytes": exits.rss_bytes[back],
        "read_bytes": exits.read_bytes[back],
        "write_bytes": exits.write_bytes[back],
        "cgroup_id": exits.cgroup_id[back],
        "threads": exits.threads[back],
    }
    return ProcessTable(exits.comm[back], columns)


def exited_extra(exited: ExitedBatch, booted_at_s: float) -> Extra:
    """Return the extra columns of `exited_table`."""
    exits = exited.exits
    end_s = booted_at_s + as_floats(exits.end_ns) / 1e9
    columns = {
        "kind": all_of(RowKind.EXITED, len(exits)),
        "real_pid": as_floats(exits.pid),
        "count": np.ones(len(exits)),
        "exit_status": status_of(exited.exits),
        "failed": is_failure(exited).astype(np.float64),
        "lifetime_s": as_floats(exits.lifetime_ns) / 1e9,
        "used_s": (as_floats(exits.utime_ns) + as_floats(exits.stime_ns)) / 1e9,
        "ended_s": end_s,
        "peak_rss_bytes": as_floats(exits.peak_rss_bytes),
        **per_s_extra(exited.per_s),
    }
    return {name: values[::-1] for name, values in columns.items()}


def status_of(exits: ExitTable) -> Floats:
    """Return the wait status: signals in the low 7 bits, 128 for a core dump."""
    by_signal = exits.exit_signal != UNKNOWN
    core = np.where(exits.core_dumped == 1, 128, 0)
    status = np.where(by_signal, exits.exit_signal + core, exits.exit_code << 8)
    known = by_signal | (exits.exit_code != UNKNOWN)
    return np.where(known, status, np.nan)


def is_failure(exited: ExitedBatch) -> Bools:
    """Return which exited with a status other than 0."""
    status = status_of(exited.exits)
    failed: Bools = np.isfinite(status) & (status != 0)
    return failed


def in_ticks(time_ns: Ints, ticks_per_second: int) -> Ints:
    """Return a time in the unit of the sample's CPU times."""
    ticks: Ints = time_ns // (10**9 // ticks_per_second)
    return np.where(time_ns == UNKNOWN, UNKNOWN, ticks)


def sums_of(values: Floats, group: Ints, size: int) -> Floats:
    """Return the sum of the known values of each group, NaN if there are none."""
    known = np.isfinite(values)
    sums = np.bincount(group[known], values[known], size)
    some = np.bincount(group[known], minlength=size) > 0
    return np.where(some, sums, np.nan)


def common_of(values: Ints, group: Ints, size: int) -> Ints:
    """Return the common value of each group, else UNKNOWN."""
    low = np.full(size, np.iinfo(np.int64).max)
    high = np.full(size, UNKNOWN)
    np.minimum.at(low, group, values)
    np.maximum.at(high, group, values)
    return np.where(low == high, low, UNKNOWN)


def beside(first: Extra, count_first: int, second: Extra, count_second: int) -> Extra:
    """Return the extra columns of two tables, one after the other."""
    return {
        name: np.concatenate(
            [
                first.get(name, np.full(count_first, np.nan)),
                second.get(name, np.full(count_second, np.nan)),
            ]
        )
        for name in {**first, **second}
    }
