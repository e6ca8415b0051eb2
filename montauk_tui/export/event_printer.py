"""Printing events in the order in which they happened, and the summary."""

import json
from bisect import bisect_right
from collections import Counter
from dataclasses import fields
from typing import Any, Final

from montauk_tui import streams
from montauk_tui.engine import query
from montauk_tui.engine.interval.events import EXIT, Events
from montauk_tui.engine.query.cuts import cut_records
from montauk_tui.engine.query.event_filter import asked_for
from montauk_tui.engine.units import counted
from montauk_tui.export import event_lines
from montauk_tui.export.cutnote import CutNote
from montauk_tui.export.event_lines import Event
from montauk_tui.export.event_source import Source, Totals
from montauk_tui.export.jsonlines import SCHEMA
from montauk_tui.export.output import write_stdout
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import Need

_MOST_HELD_S: Final = 1.0
"""How long later events wait for an exit: freeing much memory takes long."""


class Printer:
    """Prints the events that match a filter, and counts them."""

    def __init__(self, wanted: query.Query, *, as_json: bool) -> None:
        """Print text, or JSON lines."""
        self._wanted = wanted
        self._as_json = as_json
        self.seen: Counter[int] = Counter()
        """Events by kind, filtered or not."""
        self.shown = 0
        self.cut = CutNote()
        self._held: list[Event] = []

    def title(self) -> None:
        """Print the line above the first event."""
        if not self._as_json:
            write_stdout(event_lines.title())

    def show(self, source: Source, sample: Sample, events: Events) -> None:
        """Print the events of a sample except those that earlier ones may precede."""
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
        """Print the events held back, those up to a moment or all."""
        # Stable: events of the same time keep their order.
        self._held.sort(key=Event.moment_ns)
        count = len(self._held)
        if until_ns is not None:
            count = bisect_right(self._held, float(until_ns), key=Event.moment_ns)
        ready, self._held = self._held[:count], self._held[count:]
        self.shown += len(ready)
        if ready:
            lines = (one.json if self._as_json else one.line for one in ready)
            write_stdout("\n".join(write(source.user) for write in lines))

    def summary(self, totals: Totals, duration_s: float) -> None:
        """Print the counts: as JSON after the events, else to stderr."""
        pending = max(0, totals.exits - totals.lost_exits - self.seen[EXIT])
        if self._as_json:
            figures: dict[str, Any] = {
                "duration_s": round(duration_s, 3),
                **{one.name: getattr(totals, one.name) for one in fields(totals)},
                "pending": pending,
                "shown": self.shown,
            }
            write_stdout(json.dumps({"schema": SCHEMA, "summary": figures}))
            return
        kinds = ((totals.forks, "fork"), (totals.execs, "exec"), (totals.exits, "exit"))
        happened = ", ".join(counted(*one) for one in kinds)
        line = f"{happened} in {duration_s:.1f} s, {totals.lost} lost"
        lost = (totals.lost_cpu_times, "CPU time"), (totals.lost_signals, "signal")
        line += "".join(f", {counted(*one)} lost" for one in lost if one[0])
        streams.tell(line + (f", {pending} pending" if pending else ""))
