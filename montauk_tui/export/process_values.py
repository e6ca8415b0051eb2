"""Values of processes for JSON: functions from rows to a list of values.

The rows are those of the table of processes, or with `of_exit` in the name those of the
processes that ended.
"""

from collections.abc import Callable
from typing import Any, Final

from montauk_tui.engine.cells import state_letter
from montauk_tui.engine.extra_cells import children_key
from montauk_tui.engine.units import NOTHING_KNOWN
from montauk_tui.export.fields import argv_text, flag, known, rounded, seconds, text
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.frame import Frame
from montauk_tui.model.records import cut_lines
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import UNKNOWN, Floats, Ints

Values = Callable[[Frame, Ints], list[Any]]

_NS: Final = 10**9


def _exits(frame: Frame) -> ExitTable:
    exits = frame.sample.exits
    return ExitTable.empty() if exits is None else exits


def _table(frame: Frame) -> ProcessTable:
    return frame.sample.processes


def number(name: str) -> Values:
    """Return what tells an integer column."""
    return lambda frame, rows: [*map(known, getattr(_table(frame), name)[rows])]


def number_of_exit(name: str) -> Values:
    """Return what tells an integer column of the exits."""
    return lambda frame, rows: [*map(known, getattr(_exits(frame), name)[rows])]


def both(name: str) -> tuple[Values, Values]:
    """Return what tells a column that both tables have."""
    return number(name), number_of_exit(name)


def always(*, value: object) -> Values:
    """Return what tells the same of each."""
    return lambda _frame, rows: [value] * len(rows)


def _floats(values: Floats, digits: int) -> list[float | None]:
    return [rounded(value, digits) for value in values.tolist()]


def rate(name: str, digits: int) -> Values:
    """Return what tells one of the rates with so many decimals."""
    return lambda frame, rows: _floats(getattr(frame.rates, name)[rows], digits)


def cpu_seconds(name: str) -> Values:
    """Return what tells a CPU time, of a counter in ticks."""

    def values(frame: Frame, rows: Ints) -> list[Any]:
        hz = frame.sample.ticks_per_second
        return [seconds(value, hz) for value in getattr(_table(frame), name)[rows]]

    return values


def seconds_of_exit(name: str) -> Values:
    """Return what tells a time of the exits in seconds."""

    def values(frame: Frame, rows: Ints) -> list[Any]:
        return [seconds(value, _NS) for value in getattr(_exits(frame), name)[rows]]

    return values


def _starts(ticks: Ints, frame: Frame, since_s: float) -> list[float | None]:
    hz = frame.sample.user_hz
    return [
        None if tick == UNKNOWN else round(since_s + tick / hz, 2)
        for tick in ticks.tolist()
    ]


def start_time(frame: Frame, rows: Ints) -> list[Any]:
    """Return when each started, by the wall clock."""
    ticks = _table(frame).start_ticks[rows]
    return _starts(ticks, frame, frame.sample.booted_at_s)


def start_time_of_exit(frame: Frame, rows: Ints) -> list[Any]:
    """Return the same of the exits."""
    ticks = _exits(frame).start_ticks[rows]
    return _starts(ticks, frame, frame.sample.booted_at_s)


def start_boot(frame: Frame, rows: Ints) -> list[Any]:
    """Return when each started, in seconds since boot."""
    return _starts(_table(frame).start_ticks[rows], frame, 0.0)


def start_boot_of_exit(frame: Frame, rows: Ints) -> list[Any]:
    """Return the same of the exits."""
    return _starts(_exits(frame).start_ticks[rows], frame, 0.0)


def state(frame: Frame, rows: Ints) -> list[Any]:
    """Return the letters of states."""
    letters = map(state_letter, _table(frame).state[rows].tolist())
    return [None if letter == NOTHING_KNOWN else letter for letter in letters]


def name(frame: Frame, rows: Ints) -> list[Any]:
    """Return the names."""
    return [*map(text, _table(frame).comm[rows].tolist())]


def name_of_exit(frame: Frame, rows: Ints) -> list[Any]:
    """Return the names; an end of which nobody tells a name has none."""
    return [text(comm) or None for comm in _exits(frame).comm[rows].tolist()]


def _argv(frame: Frame, rows: Ints) -> list[bytes | None]:
    table, read = _table(frame), frame.lookups.cmdline
    return [read(table.identity(row)) for row in rows.tolist()]


def cmdline(frame: Frame, rows: Ints) -> list[Any]:
    """Return the arguments, None where they cannot be read."""
    return [None if raw is None else argv_text(raw) for raw in _argv(frame, rows)]


def is_cut(frame: Frame, rows: Ints) -> list[Any]:
    """Return which arguments are cut."""
    # Those that are too old are read now.
    argv = _argv(frame, rows)
    cut = frame.lookups.cut_rows(_table(frame))[rows].tolist()
    told = zip(argv, cut, strict=True)
    return [None if raw is None else is_cut for raw, is_cut in told]


def cmdline_of_exit(frame: Frame, rows: Ints) -> list[Any]:
    """Return the arguments that were told at the end."""
    exits = _exits(frame)
    lines = zip(exits.cmdline[rows], exits.cmdline_bytes[rows], strict=True)
    return [argv_text(raw) if length else None for raw, length in lines]


def is_cut_of_exit(frame: Frame, rows: Ints) -> list[Any]:
    """Return which of them are not all there."""
    exits = _exits(frame)
    lengths = exits.cmdline_bytes[rows]
    lines = zip(cut_lines(exits.cmdline[rows], lengths).tolist(), lengths, strict=True)
    return [is_cut if length else None for is_cut, length in lines]


def user(frame: Frame, rows: Ints) -> list[Any]:
    """Return the names of users."""
    return _users(frame, _table(frame).uid[rows])


def user_of_exit(frame: Frame, rows: Ints) -> list[Any]:
    """Return the same of the exits."""
    return _users(frame, _exits(frame).uid[rows])


def _users(frame: Frame, uids: Ints) -> list[Any]:
    names = {uid: frame.lookups.user(uid) for uid in set(uids.tolist()) - {UNKNOWN}}
    return [names.get(uid) for uid in uids.tolist()]


def children_pct(frame: Frame, rows: Ints) -> list[Any]:
    """Return the CPU use that parents were credited with."""
    return _floats(children_key(frame)[rows], 2)


def core_dumped(frame: Frame, rows: Ints) -> list[Any]:
    """Return which exits left a core dump."""
    return [*map(flag, _exits(frame).core_dumped[rows])]
