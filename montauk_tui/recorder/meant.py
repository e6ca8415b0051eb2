"""Which moment a time means.

A clock shows a time more than once if somebody sets it back, or when summer time ends.
There is one rule: a part begins at the first of them and ends at the last, so that it
has all of them; a moment is the first. `first` or `last` after a time says otherwise.
"""

from typing import Final, NamedTuple

import numpy as np

from montauk_tui.engine.units import date_text
from montauk_tui.model.schema import Bools, Floats
from montauk_tui.model.text import quoted
from montauk_tui.recorder.times import Asked

SLACK_S: Final = 1.5
"""Samples may be as late as that without one missing."""

_TWICE: Final = 2


class Meant(NamedTuple):
    """The moment that is meant."""

    number: int
    """-1 for none up to a time, their number for none from it on."""
    wall_s: float
    """The wall clock that is meant."""
    remark: str
    """What a reader should know of it, in one line; empty if nothing."""
    is_twice: bool = False
    """Whether it says that the clock showed the time more than once."""


class _Found(NamedTuple):
    number: int
    wall_s: float
    is_there: bool
    """Whether something was recorded at that time, and not only near it."""


def begin_at(asked: Asked, wall_s: Floats, interval_s: Floats) -> Meant:
    """Return the first moment that is not before a time.

    Args:
        asked: The time.
        wall_s: The wall clocks of all moments, of which there is one.
        interval_s: The lengths of their intervals.
    """
    begun_s = wall_s - np.nan_to_num(interval_s) - SLACK_S
    found = [
        _Found(int(number), time_s, bool(begun_s[number] <= time_s))
        for time_s in asked.walls_s
        for number in np.flatnonzero(_rises(wall_s >= time_s))
    ]
    if not found:
        return Meant(len(wall_s), asked.walls_s[0], "")
    meant, remark = _chosen(asked, found, "first")
    is_twice = bool(remark)
    if not meant.is_there:
        number = meant.number
        begins = "the recording begins" if number == 0 else "nothing was recorded until"
        remark = f"{quoted(asked.text)}: {begins} {date_text(wall_s[number])}"
    return Meant(meant.number, meant.wall_s, remark, is_twice)


def end_at(
    asked: Asked, wall_s: Floats, interval_s: Floats, usual: str = "last"
) -> Meant:
    """Return the last moment that is not after a time; arguments as for `begin_at`.

    `usual` says which is meant of several: the `last`, or the `first` for a moment.
    """
    last, text = len(wall_s) - 1, quoted(asked.text)
    begun_s = wall_s - np.nan_to_num(interval_s) - SLACK_S

    def is_there(number: int, time_s: float) -> bool:
        """Tell whether it is in an interval: the next moment's, or after the last."""
        if number == last:
            return time_s <= float(wall_s[last]) + SLACK_S
        return bool(begun_s[number + 1] <= time_s)

    found = [
        _Found(number, time_s, is_there(number, time_s))
        for time_s in asked.walls_s
        for number in np.flatnonzero(_rises((wall_s <= time_s)[::-1])[::-1]).tolist()
    ]
    if not found:
        first_text = f"{text}: the first sample is of {date_text(wall_s[0])}"
        return Meant(-1, asked.walls_s[0], first_text)
    meant, remark = _chosen(asked, found, usual)
    is_twice = bool(remark)
    if not meant.is_there and meant.number == last:
        remark = f"{text}: the last sample is of {date_text(wall_s[-1])}"
    elif not meant.is_there:
        remark = (
            f"{text}: no sample between {date_text(wall_s[meant.number])} "
            f"and {date_text(wall_s[meant.number + 1])}; this is the earlier one"
        )
    return Meant(meant.number, meant.wall_s, remark, is_twice)


def _rises(wanted: Bools) -> Bools:
    """Return where a run of true values begins."""
    begins: Bools = wanted.copy()
    begins[1:] &= ~wanted[:-1]
    return begins


def _chosen(asked: Asked, found: list[_Found], usual: str) -> tuple[_Found, str]:
    """Return the one that is meant, and that there are others."""
    found = sorted([one for one in found if one.is_there] or found)
    which = asked.which or usual
    meant = found[0 if which == "first" else -1]
    if asked.which or len(found) < _TWICE or not meant.is_there:
        return meant, ""
    other = "last" if which == "first" else "first"
    times = "twice" if len(found) == _TWICE else f"{len(found)} times"
    remark = (
        f"the clock showed {quoted(asked.text)} {times}: this is the {which}, "
        f"{quoted(f'{asked.text} {other}')} is the {other}"
    )
    return meant, remark
