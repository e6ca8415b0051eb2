"""The parts of a summary."""

from typing import NamedTuple

from montauk_tui.engine.cells import Level
from montauk_tui.model.lookups import Command
from montauk_tui.model.schema import Floats


class Fact(NamedTuple):
    """A value with its name, as sanitised text."""

    label: str
    text: str
    level: Level = Level.PLAIN
    joint: str = ""
    """Where lines are best broken, in a list."""


class Graph(NamedTuple):
    """A value with its history, the latest last; NaN where it is not known."""

    label: str
    text: str
    """The value now, and what belongs to it."""
    note: str
    """The highest of the history."""
    points: Floats
    full: float
    """The value at the upper end."""
    role: str
    """What is measured: `cpu` or `memory`."""


Item = Fact | Graph

Group = tuple[Item, ...]
"""What belongs together."""


class Summary(NamedTuple):
    """What is known of a row."""

    name: str
    number: str
    """PID, or how many processes it is."""
    said: str
    """What it does, or how it ended."""
    level: Level
    command: Command | None
    """None where there is no more than the name."""
    groups: tuple[Group, ...]
