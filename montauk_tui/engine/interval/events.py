"""The events since the previous sample, in the order in which they happened."""

from typing import Final, NamedTuple

import numpy as np

from montauk_tui.model.exits import ExitTable
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import UNKNOWN, Bools, Ints
from montauk_tui.model.starts import EXEC, EXEC_FAILED, FORK, StartTable

EXIT: Final = 3

NAMES: Final = {
    FORK: "fork", EXEC: "exec", EXIT: "exit", EXEC_FAILED: "exec_failed",
}  # fmt: skip

SHORT_NAMES: Final = {**NAMES, EXEC_FAILED: NAMES[EXEC]}
"""In lists, where another column has the error of an exec that failed."""


class Events(NamedTuple):
    """Forks, execs, execs that failed and exits, the earliest first."""

    kind: Ints
    """FORK, EXEC, EXEC_FAILED or EXIT."""
    row: Ints
    """Its row in the sample's starts, or in its exits."""
    time_ns: Ints
    """Time after boot (CLOCK_BOOTTIME); unknown without an event at the time."""

    def only(self, kept: Bools | Ints) -> "Events":
        """Return some of them, by flag or by number."""
        return Events(self.kind[kept], self.row[kept], self.time_ns[kept])


NOTHING: Final = Events(*(np.empty(0, dtype=np.int64) for _ in range(3)))


def events_of(sample: Sample) -> Events | None:
    """Return the events that a sample reports, None where its collector sees none.

    An exit is reported once its CPU time is final: it may be older than events of
    earlier samples, but not than their `reported_until_ns`. The exit of a process
    comes after its fork and its execs.
    """
    if sample.starts is None or sample.exits is None:
        return None
    return in_order(sample.starts, sample.exits)


def in_order(starts: StartTable, exits: ExitTable) -> Events:
    """Return the rows of both tables in one order."""
    kind = np.concatenate([starts.kind, np.full(len(exits), EXIT)])
    row = np.concatenate([np.arange(len(starts)), np.arange(len(exits))])
    time_ns = np.concatenate([starts.time_ns, exits.end_ns])
    # An exit without a time was noticed late: earlier events are all reported.
    moment = np.where(time_ns == UNKNOWN, np.iinfo(np.int64).max, time_ns)
    return Events(kind, row, time_ns).only(np.lexsort((kind, moment)))
