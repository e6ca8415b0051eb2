"""Values of processes for JSON: functions from rows to a list of values.

The table is that of the processes or that of the exits; the name of a function says if
it is for one of them only.
"""

from collections.abc import Callable
from typing import Any, Final

from montauk_tui.engine.columns.extra_cells import children_key
from montauk_tui.export.fields import (
    argv_text,
    flag,
    known_list,
    seconds,
    text,
)
from montauk_tui.export.killed_by import killed_by as killed_by_of
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.frame import Frame
from montauk_tui.model.names import state_letter
from montauk_tui.model.records import cut_lines
from montauk_tui.model.sample import Identity, ProcessTable
from montauk_tui.model.schema import UNKNOWN, Floats, Ints

Table = ProcessTable | ExitTable
Values = Callable[[Frame, Any, Ints], list[Any]]
"""Returns a value for each of the given rows of a `Table`."""

_NS: Final = 10**9


def number(name: str) -> Values:
    """Return the getter of an integer column."""
    return lambda _frame, table, rows: known_list(getattr(table, name)[rows])


def both(name: str) -> tuple[Values, Values]:
    """Return the getters of a column of both tables."""
    return number(name), number(name)


def always(*, value: object) -> Values:
    """Return the getter of a constant."""
    return lambda _frame, _table, rows: [value] * len(rows)


def _floats(values: Floats, digits: int) -> list[float | None]:
    # NaN is unequal to itself.
    return [
        round(value, digits) if value == value else None  # noqa: PLR0124
        for value in values.tolist()
    ]


def rate(name: str, digits: int) -> Values:
    """Return the getter of a rate, rounded to some decimals."""
    return lambda frame, _table, rows: _floats(getattr(frame.rates, name)[rows], digits)


def _seconds(name: str, hz: Callable[[Frame], int]) -> Values:
    def values(frame: Frame, table: Any, rows: Ints) -> list[Any]:
        rate = hz(frame)
        return [seconds(value, rate) for value in getattr(table, name)[rows].tolist()]

    return values


def cpu_seconds(name: str) -> Values:
    """Return the getter of a CPU time in ticks, in seconds."""
    return _seconds(name, lambda frame: frame.sample.ticks_per_second)


def exit_seconds(name: str) -> Values:
    """Return the getter of a time of the exits, in seconds."""
    return _seconds(name, lambda _: _NS)


def start_time(frame: Frame, table: Table, rows: Ints) -> list[Any]:
    """Return the start times, wall clock."""
    return _starts(table.start_ticks[rows], frame, frame.sample.booted_at_s)


def start_boot(frame: Frame, table: Table, rows: Ints) -> list[Any]:
    """Return the start times, in seconds since boot."""
    return _starts(table.start_ticks[rows], frame, 0.0)


def _starts(ticks: Ints, frame: Frame, since_s: float) -> list[float | None]:
    hz = frame.sample.user_hz
    return [
        None if tick == UNKNOWN else round(since_s + tick / hz, 2)
        for tick in ticks.tolist()
    ]


def state(_frame: Frame, table: ProcessTable, rows: Ints) -> list[Any]:
    """Return the letters of states."""
    return [state_letter(code) or None for code in table.state[rows].tolist()]


def name(_frame: Frame, table: ProcessTable, rows: Ints) -> list[Any]:
    """Return the names."""
    return [*map(text, table.comm[rows].tolist())]


def exit_name(_frame: Frame, exits: ExitTable, rows: Ints) -> list[Any]:
    """Return the names; None for an exit of unknown name."""
    return [text(comm) or None for comm in exits.comm[rows].tolist()]


def _argv(frame: Frame, table: ProcessTable, rows: Ints) -> list[bytes | None]:
    pids, starts = table.pid[rows].tolist(), table.start_ticks[rows].tolist()
    return [*map(frame.lookups.cmdline, map(Identity, pids, starts))]


def cmdline(frame: Frame, table: ProcessTable, rows: Ints) -> list[Any]:
    """Return the arguments, None if they cannot be read."""
    return [
        None if raw is None else argv_text(raw) for raw in _argv(frame, table, rows)
    ]


def is_cut(frame: Frame, table: ProcessTable, rows: Ints) -> list[Any]:
    """Return which arguments are truncated."""
    # Outdated ones are read now.
    argv = _argv(frame, table, rows)
    cut = frame.lookups.cut_rows(table)[rows].tolist()
    pairs = zip(argv, cut, strict=True)
    return [None if raw is None else is_cut for raw, is_cut in pairs]


def exit_cmdline(_frame: Frame, exits: ExitTable, rows: Ints) -> list[Any]:
    """Return the arguments reported at the exit."""
    lines = zip(exits.cmdline[rows], exits.cmdline_bytes[rows], strict=True)
    return [argv_text(raw) if length else None for raw, length in lines]


def exit_is_cut(_frame: Frame, exits: ExitTable, rows: Ints) -> list[Any]:
    """Return which of them are truncated."""
    lengths = exits.cmdline_bytes[rows]
    lines = zip(cut_lines(exits.cmdline[rows], lengths).tolist(), lengths, strict=True)
    return [is_cut if length else None for is_cut, length in lines]


def exit_exe(_frame: Frame, exits: ExitTable, rows: Ints) -> list[Any]:
    """Return the program files, None for unknown."""
    return [text(raw) or None for raw in exits.exe[rows].tolist()]


def user(frame: Frame, table: Table, rows: Ints) -> list[Any]:
    """Return the names of users."""
    uids = table.uid[rows]
    names = {uid: frame.lookups.user(uid) for uid in set(uids.tolist()) - {UNKNOWN}}
    return [names.get(uid) for uid in uids.tolist()]


def children_pct(frame: Frame, _table: Table, rows: Ints) -> list[Any]:
    """Return the CPU use credited to parents."""
    return _floats(children_key(frame)[rows], 2)


def killed_by(frame: Frame, exits: ExitTable, rows: Ints) -> list[Any]:
    """Return the signals that ended them, and who sent these."""
    user = frame.lookups.user
    return [
        killed_by_of(frame.sample, exits, row, user) if exits.deaths else None
        for row in rows.tolist()
    ]


def core_dumped(_frame: Frame, exits: ExitTable, rows: Ints) -> list[Any]:
    """Return which exits left a core dump."""
    return [*map(flag, exits.core_dumped[rows])]
