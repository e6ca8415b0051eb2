"""Everything known about one process, as labelled values.

Every text in here is sanitised (`model.text.clean`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from montauk_tui.model.sample import Identity
from montauk_tui.model.text import clean

SECTIONS: Final = {
    "process": "Process",
    "usage": "Use",
    "memory": "Memory",
    "limits": "Limits",
    "scheduling": "Scheduling",
    "kernel": "In the kernel",
    "cgroup": "Cgroup",
    "namespaces": "Namespaces",
    "capabilities": "Capabilities",
    "signals": "Signals",
    "threads": "Threads",
    "files": "Open files",
    "locks": "File locks",
    "command": "Command line",
    "environment": "Environment",
}
"""Title of each section by its id, in their order."""

MISSING: Final = "missing"
"""The id of the section that names what is not known."""

USER_TASKS: Final = "Processes"
"""Label of the limit whose use is counted over a whole sample."""


class Unit(Enum):
    """What the number of an amount counts."""

    COUNT = "count"
    BYTES = "bytes"
    SECONDS = "seconds"
    """Of CPU time."""
    DURATION = "duration"
    """Seconds that passed."""
    MOMENT = "moment"
    """Seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with its unit, and what it may grow to."""

    number: float
    """NaN where only the limit is known."""
    unit: Unit = Unit.COUNT
    limit: float = math.nan
    """Infinity for no limit, NaN where a limit does not apply."""


Value = str | Amount


@dataclass(frozen=True, slots=True)
class Datum:
    """One labelled value, or the reason why there is none."""

    label: str
    value: Value | None = None
    reason: str = ""
    """Why the value is not known, and what would make it known."""
    note: str = ""
    """A note beside the value."""
    notable: bool = False
    """Whether it is out of the ordinary."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under titles; None is not known."""

    titles: tuple[str, ...]
    rows: tuple[tuple[Value | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Values that belong together, under one heading."""

    id: str
    title: str
    data: tuple[Datum, ...] = ()
    table: Table | None = None
    reason: str = ""
    """Why the whole section is not known."""
    note: str = ""
    """A note beside the heading."""
    is_list: bool = False
    """Whether each value has a line of its own."""


@dataclass(frozen=True, slots=True)
class Details:
    """All sections of one process, read while it was the same throughout."""

    identity: Identity
    name: str
    uid: int
    """The real user; its tasks count against the limit of processes."""
    monotonic_s: float
    """CLOCK_MONOTONIC when it was read."""
    sections: tuple[Section, ...]
    read_bytes: float = math.nan
    """From storage, since it started (proc_pid_io(5)); NaN where not permitted."""
    write_bytes: float = math.nan
    is_read: bool = True
    """Whether it was read of the process itself; else it is what was known of it."""

    def section(self, section_id: str) -> Section | None:
        """Return the section with an id."""
        found = (part for part in self.sections if part.id == section_id)
        return next(found, None)


def command_section(raw: bytes, *, is_cut: bool) -> Section:
    """Return the NUL-separated arguments `raw`, one below the other."""
    title = SECTIONS["command"]
    if not raw.strip(b"\0 "):
        return Section("command", title, reason="it has none")
    words = raw.removesuffix(b"\0").split(b"\0")
    data = tuple(Datum(str(at), clean(word)) for at, word in enumerate(words))
    note = f"{len(data) - 1} argument" + "s" * (len(data) != 2)  # noqa: PLR2004
    note += "; too long, cut" if is_cut else ""
    return Section("command", title, data, note=note, is_list=True)


def with_missing(known: Sequence[Section], title: str, why: str) -> tuple[Section, ...]:
    """Return sections, and one that names those that are not among them.

    Args:
        known: Sections with values.
        title: The heading of the other one.
        why: Why there are none, in one sentence without its end.
    """
    ids = {section.id for section in known}
    names = ", ".join(name for it, name in SECTIONS.items() if it not in ids)
    return (*known, Section(MISSING, title, reason=f"{names}: {why}"))
