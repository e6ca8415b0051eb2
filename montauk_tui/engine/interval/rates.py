"""CPU use of each process and CPU between two samples.

Hot path: 0.5 ms for 5,000 processes, all of it numpy; 0.7 ms with every counter.
"""

import math
from typing import Final

import numpy as np

from montauk_tui.engine.interval.children import children_seconds
from montauk_tui.engine.interval.counter_rates import (
    counter_rates,
    exit_counter_rates,
    highest_so_far,
    started_since,
    unknown_exit_rates,
)
from montauk_tui.engine.interval.device_rates import list_rates
from montauk_tui.engine.interval.throughput import disk_throughput, network_throughput
from montauk_tui.engine.interval.unreaped import less_reported, unreaped
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.frame import HostRates, Rates
from montauk_tui.model.join import Join, find, same_process
from montauk_tui.model.names import DEAD, ZOMBIE
from montauk_tui.model.sample import CPU_FIELDS, HostSample, ProcessTable, Sample
from montauk_tui.model.schema import UNKNOWN, Bools, Floats, Ints, as_floats

_NOT_BUSY: Final = tuple(
    CPU_FIELDS.index(kind)
    for kind in ("idle", "iowait", "steal", "guest", "guest_nice")
)
"""Guest time is in user time already (account_guest_time in kernel/sched/cputime.c);
stolen time belongs to other machines."""

_STEAL: Final = CPU_FIELDS.index("steal")
_AWAY: Final = tuple(CPU_FIELDS.index(kind) for kind in ("idle", "iowait", "steal"))

_TRUSTED: Final = 0.1
"""Share of the time by which the two accounts of busy time may differ."""

_SLACK_S: Final = 0.02
"""The error of ticks on each CPU."""

_MOST_CREDIBLE: Final = 100
_HOUR_S: Final = 3600.0
"""Counters that grow by more than so many intervals and an hour are not credible."""

_BUSY: Final = [index for index in range(len(CPU_FIELDS)) if index not in _NOT_BUSY]
_PARTS: Final = [index for index, kind in enumerate(CPU_FIELDS) if "guest" not in kind]


_ALL: Final = slice(None)

_SPLIT_TICKS: Final = 2
"""How far two collectors may differ in dividing one CPU time into user and system."""


def process_rates(
    previous: Sample | None,
    current: Sample,
    last: Rates | None = None,
    *,
    counters: bool = True,
) -> Rates:
    """Return the rates of every process in `current` since `previous`.

    A process that started since the previous sample is charged its whole CPU time. One
    that is older but was not seen before, and one whose counter went backwards, is
    unknown: NaN. The samples may come from different collectors.

    Args:
        previous: The sample before; None where there is none.
        current: This sample.
        last: The rates of the previous sample, for counters that may fall.
        counters: Whether those beside CPU times are wanted too.
    """
    table = current.processes
    if previous is None:
        cpu_s = np.full(len(table), np.nan)
        exit_cpu_s = np.full(0 if current.exits is None else len(current.exits), np.nan)
        unknown = cpu_s.copy()
        exit_per_s = unknown_exit_rates(len(exit_cpu_s))
        return Rates(
            cpu_s, unknown, exit_cpu_s, exit_cpu_s, exit_cpu_s.copy(), unknown,
            exit_per_s=exit_per_s,
        )  # fmt: skip
    join = same_process(previous.processes, table)
    cpu_s = cpu_used(previous, current, join)
    exit_cpu_s = exit_cpu_used(previous, current)
    highest = {} if last is None else last.highest
    exit_used_s = exit_cpu_s + _charged_exited(current, cpu_s)
    elapsed_s = current.monotonic_s - previous.monotonic_s
    most_pct = 100.0 * len(current.host.cpu_ids)
    return Rates(
        cpu_s,
        _percent(cpu_s, elapsed_s, most_pct),
        exit_cpu_s,
        exit_used_s,
        _percent(exit_used_s, elapsed_s, most_pct),
        np.full(len(table), np.nan)
        if reports_exit_time(current)
        else children_seconds(previous, current),
        counter_rates(previous, current, join, highest) if counters else {},
        exit_counter_rates(previous, current, highest) if counters else {},
        elapsed_s,
        highest_so_far(previous, current, join, highest) if counters else {},
    )


def cpu_used(
    previous: Sample, current: Sample, join: Join, rows: Ints | None = None
) -> Floats:
    """Return the CPU time of each row of `current`, as `process_rates` describes it.

    Args:
        previous: The sample before.
        current: This sample.
        join: The rows in `previous`.
        rows: The rows of `current`, if not all of them.
    """
    cpu_s = _grown_s(previous, current, join, rows)
    exited = unreaped(previous, current)
    if previous.exits is not None and exited.found.any():
        now_s = cpu_seconds(current, exited.row[exited.found])
        at = np.arange(len(cpu_s)) if rows is None else rows
        less_reported(cpu_s, exited, now_s, _exit_seconds(previous.exits), at)
    return cpu_s


