"""Numbers as short texts, as users of top and htop know them."""

import math
import signal
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from montauk_tui.model.schema import UNKNOWN

NOTHING_KNOWN: Final = "-"
"""The text of an unknown value."""

_BYTE_UNITS: Final = "KMGTPE"
_LEAST_KIB: Final = 0.05
"""Less would be rounded to 0."""
_DECIMAL_UNITS: Final = "kMGTP"


def counted(count: float, one: str, many: str = "") -> str:
    """Return a count with its noun: `1 process`, `12 processes`."""
    return f"{count:.0f} {one if count == 1 else many or f'{one}s'}"


def bytes_text(count: float) -> str:
    """Return a size in at most 5 characters, in powers of 1024: `0`, `9.8M`, `310M`.

    A bare number would be read as KiB by users of htop, so even the smallest size
    carries its unit: `12B`, where `0.0K` would look like nothing.
    """
    if math.isnan(count):
        return NOTHING_KNOWN
    if count <= 0:
        return "0"
    value = count / 1024
    if value < _LEAST_KIB:
        return f"{math.ceil(count)}B"
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


def or_none(write: Callable[[float], str]) -> Callable[[float], str]:
    """Return what writes a limit: `none` for infinity."""
    return lambda value: "none" if value == math.inf else write(value)


def hertz_text(hertz: float) -> str:
    """Return a clock rate in at most 7 characters: `3.42GHz`, `800MHz`."""
    if math.isnan(hertz):
        return NOTHING_KNOWN
    return f"{hertz / 1e9:.2f}GHz" if hertz >= 999.5e6 else f"{hertz / 1e6:.0f}MHz"


def amount_text(count: float) -> str:
    """Return a large number in at most 5 characters, in powers of 1000: `6.55M`."""
    if math.isnan(count):
        return NOTHING_KNOWN
    for unit in ("", *_DECIMAL_UNITS):
        if count < 999.5:
            return f"{count:.3g}{unit}"
        count /= 1000
    return f"{count:.0f}E"


def load_text(load: float) -> str:
    """Return a load average as uptime(1) does: `0.42`."""
    return NOTHING_KNOWN if math.isnan(load) else f"{load:.2f}"


def count_text(count: int) -> str:
    """Return how many there are."""
    return NOTHING_KNOWN if count == UNKNOWN else str(count)


def whole_text(count: float) -> str:
    """Return a whole number that is kept as a float."""
    return NOTHING_KNOWN if math.isnan(count) else f"{count:.0f}"


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


def clock_second_text(moment_s: float) -> str:
    """Return the local time of day to the second: `14:03:27`."""
    if math.isnan(moment_s):
        return NOTHING_KNOWN
    return time.strftime("%H:%M:%S", time.localtime(moment_s))


def date_text(moment_s: float, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """Return local date and time; with the zone where the clock shows it twice.

    That is when summer time ends.
    """
    local = datetime.fromtimestamp(float(moment_s))  # noqa: DTZ006 - local
    is_twice = local.replace(fold=0).timestamp() != local.replace(fold=1).timestamp()
    return f"{local.astimezone():{form}{' %Z' if is_twice else ''}}"


def lifetime_text(seconds: float) -> str:
    """Return a lifetime in at most 6 characters: `640us`, `3.2ms`."""
    if math.isnan(seconds):
        return NOTHING_KNOWN
    if seconds < 0.0009995:
        return f"{seconds * 1e6:.0f}us"
    if seconds < 0.9995:
        return f"{seconds * 1e3:.{1 if seconds < 0.0995 else 0}f}ms"
    if seconds < 59.95:
        return f"{seconds:.1f}s"
    minutes, second = divmod(int(seconds + 0.5), 60)
    if minutes < 60:
        return f"{minutes}m{second:02d}s"
    hours, minute = divmod(minutes, 60)
    return f"{hours}h{minute:02d}m" if hours < 100 else f"{hours // 24}d"


def rate_text(per_second: float) -> str:
    """Return a rate in at most 5 characters: `0.2`, `214`, `12.3k`."""
    if math.isnan(per_second):
        return NOTHING_KNOWN
    if per_second < 9.95:
        return f"{per_second:.1f}"
    return f"{per_second:.0f}" if per_second < 9999.5 else f"{per_second / 1000:.1f}k"


def byte_rate_text(per_second: float) -> str:
    """Return bytes a second in at most 7 characters: `0`, `9.8M/s`, `310M/s`."""
    text = bytes_text(per_second)
    return text if text in (NOTHING_KNOWN, "0") else f"{text}/s"


def exit_status_text(status: float) -> str:
    """Return a wait status as text: `0`, `1`, `SIGKILL`, `SIGSEGV+core`."""
    if math.isnan(status):
        return NOTHING_KNOWN
    number = int(status) & 0x7F
    if not number:
        return str(int(status) >> 8 & 0xFF)
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    return name + ("+core" if int(status) & 0x80 else "")


def cores_text(cores: float | None) -> str:
    """Return how many CPUs were busy with something: `0.42`, `-0.03`."""
    return NOTHING_KNOWN if cores is None or math.isnan(cores) else f"{cores:.2f}"
