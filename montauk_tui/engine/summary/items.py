"""The parts of a summary."""

from collections.abc import Hashable
from typing import NamedTuple

from montauk_tui.engine.columns.cells import Level
from montauk_tui.model.lookups import Command
from montauk_tui.model.schema import Floats


class Fact(NamedTuple):
    """A value with its name, as sanitised text."""

    label: str
    text: str
    level: Level = Level.PLAIN
    joint: str = ""
    """The separator of a list, where lines are best broken."""


class Graph(NamedTuple):
    """A value with its history: a point for each interval of it, the latest last.

    NaN is unknown, as are those before there was a history.
    """

    label: str
    text: str
    """The present value, and what is shown beside it."""
    note: str
    """The highest of the history."""
    points: Floats
    full: float
    """The value at the upper end."""
    top: str
    """The same as text."""
    begin: str
    """When the first of the points that there can be was: `60 s ago`."""
    end: str
    """When the last one was: `now`, or a time of day."""
    role: str
    """What is measured: `cpu` or `memory`."""

    @property
    def key(self) -> Hashable:
        """What two equal graphs have in common; arrays cannot be compared so."""
        return self._replace(points=self.points.tobytes())  # type: ignore[arg-type]


Item = Fact | Graph

Group = tuple[Item, ...]
"""Items that belong together."""


class Entry(NamedTuple):
    """A process in a list, as sanitised text."""

    front: str
    """Its CPU%, or how it exited: `[exit 1, 0.2s]`."""
    number: str
    """The PID of a live process, empty for an exited one."""
    name: str
    arguments: str
    level: Level


class Listing(NamedTuple):
    """Processes that have to do with the row, the most important first."""

    heads: tuple[Fact, ...]
    entries: tuple[Entry, ...]
    total: int
    """How many there are, with those that are no entries."""


class Summary(NamedTuple):
    """Everything the panel shows of a row."""

    name: str
    number: str
    """The PID, or the number of processes."""
    said: str
    """Its state, or how it exited."""
    level: Level
    command: Command | None
    """None if it is no more than the name."""
    groups: tuple[Group, ...]
    lists: tuple[Listing, ...] = ()
    """They take the room that is left."""
