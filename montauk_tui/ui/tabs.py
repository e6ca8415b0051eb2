"""The tabs: which rows each lists, with which columns, in which order."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from montauk_tui.engine.columns import COLUMNS, Column
from montauk_tui.engine.listing.ended import ended_only, with_ended
from montauk_tui.engine.listing.events import events
from montauk_tui.engine.listing.ghosts import with_ghosts
from montauk_tui.engine.listing.groups import by_cgroup, by_executable
from montauk_tui.engine.listing.spawners import spawners
from montauk_tui.model.frame import Frame


@dataclass(frozen=True, slots=True)
class Tab:
    """One list of rows."""

    id: str
    title: str
    columns: tuple[str, ...]
    """Empty for those that the user chose."""
    sort: str
    rows: Callable[[Frame], Frame]
    """What it lists of a frame."""
    nothing: str
    """What is said where there are no rows."""
    blind: str = "no process matches"
    """What is said where the collector does not see processes end."""

    @property
    def sort_column(self) -> Column:
        """The column it is sorted by at first."""
        return COLUMNS[self.sort]


MAIN: Final = "main"
IO: Final = "io"

LIKE_MAIN: Final = (MAIN, IO)
"""Tabs of the same rows."""

_TABLE: Final = (
    Tab(MAIN, "Main", (), "cpu_pct", lambda frame: frame, "no process matches"),
    Tab(
        IO, "I/O",
        ("pid", "user", "io_priority", "io_rate", "io_read_rate", "io_write_rate",
         "runq_pct", "command"),
        "io_rate", lambda frame: frame, "no process matches",
    ),
    Tab(
        "exited", "Exited",
        ("ended_s", "pid", "ppid", "user", "exit_status", "lifetime_s", "used_s",
         "peak_rss_bytes", "command"),
        "ended_s", ended_only, "no process has ended yet",
        "collector {} does not see processes end",
    ),
    Tab(
        "spawners", "Spawners",
        ("pid", "user", "forks_rate", "execs_rate", "ends_rate", "failures_rate",
         "short_pct", "cpu_pct", "command"),
        "short_pct", spawners, "no process started another in the last 5 s",
        "collector {} does not see processes start; none was credited with another's "
        "CPU time",
    ),
    Tab(
        "events", "Events",
        ("event_s", "event", "pid", "ppid", "user", "exit_status", "lifetime_s",
         "command"),
        "event_s", events, "nothing was started, and nothing ended",
        "collector {} does not see processes start and end",
    ),
)  # fmt: skip

TABS: Final = {tab.id: tab for tab in _TABLE}
"""Every tab by its id, in their order."""


def next_tab(tab_id: str, step: int) -> str:
    """Return the tab that comes `step` after another, round the end."""
    ids = list(TABS)
    return ids[(ids.index(tab_id) + step) % len(ids)]


SPAWNERS: Final = "spawners"

GROUPINGS: Final = {
    "parent": spawners,
    "executable": by_executable,
    "cgroup": by_cgroup,
}
"""What the spawners may be grouped by."""


class Shown(NamedTuple):
    """What decides about the rows, beside the frame."""

    tab: str
    linger_s: float
    opened: frozenset[int]
    grouping: str
    ghosts: bool
    """Whether parents that ended stand above the children that live on."""


def rows_of(frame: Frame, shown: Shown) -> Frame:
    """Return the frame whose rows a tab lists."""
    if shown.tab in LIKE_MAIN:
        listed = with_ended(frame, shown.linger_s, shown.opened)
        return with_ghosts(frame, listed, shown.linger_s) if shown.ghosts else listed
    if shown.tab == SPAWNERS:
        return GROUPINGS[shown.grouping](frame)
    return TABS[shown.tab].rows(frame)


def why_nothing(listed: Frame, tab_id: str) -> str:
    """Return what to say where no row is shown of the frame that a tab lists."""
    if len(listed.sample.processes):
        return "nothing matches the filter" if tab_id != MAIN else TABS[MAIN].nothing
    if (listed.whole or listed).sample.exits is None:
        return TABS[tab_id].blind.format(listed.collector.name)
    return TABS[tab_id].nothing
