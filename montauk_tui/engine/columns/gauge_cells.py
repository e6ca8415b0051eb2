"""Cells of gauges and labels that cost a file for each process.

Drawing reads those of the rows on the screen. Sorting and filtering take what is known:
their columns have needs, so that the collector reads those of every process. Threads
have the values of their process; an exited process has none.
"""

import math
from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from montauk_tui.engine.columns.cells import Key, Level, Meaning, Text
from montauk_tui.engine.order import known_rank
from montauk_tui.engine.rows.kinds import is_living, kind_of
from montauk_tui.engine.units import NOTHING_KNOWN
from montauk_tui.model.frame import Frame
from montauk_tui.model.kinds import RowKind
from montauk_tui.model.names import DEAD
from montauk_tui.model.sample import Identity
from montauk_tui.model.schema import UNKNOWN, Floats, Need

Texts = Callable[[Frame], list[str]]
"""A text for each row, empty for unknown, without reading anything."""
Asked = Callable[[Frame, int], str]
"""The text of one row, read where it is not known."""

_NOBODY: Final = Identity(0, 0)
"""Matches no process: the idle task has pid 0, and is never a row."""


def _holder(frame: Frame, row: int, *, by_thread: bool = False) -> Identity | None:
    """Return the process whose value a row shows, None for exited ones and groups."""
    table = frame.sample.processes
    if table.state[row] == DEAD or kind_of(frame, row) > RowKind.THREAD:
        return None
    if by_thread or table.pid[row] == table.tgid[row]:
        return table.identity(row)
    leader = table.row_of_pid(int(table.tgid[row]))
    return None if leader is None else table.identity(leader)


def _holders(frame: Frame, *, by_thread: bool = False) -> list[tuple[int, int]]:
    """Return the same for every row; hot path of sorting."""
    table = frame.sample.processes
    pid, start = table.pid, table.start_ticks
    is_blank = (table.state == DEAD) | ~is_living(frame)
    if not by_thread and not table.is_process.all():
        leader = np.searchsorted(pid, table.tgid).clip(max=len(table) - 1)
        is_blank |= pid[leader] != table.tgid
        pid, start = pid[leader], start[leader]
    pid = np.where(is_blank, _NOBODY.pid, pid)
    return list(zip(pid.tolist(), start.tolist(), strict=True))


# --- numbers --------------------------------------------------------------------------


def gauge(frame: Frame, name: str, row: int, *, by_thread: bool = False) -> float:
    """Return a gauge of a row, NaN where it is unknown."""
    identity = _holder(frame, row, by_thread=by_thread)
    return math.nan if identity is None else frame.lookups.gauge(name, identity)


def gauge_key(name: str, *, by_thread: bool = False) -> Key:
    """Return what sorts by a gauge."""
    return lambda frame: np.array(
        frame.lookups.known_gauges(name, _holders(frame, by_thread=by_thread)),
        dtype=np.float64,
    )


def gauge_text(name: str, write: Callable[[float], str]) -> Text:
    """Return what writes a gauge."""
    return lambda frame, row: write(gauge(frame, name, row))


def throttled_key(frame: Frame) -> Floats:
    """Return the share of periods in which the cgroup of each was throttled."""
    throttled, periods = (gauge_key(name)(frame) for name in ("throttled", "periods"))
    share: Floats = throttled / np.where(periods == 0, 1.0, periods) * 100.0
    return share


def throttled_pct(frame: Frame, row: int) -> float:
    """Return the same of one row; 0 where there is no limit."""
    periods = gauge(frame, "periods", row)
    return gauge(frame, "throttled", row) / (periods or 1.0) * 100.0


def throttled_level(frame: Frame, row: int) -> Level:
    """Return the level of a share of throttled periods."""
    share = throttled_pct(frame, row)
    if share >= 25:  # noqa: PLR2004 - what is commonly warned of
        return Level.HOT
    return Level.WARM if share > 0 else Level.FAINT


def gauge_level(name: str) -> Meaning:
    """Return a level that is FAINT for 0 and unknown."""

    def level(frame: Frame, row: int) -> Level:
        value = gauge(frame, name, row)
        return Level.FAINT if value == 0 or math.isnan(value) else Level.PLAIN

    return level


# --- texts ----------------------------------------------------------------------------


class Label(NamedTuple):
    """Texts of processes, for drawing and for sorting and filtering."""

    texts_of: Texts
    text_of: Asked
    need: Need

    def key(self, frame: Frame) -> Floats:
        """Sort by the text, unknown last."""
        return known_rank(self.texts_of(frame))

    def text(self, frame: Frame, row: int) -> str:
        """Write it."""
        return self.text_of(frame, row) or NOTHING_KNOWN


def label(name: str, *, by_thread: bool = False) -> Label:
    """Return a label as it is looked up.

    Args:
        name: What `Lookups.label` calls it.
        by_thread: Whether threads have their own rather than their process's.
    """

    def texts_of(frame: Frame) -> list[str]:
        return frame.lookups.known_labels(name, _holders(frame, by_thread=by_thread))

    def text_of(frame: Frame, row: int) -> str:
        identity = _holder(frame, row, by_thread=by_thread)
        return "" if identity is None else frame.lookups.label(name, identity)

    return Label(texts_of, text_of, Need.of(name))


def cgroups(frame: Frame) -> list[str]:
    """Return the cgroup path of each row; of exited ones if their record has it."""
    numbers = frame.sample.processes.cgroup_id
    paths = frame.lookups.known_labels("cgroup", _holders(frame))
    distinct, inverse = np.unique(numbers, return_inverse=True)
    names = [_of_number(frame, number) for number in distinct.tolist()]
    return [
        names[place] if is_readable(names[place]) else path or names[place]
        for place, path in zip(inverse.tolist(), paths, strict=True)
    ]


def _cgroup(frame: Frame, row: int) -> str:
    name = _of_number(frame, int(frame.sample.processes.cgroup_id[row]))
    return name if is_readable(name) else label("cgroup").text_of(frame, row) or name


def _of_number(frame: Frame, number: int) -> str:
    return "" if number == UNKNOWN else frame.lookups.cgroup(number)


def is_readable(path: str) -> bool:
    """Tell whether a path is more than the root, which all have in version 1."""
    return len(path) > 1 and path.startswith("/")


def of_cgroup(make: Callable[[str], str] = str) -> Label:
    """Return a label made of the path of the cgroup."""
    return Label(
        lambda frame: list(map(make, cgroups(frame))),
        lambda frame, row: make(_cgroup(frame, row)),
        Need.of("cgroup"),
    )
