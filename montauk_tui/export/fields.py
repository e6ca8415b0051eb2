"""Values for JSON: null for unknown, text for bytes."""

import math
from typing import Any

import numpy as np

from montauk_tui.model.schema import UNKNOWN, Ints

Number = int | np.integer[Any]


def known(value: Number) -> int | None:
    """Return a number, None where it is unknown."""
    return None if value == UNKNOWN else int(value)


def known_list(values: Ints) -> list[int | None]:
    """Return the numbers of a column, None where they are unknown."""
    numbers: list[int | None] = values.tolist()
    if (values == UNKNOWN).any():
        numbers = [None if number == UNKNOWN else number for number in numbers]
    return numbers


def flag(value: Number) -> bool | None:
    """Return 0 or 1 as a truth value, None where it is unknown."""
    return None if value == UNKNOWN else bool(value)


def seconds(ticks: Number, hz: int) -> float | None:
    """Return ticks as seconds, None where they are unknown."""
    return None if ticks == UNKNOWN else round(int(ticks) / hz, 6)


def rounded(value: float | None, digits: int) -> float | None:
    """Return a number with so many decimals, None where it is NaN."""
    return None if value is None or math.isnan(value) else round(value, digits)


def whole(value: float) -> int | None:
    """Return a count that is kept as a float, None where it is NaN."""
    return None if math.isnan(value) else round(value)


def text(raw: bytes) -> str:
    """Return a name unchanged; invalid UTF-8 becomes escapes."""
    return raw.decode("utf-8", "backslashreplace")


def argv_text(raw: bytes) -> str:
    """Return arguments joined by spaces."""
    return text(raw.rstrip(b"\0").replace(b"\0", b" "))
