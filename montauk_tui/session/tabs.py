"""The tabs: which rows each lists, with which columns, in which order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, NamedTuple

from montauk_tui.config import Settings, TabSettings
from montauk_tui.engine import query
from montauk_tui.engine.columns.column import Column
from montauk_tui.engine.columns.table import COLUMNS, DEFAULT
from montauk_tui.engine.groups.criteria import CRITERIA
from montauk_tui.engine.groups.rows import grouped
from montauk_tui.engine.query import EVERYTHING, Query
from montauk_tui.engine.rows.devices import devices
from montauk_tui.engine.rows.events import events
from montauk_tui.engine.rows.exited import exited_only, with_exited
from montauk_tui.engine.rows.exited_parents import with_exited_parents
from montauk_tui.engine.rows.groups import by_cgroup, by_executable
from montauk_tui.engine.rows.spawners import spawners
from montauk_tui.errors import MOST_COMPLAINTS, did_you_mean, few
from montauk_tui.model.devices import DISKS as NEED_OF_DISKS
from montauk_tui.model.devices import FILESYSTEMS as NEED_OF_FILESYSTEMS
from montauk_tui.model.devices import INTERFACES as NEED_OF_INTERFACES
from montauk_tui.model.frame import Frame
from montauk_tui.model.kinds import RowKey
from montauk_tui.model.schema import Need
from montauk_tui.model.text import quoted


@dataclass(frozen=True, slots=True)
class Tab:
    """One list of rows."""

    id: str
    title: str
    rows: str
    """Its rows, a key of `LISTINGS`."""
    columns: tuple[str, ...]
    sort: str
    descending: bool | None = None
    """None for the default direction of the sort column."""
    query: Query = EVERYTHING
    """A filter on its rows."""
    tree: bool = False
    """Whether it starts in tree view."""

    @property
    def has_tree(self) -> bool:
        """Whether its rows are processes or groups, which others may contain."""
        return self.rows in (PROCESSES, GROUPS)

    @property
    def is_of_devices(self) -> bool:
        """Whether its rows are no processes, nor made of them."""
        return self.rows in DEVICES

    @property
    def order(self) -> tuple[Column, bool]:
        """The column it is sorted by at first, and whether the largest comes first."""
        column = COLUMNS[self.sort]
        usual = self.descending is None
        return column, column.descending if usual else bool(self.descending)


PROCESSES: Final = "processes"
SPAWNERS: Final = "spawners"
GROUPS: Final = "groups"
MAIN: Final = "main"
EXITED: Final = "exited"
DISKS: Final = "disks"
INTERFACES: Final = "interfaces"
FILESYSTEMS: Final = "filesystems"

DEVICES: Final = (DISKS, INTERFACES, FILESYSTEMS)
"""Rows of devices, in the order in which a key goes through them; also the ids of
their tabs."""

_TABLE: Final = (
    Tab(MAIN, "Main", PROCESSES, DEFAULT, "cpu_pct"),
    Tab(
        "io", "I/O", PROCESSES,
        ("pid", "user", "io_priority", "io_rate", "io_read_rate", "io_write_rate",
         "runq_pct", "command"),
        "io_rate",
    ),
    Tab(
        EXITED, "Exited", "exited",
        ("ended_s", "pid", "ppid", "user", "exit_status", "lifetime_s", "used_s",
         "peak_rss_bytes", "killed_by", "command"),
        "ended_s",
    ),
    Tab(
        SPAWNERS, "Spawners", SPAWNERS,
        ("pid", "user", "forks_rate", "execs_rate", "ends_rate", "failures_rate",
         "short_pct", "cpu_pct", "command"),
        "short_pct",
    ),
    Tab(
        GROUPS, "Groups", GROUPS,
        ("live", "cpu_pct", "short_pct", "rss_bytes",
         "cgroup_memory_bytes", "cgroup_memory_pct", "cgroup_quota",
         "cgroup_throttled_pct", "cgroup_cpu_pressure_pct",
         "cgroup_memory_pressure_pct", "cgroup_io_pressure_pct", "forks_rate",
         "ends_rate", "failures_rate", "io_rate", "command"),
        "cpu_pct",
    ),
    Tab(
        "events", "Events", "events",
        ("event_s", "event", "pid", "ppid", "user", "exit_status", "lifetime_s",
         "command"),
        "event_s",
    ),
    Tab(
        DISKS, "Disks", DISKS,
        ("disk_busy_pct", "disk_reads", "disk_writes", "disk_read_rate",
         "disk_write_rate", "disk_await_s", "disk_queue", "disk_size_bytes", "command"),
        "disk_busy_pct",
    ),
    Tab(
        INTERFACES, "Interfaces", INTERFACES,
        ("net_in_rate", "net_out_rate", "net_in_packets", "net_out_packets",
         "net_in_errors", "net_out_errors", "net_in_drops", "net_out_drops",
         "net_speed", "net_state", "command"),
        "net_in_rate",
    ),
    Tab(
        FILESYSTEMS, "File systems", FILESYSTEMS,
        ("fs_size_bytes", "fs_used_bytes", "fs_free_bytes", "fs_used_pct",
         "fs_inodes_pct", "fs_type", "fs_mode", "command"),
        "fs_used_pct",
    ),
)  # fmt: skip

BUILT_IN: Final = {tab.id: tab for tab in _TABLE}
"""Every tab by id, in order."""


class Tabs(NamedTuple):
    """The tabs there are, and those that are offered."""

    every: Mapping[str, Tab]
    order: tuple[str, ...]
    """Ids of the tabs in the tab line; actions may show others."""

    @classmethod
    def from_settings(cls, settings: Settings) -> "Tabs":
        """Return the tabs of the program and of the user, as the user wants them."""
        every = dict(BUILT_IN)
        every[MAIN] = replace(
            every[MAIN],
            columns=settings.columns,
            sort=settings.sort,
            descending=settings.descending,
            tree=settings.tree,
        )
        for chosen in settings.tabs:
            every[chosen.id] = _chosen(every.get(chosen.id), chosen)
        tabs = cls(every, ())
        return tabs.ordered(settings.tab_order or tabs.usual_order)

    def ordered(self, order: Sequence[str]) -> "Tabs":
        """Return the tabs of which these are offered; Main is one of them anyway."""
        offered = tuple(tab_id for tab_id in order if tab_id in self.every)
        return self._replace(order=offered if MAIN in offered else (MAIN, *offered))

    @property
    def chosen_order(self) -> tuple[str, ...]:
        """The setting `tab_order`; empty for the default."""
        return () if self.order == self.usual_order else self.order

    @property
    def usual_order(self) -> tuple[str, ...]:
        """All tabs but those of devices, which have a key of their own."""
        return tuple(it for it in self.every if it not in DEVICES)

    def with_columns(self, tab_id: str, columns: tuple[str, ...]) -> "Tabs":
        """Return the tabs, one with other columns."""
        tab = replace(self.every[tab_id], columns=columns)
        return self._replace(every={**self.every, tab_id: tab})

    def next_to(self, tab_id: str, step: int) -> str:
        """Return the tab that comes `step` after another, round the end."""
        if tab_id not in self.order:
            return self.order[0]
        return self.order[(self.order.index(tab_id) + step) % len(self.order)]


def _chosen(built_in: Tab | None, chosen: TabSettings) -> Tab:
    """Return a tab with the user's settings; unset ones are the defaults."""
    base = built_in or usual_of(chosen)
    return replace(
        base,
        columns=base.columns if chosen.columns is None else chosen.columns,
        sort=chosen.sort or base.sort,
        descending=chosen.descending,
        query=query.parse(chosen.filter or ""),
        tree=bool(chosen.tree) and base.has_tree,
    )


