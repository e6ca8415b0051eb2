"""Exited processes, beside live ones for a while, and in a list of their own."""

from typing import Final, NamedTuple

import numpy as np

from montauk_tui.engine.rows.build import (
    RowLookups,
    beside,
    by_now,
    carried,
    common_of,
    exited_extra,
    exited_table,
    frame_of,
    in_ticks,
    is_failure,
    only,
    per_s_extra,
    reported_now,
    status_of,
    sums_of,
)
from montauk_tui.engine.rows.kinds import all_of
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.frame import Frame
from montauk_tui.model.history import ExitedBatch, Extra
from montauk_tui.model.join import find, is_in
from montauk_tui.model.kinds import RowKey, RowKind, numbers
from montauk_tui.model.kthreads import kernel_flags
from montauk_tui.model.names import DEAD
from montauk_tui.model.orphans import Kin, living_ancestors
from montauk_tui.model.sample import Identity, ProcessTable
from montauk_tui.model.schema import (
    NO_START,
    UNKNOWN,
    Bools,
    Bytes,
    Floats,
    Ints,
    as_floats,
)

_FOLD_FROM: Final = 3
"""From so many of one parent and name on they become one row."""

_EXITED: Final = (float(RowKind.EXITED), float(RowKind.ORPHANS_PARENT))

_MIXER: Final = np.uint64(0x9E3779B97F4A7C15)


def are_exited_rows(frame: Frame, rows: Ints) -> Bools:
    """Tell which rows of the main list are single exited processes."""
    kind = frame.extra.get("kind")
    is_main = "window_s" in frame.extra or "exited_parent" in frame.extra
    if kind is None or not is_main:
        return np.zeros(len(rows), dtype=np.bool_)
    exited: Bools = np.isin(kind[rows], _EXITED)
    return exited


def are_new_rows(frame: Frame, rows: Ints, within_s: float) -> Bools:
    """Tell which rows are those of processes that started in the last `within_s`.

    An event says itself when it happened.
    """
    if "event" in frame.extra:
        return np.zeros(len(rows), bool)
    sample = frame.sample
    since = (sample.boot_s - within_s) * sample.user_hz
    table = sample.processes
    started = table.start_ticks[rows]
    new = (started > since) & (started < NO_START)
    live: Bools = (table.state[rows] != DEAD) & table.is_process[rows]
    return new & live


def with_exited(frame: Frame, linger_s: float, opened: frozenset[RowKey]) -> Frame:
    """Return the live processes and those that exited in the last `linger_s`.

    Many of one parent and name are one row; a group that is `opened` is shown with
    its processes. A process that started and exited within the interval has no live
    row: its exit follows when its CPU time is complete.

    A process that exited before the last interval uses no CPU now, and no exited
    process has memory, so that the rows add up to no more than there is.
    """
    passing = is_passing(frame)
    living = only(frame, ~passing, {}) if passing.any() else frame
    if linger_s <= 0:
        return living
    now_s, interval_s = frame.sample.monotonic_s, frame.interval_s or 0.0
    # Halfway between two samples, so that their jitter does not matter.
    since_s = min(now_s, now_s - linger_s + interval_s / 2)
    exited = frame.history.exited_since(since_s)
    # A zombie still has a row.
    exits, here = exited.exits, frame.sample.processes
    exited = exited.select(~find(here, exits.pid, exits.start_ticks).found)
    if not len(exited.exits):
        return living
    exited = by_now(exited, now_s)
    folds = _fold(frame, exited)
    window_s = now_s - float(exited.reported_s[0]) + interval_s
    folded = _fold_rows(frame, exited, folds, window_s)
    numbers_open = np.array([row.number for row in opened], dtype=np.int64)
    closed = folded.table.pid[~is_in(folded.table.pid, numbers_open)]
    shown = exited.select(~is_in(folds.pid, closed))
    single = exited_table(shown, frame.sample).without(["rss_bytes"])
    rows = folded.table.merged(single)
    extra = beside(
        folded.extra, len(folded.table),
        exited_extra(shown, frame.sample.booted_at_s), len(single),
    )  # fmt: skip
    table, rates = living.sample.processes, living.rates
    extra = beside(extra, len(rows), carried(rates), len(table))
    cpu_pct = [folded.cpu_pct, shown.cpu_pct[::-1], rates.cpu_pct]
    cmdlines = [*([b""] * len(folded.table)), *shown.exits.cmdline[::-1].tolist()]
    lengths = np.zeros(len(rows), dtype=np.int64)
    lengths[len(folded.table) :] = shown.exits.cmdline_bytes[::-1]
    lookups = RowLookups(frame.lookups, rows.pid, cmdlines, lengths)
    return frame_of(
        frame, rows.merged(table), np.concatenate(cpu_pct), extra, lookups,
        shown.exits.deaths,
    )  # fmt: skip


