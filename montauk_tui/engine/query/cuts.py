"""Command lines that a query cannot see whole."""

from collections.abc import Iterable

import numpy as np

from montauk_tui.engine.query.nodes import Query
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import Need
from montauk_tui.model.starts import StartTable


def cut_commands(frame: Frame, query: Query, *, all_kept: bool = False) -> int:
    """Return of how many command lines a part is missing that the query asks about.

    Args:
        frame: What is filtered.
        query: The filter; one that does not ask about command lines misses nothing.
        all_kept: Whether all that is remembered of ends and starts is filtered, too.
    """
    if Need.CMDLINE not in query.needs:
        return 0
    kept: list[ExitTable | StartTable] = []
    if all_kept:
        kept += [part.exits for part in frame.recent.ended]
        kept += frame.recent.starts
    elif frame.sample.exits is not None:
        kept.append(frame.sample.exits)
    return len(frame.lookups.cut()) + cut_records(kept)


def cut_records(tables: Iterable[ExitTable | StartTable]) -> int:
    """Return how many records have not all of their arguments."""
    return sum(
        int(np.count_nonzero(table.cmdline_bytes > table.cmdline.dtype.itemsize))
        for table in tables
    )


def cut_text(count: int) -> str:
    """Return what to say about command lines that are cut; nothing if none is."""
    lines = "command line is" if count == 1 else "command lines are"
    return f"{count} {lines} cut: the filter sees their start only" if count else ""