def _grown_s(
    previous: Sample, current: Sample, join: Join, rows: Ints | None
) -> Floats:
    table = current.processes
    if rows is None:
        if len(table) == len(previous.processes) and join.found.all():
            return _growth_s(previous, current, _ALL, _ALL)
        rows = np.arange(len(table))
    cpu_s = np.full(len(rows), np.nan)
    is_new = np.flatnonzero(~join.found)
    is_new = is_new[started_since(previous, table.start_ticks[rows[is_new]])]
    cpu_s[is_new] = cpu_seconds(current, rows[is_new])
    found = np.flatnonzero(join.found)
    if len(found):
        cpu_s[found] = _growth_s(previous, current, join.row[found], rows[found])
    return cpu_s


def _growth_s(
    previous: Sample, current: Sample, before: Ints | slice, now: Ints | slice
) -> Floats:
    """Return the CPU time of each common row between the samples, NaN if it fell.

    If one sample has exact times and the other ticks, which the kernel rounds down,
    both are compared in ticks: otherwise every process, even an idle one, would be
    charged for the rounding.
    """
    hertz = min(previous.ticks_per_second, current.ticks_per_second)
    slack_s = 0.0
    if previous.ticks_per_second != current.ticks_per_second:
        slack_s = (_SPLIT_TICKS + 0.5) / hertz
    now_s = _rounded_seconds(current, hertz, now)
    grown_s: Floats = now_s - _rounded_seconds(previous, hertz, before)
    grown_s[(grown_s < 0) & (grown_s >= -slack_s)] = 0.0
    grown_s[grown_s < 0] = np.nan
    return grown_s


def _rounded_seconds(sample: Sample, hertz: int, rows: Ints | slice) -> Floats:
    """Return the CPU time of rows, rounded down to `hertz` ticks per second."""
    ratio = sample.ticks_per_second / hertz
    if ratio == 1:
        return cpu_seconds(sample, rows)
    user, system = (
        as_floats(values[rows])
        for values in (sample.processes.utime, sample.processes.stime)
    )
    ticks = user // ratio + system // ratio
    seconds: Floats = ticks / hertz
    return seconds


def reports_exit_time(sample: Sample) -> bool:
    """Tell whether the CPU time of exited processes is known."""
    exits = sample.exits
    if exits is None:
        return False
    return not len(exits) or bool(np.any(exits.utime_ns != UNKNOWN))


def cpu_seconds(sample: Sample, rows: Ints | slice = _ALL) -> Floats:
    """Return the CPU time of rows so far, in seconds, NaN where unknown."""
    table = sample.processes
    ticks = as_floats(table.utime[rows]) + as_floats(table.stime[rows])
    seconds: Floats = ticks / sample.ticks_per_second
    return seconds


def _percent(cpu_s: Floats, elapsed_s: float, most_pct: float) -> Floats:
    if elapsed_s <= 0:
        return np.full(len(cpu_s), np.nan)
    return np.minimum(cpu_s / elapsed_s * 100.0, most_pct)


def exit_cpu_used(previous: Sample, current: Sample) -> Floats:
    """Return the CPU time of each exited process that no row was charged with.

    Most were rows of the previous sample. Some are still rows of the current one: they
    exited after the snapshot, or are zombies.
    """
    exits = current.exits
    if exits is None or not len(exits):
        return np.empty(0)
    total_s = _exit_seconds(exits)
    charged_s = np.full(len(exits), np.nan)
    for sample in (previous, current):
        join = find(sample.processes, exits.pid, exits.start_ticks)
        # Most have lived for less than an interval.
        if join.found.any():
            known = cpu_seconds(sample, join.row[join.found])
            charged_s[join.found] = np.fmax(charged_s[join.found], known)
    is_new = np.isnan(charged_s) & started_since(previous, exits.start_ticks)
    charged_s[is_new] = 0.0
    used_s: Floats = np.maximum(total_s - charged_s, 0.0)
    return used_s


def _exit_seconds(exits: ExitTable) -> Floats:
    """Return all CPU time of each exited process, NaN where unknown."""
    seconds: Floats = (as_floats(exits.utime_ns) + as_floats(exits.stime_ns)) / 1e9
    return seconds


