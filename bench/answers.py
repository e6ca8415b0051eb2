"""The answers of a terminal to the queries in what a program writes.

Nothing is drawn for it, so a terminal that only drains can answer, too. The queries are
those of ECMA-48 (DSR, DA) and of xterm's ctlseqs (DECRQM).
"""

import re
from typing import Final

_SYNCHRONIZED: Final = b"2026"
"""The private mode that is supported: a picture shows when it is complete."""

_QUERY: Final = re.compile(
    rb"\x1b\[(?:(?P<status>[56])n|(?P<device>>?)0?c|\?(?P<mode>[0-9]+)\$p)"
)
_UNFINISHED: Final = re.compile(rb"\x1b(?:\[[>?]?[0-9]*\$?)?\Z")


class Answers:
    """Finds queries in a stream, also those cut in two, and answers each once."""

    def __init__(self) -> None:
        """Start with an empty stream."""
        self._held = b""

    def to(self, data: bytes, cursor: tuple[int, int] = (0, 0)) -> bytes:
        """Return the answers to the queries in the next piece of the stream.

        Args:
            data: What the program wrote.
            cursor: Line and column of the cursor, from 0; at home where nothing draws.
        """
        data = self._held + data
        unfinished = _UNFINISHED.search(data)
        cut = unfinished.start() if unfinished else len(data)
        self._held = data[cut:]
        return b"".join(_answer(it, cursor) for it in _QUERY.finditer(data[:cut]))


def _answer(query: re.Match[bytes], cursor: tuple[int, int]) -> bytes:
    if query["status"] == b"5":
        return b"\x1b[0n"
    if query["status"] == b"6":
        return b"\x1b[%d;%dR" % (cursor[0] + 1, cursor[1] + 1)
    if query["mode"] is not None:
        state = 2 if query["mode"] == _SYNCHRONIZED else 0
        return b"\x1b[?%b;%d$y" % (query["mode"], state)
    return b"\x1b[>0;10;1c" if query["device"] else b"\x1b[?62;22c"
