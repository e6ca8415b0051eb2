"""The part of the time that a query is about."""

import math
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from montauk_tui.errors import MontaukError, UsageError
from montauk_tui.export.fleet.duck import (
    connected,
    errors_in_a_line,
    executed,
    literal,
)
from montauk_tui.export.fleet.segments import Segment
from montauk_tui.model.schema import Bools
from montauk_tui.model.text import quoted
from montauk_tui.recorder.folder import Folder
from montauk_tui.recorder.segment import Entries
from montauk_tui.recorder.times import read_moment


class Within(NamedTuple):
    """Wall clocks between which a part is, with both ends."""

    begin_s: float = -math.inf
    end_s: float = math.inf

    def of(self, entries: Entries) -> Bools:
        """Tell which moments of a segment are in it."""
        wall_s = entries["wall_ns"] / 1e9
        inside: Bools = (wall_s >= self.begin_s) & (wall_s <= self.end_s)
        return inside


ALWAYS: Final = Within()


def within(begin: str | None, end: str | None, last_s: float) -> Within:
    """Return the part between two times.

    Of a time that the clock showed twice it begins at the first, and ends at the last.

    Args:
        begin: A time as of `recorder.times.read_moment`; None for the start.
        end: The same for the end.
        last_s: The wall clock of the last sample of all that is read.

    Raises:
        UsageError: One of them is no time, or the end is before the begin.
    """
    begin_s, end_s = -math.inf, math.inf
    if begin is not None:
        asked = read_moment(begin, last_s)
        begin_s = asked.walls_s[-1 if asked.which == "last" else 0]
    if end is not None:
        asked = read_moment(end, last_s)
        end_s = asked.walls_s[0 if asked.which == "first" else -1]
    if end_s < begin_s:
        raise UsageError(
            f"the end {quoted(end or '')} is before the begin {quoted(begin or '')}",
            "exchange them",
        )
    return Within(begin_s, end_s)


def last_of_recording(folder: Folder) -> float:
    """Return the wall clock of the last sample of a recording, NaN without one."""
    last_s = math.nan
    for stored in folder.segments():
        try:
            with closing(Segment.opened(folder, stored.name)) as segment:
                wall_ns = segment.part.segment.entries["wall_ns"]
        except MontaukError:
            continue
        if len(wall_ns):
            last_s = float(np.fmax(last_s, wall_ns.max() / 1e9))
    return last_s


def last_of_exports(hosts: Iterable[Path]) -> float:
    """Return the same of exports, by their files in `hosts`."""
    files = ", ".join(map(literal, hosts))
    if not files:
        return math.nan
    with closing(connected()) as connection, errors_in_a_line("cannot read the files"):
        sql = f"SELECT max(epoch(end_time)) FROM read_parquet([{files}])"  # noqa: S608
        row = executed(connection, sql).fetchone()
    return math.nan if row is None or row[0] is None else float(row[0])
