"""The fields of queries: every column, by its id, its title or a short name."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from montauk_tui.engine.columns import table
from montauk_tui.engine.columns.cells import Key, number, start_key
from montauk_tui.engine.columns.column import Column, Kind
from montauk_tui.engine.columns.extra_cells import extra_key
from montauk_tui.engine.columns.gauge_cells import Texts
from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.engine.interval.events import NAMES as EVENTS
from montauk_tui.engine.rows.causes import error_text, how_text, killer_name
from montauk_tui.engine.rows.kinds import extra_value
from montauk_tui.engine.units import NOTHING_KNOWN
from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import Floats, Need
from montauk_tui.model.text import clean

Groups = Callable[[Frame], npt.NDArray[Any]]
"""Values by row; equal values have equal texts."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field that a query can compare."""

    id: str
    kind: Kind
    number: Key | None = None
    """A number for each row, NaN where unknown; a text has none."""
    text: Callable[[Frame, int], str | None] | None = None
    groups: Groups | None = None
    """None where rows have no common texts."""
    texts: Texts | None = None
    """The texts of all rows at once, if `text` would read each; empty for unknown."""
    need: Need = Need.NONE


# --- numbers --------------------------------------------------------------------------


def _seconds(field: str) -> Key:
    return lambda frame: number(field)(frame) / frame.sample.ticks_per_second


def _mem_pct(frame: Frame) -> Floats:
    total = frame.sample.host.memory.total or np.nan
    share: Floats = number("rss_bytes")(frame) / total * 100.0
    return share


def _started_s(frame: Frame) -> Floats:
    return frame.sample.booted_at_s + start_key(frame) / frame.sample.user_hz


def _age_s(frame: Frame) -> Floats:
    return np.maximum(frame.sample.time_s - _started_s(frame), 0.0)


def _signal(frame: Frame) -> Floats:
    """Return the signal that killed each, 0 for those that called exit(2)."""
    return extra_key("exit_status")(frame) % 128


