"""Reads a settings file of htop (htoprc) as settings of montauk.

It follows Settings_read in htop's Settings.c, 2.0 to 3.5: lines `key=value`, columns by
number or name, one screen or several. What has no counterpart becomes a line.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from montauk_tui.config import htop_names as htop
from montauk_tui.config.durations import LONGEST_INTERVAL_S, SHORTEST_INTERVAL_S
from montauk_tui.config.options import Settings, TabSettings
from montauk_tui.config.readers import one_line, tab_name
from montauk_tui.engine import meters
from montauk_tui.engine.columns.column import Column
from montauk_tui.engine.columns.foreign import HTOP, NEAR
from montauk_tui.engine.columns.table import COLUMNS, command_last
from montauk_tui.errors import UsageError
from montauk_tui.model.text import quoted

MOST_BYTES: Final = 256 << 10
_MOST_SCREENS: Final = 30
_MOST_WORDS: Final = 200
_MOST_NOTES: Final = 200
_ASCENDING: Final = (3, 1)
"""From this version on a direction of 1 is from the smallest to the largest."""
_NUMBER: Final = re.compile(r"-?[0-9]{1,6}")
_METER: Final = re.compile(r"([A-Za-z0-9]+)(?:\(.*\))?")


class Imported(NamedTuple):
    """The settings of a file of htop, and what has no counterpart, a line each."""

    settings: Settings
    notes: tuple[str, ...]


@dataclass
class _Screen:
    """A screen of htop: a tab."""

    name: str
    fields: list[str]
    sort: str = ""
    direction: int | None = None
    tree: bool | None = None
    is_dynamic: bool = False
    """Whether pcp-htop makes its columns."""


@dataclass
class _Reader:
    """The values found so far."""

    before: Settings
    values: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)
    more: int = 0
    """Lines beyond the limit."""
    first: _Screen = field(default_factory=lambda: _Screen("Main", []))
    """The screen of keys without a dot, from before there were several."""
    screens: list[_Screen] = field(default_factory=list)
    screen: _Screen | None = None
    """The screen of keys with a dot: the last one named."""
    meters: dict[int, list[str]] = field(default_factory=dict)
    modes: dict[int, list[str]] = field(default_factory=dict)
    ascends: bool = False
    """Whether a direction of 1 is from the smallest to the largest."""
    linger_s: float = 5.0

    def note(self, what: str, why: str) -> None:
        """Add a line, once."""
        line = f"{one_line(what)}: {why}"
        if line not in self.notes and len(self.notes) >= _MOST_NOTES:
            self.more += 1
        else:
            self.notes[line] = None


def read(data: bytes, before: Settings) -> Imported:
    """Return `before` with the settings of a file of htop.

    Raises:
        UsageError: It is no such file.
    """
    reader = _Reader(before)
    known = 0
    for key, value in _entries(data):
        known += _take(reader, key, value)
    if not known:
        raise UsageError("it has no setting of htop", "name a file such as htoprc")
    _take_meters(reader)
    _take_screens(reader)
    more = (f"and {reader.more:,} more",) if reader.more else ()
    return Imported(replace(before, **reader.values), (*reader.notes, *more))


def _entries(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield key and value of each line; htop ignores others, and a second `=`."""
    for line in data.decode("utf-8", "backslashreplace").split("\n"):
        key, *values = line.split("=")
        if values and not line.startswith("#"):
            yield key.strip(), values[0].strip()


def _take(reader: _Reader, key: str, value: str) -> bool:
    """Take one entry; tell whether its key is one of htop."""
    if key.startswith("screen:"):
        reader.screen = _Screen(key[len("screen:") :], _words(value))
        if len(reader.screens) < _MOST_SCREENS:
            reader.screens.append(reader.screen)
        else:
            why = f"more than {_MOST_SCREENS} screens"
            reader.note(f"screen {quoted(reader.screen.name)}", why)
        return True
    if key.startswith("."):
        screen = reader.screen
        return screen is None or _take_of_screen(reader, screen, key[1:], value)
    if key in _MANY_METERS or key.startswith("column_meter"):
        _take_column(reader, key, value)
    elif key in _TAKERS:
        _TAKERS[key](reader, value)
    elif not _take_of_screen(reader, reader.first, key, value):
        reader.note(quoted(key), "unknown key")
        return False
    return True


def _take_version(reader: _Reader, value: str) -> None:
    reader.ascends = _version(value) >= _ASCENDING


def _version(value: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"[0-9]{1,4}", value)[:2]))


def _words(value: str) -> list[str]:
    return value.split()[:_MOST_WORDS]


