"""Numbers as the short texts that people who use top and htop read without thinking."""

import math
import time
from typing import Final

NOTHING_KNOWN: Final = "-"
"""What stands in for a value that is not known."""

_BYTE_UNITS: Final = "KMGTPE"


def bytes_text(count: float) -> str:
    """Return a size in at most 5 characters, in powers of 1024: `0`, `9.8M`, `310M`.

    A bare number would be read as KiB by users of htop, so even the smallest size
    carries its unit.
    """
    if math.isnan(count):
        return NOTHING_KNOWN
    if count <= 0:
        return "0"
    value = count / 1024
    for unit in _BYTE_UNITS:
        if value < 9.95:
            return f"{value:.1f}{unit}"
        if value < 1023.5:
            return f"{value:.0f}{unit}"
        value /= 1024
    return f"{value:.0f}Z"


def percent_text(value: float) -> str:
    """Return a percentage in at most 5 characters: `0.0`, `99.9`, `1600`."""
    if math.isnan(value):
        return NOTHING_KNOWN
    return f"{value:.1f}" if value < 999.95 else f"{value:.0f}"


def cpu_time_text(seconds: float) -> str:
    """Return CPU time as htop's TIME+: `1:02.03`, `1h02:03`, `1d02h03`."""
    if math.isnan(seconds):
        return NOTHING_KNOWN
    hundredths = int(seconds * 100 + 0.5)
    minutes, rest = divmod(hundredths, 6000)
    if minutes < 60:
        return f"{minutes}:{rest // 100:02d}.{rest % 100:02d}"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours}h{minutes:02d}:{rest // 100:02d}"
    days, hours = divmod(hours, 24)
    return f"{days}d{hours:02d}h{minutes:02d}"


def duration_text(seconds: float) -> str:
    """Return how long something has lasted: `04:12:09`, `3 d 04:12`."""
    if math.isnan(seconds):
        return NOTHING_KNOWN
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    if days:
        return f"{days} d {hour:02d}:{minute:02d}"
    return f"{hour:02d}:{minute:02d}:{second:02d}"


def clock_text(moment_s: float, now_s: float) -> str:
    """Return a local time in 5 characters: `14:03` today, `Nov20` this year, `2025`."""
    if math.isnan(moment_s):
        return NOTHING_KNOWN
    moment, now = time.localtime(moment_s), time.localtime(now_s)
    if moment[:3] == now[:3]:
        return time.strftime("%H:%M", moment)
    return time.strftime("%b%d" if moment.tm_year == now.tm_year else "%Y", moment)
