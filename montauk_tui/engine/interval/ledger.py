"""Where the CPU time of an interval went."""

import math

import numpy as np

from montauk_tui.engine.interval.rates import (
    busy_seconds,
    busy_total,
    is_exited,
    reports_exit_time,
    ticks_passed,
)
from montauk_tui.engine.interval.task_time import task_seconds
from montauk_tui.model.frame import Ledger, Rates
from montauk_tui.model.sample import CPU_FIELDS, HostSample, Sample
from montauk_tui.model.schema import known_sum

_INTERRUPTS = [CPU_FIELDS.index(kind) for kind in ("irq", "softirq")]
_IDLE = [CPU_FIELDS.index(kind) for kind in ("idle", "iowait")]

_KSOFTIRQD = b"ksoftirqd/"


def close_ledger(previous: Sample, current: Sample, rates: Rates) -> Ledger:
    """Return the ledger between two samples; NaN for what /proc/stat lacks."""
    table = current.processes
    exited = is_exited(table)
    live_s = known_sum(rates.cpu_s[table.is_process & ~exited])
    exited_s = _exited_seconds(current, rates)
    exited_row_s = known_sum(rates.cpu_s[table.is_process & exited])
    if exited_s is None:
        live_s += exited_row_s
    else:
        exited_s += exited_row_s
    used_s = live_s + (exited_s or 0.0)
    busy_s = busy_total(previous.host, current.host, current.user_hz, used_s)
    measured_s = _measured_interrupts(previous, current, rates)
    ran_s = task_seconds(previous, current, rates, used_s, measured_s)
    # fmax() returns the one that is known.
    busy_s = float(np.fmax(busy_s, ran_s))
    left_s = busy_s - used_s
    # Time of CPUs outside of tasks: waking up, interrupts, going to sleep.
    beside_s = busy_s - ran_s
    if math.isnan(beside_s):
        beside_s = _estimated_beside(previous, current, left_s)
    interrupts_s = measured_s + beside_s
    return Ledger(
        busy_s=busy_s,
        live_s=live_s,
        exited_s=exited_s,
        interrupts_s=interrupts_s,
        unexplained_s=left_s - interrupts_s,
        interval_s=_interval_s(previous, current),
    )


def _interval_s(previous: Sample, current: Sample) -> float:
    read_s = current.host.read_s - previous.host.read_s
    return read_s if read_s > 0 else current.monotonic_s - previous.monotonic_s


def in_cores(ledger: Ledger) -> Ledger:
    """Return the ledger in cores with two decimals, which add up to the digit."""
    busy, live, interrupts = (
        round(seconds / ledger.interval_s, 2)
        for seconds in (ledger.busy_s, ledger.live_s, ledger.interrupts_s)
    )
    exited = None
    if ledger.exited_s is not None:
        exited = round(ledger.exited_s / ledger.interval_s, 2)
    rest = round(busy - live - (exited or 0.0) - interrupts, 2)
    # Adding 0 makes -0.0 a 0.
    return Ledger(busy, live, exited, interrupts, rest + 0.0, 1.0)


def _measured_interrupts(previous: Sample, current: Sample, rates: Rates) -> float:
    """Return the time of interrupts that the kernel keeps out of that of processes.

    The run time of ksoftirqd is counted as softirq as well
    (irqtime_account_process_tick in kernel/sched/cputime.c).
    """
    before, now = previous.host, current.host
    if not (before.measures_interrupts and now.measures_interrupts):
        return 0.0
    counted = busy_seconds(before, now, current.user_hz)[_INTERRUPTS]
    table = current.processes
    rows = np.flatnonzero(table.is_kernel & table.is_process)
    is_own = np.char.startswith(table.comm[rows], _KSOFTIRQD)
    own_s = known_sum(rates.cpu_s[rows[is_own]])
    return max(float(counted.sum()) - own_s, 0.0)


def _estimated_beside(previous: Sample, current: Sample, left_s: float) -> float:
    """Return the time of idle CPUs that wake, where the time of tasks is unknown.

    A kernel that does not measure interrupts leaves them in the time of the process
    that they hit (update_rq_clock_task in kernel/sched/core.c): in no process is only
    what hits an idle CPU. That is at most what was counted on CPUs that were idle at
    times, and at most what processes leave of busy time.
    """
    before, now = previous.host, current.host
    if before.measures_interrupts and now.measures_interrupts:
        return 0.0
    if math.isnan(left_s):
        return math.nan
    most_s = _counted_beside_idle(before, now, current.user_hz)
    return min(max(left_s, 0.0), most_s)


def _counted_beside_idle(before: HostSample, now: HostSample, user_hz: int) -> float:
    """Return the interrupts of CPUs that were idle for a part of the interval."""
    _, ticks = ticks_passed(before, now)
    were_idle = ticks[:, _IDLE].sum(axis=1) > 0
    return known_sum(ticks[were_idle][:, _INTERRUPTS]) / user_hz


def _exited_seconds(current: Sample, rates: Rates) -> float | None:
    if reports_exit_time(current):
        return known_sum(rates.exit_cpu_s)
    known = np.isfinite(rates.children_s)
    return float(rates.children_s[known].sum()) if known.any() else None
