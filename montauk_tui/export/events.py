"""`montauk events`: every fork, exec and exit as it is told, and at the end a summary.

They are printed in the order in which they happened: what something earlier may follow
waits for the next sample. What is counted is what was told or lost: the counters of the
collector are those up to its last sample, and an end that is counted there and not
complete yet is waited for.
"""

import json
import os
import select
import signal
import sys
import time
from bisect import bisect_right
from collections import Counter
from contextlib import ExitStack, closing
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np

from montauk_tui import streams
from montauk_tui.collectors import registry
from montauk_tui.engine import query
from montauk_tui.engine.asked import asked_for, check
from montauk_tui.engine.events import EXIT, NOTHING, Events, events_of
from montauk_tui.engine.query.cuts import cut_records
from montauk_tui.engine.schedule import Schedule
from montauk_tui.engine.units import counted
from montauk_tui.errors import CollectorFailed, MontaukError
from montauk_tui.export import eventlines
from montauk_tui.export.cutnote import CutNote
from montauk_tui.export.eventlines import Event
from montauk_tui.export.jsonlines import SCHEMA
from montauk_tui.export.output import put
from montauk_tui.export.waiting import Waiting
from montauk_tui.model.frame import CollectorStatus
from montauk_tui.model.lookups import Lookups
from montauk_tui.model.sample import Counters, Sample
from montauk_tui.model.schema import Need
from montauk_tui.pipeline.chain import CollectorChain

_INTERVAL_S: Final = 0.2
_PATIENCE_S: Final = 0.5
"""How long ends are waited for that were on their way when somebody stopped."""
_MOST_HELD_S: Final = 1.0
"""What happened since an end waits for it no longer: much memory takes long to free."""
_LAST_INTERVAL_S: Final = 0.05
_REMEDY: Final = "leave --collector out, or choose kernel or netlink"


@dataclass
class Totals:
    """What was counted and lost; with one collector after the other, the sum."""

    forks: int = 0
    execs: int = 0
    exits: int = 0
    lost: int = 0
    lost_exits: int = 0
    lost_cpu_times: int = 0

    def add(self, counters: Counters) -> None:
        """Add what a collector counted since it was opened."""
        for field in fields(self):
            more = getattr(counters, field.name) or 0
            setattr(self, field.name, getattr(self, field.name) + more)


class Source:
    """The samples of a collector that sees events, or of the next one if it fails."""

    def __init__(self, forced: str | None, on_wait: registry.OnWait) -> None:
        """Open the collector called `forced`, or the best there is.

        Raises:
            UsageError: `forced` names no installed collector.
            MontaukError: None that sees events serves here.
        """
        self._chain = CollectorChain(registry.open_collector(forced, on_wait))
        self._before: list[Counters] = []
        self._last: Sample | None = None
        self._opening = 0
        self.lookups: Lookups
        """What the strings of the last sample are looked up in."""
        self.began_s = time.monotonic()
        with ExitStack() as undo:
            undo.callback(self.close)
            self.first = self.next()
            """The sample that was taken to see whether there are events in it."""
            undo.pop_all()

    def close(self) -> None:
        """Close the collector."""
        self._chain.close()

    def user(self, uid: int) -> str:
        """Return the name of a user."""
        return self.lookups.user(uid)

    def next(self) -> Sample:
        """Return what happened since the last sample.

        Raises:
            MontaukError: The collector failed, and no other sees events.
        """
        try:
            reading = self._chain.read(Need.NONE)
        except CollectorFailed as failure:
            raise MontaukError(self._chain.failure, failure.remedy) from failure
        if events_of(reading.sample) is None:
            raise _blind(reading.status)
        if reading.opening != self._opening:
            if self._last is not None:
                self._before.append(self._last.counters)
            streams.complain(f"{self._chain.failure}; {reading.status.name} goes on")
        self._opening, self._last = reading.opening, reading.sample
        self.lookups = reading.lookups
        return reading.sample

    def totals(self) -> Totals:
        """Return what was counted up to the last sample."""
        totals = Totals()
        last = [] if self._last is None else [self._last.counters]
        for counters in (*self._before, *last):
            totals.add(counters)
        return totals


def _blind(status: CollectorStatus) -> MontaukError:
    reason = f"collector {status.name} does not see events"
    if refusals := "; ".join(status.refusals):
        return MontaukError(f"{reason}, and no other serves: {refusals}")
    return MontaukError(reason, _REMEDY)


class Waiter:
    """Waits, but no longer than to an interrupt or to the end of the reader."""

    def __init__(self, *, is_forced: bool = False) -> None:
        """Take SIGINT, unless whoever started us had it ignored."""
        self.is_stopped = False
        self._wake = os.eventfd(0, os.EFD_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(self._wake, select.POLLIN)
        self._reader = _descriptor()
        if self._reader is not None:
            # Asks for nothing: who reads no more is told anyway.
            self._poll.register(self._reader, 0)
        self._waiting = Waiting(is_forced=is_forced)
        self._before = signal.getsignal(signal.SIGINT)
        if self._before is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, self._stop)

    def close(self) -> None:
        """Give SIGINT back."""
        if self._before is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, self._before)
        os.close(self._wake)

    def while_opening(self, name: str, seconds: float) -> None:
        """Say that the collector takes its time.

        Raises:
            KeyboardInterrupt: There was an interrupt, and nothing to print yet.
        """
        if self.is_stopped:
            raise KeyboardInterrupt
        self._waiting(name, seconds)

    def wait_until(self, due_s: float) -> None:
        """Wait for a moment of CLOCK_MONOTONIC.

        Raises:
            BrokenPipeError: Nobody reads stdout any more.
        """
        left_s = due_s - time.monotonic()
        told = [one for one, _ in self._poll.poll(max(0.0, left_s) * 1000)]
        if self._reader in told:
            raise BrokenPipeError

    def _stop(self, _number: int, _frame: object) -> None:
        self.is_stopped = True
        os.eventfd_write(self._wake, 1)
        # A second one need not wait for anything.
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def forget(self) -> None:
        """Wait in full again after an interrupt."""
        if self.is_stopped:
            self._poll.unregister(self._wake)


