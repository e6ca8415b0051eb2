"""Every setting, a row each: the table all that is said of settings is made from.

The file, the flags and `--help`, the setup screen, docs/configuration.md and the manual
page read it. A further setting is one row here, and what it does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from montauk_tui.config import readers as read
from montauk_tui.config.option import Flag, made_option, option, options_of, switch

_SECONDS: Final = '0.1 to 3600 seconds: `2`, `0.5`, `"500ms"`, `"2s"`, `"1m"`'
_ROWS: Final = ", ".join(f"`{it}`" for it in read.ROWS)


# fmt: off
@dataclass(frozen=True, slots=True)
class Preferences:
    """What keys and the setup screen change while the monitor runs."""

    interval_s: float = option(
        1.0, read.interval, _SECONDS, id="interval",
        flag=Flag("delay", "time between samples: 1.5, 2s, 500ms (default 1)",
                  "SECONDS", short="d"),
        title="Refresh every", hint="The time between two looks at the machine",
        steps=(0.1, 0.2, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0))
    linger_s: float = option(
        5.0, read.linger, "how long a process that ended stays: 0, or as `interval`",
        id="linger", title="Ended processes stay for",
        hint="How long processes that ended stay in the table",
        steps=(0.0, 1.0, 2.0, 3.0, 5.0, 10.0, 15.0, 30.0, 60.0))
    machine_scale: bool = switch(
        "CPU% of the whole machine", "Off: 100 % is one core kept busy",
        about="true: 100 % of CPU is the whole machine")
    kernel_threads: bool = switch("Kernel threads", "Show the threads of the kernel")
    user_threads: bool = switch(
        "Threads of processes", "Show each thread as a row of its own")
    paths: bool = switch("Folders of programs", "Show the paths of programs", on=True)
    panel: bool = switch(
        "Panel", "Tell about the selected process where there is room", on=True)
    ascii: bool = switch(
        "ASCII only", "No lines, arrows or blocks beyond ASCII", page="Look",
        flag=Flag("ascii", "draw with ASCII only", of_monitor=True))
    read_only: bool = switch(
        "Read-only", "Keys that act on processes do nothing",
        flag=Flag("read-only", "act on no process: no signals, no nice values",
                  of_monitor=True))


@dataclass(frozen=True, slots=True)
class TabSettings:
    """What is chosen for one tab; None leaves what is usual for it."""

    name: str
    rows: str | None = option(None, read.row_kind, f"{_ROWS}; left out: the first")
    columns: tuple[str, ...] | None = option(
        None, read.column_list, "as above; left out: those usual for its rows")
    sort: str | None = option(
        None, read.column, "as above; left out: what is usual for its rows")
    descending: bool | None = option(None, read.switch, "as above")
    filter: str | None = option(
        None, read.filter_text, "a [query](queries.md) for what is listed at all")
    tree: bool | None = option(
        None, read.switch, "whether it starts as a tree, where its rows are processes")

    @property
    def id(self) -> str:
        """What it is called wherever case does not count."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Settings(Preferences):
    """Everything the user can choose before the program starts."""

    collector: str | None = option(
        None, read.text, "an installed collector (`--collector-info` lists them)",
        flag=Flag("collector", "use this collector or none", "NAME"))
    theme: str = option(
        "montauk-dark", read.text, "a [theme](themes.md)",
        flag=Flag("theme", "colours of the monitor", "NAME", of_monitor=True))
    columns: tuple[str, ...] = made_option(
        read.usual_columns, read.column_list, "[columns](#columns), each once")
    meters: tuple[str, ...] = made_option(
        read.usual_meters, read.meter_list,
        "[meters](#meters) of the header, in their order")
    sort: str = option(
        "cpu_pct", read.column, "a [column](#columns), shown or not",
        flag=Flag("sort", "sort by this column: cpu, mem, time, pid, ...", "COLUMN"))
    descending: bool | None = option(
        None, read.switch, "left out: what is usual for the sort column")
    filter: str = option(
        "", read.filter_text, "a [query](queries.md); `a|b` for either",
        flag=Flag("filter",
                  "only what matches: a text, a|b, 'cpu > 10 and user = root'",
                  "QUERY", read=read.query_text))
    tree: bool = switch(
        "Tree in Main", "Start with the tree rather than with the list",
        flag=Flag("tree", "start as a tree", of_monitor=True))
    mouse: bool = switch(
        "Mouse", "Off: the terminal selects text as it always does", on=True)
    tab_order: tuple[str, ...] = option(
        (), read.names, "names of [tabs](#tabs): those that are shown; none: all")
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By the id of a binding: its keys, as they were written."""
    tabs: tuple[TabSettings, ...] = ()
    """What is chosen for tabs other than Main, and further tabs."""
# fmt: on


OPTIONS: Final = options_of(Settings)
BY_ID: Final = {option.id: option for option in OPTIONS}
TAB_OPTIONS: Final = {option.id: option for option in options_of(TabSettings)}
"""What a table in `[[tabs]]` may say beside its name."""

TABLES: Final = {"keys": "[keys](#keys) of actions", "tabs": "[tabs](#tabs) but Main"}
"""Keys of the file that hold tables: `[keys]` and `[[tabs]]`."""

KNOWN: Final = (*BY_ID, *TABLES)
"""Every key of the file."""


def preferences_of(chosen: Preferences) -> dict[str, Any]:
    """Return the preferences in what holds them, by field."""
    return {one.name: getattr(chosen, one.name) for one in fields(Preferences)}
