"""What processes used in one interval, as columns to add up."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from montauk_tui.engine.groups.members import Members
from montauk_tui.engine.interval.ledger import close_ledger
from montauk_tui.engine.interval.rates import (
    is_exited,
    process_rates,
    reports_exit_time,
)
from montauk_tui.engine.rows.build import only, reported_now, status_of
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.frame import CollectorStatus, Frame, HostRates, Ledger, Rates
from montauk_tui.model.join import same_process
from montauk_tui.model.kthreads import kernel_flags
from montauk_tui.model.lookups import Lookups
from montauk_tui.model.sample import ProcessTable, Sample
from montauk_tui.model.schema import Bools, Floats, Ints, as_floats

_NOBODY: Final = CollectorStatus("", "")
_NO_RATES: Final = HostRates(np.empty(0), np.empty(0), np.empty(0), math.nan)
_NO_FORKS: Final[Ints] = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class IntervalUsage:
    """CPU-seconds of live and exited processes, which add up to those of the ledger."""

    frame: Frame
    """Its live processes, without threads and without history."""
    before: Ints
    """The row of each live process in the previous interval, -1 for a new one."""
    is_same: Bools
    """Which of them had the same name, user and cgroup then."""
    live_s: Floats
    exited_s: Floats
    """CPU-seconds of exited processes that a row stands for: its own, as a zombie, or
    those of children that nothing else reports."""
    rss_bytes: Floats
    """Resident memory at the end of the interval; NaN where unknown."""
    sees_exits: bool
    """Whether exits are reported."""
    exits: ExitTable
    exit_s: Floats
    """CPU-seconds of each exit that no row was charged with."""
    failed: Bools
    """Which exits have a status other than 0."""
    of_kernel: Bools
    """Which exits are those of kernel threads."""
    news: Members
    """Processes that are not the same as before, and the exits."""

    @property
    def table(self) -> ProcessTable:
        """The live processes."""
        return self.frame.sample.processes

    @property
    def ledger(self) -> Ledger | None:
        """The ledger; None at the start."""
        return self.frame.ledger


class Intervals:
    """Makes an interval of each two samples that follow each other."""

    def __init__(self) -> None:
        """Start without a sample."""
        self._previous: Sample | None = None
        self._table = ProcessTable.empty()

    def restart(self) -> None:
        """Forget the last sample, as after a boot: the next one begins anew."""
        self._previous = None
        self._table = ProcessTable.empty()

    def next(self, sample: Sample, lookups: Lookups) -> IntervalUsage:
        """Return the interval that ends with a sample.

        That of the first sample has no length: it only has the live processes.
        """
        frame = self._frame(sample, lookups)
        rates, exits = frame.rates, sample.exits
        if exits is None or frame.interval_s is None:
            exits, exit_s = ExitTable.empty(), np.zeros(0)
        elif reports_exit_time(sample):
            exit_s = np.nan_to_num(rates.exit_cpu_s)
        else:
            exit_s = np.zeros(len(exits))
        whole, is_process = sample.processes, sample.processes.is_process
        flags = kernel_flags(whole, exits.ppid, exits.cmdline_bytes > 0)
        live_s, exited_s = _seconds(sample, rates, frame.ledger)
        if not is_process.all():
            frame = only(frame, is_process, {})
        table = frame.sample.processes
        join = same_process(self._table, table)
        is_same = join.found & _equal(self._table, table, join.row)
        found = IntervalUsage(
            frame,
            np.where(join.found, join.row, -1),
            is_same,
            live_s[is_process],
            exited_s[is_process],
            as_floats(table.rss_bytes),
            sample.exits is not None,
            exits,
            exit_s,
            np.nan_to_num(status_of(exits)) != 0,
            flags != 0,
            _members(frame, ~is_same, exits),
        )
        self._table = table
        return found

    def _frame(self, sample: Sample, lookups: Lookups) -> Frame:
        previous, self._previous = self._previous, sample
        rates = process_rates(previous, sample, counters=False)
        return Frame(
            seq=0,
            sample=sample,
            interval_s=sample.monotonic_s - previous.monotonic_s if previous else None,
            rates=rates,
            host_rates=_NO_RATES,
            ledger=close_ledger(previous, sample, rates) if previous else None,
            collector=_NOBODY,
            lookups=lookups,
            cpu_s=0.0,
        )


def _members(frame: Frame, new: Bools, exits: ExitTable) -> Members:
    exited = reported_now(exits, frame)
    return Members(only(frame, new, {}), exited, exited, _NO_FORKS, 0.0)


def _seconds(
    sample: Sample, rates: Rates, ledger: Ledger | None
) -> tuple[Floats, Floats]:
    """Return the CPU-seconds of each row as live, and as exited, as the ledger does."""
    cpu_s = np.nan_to_num(rates.cpu_s)
    if ledger is None or ledger.exited_s is None:
        return cpu_s, np.zeros(len(cpu_s))
    have_exited = is_exited(sample.processes)
    exited_s = np.where(have_exited, cpu_s, 0.0)
    if not reports_exit_time(sample):
        exited_s += np.nan_to_num(rates.children_s)
    return np.where(have_exited, 0.0, cpu_s), exited_s


def _equal(before: ProcessTable, now: ProcessTable, row: Ints) -> Bools:
    """Tell which rows have the name, user and cgroup of a row of another table."""
    if not len(before):
        return np.zeros(len(now), dtype=np.bool_)
    equal: Bools = (
        (before.comm[row] == now.comm)
        & (before.uid[row] == now.uid)
        & (before.cgroup_id[row] == now.cgroup_id)
    )
    return equal
