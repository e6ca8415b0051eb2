"""The meters of the header, and the parser of a list of them.

A new meter is one row of `METERS` and how it is drawn, in ui/widgets/meters/.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from montauk_tui.errors import UsageError, did_you_mean
from montauk_tui.model.schema import Need
from montauk_tui.model.text import quoted


@dataclass(frozen=True, slots=True)
class Meter:
    """A meter that the header can show."""

    id: str
    title: str
    """At most 3 characters; shown before it."""
    description: str
    styles: tuple[str, ...]
    """Its styles, the default first."""
    need: Need = Need.NONE


class Chosen(NamedTuple):
    """A meter and its style."""

    meter: Meter
    style: str

    @property
    def entry(self) -> str:
        """The shortest entry that means this."""
        usual = self.style == self.meter.styles[0]
        return self.meter.id if usual else f"{self.meter.id}:{self.style}"


STYLES: Final = {
    "auto": "a bar for each CPU, or a strip where they are too many",
    "bars": "a bar for each CPU, or their average where they are too many",
    "average": "one bar for all CPUs",
    "strip": "a cell for each CPU, the higher the busier",
    "bar": "a bar whose parts differ by sign and colour",
    "graph": "the last minutes as a graph",
    "text": "figures",
}

_TABLE: Final = (
    Meter("cpu", "CPU", "what the CPUs do",
          ("auto", "bars", "average", "strip", "graph")),
    Meter("memory", "Mem", "memory in use, buffers and cache",
          ("bar", "graph", "text")),
    Meter("swap", "Swp", "swap space in use", ("bar", "graph", "text")),
    Meter("pressure", "PSI",
          "share of the last 10 s in which work waited for CPU, memory or I/O",
          ("text",)),
    Meter("network", "Net", "bytes a second received and sent by all interfaces",
          ("text", "graph"), Need.NETWORK),
    Meter("disk", "Disk",
          "bytes a second read and written, and the busiest disk's time",
          ("text", "graph"), Need.DISK),
    Meter("temperature", "Tmp", "the hottest sensor of the CPUs",
          ("text", "graph"), Need.TEMPERATURE),
    Meter("frequency", "Frq", "the clock of the CPUs: mean, highest and limit",
          ("text", "graph"), Need.FREQUENCY),
    Meter("load", "LA", "load averages of 1, 5 and 15 minutes", ("text", "graph")),
    Meter("tasks", "Tsk", "processes, threads, and how many of them run", ("text",)),
    Meter("uptime", "Up", "how long the machine has been up", ("text",)),
    Meter("clock", "Now", "the time of day", ("text",)),
)  # fmt: skip

METERS: Final = {meter.id: meter for meter in _TABLE}
"""Every meter by its id."""

DEFAULT: Final = ("cpu", "memory", "swap", "pressure", "network", "disk")


def parse(entries: Iterable[str]) -> tuple[Chosen, ...]:
    """Return what entries such as `cpu` or `cpu:graph` mean, each of them once.

    Raises:
        UsageError: There is no such meter, or it has no such style.
    """
    return tuple(dict.fromkeys(map(_chosen, entries)))


def _chosen(entry: str) -> Chosen:
    name, colon, style = entry.strip().lower().partition(":")
    meter = METERS.get(name.strip())
    if meter is None:
        reason = f"no meter is called {quoted(name.strip())}"
        remedy = did_you_mean(name, METERS) or f"choose some of: {', '.join(METERS)}"
        raise UsageError(reason, remedy)
    style = style.strip() if colon else meter.styles[0]
    if style not in meter.styles:
        reason = f"the meter {meter.id!r} has no style {quoted(style)}"
        raise UsageError(reason, f"choose one of: {', '.join(meter.styles)}")
    return Chosen(meter, style)


USUAL: Final = parse(DEFAULT)
"""The default meters."""


def needs(chosen: Iterable[Chosen]) -> Need:
    """Return what a sample must hold for all of them."""
    return Need.union(one.meter.need for one in chosen)
