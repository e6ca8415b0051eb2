"""Every setting, one row each: the single table of settings.

The settings file, the flags and `--help`, the setup screen, docs/configuration.md and
the manual page are made from it. A new setting is one row here, and its use.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from montauk_tui.config import readers as read
from montauk_tui.config.option import Flag, made_option, option, options_of, switch

_SECONDS: Final = '0.1 to 3600 seconds: `2`, `0.5`, `"500ms"`, `"2s"`, `"1m"`'


# fmt: off
@dataclass(frozen=True, slots=True)
class Preferences:
    """Settings that keys and the setup screen change at run time."""

    interval_s: float = option(
        1.0, read.interval, _SECONDS, id="interval",
        flag=Flag("delay", "seconds between samples, as in top: 1.5, 2s, 500ms "
                  "(default 1); in htop 15 means 1.5 s", "SECONDS", short="d"),
        title="Refresh interval", hint="Time between refreshes",
        steps=(0.1, 0.2, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0))
    linger_s: float = option(
        5.0, read.linger, "how long exited processes stay: 0, or as `interval`",
        id="linger",
        flag=Flag("highlight-changes",
                  "keep exited processes in the table for SECONDS (default 5)",
                  "SECONDS", short="H", of_monitor=True, alone="5s"),
        title="Keep exited processes for",
        hint="How long exited processes stay in the table",
        steps=(0.0, 1.0, 2.0, 3.0, 5.0, 10.0, 15.0, 30.0, 60.0))
    machine_scale: bool = switch(
        "CPU% of the whole machine", "Off: 100 % is one core",
        about="true: 100 % is the whole machine")
    kernel_threads: bool = switch("Kernel threads", "Show kernel threads")
    user_threads: bool = switch(
        "Process threads", "Show each thread as a separate row",
        flag=Flag("threads", "show each thread as a separate row"))
    paths: bool = switch("Program paths", "Show the full paths of programs", on=True)
    panel: bool = switch(
        "Panel", "Show details of the selected process where there is room", on=True)
    timeline: str = option(
        "auto", read.shown, '`"on"`, `"off"`, or `"auto"`: on screens of 40 lines')
    ascii: bool = switch(
        "ASCII only", "Draw lines, arrows and bars in ASCII", page="Look",
        flag=Flag("ascii", "draw with ASCII only", short="U", aliases=("no-unicode",),
                  of_monitor=True))
    read_only: bool = switch(
        "Read-only", "Disable the keys that change processes",
        flag=Flag("read-only", "disable the keys that change processes",
                  aliases=("readonly",), of_monitor=True))


@dataclass(frozen=True, slots=True)
class TabSettings:
    """Settings of one tab; None means its default."""

    name: str
    rows: str | None = option(
        None, read.row_kind, "what it lists; default: `processes`")
    columns: tuple[str, ...] | None = option(
        None, read.column_list, "as above; default: depends on `rows`")
    sort: str | None = option(
        None, read.column, "as above; default: depends on `rows`")
    descending: bool | None = option(None, read.switch, "as above")
    filter: str | None = option(
        None, read.filter_text, "a [query](queries.md) that limits what is listed")
    tree: bool | None = option(
        None, read.switch, "start in tree view, where the rows are processes or groups")

    @property
    def id(self) -> str:
        """Its name in lower case: tab names ignore case."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Settings(Preferences):
    """All settings that apply when the program starts."""

    collector: str | None = option(
        None, read.text, "an installed collector (`--collector-info` lists them)",
        flag=Flag("collector", "use only this collector", "NAME"))
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
        flag=Flag("sort",
                  "sort by this column: cpu, mem, time, pid, a name of htop or top; "
                  "+NAME: largest first, -NAME: smallest first; help lists them",
                  "COLUMN", short="so", aliases=("sort-key", "sort-override"),
                  read=read.sort_key))
    descending: bool | None = option(
        None, read.switch, "default: depends on the sort column")
    filter: str = option(
        "", read.filter_text, "a [query](queries.md); `a|b` for either",
        flag=Flag("filter",
                  "show only what matches: text, a|b, 'cpu > 10 and user = root'",
                  "QUERY", short="F", read=read.query_text))
    tree: bool = switch(
        "Tree in Main", "Start in tree view",
        flag=Flag("tree", "start in tree view", short="t", of_monitor=True))
    mouse: bool = switch(
        "Mouse", "Off: the mouse selects text in the terminal", on=True,
        flag=Flag("no-mouse", "leave the mouse to the terminal", short="M",
                  of_monitor=True, value=False))
    remember_s: float = option(
        900.0, read.remembered, 'how far back keys go: 0 to a day, `900` or `"15m"`',
        id="remember")
    remember_bytes: int = option(
        16 << 20, read.size, 'the most memory for that: `"1m"` to `"4g"`',
        id="remember_size")
    uid: int | None = option(
        None, read.user, in_file=False,
        flag=Flag("user", "show only the processes of a user, by name or number "
                  "(default: yourself)", "NAME", short="u", alone=""))
    pids: tuple[int, ...] = option(
        (), read.pids, in_file=False,
        flag=Flag("pid", "show only these processes", "PID,PID", short="p",
                  repeats=True))
    no_color: bool = option(
        False, read.switch, in_file=False,  # noqa: FBT003 - a default
        flag=Flag("no-color", "draw without colours", short="C",
                  aliases=("no-colour",), of_monitor=True))
    tab_order: tuple[str, ...] = option(
        (), read.names, "[tabs](#tabs) to show, in their order; empty: all")
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Keys by binding id, as written in the file."""
    tabs: tuple[TabSettings, ...] = ()
    """Settings of the tabs other than Main, and custom tabs."""
    groups: Mapping[str, str] = field(default_factory=dict)
    """Queries of `montauk exporter`, by the names of their groups."""
# fmt: on


OPTIONS: Final = options_of(Settings)
IN_FILE: Final = tuple(option for option in OPTIONS if option.in_file)
BY_ID: Final = {option.id: option for option in IN_FILE}
"""Keys of the file that hold one value."""
TAB_OPTIONS: Final = {option.id: option for option in options_of(TabSettings)}
"""Keys of a table in `[[tabs]]` beside its name."""

TABLES: Final = {
    "keys": "[keys](#keys) of actions",
    "tabs": "[tabs](#tabs) other than Main",
    "groups": "[groups](metrics.md#groups) of `montauk exporter --by queries`",
}
"""Keys of the file that hold tables: `[keys]`, `[[tabs]]` and `[groups]`."""

KNOWN: Final = (*BY_ID, *TABLES)
"""Every key of the file."""


def preferences_of(chosen: Preferences) -> dict[str, Any]:
    """Return the preferences by field."""
    return {one.name: getattr(chosen, one.name) for one in fields(Preferences)}