def _descriptor() -> int | None:
    try:
        return sys.stdout.fileno()
    except (AttributeError, OSError, ValueError):
        return None


class Printer:
    """Prints the events that a filter asks for, and counts them."""

    def __init__(self, wanted: query.Query, *, as_json: bool) -> None:
        """Print text, or JSON lines."""
        self._wanted = wanted
        self._as_json = as_json
        self.told: Counter[int] = Counter()
        """Events by kind, asked for or not."""
        self.shown = 0
        self.cut = CutNote()
        self._held: list[Event] = []

    def title(self) -> None:
        """Print the line above the first event."""
        if not self._as_json:
            put(eventlines.title())

    def show(self, source: Source, sample: Sample, events: Events) -> None:
        """Print the events of a sample, but for those that something may precede."""
        self.told.update(events.kind.tolist())
        if Need.CMDLINE in self._wanted.needs:
            tables = (sample.exits, sample.starts)
            self.cut.count += cut_records(
                table for table in tables if table is not None
            )
        shown = events.only(asked_for(self._wanted, sample, events, source.lookups))
        columns = (column.tolist() for column in shown)
        self._held += (Event(sample, *values) for values in zip(*columns, strict=True))
        until_ns = sample.told_until_ns
        if until_ns is not None:
            until_ns = max(until_ns, round((sample.boot_s - _MOST_HELD_S) * 1e9))
        self._print(source, until_ns)

    def show_rest(self, source: Source) -> None:
        """Print what was held back: nothing comes any more."""
        self._print(source, None)

    def _print(self, source: Source, until_ns: int | None) -> None:
        """Print what happened up to a moment; all of it where that is not known."""
        # Stable: what has the same time stays in its order.
        self._held.sort(key=Event.moment_ns)
        count = len(self._held)
        if until_ns is not None:
            count = bisect_right(self._held, float(until_ns), key=Event.moment_ns)
        ready, self._held = self._held[:count], self._held[count:]
        self.shown += len(ready)
        if ready:
            lines = (one.json if self._as_json else one.line for one in ready)
            put("\n".join(write(source.user) for write in lines))

    def summary(self, totals: Totals, duration_s: float) -> None:
        """Print what was counted: as JSON behind the events, else to stderr."""
        pending = max(0, totals.exits - totals.lost_exits - self.told[EXIT])
        if self._as_json:
            figures: dict[str, Any] = {
                "duration_s": round(duration_s, 3),
                **{one.name: getattr(totals, one.name) for one in fields(totals)},
                "pending": pending,
                "shown": self.shown,
            }
            put(json.dumps({"schema": SCHEMA, "summary": figures}))
            return
        kinds = ((totals.forks, "fork"), (totals.execs, "exec"), (totals.exits, "exit"))
        happened = ", ".join(counted(*one) for one in kinds)
        line = f"{happened} in {duration_s:.1f} s, {totals.lost} lost"
        if totals.lost_cpu_times:
            line += f", {counted(totals.lost_cpu_times, 'CPU time')} lost"
        streams.tell(line + (f", {pending} pending" if pending else ""))


def events(
    forced: str | None, wanted: str, duration_s: float | None, *, as_json: bool
) -> int:
    """Print events until stopped, or for `duration_s`; then the summary.

    Raises:
        UsageError: The filter means nothing, or asks for what no event has.
    """
    asked = query.parse(wanted)
    check(asked)
    printer = Printer(asked, as_json=as_json)
    with (
        printer.cut,
        closing(Waiter(is_forced=forced is not None)) as waiter,
        closing(Source(forced, waiter.while_opening)) as source,
    ):
        printer.title()
        sample = _print_on(source, waiter, printer, duration_s)
        counted = source.totals()
        took_s = sample.monotonic_s - source.began_s
        if sample.ending is not None:
            _print_ends(source, waiter, printer, Counter(sample.ending.tolist()))
        printer.show_rest(source)
        printer.summary(counted, took_s)
    return 0


def _print_on(
    source: Source, waiter: Waiter, printer: Printer, duration_s: float | None
) -> Sample:
    """Print what happens and return the last sample of it."""
    end_s = source.began_s + (float("inf") if duration_s is None else duration_s)
    sample, is_last = source.first, False
    schedule = Schedule(_INTERVAL_S, time.monotonic())
    while True:
        printer.show(source, sample, events_of(sample) or NOTHING)
        if is_last or sample.monotonic_s >= end_s:
            return sample
        waiter.wait_until(min(schedule.due_s, end_s))
        # Asked before the sample: what happened until somebody stopped it is in there.
        is_last = waiter.is_stopped
        sample = source.next()
        schedule.took(time.monotonic())


def _print_ends(
    source: Source, waiter: Waiter, printer: Printer, ending: Counter[int]
) -> None:
    """Print the ends that are counted and were not complete; nothing that came later.

    A pid may have been given away meanwhile: its first end is the one.
    """
    limit_s = time.monotonic() + _PATIENCE_S
    waiter.forget()
    while ending.total() and time.monotonic() < limit_s:
        waiter.wait_until(time.monotonic() + _LAST_INTERVAL_S)
        sample = source.next()
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
        printer.show(source, sample, found.only(kept))