def is_exited(table: ProcessTable) -> Bools:
    """Tell which rows have exited: zombies, and exits that are not complete.

    A zombie with other threads is a leader that exited before them.
    """
    exited: Bools = (table.state == DEAD) | (
        (table.state == ZOMBIE) & (table.threads <= 1)
    )
    return exited


def _charged_exited(current: Sample, cpu_s: Floats) -> Floats:
    """Return what each exited process was charged with as a row beside its exit.

    No list shows both, so the time belongs to the exit. The charge of earlier intervals
    is not repeated: rows never add up to more than there was.
    """
    exits = current.exits
    if exits is None or not len(exits):
        return np.zeros(0)
    charged_s = np.zeros(len(exits))
    join = find(current.processes, exits.pid, exits.start_ticks)
    row = join.row[join.found]
    of_exited = np.where(is_exited(current.processes)[row], cpu_s[row], 0.0)
    charged_s[join.found] = np.nan_to_num(of_exited)
    return charged_s


def ticks_passed(previous: HostSample, current: HostSample) -> tuple[Ints, Floats]:
    """Return the rows of `cpu_ids` in both samples, and how their ticks grew."""
    if np.array_equal(current.cpu_ids, previous.cpu_ids):
        now = before = np.arange(len(current.cpu_ids))
    else:
        _, now, before = np.intersect1d(
            current.cpu_ids, previous.cpu_ids, return_indices=True
        )
    # The idle and iowait counters of a CPU may step back (proc_stat(5)).
    return now, np.maximum(current.cpu_ticks[now] - previous.cpu_ticks[before], 0.0)


def host_rates(previous: HostSample | None, current: HostSample) -> HostRates:
    """Return the rates of CPUs and devices of `current`; unknown for a new one."""
    share = np.full(current.cpu_ticks.shape, np.nan)
    mean = np.full(len(CPU_FIELDS), np.nan)
    if previous is not None:
        now, ticks = ticks_passed(previous, current)
        total = ticks[:, _PARTS].sum(axis=1, keepdims=True)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            share[now] = np.where(total > 0, ticks / total, np.nan)
        known = share[~np.isnan(share[:, 0])]
        mean = known.mean(axis=0) if len(known) else mean
    devices = None if previous is None else previous.devices
    return HostRates(
        cpu_share=share,
        busy_share=share[:, _BUSY].sum(axis=1),
        machine_share=mean,
        machine_busy=float(mean[_BUSY].sum()),
        network=network_throughput(devices, current.devices),
        disks=disk_throughput(devices, current.devices),
        lists=list_rates(None if previous is None else previous.lists, current.lists),
    )


def busy_total(
    previous: HostSample, current: HostSample, user_hz: int, used_s: float = 0.0
) -> float:
    """Return the CPU-seconds in which the CPUs were neither idle nor stolen.

    Idle time is exact, busy time is sampled at timer ticks: total less idle time is the
    better measure, as long as both agree; they do not after the machine was stopped
    (tick_nohz in kernel/time/tick-sched.c, account_process_tick in
    kernel/sched/cputime.c). NaN where neither is known. Stolen time is included where
    processes are charged for it.

    A process that wakes again and again for less than a tick may never be running at
    one: if processes used clearly more than was counted, the count is not used.

    Args:
        previous: The counters before.
        current: The counters now.
        user_hz: Ticks a second.
        used_s: CPU time that processes are known to have used meanwhile.
    """
    counted_s = float(busy_seconds(previous, current, user_hz).sum())
    away = list(_AWAY)
    now, ticks = ticks_passed(previous, current)
    passed_s = (current.read_s - previous.read_s) * len(now)
    if current.charges_stolen:
        away.remove(_STEAL)
        counted_s += float(ticks[:, _STEAL].sum()) / user_hz
    by_idle_s = passed_s - float(ticks[:, away].sum()) / user_hz
    if counted_s > _MOST_CREDIBLE * passed_s + _HOUR_S:
        return math.nan
    is_short = used_s > counted_s * (1 + _TRUSTED) + _SLACK_S * len(now)
    is_alike = abs(by_idle_s - counted_s) <= _TRUSTED * passed_s
    if math.isnan(counted_s) or is_alike or (is_short and by_idle_s > counted_s):
        # max() returns its first argument where that is NaN.
        return max(by_idle_s, 0.0)
    return counted_s


def busy_seconds(previous: HostSample, current: HostSample, user_hz: int) -> Floats:
    """Return the CPU-seconds of each kind of busy time, shape (len(CPU_FIELDS),)."""
    ticks = ticks_passed(previous, current)[1].sum(axis=0)
    ticks[list(_NOT_BUSY)] = 0.0
    seconds: Floats = ticks / user_hz
    return seconds
