"""Numbers in small files of the kernel: an invalid one is unknown, with a reason."""

import math
from typing import Final

_MOST_REASONS: Final = 8
_SHOWN: Final = 40

_MOST_DIGITS: Final = 20
"""Before the point, and behind it."""


class Reasons:
    """Why numbers are unknown: a line each, the first ones only."""

    def __init__(self) -> None:
        """Start without reasons."""
        self.lines: list[str] = []

    def add(self, file: str, reason: str) -> None:
        """Add the reason why a number in `file` is unknown."""
        if len(self.lines) < _MOST_REASONS:
            self.lines.append(f"{file}: {reason}")

    def add_error(self, file: str, error: Exception) -> None:
        """Add the reason why all of `file` is unknown."""
        text = error.strerror if isinstance(error, OSError) else str(error)
        self.add(file, text or type(error).__name__)

    def number(self, file: str, name: str, word: bytes | None, most: float) -> float:
        """Return a decimal number of 0 to `most`; NaN, with a reason, for all else.

        Args:
            file: Where it stands.
            name: What it is.
            word: The number; None where it is missing.
            most: What it can be at most.
        """
        number = decimal(word) if word is not None else math.nan
        if number <= most:
            return number
        self.add(file, f"{name} {_said(word, number)}")
        return math.nan


def decimal(word: bytes) -> float:
    """Return an unsigned number, NaN if it is invalid."""
    whole, point, fraction = word.partition(b".")
    is_valid = _is_number(whole) and (not point or _is_number(fraction))
    return float(word) if is_valid else math.nan


def _is_number(digits: bytes) -> bool:
    return digits.isdigit() and len(digits) <= _MOST_DIGITS


def without_cut_word(text: bytes) -> bytes:
    """Return a text without its last word unless it ends with a newline.

    A word at the cut may be half of a number, which looks like a whole one.
    """
    if not text or text.endswith(b"\n"):
        return text
    end = max(text.rfind(b" "), text.rfind(b"\n"), text.rfind(b"\t"))
    return text[: end + 1]


def _said(word: bytes | None, number: float) -> str:
    if word is None:
        return "missing"
    shown = ascii(word[:_SHOWN])[1:]
    return f"too large: {shown}" if number > 0 else f"not a number: {shown}"
