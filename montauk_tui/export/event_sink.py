"""Events that match a filter, in the order in which they happened."""

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from typing import Final

from montauk_tui.engine import query
from montauk_tui.engine.interval.events import EXIT, Events
from montauk_tui.engine.query.cuts import cut_records
from montauk_tui.engine.query.event_filter import asked_for, check
from montauk_tui.export.cutnote import CutNote
from montauk_tui.export.event_lines import Event
from montauk_tui.export.event_source import Source, Totals
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import Need

_MOST_HELD_S: Final = 1.0
"""How long later events wait for an exit: freeing much memory takes long."""


class Sink(ABC):
    """Takes the events that match a filter, and counts them."""

    def __init__(self, wanted: query.Query) -> None:
        """Begin without an event.

        Raises:
            UsageError: The filter uses a field that events do not have.
        """
        check(wanted)
        self._wanted = wanted
        self.seen: Counter[int] = Counter()
        """Events by kind, filtered or not."""
        self.cut = CutNote()
        self._held: list[Event] = []
        self._boot_s = 0.0
        """Time since boot of the last sample."""

    @abstractmethod
    def begin(self) -> None:
        """Prepare for the first event."""

    @abstractmethod
    def take(self, events: Sequence[Event], source: Source) -> None:
        """Take some events, later ones than those before."""

    @abstractmethod
    def end(self, totals: Totals, duration_s: float) -> None:
        """Take the counts of all: there is no further event."""

    def show(self, source: Source, sample: Sample, events: Events) -> None:
        """Take the events of a sample except those that earlier ones may precede."""
        if sample.boot_s < self._boot_s:
            # Of a recording: the machine was started anew, and with it the clock.
            self.show_held(source)
        self._boot_s = sample.boot_s
        self.seen.update(events.kind.tolist())
        if Need.CMDLINE in self._wanted.needs:
            tables = (sample.exits, sample.starts)
            self.cut.count += cut_records(
                table for table in tables if table is not None
            )
        shown = events.only(asked_for(self._wanted, sample, events, source.lookups))
        columns = (column.tolist() for column in shown)
        self._held += (Event(sample, *values) for values in zip(*columns, strict=True))
        until_ns = sample.reported_until_ns
        if until_ns is not None:
            until_ns = max(until_ns, round((sample.boot_s - _MOST_HELD_S) * 1e9))
        self.show_held(source, until_ns)

    def show_held(self, source: Source, until_ns: int | None = None) -> None:
        """Take the events held back, those up to a moment or all."""
        # Stable: events of the same time keep their order.
        self._held.sort(key=Event.moment_ns)
        count = len(self._held)
        if until_ns is not None:
            count = bisect_right(self._held, float(until_ns), key=Event.moment_ns)
        ready, self._held = self._held[:count], self._held[count:]
        self.take(ready, source)

    def pending(self, totals: Totals) -> int:
        """Return how many exits were counted that were never complete."""
        return max(0, totals.exits - totals.lost_exits - self.seen[EXIT])
