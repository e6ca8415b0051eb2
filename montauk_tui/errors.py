"""The exceptions of montauk.

MontaukError                 a reason and, if known, a remedy
├── CollectorUnavailable     this host refuses the collector
├── CollectorFailed          an open collector can no longer sample
├── RecordingEnded           a recording has no later sample
├── MomentDamaged            a sample of a recording cannot be read
├── UsageError               wrong command line (exit code 2)
│   └── QueryError           an invalid filter, with the position
└── ResourceMissing          a file of the installation is missing
"""

from collections.abc import Iterable, Sequence
from typing import Final

_LIKE: Final = 0.7
"""Least similarity; `colour` and `collector` are below it."""

_LONGEST_NAME: Final = 60
"""Characters; comparing takes quadratic time."""

MOST_COMPLAINTS: Final = 20
"""Most lines about one file."""

LONGEST_LINE: Final = 2_000
"""Characters; one that lists all columns has 1,600."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the question whether a similar known name was meant.

    Empty if no name is similar.
    """
    if len(name) > _LONGEST_NAME:
        return ""
    # 5 ms of start-up.
    from difflib import get_close_matches  # noqa: PLC0415

    close = get_close_matches(name.strip().lower(), list(known), 1, _LIKE)
    return f"did you mean {close[0]!r}?" if close else ""


def shortened(text: str, most: int) -> str:
    """Return text, shortened in the middle if longer than `most` characters.

    The end of a path is more useful than its middle, and a reason follows a name.
    """
    if len(text) <= most:
        return text
    end = most // 3
    return f"{text[: most - end - 3]}...{text[-end:]}"


def few(lines: Sequence[str]) -> list[str]:
    """Return a limited number of lines of limited length."""
    kept = [shortened(line, LONGEST_LINE) for line in lines[:MOST_COMPLAINTS]]
    more = len(lines) - len(kept)
    return [*kept, f"and {more:,} more"] if more > 0 else kept


def followed(line: str, consequence: str) -> str:
    """Return a line, which may end in a question, with its consequence."""
    if line.endswith("?"):
        return f"{line} {consequence[:1].upper()}{consequence[1:]}"
    return f"{line}; {consequence}"


class MontaukError(Exception):
    """Something montauk could not do, as one line for a person.

    Args:
        reason: What is wrong, without a full stop.
        remedy: What the reader can do about it; empty if unknown.
    """

    def __init__(self, reason: str, remedy: str = "") -> None:
        """Keep reason and remedy separate, so that a caller can format them."""
        self.line = f"{reason}; {remedy}" if remedy else reason
        super().__init__(self.line)
        self.reason = reason
        self.remedy = remedy


class CollectorUnavailable(MontaukError):
    """The host refuses this collector.

    Args:
        reason: What is wrong, without a full stop.
        remedy: What the reader can do about it; empty if unknown.
        may_pass: Whether a retry may succeed, as when memory is short.
    """

    def __init__(
        self, reason: str, remedy: str = "", *, may_pass: bool = False
    ) -> None:
        """Keep whether a retry may succeed."""
        super().__init__(reason, remedy)
        self.may_pass = may_pass


class CollectorFailed(MontaukError):
    """A collector that was open can no longer sample.

    Args:
        reason: What is wrong, without a full stop.
        remedy: What the reader can do about it; empty if unknown.
        returns: Whether to try until it opens again, whatever refuses it meanwhile.
    """

    def __init__(self, reason: str, remedy: str = "", *, returns: bool = False) -> None:
        """Keep whether it returns."""
        super().__init__(reason, remedy)
        self.returns = returns


class RecordingEnded(MontaukError):
    """A recording has no later sample."""


class MomentDamaged(MontaukError):
    """A sample of a recording cannot be read; another may be."""


class UsageError(MontaukError):
    """The command line, the environment or a setting is invalid."""


class QueryError(UsageError):
    """A filter is invalid.

    Args:
        column: Position, from 1; the length of the text plus 1 for its end.
        length: Number of wrong characters, at least 1.
        problem: What is wrong, without a full stop.
        remedy: What was expected.
    """

    def __init__(self, column: int, length: int, problem: str, remedy: str) -> None:
        """Add the column to the reason."""
        super().__init__(f"column {column}: {problem}", remedy)
        self.column, self.length = column, max(1, length)
        self.problem = problem


class ResourceMissing(MontaukError):
    """A file of the installation is missing."""