def is_passing(frame: Frame) -> Bools:
    """Tell which rows started and exited since the previous sample.

    The kernel collector holds them back until their CPU time is complete.
    """
    sample = frame.sample
    table = sample.processes
    if sample.exits is None or frame.interval_s is None:
        return np.zeros(len(table), dtype=np.bool_)
    # A start time is cut to ticks.
    since = int((sample.boot_s - frame.interval_s) * sample.user_hz)
    passing: Bools = (table.state == DEAD) & (table.start_ticks >= since)
    return passing


def exited_only(frame: Frame) -> Frame:
    """Return the last exited processes, as many as history keeps."""
    exited = frame.history.exited_since(-np.inf)
    return _listed(frame, by_now(exited, frame.sample.monotonic_s))


def exited_one(frame: Frame, identity: Identity) -> Frame | None:
    """Return one exited process as the only row, None if history does not keep it."""
    for part in reversed(frame.history.exited):
        is_it = (part.exits.pid == identity.pid) & (
            part.exits.start_ticks == identity.start_ticks
        )
        if is_it.any():
            return _listed(frame, part.select(is_it))
    return None


def exited_in_sample(frame: Frame, exits: ExitTable) -> Frame:
    """Return the processes that exited in the interval of a frame, the last row first.

    Args:
        frame: With their rates.
        exits: Those of its sample.
    """
    return _listed(frame, reported_now(exits, frame))


def _listed(frame: Frame, exited: ExitedBatch) -> Frame:
    table = exited_table(exited, frame.sample)
    return frame_of(
        frame,
        table,
        exited.cpu_pct[::-1],
        exited_extra(exited, frame.sample.booted_at_s),
        RowLookups(
            frame.lookups,
            table.pid,
            exited.exits.cmdline[::-1],
            exited.exits.cmdline_bytes[::-1],
        ),
        exited.exits.deaths,
    )


class _Folds(NamedTuple):
    pid: Ints
    """For each exited process the pid of its group."""
    ancestor: Ints
    """Its nearest live ancestor."""


class _Folded(NamedTuple):
    table: ProcessTable
    extra: Extra
    cpu_pct: Floats


def _fold(frame: Frame, exited: ExitedBatch) -> _Folds:
    """Return the group of each: the same live ancestor and name, the same group.

    Parents that exited are passed over: each run of a build step has another.
    """
    exits = exited.exits
    kin = Kin.of(exits)
    ancestor = living_ancestors(kin, Kin.of(frame.sample.processes), kin)
    values = (ancestor.clip(0) << 32) + _codes(exits.comm) + 1
    return _Folds(numbers(RowKind.EXITED_GROUP, values), ancestor)


