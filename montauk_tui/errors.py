"""The exceptions of montauk.

MontaukError                 a reason, and where there is one a remedy
├── CollectorUnavailable     this host refuses the collector
├── CollectorFailed          an open collector can no longer sample
├── UsageError               wrong command line (exit code 2)
│   └── QueryError           a filter that means nothing, and where
└── ResourceMissing          a file that belongs to the installation is not there
"""

from collections.abc import Iterable, Sequence
from typing import Final

_LIKE: Final = 0.7
"""Share of equal letters; `colour` and `collector` have less in common."""

_LONGEST_NAME: Final = 60
"""Characters; comparing takes their square."""

MOST_COMPLAINTS: Final = 20
"""What is said of one file."""

LONGEST_LINE: Final = 1_000
"""Characters; one that lists all columns has 850."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the question whether a name was meant that is like an unknown one.

    Empty where none is.
    """
    if len(name) > _LONGEST_NAME:
        return ""
    # 5 ms of start-up that only mistakes need.
    from difflib import get_close_matches  # noqa: PLC0415

    close = get_close_matches(name.strip().lower(), list(known), 1, _LIKE)
    return f"did you mean {close[0]!r}?" if close else ""


def shortened(text: str, most: int) -> str:
    """Return text, without its middle where it has more than `most` characters.

    The end of a path says more than its middle, and a reason stands behind a name.
    """
    if len(text) <= most:
        return text
    end = most // 3
    return f"{text[: most - end - 3]}...{text[-end:]}"


def few(lines: Sequence[str]) -> list[str]:
    """Return as many lines as anybody reads, none of them endless."""
    kept = [shortened(line, LONGEST_LINE) for line in lines[:MOST_COMPLAINTS]]
    more = len(lines) - len(kept)
    return [*kept, f"and {more:,} more"] if more > 0 else kept


def followed(line: str, consequence: str) -> str:
    """Return a line with what comes of it, which may end in a question."""
    if line.endswith("?"):
        return f"{line} {consequence[:1].upper()}{consequence[1:]}"
    return f"{line}; {consequence}"


class MontaukError(Exception):
    """Something montauk could not do, as one line for a person.

    Args:
        reason: What is wrong, without a full stop.
        remedy: What the reader can do about it; empty where nothing is known.
    """

    def __init__(self, reason: str, remedy: str = "") -> None:
        """Keep the two halves apart, so that a caller may lay them out."""
        self.line = f"{reason}; {remedy}" if remedy else reason
        super().__init__(self.line)
        self.reason = reason
        self.remedy = remedy


class CollectorUnavailable(MontaukError):
    """The host refuses this collector.

    Args:
        reason: What is wrong, without a full stop.
        remedy: What the reader can do about it; empty where nothing is known.
        may_pass: Whether it may open a while later, as where memory is short.
    """

    def __init__(
        self, reason: str, remedy: str = "", *, may_pass: bool = False
    ) -> None:
        """Keep whether trying again is of use."""
        super().__init__(reason, remedy)
        self.may_pass = may_pass


class CollectorFailed(MontaukError):
    """A collector that was open can no longer sample."""


class UsageError(MontaukError):
    """The command line or the environment asks for something that does not exist."""


class QueryError(UsageError):
    """A filter cannot be understood.

    Args:
        column: Where, from 1; one more than the text is long for its end.
        length: How many characters are wrong there, at least 1.
        problem: What is wrong, without a full stop.
        remedy: What was expected.
    """

    def __init__(self, column: int, length: int, problem: str, remedy: str) -> None:
        """Say where it is in the line."""
        super().__init__(f"column {column}: {problem}", remedy)
        self.column, self.length = column, max(1, length)
        self.problem = problem


class ResourceMissing(MontaukError):
    """A file that belongs to the installation is not there."""
