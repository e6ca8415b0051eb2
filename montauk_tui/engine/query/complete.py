"""Completion of field names in a query."""

import re
from typing import Final, NamedTuple

from montauk_tui.engine.query.fields import NAMES, PARENT, SHORT

_PART: Final = re.compile(r"[a-z_%][\w.%/+]*$", re.IGNORECASE | re.ASCII)
_BEFORE: Final = re.compile(r"(^|[\s(|!]|&&)$")
_VALUE: Final = re.compile(r"[=<>~]\s*$")


class Completion(NamedTuple):
    """A partly typed name, and its completions."""

    start: int
    """Where the name starts."""
    typed: str
    names: tuple[str, ...]

    @property
    def longest(self) -> str:
        """The common prefix of the names; the typed text where there are none."""
        if not self.names:
            return self.typed
        # The names are sorted: the common prefix of first and last is that of all.
        first, last = self.names[0], self.names[-1]
        pairs = enumerate(zip(first, last, strict=False))
        end = next((at for at, (one, other) in pairs if one != other), len(first))
        return first[:end]


def complete(text: str) -> Completion:
    """Return the completions of the end of `text`, short names first."""
    match = _PART.search(text)
    typed = match[0] if match else ""
    start = len(text) - len(typed)
    before = text[:start]
    if not typed or not _BEFORE.search(before) or _VALUE.search(before):
        return Completion(len(text), "", ())
    if before.count('"') % 2 or before.count("'") % 2:
        return Completion(len(text), "", ())
    lower = typed.lower()
    depth = 0
    while lower.startswith(PARENT):
        lower, depth = lower.removeprefix(PARENT), depth + 1
    prefix = PARENT * depth
    short = [name for name in (*SHORT, PARENT) if name.startswith(lower)]
    names = short or sorted(name for name in NAMES if name.startswith(lower))
    return Completion(start, typed, tuple(sorted(prefix + name for name in names)))
