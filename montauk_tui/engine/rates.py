"""What each process and CPU used between two samples.

Hot path: 0.1 ms for 5,000 processes, all of it numpy.
"""

from typing import Final

import numpy as np

from montauk_tui.model.frame import HostRates, Rates
from montauk_tui.model.join import same_process
from montauk_tui.model.sample import CPU_FIELDS, HostSample, Sample
from montauk_tui.model.schema import UNKNOWN, Floats, Ints

_NOT_BUSY: Final = tuple(
    CPU_FIELDS.index(kind)
    for kind in ("idle", "iowait", "steal", "guest", "guest_nice")
)
"""Guest time is in user time already (account_guest_time in kernel/sched/cputime.c);
stolen time belongs to other machines."""

_BUSY: Final = [index for index in range(len(CPU_FIELDS)) if index not in _NOT_BUSY]
_PARTS: Final = [index for index, kind in enumerate(CPU_FIELDS) if "guest" not in kind]


def process_rates(previous: Sample | None, current: Sample) -> Rates:
    """Return the CPU use of every process in `current` since `previous`.

    A process that started since the previous sample is charged its whole CPU time. One
    that is older but was not seen before, and one whose counter went backwards, is
    unknown: NaN.
    """
    table = current.processes
    cpu_s = np.full(len(table), np.nan)
    if previous is None:
        return Rates(cpu_s, cpu_s.copy())
    join = same_process(previous.processes, table)
    now = _cpu_ticks(table.utime, table.stime)
    before = _cpu_ticks(previous.processes.utime, previous.processes.stime)
    ticks = np.full(len(table), np.nan)
    is_new = ~join.found & (
        table.start_ticks >= int(previous.boot_s * previous.user_hz)
    )
    ticks[is_new] = now[is_new]
    if np.any(join.found):
        ticks[join.found] = now[join.found] - before[join.row[join.found]]
    ticks[ticks < 0] = np.nan
    cpu_s = ticks / current.ticks_per_second
    elapsed_s = current.monotonic_s - previous.monotonic_s
    if elapsed_s <= 0:
        return Rates(cpu_s, np.full(len(table), np.nan))
    most_pct = 100.0 * len(current.host.cpu_ids)
    return Rates(cpu_s, np.minimum(cpu_s / elapsed_s * 100.0, most_pct))


def _cpu_ticks(utime: Ints, stime: Ints) -> Floats:
    total = (utime + stime).astype(np.float64)
    total[(utime == UNKNOWN) | (stime == UNKNOWN)] = np.nan
    return total


def host_rates(previous: HostSample | None, current: HostSample) -> HostRates:
    """Return what each CPU of `current` did; a CPU that just came online is unknown."""
    share = np.full(current.cpu_ticks.shape, np.nan)
    if previous is not None:
        _, now, before = np.intersect1d(
            current.cpu_ids, previous.cpu_ids, return_indices=True
        )
        # The idle and iowait counters of a CPU may step back (proc_stat(5)).
        ticks = np.maximum(current.cpu_ticks[now] - previous.cpu_ticks[before], 0.0)
        total = ticks[:, _PARTS].sum(axis=1, keepdims=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            share[now] = np.where(total > 0, ticks / total, np.nan)
    known = share[~np.isnan(share[:, 0])]
    mean = known.mean(axis=0) if len(known) else np.full(len(CPU_FIELDS), np.nan)
    return HostRates(
        cpu_share=share,
        busy_share=share[:, _BUSY].sum(axis=1),
        machine_share=mean,
        machine_busy=float(mean[_BUSY].sum()),
    )


def busy_seconds(previous: HostSample, current: HostSample, user_hz: int) -> Floats:
    """Return the CPU-seconds of each kind of busy time, shape (len(CPU_FIELDS),)."""
    _, now, before = np.intersect1d(
        current.cpu_ids, previous.cpu_ids, return_indices=True
    )
    ticks = np.maximum(current.cpu_ticks[now] - previous.cpu_ticks[before], 0.0).sum(
        axis=0
    )
    ticks[list(_NOT_BUSY)] = 0.0
    seconds: Floats = ticks / user_hz
    return seconds
