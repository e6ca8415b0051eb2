"""Losses in words, for the summaries of commands."""

from montauk_tui.engine.units import counted
from montauk_tui.export.event_source import Totals
from montauk_tui.model.sample import LOST, Counters


def losses_text(counts: Counters | Totals) -> str:
    """Return `, 3 lost`, and what else was lost beside events."""
    others = (
        f", {counted(count, what)} lost"
        for name, what in LOST.items()
        if name != "lost" and (count := getattr(counts, name))
    )
    return f", {counts.lost} lost" + "".join(others)
