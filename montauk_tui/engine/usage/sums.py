"""Growing columns of sums, a row for each group or process."""

from typing import Final, NamedTuple

import numpy as np

from montauk_tui.model.schema import Floats, Ints

LIVE: Final = 0
EXITED: Final = 1
EXITS: Final = 2
FAILURES: Final = 3
PEAK: Final = 4
_COLUMNS: Final = 5

_FIRST: Final = 256
"""Rows before the columns grow."""


class Used(NamedTuple):
    """What a group, or a process with its descendants, used."""

    live_s: float
    """CPU-seconds of live processes."""
    exited_s: float
    """CPU-seconds of exited processes that they had not used as live ones."""
    exits: int
    failures: int
    """Exits with a status other than 0."""
    peak_rss_bytes: float
    """The most resident memory at any sample, or of an exited process; NaN for
    unknown."""

    @property
    def cpu_s(self) -> float:
        """CPU-seconds of live and exited processes."""
        return self.live_s + self.exited_s


class Sums:
    """Columns that are added to; new rows are 0, and their memory is unknown."""

    def __init__(self) -> None:
        """Start without rows."""
        self._values = _new(_FIRST)

    def grow(self, count: int) -> None:
        """Have at least so many rows."""
        old = self._values
        if count > old.shape[1]:
            self._values = _new(max(count, 2 * old.shape[1]))
            self._values[:, : old.shape[1]] = old

    def add(self, column: int, rows: Ints, values: Floats) -> None:
        """Add values to rows, of which one may be there more than once."""
        np.add.at(self._values[column], rows, values)

    def raise_peak(self, rows: Ints, values: Floats) -> None:
        """Raise the memory of rows to that of values; NaN changes nothing."""
        np.fmax.at(self._values[PEAK], rows, values)

    def merged(self, into: Ints) -> "Sums":
        """Return the sums of rows that become one; `into` has the new row of each."""
        result = Sums()
        result.grow(int(into.max(initial=-1)) + 1)
        for column in range(PEAK):
            result.add(column, into, self._values[column, : len(into)])
        result.raise_peak(into, self._values[PEAK, : len(into)])
        return result

    def add_up(self, rows: Ints, above: Ints) -> None:
        """Add each of some rows to another one; its memory is at least theirs."""
        for column in range(PEAK):
            self.add(column, above, self._values[column, rows])
        self.raise_peak(above, self._values[PEAK, rows])

    def cpu_s(self, count: int) -> Floats:
        """Return the CPU-seconds of the first rows."""
        total: Floats = self._values[LIVE, :count] + self._values[EXITED, :count]
        return total

    def used(self, row: int) -> Used:
        """Return a row."""
        live_s, exited_s, exits, failures, peak = self._values[:, row].tolist()
        return Used(live_s, exited_s, int(exits), int(failures), peak)


def _new(rows: int) -> Floats:
    values = np.zeros((_COLUMNS, rows))
    values[PEAK] = np.nan
    return values
