"""Which moment of the past is gone to."""

from typing import Final, NamedTuple

import numpy as np

from montauk_tui.engine.timeline import next_mark, next_spike
from montauk_tui.errors import UsageError
from montauk_tui.host.base import Place, Sought
from montauk_tui.model.recording import Mark, Timeline
from montauk_tui.recorder.meant import end_at
from montauk_tui.recorder.times import Asked, read_moment

_SAME_S: Final = 1e-4


class Goal(NamedTuple):
    """The moment that is gone to next."""

    number: int
    since: int | None = None
    """The moment after which everything is summed up until that one."""
    sought: Sought | None = None
    """What is searched for from that moment on."""
    step: int = 1
    """The direction of the search."""
    remark: str = ""
    """What is special about the moment, in one line."""


def goal_of(timeline: Timeline, at: int, place: Place) -> Goal:
    """Return the moment that is meant; it may be beyond either end.

    Args:
        timeline: That of the recording.
        at: The number of the moment that samples and seconds count from.
        place: Which moment.

    Raises:
        UsageError: It cannot be read as a time, or there is no such moment.
    """
    wall_s, first = timeline.wall_s, timeline.first
    if place.sought is not None:
        return _sought(timeline, at, place.sought, place.samples)
    if place.since_s is not None:
        since = first + _shown_at(timeline, max(0, at - first), place.since_s)
        return Goal(max(at, since), min(at, since))
    if place.wall_s is not None or place.time:
        if place.wall_s is not None:
            asked = Asked("", (place.wall_s,))
        else:
            asked = read_moment(place.time, float(wall_s[-1]))
        meant = end_at(asked, wall_s, timeline.interval_s, "first")
        return Goal(first + meant.number, remark=meant.remark if place.time else "")
    number = at + place.samples
    if place.seconds:
        number = first + _passed(timeline, max(0, at - first), place.seconds)
    return Goal(number, remark=_about_ends(timeline, at, number))


def _shown_at(timeline: Timeline, at: int, wall_s: float) -> int:
    """Return the index of a moment that was shown, by its wall clock.

    Of several the nearest to `at`; the first where it is forgotten.
    """
    same = np.flatnonzero(np.abs(timeline.wall_s - wall_s) < _SAME_S)
    if same.size:
        return int(same[np.argmin(np.abs(same - at))])
    return max(0, end_at(Asked("", (wall_s,)), timeline.wall_s, timeline.interval_s)[0])


def _passed(timeline: Timeline, at: int, seconds: float) -> int:
    """Return the index of the last moment up to so many seconds after another.

    As if nobody had set the clock; it is beyond an end if there is none.
    """
    jumps_s = np.diff(timeline.wall_s, prepend=timeline.wall_s[0])
    passed_s = np.diff(timeline.monotonic_s, prepend=timeline.monotonic_s[0])
    # The monotonic clock of another boot began anew.
    is_set = ((timeline.marks & Mark.CLOCK != 0) | (jumps_s < 0)) & (passed_s >= 0)
    clock_s = timeline.wall_s - np.cumsum(np.where(is_set, jumps_s - passed_s, 0.0))
    wanted_s = clock_s[at] + seconds
    if wanted_s > clock_s[-1]:
        return len(clock_s)
    found = np.flatnonzero(clock_s <= wanted_s)
    return int(found[-1]) if found.size else -1


def _about_ends(timeline: Timeline, at: int, number: int) -> str:
    """Return that there is nothing in a direction, empty if there is."""
    first, last = timeline.first, timeline.first + len(timeline.wall_s) - 1
    if number < first and at <= first:
        return "there is no earlier sample"
    return "there is no later sample" if number > last and at >= last else ""


def _sought(timeline: Timeline, at: int, sought: Sought, step: int) -> Goal:
    if sought.matches is not None:
        return Goal(at + step, sought=sought, step=step)
    index = at - timeline.first
    if sought.mark:
        found = next_mark(timeline, sought.mark, index, step)
    else:
        found = next_spike(timeline, index, step)
    if found is None:
        raise UsageError(none_found(Goal(at, None, sought, step)))
    return Goal(timeline.first + found)


def none_found(goal: Goal) -> str:
    """Return in one line that a search found nothing."""
    where = "after" if goal.step > 0 else "before"
    return f"no {goal.sought.name} {where} this" if goal.sought is not None else ""
