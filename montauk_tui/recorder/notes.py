"""What was between two moments: a gap, a suspend, a clock that was set, a boot."""

from datetime import datetime
from typing import Any, Final

import numpy as np

from montauk_tui.engine.units import duration_text
from montauk_tui.model.recording import Mark
from montauk_tui.model.schema import Floats
from montauk_tui.model.text import quoted
from montauk_tui.recorder.segment import Entries
from montauk_tui.recorder.times import first_from, last_until

_SLACK_S: Final = 1.5
"""Samples may be as late as that without one missing."""


def note_of(before: Any, entry: Any, *, has_booted: bool) -> str:
    """Return what was between two entries of an index, empty if nothing special.

    Args:
        before: The entry before.
        entry: The entry.
        has_booted: Whether the machine was started between the two.
    """
    wall_s, passed_s = (
        (int(entry[name]) - int(before[name])) / 1e9
        for name in ("wall_ns", "monotonic_ns")
    )
    if has_booted:
        return f"after a boot and {_duration(wall_s)} without a sample"
    found = []
    marks, jump_s = int(entry["marks"]), wall_s - passed_s
    if marks & Mark.SUSPENDED:
        found.append(f"suspended for {_duration(jump_s)}")
    if marks & Mark.CLOCK:
        how = "suspended and " if found else ""
        way = "forward" if jump_s > 0 else "back"
        found = [f"{how}clock set {way} by {_duration(jump_s)}"]
    interval_s = float(entry["usage"][0])
    missing_s = passed_s - (0.0 if np.isnan(interval_s) else interval_s)
    if missing_s > _SLACK_S:
        found.append(f"after {_duration(missing_s)} without a sample")
    return ", ".join(found)


def about_begin(text: str, begin_s: float, index: Entries) -> str:
    """Return what a reader should know of a part that begins at a time; else empty.

    Args:
        text: The time as it was given.
        begin_s: Its wall clock.
        index: Entries of all moments, of which some is not before.
    """
    wall_s: Floats = index["wall_ns"] / 1e9
    first = first_from(wall_s, begin_s)
    is_after = wall_s >= begin_s
    times = int(is_after[0]) + int((is_after[1:] & ~is_after[:-1]).sum())
    if times > 1:
        return (
            f"the clock showed {quoted(text)} {times} times, as it was set back; "
            "this is the first"
        )
    covered_s = np.nan_to_num(index["usage"][first, 0]) + _SLACK_S
    if wall_s[first] - covered_s <= begin_s:
        return ""
    begins = "the recording begins" if first == 0 else "nothing was recorded until"
    return f"{quoted(text)}: {begins} {clock(wall_s[first])}"


def about_end(text: str, end_s: float, wall_s: Floats, interval_s: Floats) -> str:
    """Return what a reader should know of the last moment up to a time; else empty.

    Args:
        text: The time as it was given.
        end_s: Its wall clock.
        wall_s: Those of all moments, of which there is one.
        interval_s: The lengths of their intervals.
    """
    if end_s > wall_s[-1] + _SLACK_S:
        return f"{quoted(text)}: the last sample is of {clock(wall_s[-1])}"
    last = last_until(wall_s, end_s)
    if last < 0:
        return f"{quoted(text)}: the first sample is of {clock(wall_s[0])}"
    is_before = wall_s <= end_s
    times = int((is_before[:-1] & ~is_before[1:]).sum()) + int(is_before[-1])
    if times > 1:
        return (
            f"the clock showed {quoted(text)} {times} times, as it was set back; "
            "this is the last"
        )
    after = last + 1
    covered_s = np.nan_to_num(interval_s[after : after + 1]) + _SLACK_S
    if (wall_s[after : after + 1] - covered_s <= end_s).all():
        return ""
    return (
        f"{quoted(text)}: no sample between {clock(wall_s[last])} "
        f"and {clock(wall_s[after])}; this is the earlier one"
    )


def clock(wall_s: float) -> str:
    """Return date and time of a wall clock, in local time."""
    return f"{datetime.fromtimestamp(float(wall_s)).astimezone():%Y-%m-%d %H:%M:%S}"


def _duration(seconds: float) -> str:
    return duration_text(abs(seconds))
