"""The filter: which rows a text asks for.

A word is looked for in the name and in the command line, in any case; `a|b` finds what
holds either, as in htop.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import Bools
from montauk_tui.model.text import clean


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed filter; the empty one matches everything."""

    alternatives: tuple[str, ...] = ()
    """In lower case; one of them must occur."""

    def __bool__(self) -> bool:
        """Tell whether it filters at all."""
        return bool(self.alternatives)

    def matches(self, text: str) -> bool:
        """Tell whether a command line is asked for."""
        lower = text.lower()
        return any(part in lower for part in self.alternatives)


EVERYTHING: Final = Query()


def parse(text: str) -> Query:
    """Return the filter that `text` means; blank alternatives are none."""
    parts = (part.strip().lower() for part in text.split("|"))
    return Query(tuple(part for part in parts if part))


def matching(query: Query, frame: Frame) -> Bools:
    """Return which rows of a frame the filter asks for.

    Command lines that are not cached are not read: their names stand in.
    """
    table = frame.sample.processes
    if not query:
        return np.ones(len(table), dtype=np.bool_)
    known, matches = frame.lookups.known_command, query.matches
    found = [
        matches(known(table.identity(row), name).text) or matches(clean(name))
        for row, name in enumerate(table.comm.tolist())
    ]
    return np.array(found, dtype=np.bool_)
