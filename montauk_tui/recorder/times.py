"""Moments as people name them: `14:03:07`, `-90s`, `3 min ago`, `2026-11-30 14:03`."""

import re
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from montauk_tui.errors import UsageError
from montauk_tui.model.amounts import clock_seconds, read_seconds
from montauk_tui.model.schema import Floats
from montauk_tui.model.text import quoted

_EXAMPLES: Final = "write for example 14:03:07, -90s, 3m ago or 2026-11-30T14:03"
_AGO: Final = re.compile(r"-\s*(?P<minus>.+)|(?P<ago>.+?)\s*ago")
_WORDS: Final = re.compile(r"\s*(us|ms|s|m|h|d)[a-z]*\s*")
"""A unit, written out or not: 3 min, 2 hours."""
_DAY: Final = timedelta(days=1)


def read_moment(text: str, end_s: float) -> float:
    """Return the wall clock of a moment.

    Args:
        text: A time of day, which is the last one before `end_s`; a time ago, counted
            from `end_s`; or date and time. Times are local.
        end_s: The end of the recording, or now.

    Raises:
        UsageError: It has none of these forms.
    """
    text = text.strip()
    if text.lower() in ("now", "end"):
        return end_s
    if match := _AGO.fullmatch(text.lower()):
        amount = _WORDS.sub(r"\1", match["minus"] or match["ago"])
        seconds = read_seconds(amount)
        if seconds is None or seconds < 0:
            raise UsageError(f"{quoted(text)} is not a time ago", _EXAMPLES)
        return end_s - seconds
    if (seconds_of_day := clock_seconds(text)) is not None:
        return _last_time_of_day(seconds_of_day, end_s)
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(f"{quoted(text)} is not a moment", _EXAMPLES) from error


def first_from(wall_s: Floats, begin_s: float) -> int:
    """Return the first of some times that is not before another; their number if none.

    They need not ascend: somebody may have set the clock.
    """
    found = np.flatnonzero(wall_s >= begin_s)
    return int(found[0]) if len(found) else len(wall_s)


def last_until(wall_s: Floats, end_s: float) -> int:
    """Return the last of some times that is not after another, -1 if there is none."""
    found = np.flatnonzero(wall_s <= end_s)
    return int(found[-1]) if len(found) else -1


def _last_time_of_day(seconds: int, end_s: float) -> float:
    end = datetime.fromtimestamp(end_s).astimezone()
    hour, rest = divmod(seconds, 3600)
    # Whatever clock change lies between, the clock showed this time.
    clock = end.replace(
        hour=hour, minute=rest // 60, second=rest % 60, microsecond=0, tzinfo=None
    )
    moment = clock.timestamp()
    return moment if moment <= end_s else (clock - _DAY).timestamp()