def usual_of(chosen: TabSettings) -> Tab:
    """Return the tab of the program with the name or else the rows of a chosen one."""
    if built_in := BUILT_IN.get(chosen.id):
        return built_in
    rows = chosen.rows or PROCESSES
    like = next(tab for tab in _TABLE if tab.rows == rows)
    return replace(like, id=chosen.id, title=chosen.name)


def validate(settings: Settings) -> list[str]:
    """Return a line for each invalid setting of tabs."""
    known = {*BUILT_IN, *(tab.id for tab in settings.tabs)}
    unknown = [name for name in settings.tab_order if name not in known]
    problems = [
        f"'tab_order': unknown tab {quoted(name)}; "
        + (did_you_mean(name, known) or f"use some of: {', '.join(known)}")
        for name in unknown[:MOST_COMPLAINTS]
    ]
    problems += [""] * (len(unknown) - len(problems))
    for chosen in settings.tabs:
        base = usual_of(chosen)
        if chosen.rows not in (None, base.rows):
            problems.append(
                f"[[tabs]] {chosen.name!r}: 'rows' stays {base.rows}; "
                "use another name for a tab with other rows"
            )
        if chosen.tree and not base.has_tree:
            problems.append(
                f"[[tabs]] {chosen.name!r}: {base.rows} have no tree; leave 'tree' out"
            )
    return few(problems)


