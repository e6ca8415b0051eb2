"""Durations as people write them."""

import re
from typing import Final

from montauk_tui.errors import UsageError
from montauk_tui.model.text import quoted

SHORTEST_INTERVAL_S: Final = 0.1
LONGEST_INTERVAL_S: Final = 3600.0

_DURATION: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*(ms|s|m)?", re.ASCII)
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0}


def parse_duration(text: str) -> float:
    """Return the seconds that `1.5`, `1500ms`, `2s` or `1m` means.

    Raises:
        UsageError: It is not a duration, or out of range.
    """
    text = text.strip()
    match = _DURATION.fullmatch(text)
    if match is None:
        raise UsageError(
            f"{quoted(text)} is not a duration", "write for example 1.5, 2s or 500ms"
        )
    seconds = float(match[1]) * _UNITS[match[2] or "s"]
    return in_range(seconds, f"an interval of {quoted(text)}")


def in_range(seconds: float, what: str) -> float:
    """Return an interval between two samples if it is allowed.

    Raises:
        UsageError: It is too short or too long; `what` begins the message.
    """
    if not SHORTEST_INTERVAL_S <= seconds <= LONGEST_INTERVAL_S:
        remedy = f"choose {SHORTEST_INTERVAL_S} to {LONGEST_INTERVAL_S:.0f} seconds"
        raise UsageError(f"{what} is out of range", remedy)
    return seconds
