"""Command lines that a query sees cut."""

from collections.abc import Iterable

import numpy as np

from montauk_tui.engine.query.nodes import Query
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.frame import Frame
from montauk_tui.model.records import cut_lines
from montauk_tui.model.schema import Need
from montauk_tui.model.starts import StartTable


def cut_commands(listed: Frame, query: Query) -> int:
    """Return how many rows have a cut command line.

    Args:
        listed: The rows that are filtered.
        query: The filter; one that does not ask about command lines misses nothing.
    """
    if Need.CMDLINE not in query.needs:
        return 0
    return int(np.count_nonzero(listed.lookups.cut_rows(listed.sample.processes)))


def cut_records(tables: Iterable[ExitTable | StartTable]) -> int:
    """Return how many records have cut arguments."""
    return sum(
        int(np.count_nonzero(cut_lines(table.cmdline, table.cmdline_bytes)))
        for table in tables
    )


def cut_text(count: int) -> str:
    """Return a note about cut command lines, empty if there are none."""
    lines = "command line is" if count == 1 else "command lines are"
    return f"{count} {lines} cut: the filter sees their start only" if count else ""
