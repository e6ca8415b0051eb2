"""Readers: each validates and converts a value of the settings file."""

import os
import pwd
from collections.abc import Iterable, Sequence
from typing import Any, Final

from montauk_tui.config.durations import in_range, parse_duration
from montauk_tui.errors import MOST_COMPLAINTS, UsageError, did_you_mean
from montauk_tui.model.amounts import read_bytes, read_seconds
from montauk_tui.model.text import cell_width, clean_text, quoted

# The engine imports numpy, 0.1 s of start-up that --help does not need.
# ruff: noqa: PLC0415

ROWS: Final = {
    "processes": "Processes",
    "exited": "Exited processes",
    "spawners": "Processes that start other processes",
    "groups": "Groups of processes",
    "events": "Forks, execs and exits",
    "disks": "Disks",
    "interfaces": "Network interfaces",
    "filesystems": "File systems",
}
"""What a tab may list, and its title."""

_WIDEST_NAME: Final = 20
"""Cells of the name of a tab."""

_DAY_S: Final = 86_400.0
_SMALLEST_MEMORY: Final = 1 << 20
_LARGEST_MEMORY: Final = 1 << 32

_LONGEST_GROUP: Final = 100
"""Characters of the name of a group."""

_LONGEST_FILTER: Final = 10_000
_LONGEST_LIST: Final = 500
_MOST_PIDS: Final = 1_000
_LARGEST_PID: Final = 1 << 22
"""PID_MAX_LIMIT of the kernel (include/linux/threads.h)."""
_NAMES: Final = "see getent passwd for the names"
_LARGEST_UID: Final = (1 << 32) - 2
_DIGITS: Final = 10


def one_line(problem: object) -> str:
    """Return a message as one line that is safe to show."""
    return clean_text(" ".join(str(problem).split()))


def unknown_keys(
    keys: Iterable[str], known: Sequence[str], earlier: int = 0
) -> list[str]:
    """Return a line for each key that is unknown.

    Args:
        keys: Keys of the file.
        known: Known keys.
        earlier: Number of earlier lines; lines beyond the limit need no remedy.
    """
    every = f"remove it, or use one of: {', '.join(known)}"
    unknown = (key for key in keys if key not in known)
    return [
        f"unknown key {quoted(key)}; {did_you_mean(key, known) or every}"
        if number < MOST_COMPLAINTS
        else ""
        for number, key in enumerate(unknown, earlier)
    ]


