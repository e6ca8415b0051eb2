"""Which moment of the past is gone to."""

from typing import NamedTuple

from montauk_tui.engine.timeline import next_mark, next_spike
from montauk_tui.errors import UsageError
from montauk_tui.host.base import Place, Sought
from montauk_tui.model.recording import Timeline
from montauk_tui.recorder.notes import about_end
from montauk_tui.recorder.times import last_until, read_moment


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
        since = first + max(0, last_until(wall_s, place.since_s))
        return Goal(max(at, since), min(at, since))
    if place.wall_s is not None:
        return Goal(_last_until(timeline, place.wall_s))
    if place.time:
        wanted_s = read_moment(place.time, float(wall_s[-1]))
        remark = about_end(place.time, wanted_s, wall_s, timeline.interval_s)
        return Goal(_last_until(timeline, wanted_s), remark=remark)
    number = at + place.samples
    if place.seconds:
        then_s = float(wall_s[max(0, at - first)]) + place.seconds
        number = _last_until(timeline, then_s)
    return Goal(number, remark=_about_ends(timeline, at, number))


def _last_until(timeline: Timeline, wanted_s: float) -> int:
    """Return the last moment up to a time; beyond the end if that is later."""
    wall_s, first = timeline.wall_s, timeline.first
    if wanted_s > wall_s[-1]:
        return first + len(wall_s)
    return first + last_until(wall_s, wanted_s)


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
