"""Sizes, durations and times of day as people write them."""

import re
from typing import Final

NUMBER: Final = r"(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?"
_PLAIN: Final = re.compile(rf"[-+]?{NUMBER}", re.ASCII)
_SIZE: Final = re.compile(rf"({NUMBER})([kmgtpe]?)(?:i?b)?", re.ASCII)
_PART: Final = re.compile(rf"({NUMBER})(us|ms|s|m|h|d)", re.ASCII)
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)

_SIZES: Final = {unit: 1024.0**power for power, unit in enumerate(" kmgtpe") if power}
_SECONDS: Final = {
    "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0,
}  # fmt: skip


def read_bytes(text: str) -> float | None:
    """Return the bytes that `512k`, `10m` or `1.5g` means; None if it is no size."""
    match = _SIZE.fullmatch(text.lower())
    return None if match is None else float(match[1]) * _SIZES.get(match[2], 1.0)


def read_seconds(text: str) -> float | None:
    """Return the seconds that `500ms`, `2`, `1h30m` or `3d` means; None if no time."""
    lower = text.lower()
    if _PLAIN.fullmatch(lower):
        return float(lower)
    if not re.fullmatch(rf"(?:{_PART.pattern})+", lower, re.ASCII):
        return None
    return sum(float(count) * _SECONDS[unit] for count, unit in _PART.findall(lower))


def clock_seconds(text: str) -> int | None:
    """Return the seconds since midnight of a time like `14:03`, None if invalid."""
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    hour, minute, second = (int(part or 0) for part in match.groups())
    if hour > 23 or minute > 59 or second > 59:  # noqa: PLR2004 - as clocks have it
        return None
    return (hour * 60 + minute) * 60 + second