def _number(value: str) -> int | None:
    return int(value) if _NUMBER.fullmatch(value) else None


def _is_on(value: str) -> bool:
    return bool(_number(value))


# --- one value ------------------------------------------------------------------------


def _switch(name: str, *, turned: bool = False) -> Callable[[_Reader, str], None]:
    def take(reader: _Reader, value: str) -> None:
        reader.values[name] = _is_on(value) != turned

    return take


def _take_delay(reader: _Reader, value: str) -> None:
    """Take the delay, in tenths of a second."""
    tenths = _number(value)
    if tenths is not None:
        seconds = min(max(tenths / 10, SHORTEST_INTERVAL_S), LONGEST_INTERVAL_S)
        reader.values["interval_s"] = seconds


def _take_colors(reader: _Reader, value: str) -> None:
    number = _number(value)
    theme = None if number is None else htop.THEMES.get(number)
    if theme is not None:
        reader.values["theme"] = theme
        return
    name = htop.SCHEMES.get(-1 if number is None else number, quoted(value))
    reader.note(f"colour scheme {name}", f"no theme like it; {reader.before.theme}")


def _take_changes(reader: _Reader, value: str) -> None:
    if _is_on(value):
        reader.values["linger_s"] = reader.linger_s


def _take_changes_delay(reader: _Reader, value: str) -> None:
    seconds = _number(value)
    if seconds is not None:
        reader.linger_s = float(min(max(seconds, 1), LONGEST_INTERVAL_S))
        if "linger_s" in reader.values:
            reader.values["linger_s"] = reader.linger_s


def _take_layout(reader: _Reader, value: str) -> None:
    if value not in ("1", "two_50_50"):
        reader.note(f"header_layout {quoted(value)}", "meters are placed by the width")


def _take_from_zero(reader: _Reader, value: str) -> None:
    if not _is_on(value):
        reader.note("cpu_count_from_zero=0", htop.NOTHING_LIKE_IT["cpu_count_from_one"])


_TAKERS: Final[dict[str, Callable[[_Reader, str], None]]] = {
    "hide_kernel_threads": _switch("kernel_threads", turned=True),
    "hide_userland_threads": _switch("user_threads", turned=True),
    "show_program_path": _switch("paths"),
    "enable_mouse": _switch("mouse"),
    "highlight_changes": _take_changes,
    "highlight_changes_delay_secs": _take_changes_delay,
    "delay": _take_delay,
    "htop_version": _take_version,
    "color_scheme": _take_colors,
    "header_layout": _take_layout,
    "cpu_count_from_zero": _take_from_zero,
}


# --- meters ---------------------------------------------------------------------------

_MANY_METERS: Final = (
    "left_meters", "right_meters", "left_meter_modes", "right_meter_modes",
)  # fmt: skip


def _take_column(reader: _Reader, key: str, value: str) -> None:
    """Take the meters of a column of the header, or their modes."""
    end = key.rpartition("_")[2]
    column = _number(end) if key.startswith("column_") else int("right" in key)
    if column is not None and 0 <= column < _MOST_WORDS:
        kind = reader.modes if "_modes" in key else reader.meters
        kind[column] = _words(value)


def _take_meters(reader: _Reader) -> None:
    entries: list[str] = []
    for column in sorted(reader.meters):
        names, modes = reader.meters[column], reader.modes.get(column, [])
        modes = [*modes, *[""] * (len(names) - len(modes))]
        for name, mode in zip(names, modes, strict=False):
            entries += _entries_of(reader, name, mode)
    if entries:
        reader.values["meters"] = tuple(one.entry for one in meters.parse(entries))


def _entries_of(reader: _Reader, name: str, mode: str) -> list[str]:
    match = _METER.fullmatch(name)
    found = htop.METERS.get(match[1]) if match else None
    if found is None or name.startswith("CPU("):
        reader.note(f"meter {quoted(name)}", "no counterpart")
        return []
    look = htop.MODES.get(_number(mode) or 0, "")
    return [_styled(reader, name, entry, look) for entry in found]


def _styled(reader: _Reader, name: str, entry: str, look: str) -> str:
    """Return the entry of a meter in the style nearest to a mode of htop."""
    meter_id = entry.partition(":")[0]
    styles = meters.METERS[meter_id].styles
    if look in styles:
        return f"{meter_id}:{look}"
    if look and look not in ("bar", "text"):
        usual = entry.partition(":")[2] or styles[0]
        reader.note(f"meter {name}", f"no style {look}; {usual}")
    return entry


# --- screens --------------------------------------------------------------------------


