"""`montauk events`: every fork, exec and exit, and a summary at the end.

Events are printed in the order in which they happened: one that an earlier event may
still precede waits for the next sample. Counts cover events reported or lost: the
counters are those of the last sample, and an exit counted there that is not complete
yet is waited for.
"""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from typing import Final

import numpy as np

from montauk_tui.engine import query
from montauk_tui.engine.interval.events import EXIT, NOTHING, events_of
from montauk_tui.engine.schedule import Schedule
from montauk_tui.errors import RecordingEnded
from montauk_tui.export.event_printer import Printer
from montauk_tui.export.event_sink import Sink
from montauk_tui.export.event_source import OnWait, Source
from montauk_tui.export.waiter import Waiter
from montauk_tui.host.base import Host
from montauk_tui.model.sample import Sample

_INTERVAL_S: Final = 0.2
_PATIENCE_S: Final = 0.5
"""How long incomplete exits are waited for after an interrupt."""
_LAST_INTERVAL_S: Final = 0.05


def events(
    open_host: Callable[[OnWait], Host],
    wanted: query.Query,
    duration_s: float | None,
    *,
    as_json: bool,
    is_forced: bool = False,
) -> int:
    """Print events until stopped, or for `duration_s`; then the summary.

    Args:
        open_host: Opens the host, and calls its argument about every second meanwhile.
        wanted: A filter.
        duration_s: None for no limit.
        as_json: Whether to print JSON lines.
        is_forced: Whether the user chose the collector.

    Raises:
        UsageError: The filter uses a field that events do not have.
    """
    printer = Printer(wanted, as_json=as_json)
    with closing(Waiter(is_forced=is_forced)) as waiter:
        follow(open_host, printer, waiter, duration_s)
    return 0


def follow(
    open_host: Callable[[OnWait], Host],
    sink: Sink,
    waiter: Waiter,
    duration_s: float | None,
) -> None:
    """Give events to a sink until stopped, or for `duration_s`; then the counts.

    A recording is read without waiting.
    """
    with (
        sink.cut,
        closing(Source(open_host(waiter.while_opening))) as source,
    ):
        sink.begin()
        sample = _print_on(source, waiter, sink, duration_s)
        counted = source.totals()
        took_s = sample.monotonic_s - source.began_s
        if sample.ending is not None:
            _print_ends(source, waiter, sink, Counter(sample.ending.tolist()))
        sink.show_held(source)
        sink.end(counted, took_s)


def _print_on(
    source: Source, waiter: Waiter, sink: Sink, duration_s: float | None
) -> Sample:
    """Print events and return the last sample."""
    end_s = source.began_s + (float("inf") if duration_s is None else duration_s)
    sample, is_last = source.first, False
    schedule = Schedule(_INTERVAL_S, time.monotonic())
    while True:
        sink.show(source, sample, events_of(sample) or NOTHING)
        if is_last or sample.monotonic_s >= end_s:
            return sample
        if source.is_live:
            waiter.wait_until(min(schedule.due_s, end_s))
        # Read before the sample, so that it has all events up to the interrupt.
        is_last = waiter.is_stopped
        try:
            sample = source.next()
        except RecordingEnded:
            return sample
        schedule.took(time.monotonic())


def _print_ends(
    source: Source, waiter: Waiter, sink: Sink, ending: Counter[int]
) -> None:
    """Print the counted exits that were not complete, and nothing later.

    A PID may have been reused meanwhile: its first exit is the one.
    """
    limit_s = time.monotonic() + _PATIENCE_S
    waiter.forget()
    while ending.total() and time.monotonic() < limit_s:
        if source.is_live:
            waiter.wait_until(time.monotonic() + _LAST_INTERVAL_S)
        try:
            sample = source.next()
        except RecordingEnded:
            return
        exits = sample.exits
        found = events_of(sample)
        if exits is None or found is None:
            return
        kept = np.zeros(len(found.kind), dtype=np.bool_)
        for place in np.flatnonzero(found.kind == EXIT).tolist():
            pid = int(exits.pid[found.row[place]])
            if ending[pid]:
                ending[pid] -= 1
                kept[place] = True
        sink.show(source, sample, found.only(kept))