def _codes(names: Bytes) -> Ints:
    """Return a 32-bit hash of each name, the same in every frame."""
    width = -(-names.dtype.itemsize // 8) * 8
    words = names.astype(f"S{width}").view(np.uint64).reshape(len(names), -1)
    odd = _MIXER ** np.arange(1, words.shape[1] + 1, dtype=np.uint64)
    mixed = (words * odd).sum(axis=1, dtype=np.uint64)
    codes: Ints = ((mixed * _MIXER) >> np.uint64(32)).astype(np.int64)
    return codes


def _fold_rows(
    frame: Frame, exited: ExitedBatch, folds: _Folds, window_s: float
) -> _Folded:
    pids, first, group, counts = np.unique(
        folds.pid, return_index=True, return_inverse=True, return_counts=True
    )
    many = counts >= _FOLD_FROM
    exits, hz = exited.exits, frame.sample.ticks_per_second
    first, size = first[many], len(pids)
    total = _Totals(group, size, many)
    lifetimes = _Lifetimes(group, size, as_floats(exits.lifetime_ns) / 1e9)
    count, booted_at_s = int(many.sum()), frame.sample.booted_at_s
    columns = {
        "pid": pids[many],
        "tgid": pids[many],
        "ppid": folds.ancestor[first],
        "uid": common_of(exits.uid, group, size)[many],
        "start_ticks": np.full(count, NO_START),
        "state": np.full(count, DEAD),
        "flags": _flags(frame, exited, folds, group, size)[many],
        "utime": in_ticks(total.whole(exits.utime_ns), hz),
        "stime": in_ticks(total.whole(exits.stime_ns), hz),
        "read_bytes": total.whole(exits.read_bytes),
        "write_bytes": total.whole(exits.write_bytes),
    }
    window_s = max(window_s, 1e-9)
    status = np.nan_to_num(status_of(exits), nan=UNKNOWN).astype(np.int64)
    extra = {
        "kind": all_of(RowKind.EXITED_GROUP, count),
        "count": counts[many].astype(np.float64),
        "failed": total.of(is_failure(exited).astype(np.float64)),
        "window_s": np.full(count, window_s),
        "lifetime_s": lifetimes.quantile(0.5)[many],
        "shortest_s": lifetimes.quantile(0.0)[many],
        "longest_s": lifetimes.quantile(1.0)[many],
        "exit_status": as_floats(common_of(status, group, size))[many],
        "ended_s": booted_at_s + _largest(exits.end_ns, group, size)[many] / 1e9,
        "peak_rss_bytes": _largest(exits.peak_rss_bytes, group, size)[many],
        "used_s": total.of(as_floats(exits.utime_ns) + as_floats(exits.stime_ns)) / 1e9,
        **per_s_extra({name: total.of(rate) for name, rate in exited.per_s.items()}),
    }
    table = ProcessTable(exits.comm[first], columns)
    return _Folded(table, extra, total.of(exited.cpu_pct))


class _Totals(NamedTuple):
    """Sums of known values, by group; unknown if there are none."""

    group: Ints
    size: int
    wanted: Bools
    """The groups whose sums are needed."""

    def of(self, values: Floats) -> Floats:
        return sums_of(values, self.group, self.size)[self.wanted]

    def whole(self, values: Ints) -> Ints:
        sums = self.of(as_floats(values))
        known = np.where(np.isnan(sums), 0.0, sums).astype(np.int64)
        return np.where(np.isnan(sums), UNKNOWN, known)


def _flags(
    frame: Frame, exited: ExitedBatch, folds: _Folds, group: Ints, size: int
) -> Ints:
    """Return the task flags of each group: a kernel thread if each of it is one."""
    ancestor = np.zeros(size, dtype=np.int64)
    ancestor[group] = folds.ancestor
    ran = group[exited.exits.cmdline_bytes > 0]
    ran_a_program = np.bincount(ran, minlength=size) > 0
    return kernel_flags(frame.sample.processes, ancestor, ran_a_program)


class _Lifetimes:
    """Lifetimes by group, sorted once."""

    def __init__(self, group: Ints, size: int, lifetime_s: Floats) -> None:
        known = np.isfinite(lifetime_s)
        lifetime_s, group = lifetime_s[known], group[known]
        # One more, for groups without a known lifetime.
        self._ordered = np.append(lifetime_s[np.lexsort((lifetime_s, group))], np.nan)
        self._counts = np.bincount(group, minlength=size)
        self._limits = np.cumsum(self._counts)

    def quantile(self, share: float) -> Floats:
        """Return the quantile `share` of the lifetimes of each group."""
        within = ((self._counts - 1).clip(0) * share).astype(np.int64)
        found = self._ordered[self._limits - self._counts + within]
        return np.where(self._counts > 0, found, np.nan)


def _largest(values: Ints, group: Ints, size: int) -> Floats:
    """Return the largest known value of each group."""
    most = np.full(size, UNKNOWN)
    np.maximum.at(most, group, values)
    return as_floats(most)