GROUPINGS: Final = {
    "parent": spawners,
    "executable": by_executable,
    "cgroup": by_cgroup,
}
"""Groupings of the spawners."""


class Shown(NamedTuple):
    """The parameters that determine the rows, beside the frame."""

    rows: str
    linger_s: float
    opened: frozenset[RowKey]
    grouping: str
    exited_parents: bool
    """Whether exited parents are shown above their live children."""
    criterion: str = next(iter(CRITERIA))
    """What the groups are made by."""
    tree: bool = False
    """Whether groups contain others."""


_with_exited: Final = lru_cache(maxsize=1)(with_exited)
"""Of the current frame: tree and list have the same rows, and thousands of exits take
100 ms to list."""


def _processes(frame: Frame, shown: Shown) -> Frame:
    listed = _with_exited(frame, shown.linger_s, shown.opened)
    return (
        with_exited_parents(frame, listed, shown.linger_s)
        if shown.exited_parents
        else listed
    )


class Listing(NamedTuple):
    """A kind of rows of a tab."""

    list: Callable[[Frame, Shown], Frame]
    nothing: str
    """The message if there are no rows."""
    blind: str = ""
    """The message if the collector does not report the events."""
    need: Need = Need.NONE
    """What a sample must hold for the rows."""
    heading: str = ""
    """The title above names that are no commands."""
    in_past: str = ""
    """The message of a moment of the past, if it is another."""


LISTINGS: Final = {
    PROCESSES: Listing(_processes, "no process matches", "no process matches"),
    "exited": Listing(
        lambda frame, _: exited_only(frame),
        "no process has exited yet",
        "collector {} does not report exits",
    ),
    SPAWNERS: Listing(
        lambda frame, shown: GROUPINGS[shown.grouping](frame),
        "no process started another in the last 5 s",
        "collector {} does not report forks; no parent was credited with child "
        "CPU time",
    ),
    GROUPS: Listing(
        lambda frame, shown: grouped(frame, CRITERIA[shown.criterion], tree=shown.tree),
        "no process is known",
    ),
    "events": Listing(
        lambda frame, _: events(frame),
        "no events yet",
        "collector {} does not report forks and exits",
    ),
    DISKS: Listing(
        lambda frame, _: devices(frame, DISKS),
        "no disk is known",
        need=NEED_OF_DISKS,
        heading="Disk",
        in_past="disks are not recorded",
    ),
    INTERFACES: Listing(
        lambda frame, _: devices(frame, INTERFACES),
        "no interface is known",
        need=NEED_OF_INTERFACES,
        heading="Interface",
        in_past="interfaces are not recorded",
    ),
    FILESYSTEMS: Listing(
        lambda frame, _: devices(frame, FILESYSTEMS),
        "no file system is known",
        need=NEED_OF_FILESYSTEMS,
        heading="Mounted on",
        in_past="file systems are not recorded",
    ),
}
"""By their names in the settings."""


def rows_of(frame: Frame, shown: Shown) -> Frame:
    """Return the frame whose rows a tab lists."""
    return LISTINGS[shown.rows].list(frame, shown)


def why_nothing(listed: Frame, rows: str) -> str:
    """Return the message for a tab without rows."""
    listing = LISTINGS[rows]
    if len(listed.sample.processes):
        return listing.nothing if rows == PROCESSES else "nothing matches the filter"
    if listing.blind and (listed.whole or listed).sample.exits is None:
        return listing.blind.format(listed.collector.name)
    return (
        listing.in_past if listed.is_recorded and listing.in_past else listing.nothing
    )
