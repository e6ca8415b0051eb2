"""Times as people write them: `14:03:07`, `-90s`, `3 min ago`, `2026-11-30 14:03`."""

import re
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from montauk_tui.errors import UsageError
from montauk_tui.model.amounts import clock_seconds, read_seconds
from montauk_tui.model.text import quoted

_EXAMPLES: Final = "write for example 14:03:07, -90s, 3m ago or 2026-11-30T14:03"
_AGO: Final = re.compile(r"-\s*(?P<minus>.+)|(?P<ago>.+?)\s*ago")
_WORDS: Final = re.compile(r"\s*(us|ms|s|m|h|d)[a-z]*\s*")
"""A unit, written out or not: 3 min, 2 hours."""
_WHICH: Final = re.compile(r"(?P<time>.+?)\s+(?P<which>first|last)", re.IGNORECASE)
_DAY: Final = timedelta(days=1)


class Asked(NamedTuple):
    """A time that somebody asked for."""

    text: str
    """As it was written, without `first` or `last`."""
    walls_s: tuple[float, ...]
    """The wall clocks that local time shows so: two where it was put back."""
    which: str = ""
    """Whether the `first` or the `last` is wanted; empty for the usual one."""


def read_moment(text: str, end_s: float) -> Asked:
    """Return what is asked for.

    Args:
        text: A time of day, which is the last one before `end_s`; a time ago, counted
            from `end_s`; or date and time. Times are local. A time that the clock
            showed more than once may have `first` or `last` after it.
        end_s: The end of the recording, or now.

    Raises:
        UsageError: It has none of these forms.
    """
    text = text.strip()
    if text.lower() in ("now", "end"):
        return Asked(text, (end_s,), "last")
    if match := _AGO.fullmatch(text.lower()):
        amount = _WORDS.sub(r"\1", match["minus"] or match["ago"])
        seconds = read_seconds(amount)
        if seconds is None or seconds < 0:
            raise UsageError(f"{quoted(text)} is not a time ago", _EXAMPLES)
        return Asked(text, (end_s - seconds,), "last")
    which = ""
    if match := _WHICH.fullmatch(text):
        text, which = match["time"], match["which"].lower()
    if (seconds_of_day := clock_seconds(text)) is not None:
        return Asked(text, _last_time_of_day(seconds_of_day, end_s), which)
    try:
        return Asked(text, _walls_of(datetime.fromisoformat(text)), which)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(f"{quoted(text)} is not a moment", _EXAMPLES) from error


def _walls_of(clock: datetime) -> tuple[float, ...]:
    """Return when the clock showed a time: mostly once; twice where it was put back.

    Raises:
        ValueError: Or another one: it is out of range.
    """
    if clock.tzinfo is not None:
        return (clock.timestamp(),)
    walls_s = sorted({clock.replace(fold=fold).timestamp() for fold in (0, 1)})
    shown = [one for one in walls_s if datetime.fromtimestamp(one) == clock]  # noqa: DTZ006 - local
    # A time that was skipped in spring is as if it had not been.
    return tuple(shown) or (clock.timestamp(),)


def _last_time_of_day(seconds: int, end_s: float) -> tuple[float, ...]:
    end = datetime.fromtimestamp(end_s).astimezone()
    hour, rest = divmod(seconds, 3600)
    # Whatever clock change lies between, the clock showed this time.
    clock = end.replace(
        hour=hour, minute=rest // 60, second=rest % 60, microsecond=0, tzinfo=None
    )
    today = tuple(one for one in _walls_of(clock) if one <= end_s)
    return today or _walls_of(clock - _DAY)
