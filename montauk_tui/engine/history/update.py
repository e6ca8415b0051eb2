"""Adding a sample to the history."""

import itertools
import math
from dataclasses import replace
from typing import Final

import numpy as np

from montauk_tui.engine.history.orphans import follow
from montauk_tui.engine.history.process_history import with_interval
from montauk_tui.engine.history.takeover import unreported_exits, unreported_starts
from montauk_tui.model.frame import HostRates, Rates
from montauk_tui.model.history import (
    MOST_KEPT,
    MOST_MOMENTS,
    Churn,
    ExitedBatch,
    History,
    Moment,
)
from montauk_tui.model.sample import HostSample, Sample
from montauk_tui.model.starts import EXEC_FAILED, StartTable

_CHURN_S: Final = 60.0
_MOST_FAILED: Final = 1_024
"""Failed execs that are kept of a sample: they must not displace forks and execs."""


def remember(
    history: History,
    previous: Sample | None,
    current: Sample,
    rates: Rates,
    most: int = MOST_KEPT,
) -> History:
    """Return `history` with the events of `current`; when full the oldest are dropped.

    Args:
        history: That until the previous sample.
        previous: The sample before of the same collector, None where there is none.
        current: The sample.
        rates: Since the previous one.
        most: Exits to keep, and as many forks and execs.
    """
    is_first = previous is None
    return History(
        exited=_with_exits(history.exited, current, rates, most, is_first=is_first),
        starts=_with_starts(history.starts, current.starts, most, is_first=is_first),
        churn=_with_churn(history.churn, previous, current),
        orphans=follow(history.orphans, previous, current),
        moments=history.moments,
        intervals=with_interval(history.intervals, current.processes, rates),
    )


def remember_moment(history: History, host: HostSample, rates: HostRates) -> History:
    """Return `history` with the machine's values of the last interval.

    They do not depend on the collector.
    """
    memory, network, disks = host.memory, rates.network.total, rates.disks.total
    celsius = [one.celsius for one in host.temperatures or ()]
    clocks = [one.now_hz for one in host.frequencies or ()]
    latest = Moment(
        cpu=rates.machine_busy,
        memory=_share(memory.used, memory.total),
        swap=_share(memory.swap_used, memory.swap_total),
        received=network.in_bytes,
        sent=network.out_bytes,
        read=disks.in_bytes,
        written=disks.out_bytes,
        load=host.load[0],
        celsius=max(celsius, default=math.nan),
        hz=math.fsum(clocks) / len(clocks) if clocks else math.nan,
    )
    return replace(history, moments=(*history.moments[1 - MOST_MOMENTS :], latest))


def _share(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def _with_exits(
    parts: tuple[ExitedBatch, ...],
    sample: Sample,
    rates: Rates,
    most: int,
    *,
    is_first: bool,
) -> tuple[ExitedBatch, ...]:
    exits = sample.exits
    if exits is None or not len(exits):
        return parts
    # In the order of the exits, as far as it is known.
    order = np.argsort(exits.end_ns, kind="stable")
    if is_first:
        order = order[unreported_exits([one.exits for one in parts], exits)[order]]
    if not order.size:
        return parts
    last = int(parts[-1].serial[-1]) if parts else 0
    serial = np.arange(last + 1, last + 1 + len(order))[-most:]
    order = order[-most:]
    part = ExitedBatch(
        exits.only(order).compact(),
        rates.exit_used_s[order],
        rates.exit_cpu_pct[order],
        np.full(len(order), sample.monotonic_s),
        serial,
        {name: values[order] for name, values in rates.exit_per_s.items()},
        np.full(len(order), rates.interval_s),
    )
    kept = [*parts, part]
    while sum(len(one.exits) for one in kept) > most:
        kept.pop(0)
    return tuple(kept)


def _with_starts(
    parts: tuple[StartTable, ...],
    starts: StartTable | None,
    most: int,
    *,
    is_first: bool,
) -> tuple[StartTable, ...]:
    if starts is None or not len(starts):
        return parts
    order = np.argsort(starts.time_ns, kind="stable")
    if is_first:
        order = order[unreported_starts(parts, starts)[order]]
    failed = np.flatnonzero(starts.kind[order] == EXEC_FAILED)
    order = np.delete(order, failed[:-_MOST_FAILED])
    kept = [*parts, starts.only(order[-most:]).compact()]
    while sum(map(len, kept)) > most:
        kept.pop(0)
    return tuple(kept)


def _with_churn(
    churn: tuple[Churn, ...], previous: Sample | None, current: Sample
) -> tuple[Churn, ...]:
    if previous is None:
        return churn
    before, now = previous.counters, current.counters
    if (before.forks is None) != (now.forks is None) or now.lost < before.lost:
        # Another collector took over, which counts from its own start.
        return churn
    latest = Churn(
        current.monotonic_s,
        current.monotonic_s - previous.monotonic_s,
        _grown(before.forks, now.forks),
        _grown(before.exits, now.exits),
        now.lost - before.lost,
    )
    since_s = current.monotonic_s - _CHURN_S
    return tuple(
        itertools.dropwhile(lambda one: one.monotonic_s <= since_s, (*churn, latest))
    )


def _grown(before: int | None, now: int | None) -> int | None:
    return None if before is None or now is None else max(0, now - before)
