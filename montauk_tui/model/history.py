"""The history of past intervals, in bounded memory: exits, forks, execs and sums."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from montauk_tui.model.exits import ExitTable
from montauk_tui.model.orphans import Orphans
from montauk_tui.model.process_history import Interval
from montauk_tui.model.schema import Bools, Floats, Ints
from montauk_tui.model.starts import StartTable

MOST_KEPT: Final = 16_384
"""Exits, and as many forks and execs: 200 to 600 bytes each."""


class ExitedBatch(NamedTuple):
    """Exited processes, a row each, in the order in which they were reported."""

    exits: ExitTable
    cpu_s: Floats
    """CPU-seconds used in the interval of the exit; NaN where unknown."""
    cpu_pct: Floats
    """CPU use in that interval, 100 for one core kept busy."""
    reported_s: Floats
    """CLOCK_MONOTONIC of the sample that reported it."""
    serial: Ints
    """Number of the exit among all reported, from 1."""
    per_s: Mapping[str, Floats]
    """Growth of counters per second in that interval, by name."""
    interval_s: Floats
    """Length of that interval."""

    def select(self, kept: Bools) -> "ExitedBatch":
        """Return the rows that are `kept`."""
        return ExitedBatch(
            self.exits.only(kept),
            self.cpu_s[kept],
            self.cpu_pct[kept],
            self.reported_s[kept],
            self.serial[kept],
            {name: values[kept] for name, values in self.per_s.items()},
            self.interval_s[kept],
        )


_NONE: Final = np.empty(0)

NO_EXITS: Final = ExitedBatch(
    ExitTable.empty(), _NONE, _NONE, _NONE, _NONE.astype(np.int64), {}, _NONE
)


class Churn(NamedTuple):
    """How many processes started and exited in one interval; None if not counted."""

    monotonic_s: float
    interval_s: float
    started: int | None
    exited: int | None
    lost: int


MOST_MOMENTS: Final = 512
"""Two for each cell of the widest graph."""


class Moment(NamedTuple):
    """The machine in one interval, for graphs; NaN where unknown."""

    cpu: float
    """Share of 0 to 1, as the next two."""
    memory: float
    swap: float
    received: float
    """Bytes a second, as the next three."""
    sent: float
    read: float
    written: float
    load: float
    """The average of one minute."""
    celsius: float
    """The hottest CPU."""
    hz: float
    """The mean clock of the CPUs."""


@dataclass(frozen=True)
class History:
    """What is kept of past intervals, in parts, so that nothing is copied."""

    exited: tuple[ExitedBatch, ...] = ()
    """A part for each sample."""
    starts: tuple[StartTable, ...] = ()
    churn: tuple[Churn, ...] = ()
    """The intervals of the last minute."""
    orphans: Orphans = field(default_factory=Orphans)
    moments: tuple[Moment, ...] = ()
    """The last intervals, the earliest first."""
    intervals: tuple[Interval, ...] = ()
    """CPU use and memory of every process, an interval each."""

    def exited_since(self, reported_s: float) -> ExitedBatch:
        """Return the exits reported at `reported_s` or later."""
        parts = [part for part in self.exited if part.reported_s[0] >= reported_s]
        if not parts:
            return NO_EXITS
        return ExitedBatch(
            ExitTable.joined([part.exits for part in parts]),
            np.concatenate([part.cpu_s for part in parts]),
            np.concatenate([part.cpu_pct for part in parts]),
            np.concatenate([part.reported_s for part in parts]),
            np.concatenate([part.serial for part in parts]),
            {
                name: np.concatenate([part.per_s[name] for part in parts])
                for name in parts[0].per_s
            },
            np.concatenate([part.interval_s for part in parts]),
        )


Extra = Mapping[str, Floats]
"""More columns of a table of rows, by name; NaN where unknown."""
