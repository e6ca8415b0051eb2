"""Words for the time that a frame shows: the present, or a moment of the past."""

from typing import Final

from montauk_tui.engine.units import (
    clock_second_text,
    date_text,
    duration_text,
    lifetime_text,
)
from montauk_tui.model.frame import Frame

_FORM: Final = "%a %d %b %T"
_MINUTE_S: Final = 59.5


def shown_text(frame: Frame) -> str:
    """Return which time a frame shows, empty for now."""
    if not frame.is_recorded:
        return ""
    end_s = frame.sample.time_s
    if frame.since_s is not None:
        return f"SUM {date_text(frame.since_s, _FORM)} to {date_text(end_s, '%T')}"
    kind = "RECORDED" if frame.ago_s is None else "PAST"
    return f"{kind} {date_text(end_s, _FORM)}"


def past_text(frame: Frame) -> str:
    """Return the same with the length of its interval, and the way back to now."""
    shown = shown_text(frame)
    if frame.since_s is not None:
        span_s = frame.sample.time_s - frame.since_s
        return f"{shown}, {_whole(span_s)}{_way_back(frame)}"
    if not shown or frame.ago_s is None:
        return shown
    of = "" if frame.interval_s is None else f" over {frame.interval_s:.1f} s"
    return f"{shown}{of}{_way_back(frame)}"


def paused_text(frame: Frame) -> str:
    """Return that time stands still, and where unless `past_text` says it."""
    if frame.is_recorded:
        return "PAUSED"
    return f"PAUSED {clock_second_text(frame.sample.time_s)}"


def end_text(frame: Frame) -> str:
    """Return what the right end of a graph is: `now`, or the time of the moment."""
    return clock_second_text(frame.sample.time_s) if frame.is_recorded else "now"


def before_text(frame: Frame, seconds: float) -> str:
    """Return how long before the time that is shown something was.

    `3 s ago`, `04:12:09 ago`; of a moment in the past `3 s before`.
    """
    seconds = max(seconds, 0.0)
    short = f"{seconds:.0f} s" if seconds < _MINUTE_S else duration_text(seconds)
    return f"{short} {before_word(frame)}"


def before_word(frame: Frame) -> str:
    """Return `ago` of the present, `before` of a moment in the past."""
    return "before" if frame.is_recorded else "ago"


def _way_back(frame: Frame) -> str:
    """Return how long before now it was, and the way back; empty in a recording."""
    if frame.ago_s is None:
        return ""
    ago = f", {_whole(frame.ago_s)} ago" if round(frame.ago_s) else ""
    return f"{ago}; Esc: now"


def _whole(seconds: float) -> str:
    """Return whole seconds: `9 s`, `2m13s`."""
    whole = round(seconds)
    return f"{whole} s" if whole < _MINUTE_S else lifetime_text(whole)