TAKEN: Final = frozenset({
    "main", "exited", "spawners", "groups", "events", "disks", "interfaces",
    "filesystems",
})  # fmt: skip
"""Tabs that list something else than a screen of htop."""
_LIKE_A_SCREEN: Final = (None, "processes")
"""What a tab lists that a screen of htop may become."""


def _take_of_screen(reader: _Reader, screen: _Screen, key: str, value: str) -> bool:
    """Take an entry of a screen; tell whether it is one."""
    if key == "fields":
        screen.fields = _words(value)
    elif key == "sort_key":
        screen.sort = value
    elif key == "sort_direction":
        screen.direction = _number(value)
    elif key == "tree_view":
        screen.tree = _is_on(value)
    elif key == "dynamic":
        reader.note(f"screen {quoted(screen.name)}", "no counterpart (pcp-htop)")
        screen.is_dynamic = True
    elif key in htop.NOTHING_LIKE_IT:
        if _is_on(value):
            reader.note(key, htop.NOTHING_LIKE_IT[key])
    else:
        return key in htop.NO_CHOICE
    return True


def _take_screens(reader: _Reader) -> None:
    """Make the first screen Main, and each other a tab."""
    static = [screen for screen in reader.screens if not screen.is_dynamic]
    main, *others = static or [reader.first]
    changes = _of_screen(reader, main)
    if changes.pop("machine_scale", False):
        reader.values["machine_scale"] = True
    reader.values.update(changes)
    tabs = {tab.id: tab for tab in reader.before.tabs}
    taken = TAKEN | {it.id for it in tabs.values() if it.rows not in _LIKE_A_SCREEN}
    made: set[str] = set()
    for screen in others:
        try:
            name = _tab_name(screen.name, taken, made)
        except UsageError as error:
            reader.note(f"screen {quoted(screen.name)}", error.reason)
            continue
        made.add(name.lower())
        old = tabs.get(name.lower(), TabSettings(name))
        changes = _of_screen(reader, screen)
        changes.pop("machine_scale", None)
        changes["tree"] = screen.tree or None
        tabs[name.lower()] = replace(old, **changes)
    reader.values["tabs"] = tuple(tabs.values())


def _tab_name(written: str, taken: Collection[str], made: Collection[str]) -> str:
    """Return the name of the tab of a screen; htop may have two of one name.

    Args:
        written: The name of the screen.
        taken: Tabs that list something else.
        made: Tabs of other screens.

    Raises:
        UsageError: It is no name of a tab.
    """
    name = tab_name(written)
    name = "io" if name.lower() == "i/o" else name
    name = f"htop {name}" if name.lower() in taken else name
    numbered = (f"{name} {number}" for number in range(2, _MOST_SCREENS + 1))
    free = (it for it in (name, *numbered) if it.lower() not in made)
    return tab_name(next(free))


def _of_screen(reader: _Reader, screen: _Screen) -> dict[str, Any]:
    """Return columns, order and tree of a screen, as far as it has them."""
    changes: dict[str, Any] = {}
    columns = [it for it in map(_finder(reader), screen.fields) if it is not None]
    if columns:
        changes["machine_scale"] = any(it.id == "ncpu_pct" for it in columns)
        changes["columns"] = _ids(columns)
    sort = _finder(reader)(screen.sort) if screen.sort else None
    if sort is not None:
        changes["sort"] = _ids([sort])[0]
        changes["descending"] = _descending(reader, sort, screen.direction)
    if screen.tree is not None:
        changes["tree"] = screen.tree
    return changes


def _ids(columns: Sequence[Column]) -> tuple[str, ...]:
    """Return ids, each once: CPU% is one column with two scales."""
    ids = ("cpu_pct" if it.id == "ncpu_pct" else it.id for it in columns)
    return command_last(dict.fromkeys(ids))


def _finder(reader: _Reader) -> Callable[[str], Column | None]:
    def find(written: str) -> Column | None:
        """Return the column of a name, or of a number less 1."""
        number, name = _number(written), written
        if number is not None:
            name = htop.NUMBERS.get(number + 1, "")
        column_id = HTOP.get(name)
        if column_id is None:
            reader.note(f"column {name or quoted(written)}", "no counterpart")
            return None
        if name in NEAR:
            reader.note(f"column {name}", NEAR[name])
        return COLUMNS[column_id]

    return find


def _descending(reader: _Reader, sort: Column, direction: int | None) -> bool | None:
    """Return whether the largest come first; None as usual for the column."""
    if direction is None:
        return None
    wanted = direction < 0 if reader.ascends else (direction > 0) == sort.descending
    return None if wanted == sort.descending else wanted