def interval(value: Any) -> float:
    """Read a duration: seconds, or text."""
    if isinstance(value, str):
        return parse_duration(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        reason = "it is not a duration"
        raise UsageError(reason, 'write seconds, or text like "500ms"')
    return float(in_range(value, "it"))


def linger(value: Any) -> float:
    """Read a duration that may be 0."""
    if value in (0, "0", "0s") and not isinstance(value, bool):
        return 0.0
    return interval(value)


def remembered(value: Any) -> float:
    """Read how long something is remembered: 0 to a day."""
    seconds = read_seconds(value) if isinstance(value, str) else _number(value)
    if seconds is None or not 0 <= seconds <= _DAY_S:
        reason = "it is not a duration of 0 to a day"
        raise UsageError(reason, 'write seconds, or text like "15m"')
    return seconds


def size(value: Any) -> int:
    """Read a number of bytes: 1 MiB to 4 GiB."""
    count = read_bytes(value) if isinstance(value, str) else _number(value)
    if count is None or not _SMALLEST_MEMORY <= count <= _LARGEST_MEMORY:
        reason = "it is not a size of 1 MiB to 4 GiB"
        raise UsageError(reason, 'write bytes, or text like "16m"')
    return int(count)


def _number(value: Any) -> float | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number else None


def text(value: Any) -> str:
    """Read a text."""
    if not isinstance(value, str):
        reason = "it is not text"
        raise UsageError(reason, "put it in quotes")
    return value


def filter_text(value: Any) -> str:
    """Read a valid filter."""
    written = text(value)
    if len(written) > _LONGEST_FILTER:
        reason = f"it has more than {_LONGEST_FILTER:,} characters"
        raise UsageError(reason, "write a shorter one")
    return query_text(written)


def query_text(written: str) -> str:
    """Return a filter if it is valid, whatever its length."""
    from montauk_tui.engine import query

    query.parse(written)
    return written


def switch(value: Any) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        reason = "it must be true or false"
        raise UsageError(reason, "write true or false, without quotes")
    return value


def column(value: Any) -> str:
    """Read a column by any of its names."""
    from montauk_tui.engine.columns import table

    return table.find(text(value)).id


def sort_key(written: str) -> str:
    """Read a column to sort by: also by a name of htop or top, with top's sign."""
    from montauk_tui.engine.columns import foreign

    return foreign.find(written.lstrip("+-")).id


def sort_direction(written: str) -> bool | None:
    """Return whether the largest come first; None without a sign, as in top(1)."""
    return {"+": True, "-": False}.get(written[:1])


def user(written: str) -> int:
    """Read the name or number of a user; nothing is the one who runs montauk."""
    if not written:
        return os.geteuid()
    try:
        return pwd.getpwnam(written).pw_uid
    except (KeyError, ValueError):
        number = _whole(written)
        if number is None or number > _LARGEST_UID:
            reason, remedy = f"no user is called {quoted(written)}", _NAMES
            if written.startswith("!"):
                # Means all others in top(1).
                remedy = f"write --filter 'not user = {clean_text(written[1:])}'"
            raise UsageError(reason, remedy) from None
        return number


def pids(written: Iterable[str]) -> tuple[int, ...]:
    """Read lists of PIDs separated by commas."""
    found: dict[int, None] = {}
    for text_ in ",".join(written).split(","):
        number = _whole(text_.strip())
        if not number or number > _LARGEST_PID:
            reason = f"{quoted(text_)} is not a PID"
            raise UsageError(reason, "write for example 1,4242")
        found[number] = None
    if len(found) > _MOST_PIDS:
        raise UsageError(f"more than {_MOST_PIDS:,} PIDs", "name fewer")
    return tuple(found)


def _whole(written: str) -> int | None:
    """Return a number without a sign, None for everything else."""
    is_number = written.isascii() and written.isdigit() and len(written) <= _DIGITS
    return int(written) if is_number else None


def column_list(value: Any) -> tuple[str, ...]:
    """Read columns by any of their names, each with an optional width."""
    from montauk_tui.engine.columns import table

    if not isinstance(value, list) or not value:
        reason = "it is not a list of columns"
        raise UsageError(reason, 'write for example ["pid", "user:12", "command"]')
    _check_length(value)
    entries: dict[str, str] = {}
    for item in value:
        entry = table.entry(text(item))
        entries.setdefault(table.id_of(entry), entry)
    return table.command_last(entries.values())


def usual_columns() -> tuple[str, ...]:
    """Return the default columns of the tab Main."""
    from montauk_tui.engine.columns import table

    return table.DEFAULT


def meter_list(value: Any) -> tuple[str, ...]:
    """Read meters, each with an optional style."""
    from montauk_tui.engine import meters

    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        reason = "it is not a list of meters"
        raise UsageError(reason, 'write for example ["cpu", "memory:graph"]')
    _check_length(value)
    return tuple(one.entry for one in meters.parse(value))


def usual_meters() -> tuple[str, ...]:
    """Return the default meters."""
    from montauk_tui.engine import meters

    return meters.DEFAULT


def names(value: Any) -> tuple[str, ...]:
    """Read names, in lower case."""
    if not isinstance(value, list):
        reason = "it is not a list of names"
        raise UsageError(reason, 'write for example ["main", "exited"]')
    _check_length(value)
    return tuple(dict.fromkeys(text(item).strip().lower() for item in value))


def _check_length(entries: Sequence[Any]) -> None:
    if len(entries) > _LONGEST_LIST:
        reason = f"it has more than {_LONGEST_LIST} entries"
        raise UsageError(reason, "remove duplicates")


def tab_name(value: Any) -> str:
    """Read the name of a tab."""
    name = one_line(text(value))
    if not name or cell_width(name) > _WIDEST_NAME:
        reason = "it is not a tab name"
        raise UsageError(reason, f"write 1 to {_WIDEST_NAME} characters")
    return name


def shown(value: Any) -> str:
    """Read whether something is shown."""
    return one_of(text(value), ("auto", "on", "off"), "choice")


def group_name(value: Any) -> str:
    """Read the name of a group of the exporter; what has no group is in `other`."""
    name = one_line(text(value))
    if not name or len(name) > _LONGEST_GROUP or name == "other":
        reason = "it is not a name for a group"
        remedy = f"write 1 to {_LONGEST_GROUP} characters, and not other"
        raise UsageError(reason, remedy)
    return name


def row_kind(value: Any) -> str:
    """Read the rows of a tab."""
    return one_of(text(value), tuple(ROWS), "unknown rows")


def one_of(name: str, known: Sequence[str], what: str) -> str:
    """Return a known name.

    Raises:
        UsageError: It is unknown; `what` begins the reason.
    """
    if name not in known:
        reason = f"{what} called {quoted(name)}"
        remedy = did_you_mean(name, known) or f"choose one of: {', '.join(known)}"
        raise UsageError(reason, remedy)
    return name
