"""Printing events, as text or as JSON lines, and the summary."""

import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from montauk_tui import streams
from montauk_tui.engine import query
from montauk_tui.engine.query.nodes import leaves
from montauk_tui.engine.units import counted
from montauk_tui.export import event_lines
from montauk_tui.export.event_lines import Event
from montauk_tui.export.event_sink import Sink
from montauk_tui.export.event_source import Source, Totals
from montauk_tui.export.jsonlines import SCHEMA
from montauk_tui.export.losses import losses_text
from montauk_tui.export.output import write_stdout
from montauk_tui.model.starts import EXEC_FAILED


class Printer(Sink):
    """Prints events."""

    def __init__(self, wanted: query.Query, *, as_json: bool) -> None:
        """Print text, or JSON lines.

        Raises:
            UsageError: The filter uses a field that events do not have.
        """
        super().__init__(wanted)
        self._as_json = as_json
        self._shown = 0
        self._sees_failed_execs = False

    def begin(self) -> None:
        """Print the line above the first event."""
        if not self._as_json:
            write_stdout(event_lines.title())

    def take(self, events: Sequence[Event], source: Source) -> None:
        """Print events."""
        self._shown += len(events)
        self._sees_failed_execs = source.sees_failed_execs
        if events:
            lines = (one.json if self._as_json else one.line for one in events)
            write_stdout("\n".join(write(source.user) for write in lines))

    def end(self, totals: Totals, duration_s: float) -> None:
        """Print the counts: as JSON after the events, else to stderr."""
        pending = self.pending(totals)
        failed = self.seen[EXEC_FAILED] if self._sees_failed_execs else None
        if self._as_json:
            figures: dict[str, Any] = {
                "duration_s": round(duration_s, 3),
                **{one.name: getattr(totals, one.name) for one in fields(totals)},
                "failed_execs": failed,
                "pending": pending,
                "shown": self._shown,
            }
            write_stdout(json.dumps({"schema": SCHEMA, "summary": figures}))
            return
        streams.tell(summary(totals, pending, duration_s))
        if failed is None and _asks_for_kinds(self._wanted):
            streams.tell("execs that fail are not seen here (docs/collectors.md)")


def _asks_for_kinds(wanted: query.Query) -> bool:
    """Tell whether a filter is about kinds of events, as that of -x is."""
    fields = (getattr(one, "field", "") for one in leaves(wanted.root))
    return not {"event", "error"}.isdisjoint(fields)


def summary(totals: Totals, pending: int, duration_s: float) -> str:
    """Return the counts in one line."""
    kinds = ((totals.forks, "fork"), (totals.execs, "exec"), (totals.exits, "exit"))
    happened = ", ".join(counted(*one) for one in kinds)
    line = f"{happened} in {duration_s:.1f} s{losses_text(totals)}"
    return line + (f", {pending} pending" if pending else "")
