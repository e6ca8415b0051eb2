"""The values of comparisons: numbers with units, times of day, states, patterns."""

import math
import re
import signal
from typing import Final

from montauk_tui.engine.columns.column import Kind
from montauk_tui.engine.query.fields import Field
from montauk_tui.engine.query.patterns import mistake
from montauk_tui.model.amounts import (
    NUMBER,
    clock_seconds,
    read_bytes,
    read_seconds,
)
from montauk_tui.model.text import quoted

_PLAIN: Final = re.compile(rf"([-+]?{NUMBER})(%?)", re.ASCII)

STATES: Final = "RSDZTtIX"

EXAMPLES: Final = {
    Kind.NUMBER: "a number such as 10 or 2.5",
    Kind.PERCENT: "a percentage such as 10 or 2.5%",
    Kind.SIZE: "a size such as 512k, 10m or 1.5g",
    Kind.DURATION: "a duration such as 500ms, 2s, 1h30m or 3d",
    Kind.CLOCK: "a time of day such as 14:03 or 14:03:27",
    Kind.EXIT: "an exit code such as 0, or a signal such as SIGKILL",
    Kind.SIGNAL: "a signal such as SIGKILL or 9",
    Kind.STATE: f"one of {' '.join(STATES)}",
    Kind.TEXT: 'a text such as root or "two words"',
}
"""What was expected, by the type of the field."""


class BadValue(Exception):
    """A value of the wrong type: why, and what was expected."""

    def __init__(self, problem: str, remedy: str) -> None:
        """Keep both."""
        super().__init__(problem)
        self.problem, self.remedy = problem, remedy


def read(field: Field, operator: str, text: str) -> tuple[str, float | str]:
    """Return the id of the field to compare, and the value of `text`.

    Raises:
        BadValue: The field has no such values.
    """
    if operator in ("~", "!~"):
        if (wrong := mistake(text)) is not None:
            raise BadValue(*wrong)
        return field.id, text
    if field.kind is Kind.TEXT:
        return field.id, text
    by_name = _signal(text) if field.kind is Kind.EXIT else None
    if by_name is not None and operator in ("=", "!="):
        return "signal", by_name
    value = _READERS[field.kind](text)
    if value is None or value in (math.inf, -math.inf):
        raise BadValue(
            f"{quoted(text)} is not {field.kind.value}", EXAMPLES[field.kind]
        )
    return field.id, value


def operators(field: Field) -> tuple[str, ...]:
    """Return the operators of a field."""
    if field.kind is Kind.TEXT:
        return ("=", "!=", "~", "!~")
    if field.kind is Kind.STATE:
        return ("=", "!=")
    return ("=", "!=", "<", "<=", ">", ">=")


def _plain(text: str) -> float | None:
    match = _PLAIN.fullmatch(text.lower())
    return None if match is None or match[2] else float(match[1])


def _percent(text: str) -> float | None:
    match = _PLAIN.fullmatch(text.lower())
    return None if match is None else float(match[1])


def _clock(text: str) -> str | None:
    return None if clock_seconds(text) is None else text


def _signal(text: str) -> float | None:
    name = text.upper()
    for candidate in (name, f"SIG{name}"):
        if candidate in signal.Signals.__members__:
            return float(signal.Signals[candidate])
    return None


def _state(text: str) -> str | None:
    for letter in (text, text.upper()):
        if len(letter) == 1 and letter in STATES:
            return letter
    return None


_READERS: Final = {
    Kind.NUMBER: _plain,
    Kind.PERCENT: _percent,
    Kind.SIZE: read_bytes,
    Kind.DURATION: read_seconds,
    Kind.CLOCK: _clock,
    Kind.EXIT: _plain,
    Kind.SIGNAL: lambda text: _plain(text) if _signal(text) is None else _signal(text),
    Kind.STATE: _state,
}