def _exit_code(frame: Frame) -> Floats:
    """Return the exit code; for a signal 128 and its number, as a shell does."""
    status, by_signal = extra_key("exit_status")(frame), _signal(frame)
    code: Floats = np.where(by_signal > 0, 128 + by_signal, status // 256)
    return code


_NUMBERS: Final[dict[str, tuple[Kind, Key]]] = {
    "cpu_pct": (Kind.PERCENT, COLUMNS["cpu_pct"].key),
    "ncpu_pct": (
        Kind.PERCENT,
        lambda it: it.rates.cpu_pct / len(it.sample.host.cpu_ids),
    ),
    "mem_pct": (Kind.PERCENT, _mem_pct),
    "cpu_time": (Kind.DURATION, COLUMNS["cpu_time"].key),
    "utime": (Kind.DURATION, _seconds("utime")),
    "stime": (Kind.DURATION, _seconds("stime")),
    "cutime": (Kind.DURATION, _seconds("cutime")),
    "cstime": (Kind.DURATION, _seconds("cstime")),
    "start": (Kind.CLOCK, _started_s),
    "elapsed": (Kind.DURATION, _age_s),
    "exit_status": (Kind.EXIT, _exit_code),
    "ended_s": (Kind.CLOCK, extra_key("ended_s")),
    "event_s": (Kind.CLOCK, extra_key("event_s")),
}
"""Fields that are not compared by the sort key of their column."""

_SUFFIXES: Final = {"_bytes": Kind.SIZE, "_s": Kind.DURATION, "_pct": Kind.PERCENT}


# --- texts ----------------------------------------------------------------------------


def _table(name: str) -> Groups:
    return lambda frame: getattr(frame.sample.processes, name)


def _name(frame: Frame, row: int) -> str | None:
    return clean(bytes(frame.sample.processes.comm[row])) or None


_GROUPS: Final[dict[str, Groups]] = {
    "tty": _table("tty"),
    "user": _table("uid"),
    "policy": _table("policy"),
    "state": _table("state"),
    "comm": _table("comm"),
    "event": extra_key("event"),
}

_TEXTS: Final[dict[str, Texts]] = {
    "command": lambda frame: frame.lookups.known_texts(frame.sample.processes)
}
"""The command line; the name where it is not cached."""


def _event(frame: Frame, row: int) -> str | None:
    kind = extra_value(frame, "event", row)
    return None if math.isnan(kind) else EVENTS[int(kind)]


_OWN: Final = {"comm": _name, "event": _event}
"""Texts in which `-` does not mean unknown, or that a list shows in another way."""


def _field(column: Column) -> Field:
    """Return the field of a column."""
    name = column.id
    if name in _NUMBERS:
        return Field(name, *_NUMBERS[name], need=column.need)
    if texts := column.texts or _TEXTS.get(name):
        return Field(name, Kind.TEXT, texts=texts, need=column.need)
    if name in _GROUPS or column.left:
        kind = Kind.STATE if name == "state" else Kind.TEXT
        text = _OWN.get(name) or _known_text(column)
        return Field(name, kind, text=text, groups=_GROUPS.get(name), need=column.need)
    kinds = (kind for suffix, kind in _SUFFIXES.items() if name.endswith(suffix))
    kind = column.kind or next(kinds, Kind.NUMBER)
    return Field(name, kind, column.key, need=column.need)


def _known_text(column: Column) -> Callable[[Frame, int], str | None]:
    def text(frame: Frame, row: int) -> str | None:
        shown = column.text(frame, row)
        return None if shown == NOTHING_KNOWN else shown

    return text


# --- names ----------------------------------------------------------------------------

FIELDS: Final = {
    **{column.id: _field(column) for column in COLUMNS.values()},
    "signal": Field("signal", Kind.SIGNAL, _signal),
    "error": Field("error", Kind.TEXT, text=error_text, groups=extra_key("errno")),
    "killed": Field("killed", Kind.TEXT, text=how_text),
    "killer": Field("killer", Kind.TEXT, text=killer_name),
}
"""Every field by its id."""

_IDS: Final = (
    "cgroup command container event nice oom pid ppid signal start state threads "
    "tty uid unit user"
)

SHORT: Final = dict(sorted({
    **{name: name for name in _IDS.split()},
    "age": "elapsed",
    "args": "command",
    "at": "event_s",
    "cpu": "cpu_pct",
    "ended": "ended_s",
    "error": "error",
    "exit": "exit_status",
    "io": "io_rate",
    "killed": "killed",
    "killer": "killer",
    "life": "lifetime_s",
    "maxrss": "peak_rss_bytes",
    "mem": "rss_bytes",
    "mem%": "mem_pct",
    "name": "comm",
    "priv": "uss_bytes",
    "pss": "pss_bytes",
    "read": "io_read_rate",
    "res": "rss_bytes",
    "rss": "rss_bytes",
    "runq": "runq_pct",
    "shr": "shared_bytes",
    "swap": "swap_bytes",
    "time": "cpu_time",
    "virt": "virt_bytes",
    "write": "io_write_rate",
}.items()))  # fmt: skip
"""Short names; completion offers these first."""

NAMES: Final = {
    **table.NAMES,
    **{name: name for name in FIELDS},
    "%cpu": "cpu_pct",
    "%mem": "mem_pct",
    **SHORT,
}
"""Every name of a field, in lower case."""

PARENT: Final = "parent."

MOST_PARENTS: Final = 16


def find(name: str) -> tuple[Field, int] | None:
    """Return the field that `name` means and how many parents up, None for no field."""
    rest, parents = name.lower(), 0
    while rest.startswith(PARENT):
        rest, parents = rest.removeprefix(PARENT), parents + 1
    if rest not in NAMES or parents > MOST_PARENTS:
        return None
    return FIELDS[NAMES[rest]], parents
