"""Tracks what the terminal has shown: it answers a query after each picture.

The kernel, ssh and a modem hold an unknown number of bytes. A terminal answers a query
(DSR 5, ECMA-48) when it reaches it, so everything before it is shown. Nothing waits for
a terminal that has never answered.
"""

import os
import re
import select
import time
from collections import deque
from typing import Final

QUERY: Final = b"\x1b[5n"

LAST_QUERY: Final = b"\x1b[c"
"""Primary device attributes (DA1): another answer, for some queries may be lost."""

_LAST_ANSWER: Final = re.compile(rb"\x1b\[\?[0-9;]*c")

_SPARE: Final = 512
"""Bytes in transit that need not delay the next picture: far hosts answer late."""

_FIRST: Final = 2
"""Queries to a terminal that has not answered yet."""

_FIRST_S: Final = 1.0
"""How long such a query may be outstanding."""

_LONGEST_S: Final = 8.0
"""Timeout for a terminal that answered before, plus the time for the bytes."""

_LAPSES: Final = 3
"""Timeouts in a row after which a terminal counts as never answering."""

_LEAST_RATE: Final = 1_000.0
"""Least assumed rate in bytes per second: 9,600 baud."""


class Receipts:
    """Counts queries and answers; at most a few pictures are in transit."""

    def __init__(self, *, can_ask: bool) -> None:
        """Start with an unknown terminal.

        Args:
            can_ask: Whether its answers arrive where keys are read.
        """
        self._can_ask = can_ask
        self._left = _FIRST if can_ask else 0
        self._sizes: deque[int] = deque()
        """Bytes of each unanswered picture."""
        self._asked_at_s = 0.0
        self._lapses = 0
        self.is_trusted = False
        """Whether the terminal answers."""

    def ask(self, size: int) -> bytes:
        """Return the query to send after `size` bytes; empty if useless."""
        self.expire()
        if not self.is_trusted:
            if not self._left:
                return b""
            self._left -= 1
        self._sizes.append(size)
        self._asked_at_s = time.monotonic()
        return QUERY

    def came(self) -> None:
        """Note an answer."""
        self.is_trusted, self._lapses = self._can_ask, 0
        if self._sizes:
            self._sizes.popleft()

    def expire(self) -> None:
        """Give up overdue answers, and finally all waiting."""
        if self.is_trusted and self._sizes and self.left_s <= 0:
            self._sizes.clear()
            self._lapses += 1
            self.is_trusted = self._lapses < _LAPSES

    def give_up_late(self) -> None:
        """Give up answers lost with the old window or terminal."""
        if self._left_of(_FIRST_S) <= 0:
            self._sizes.clear()

    @property
    def left_s(self) -> float:
        """Seconds until outstanding answers are overdue."""
        if self.is_trusted:
            return self._left_of(_LONGEST_S)
        return self._asked_at_s + _FIRST_S - time.monotonic()

    def _left_of(self, patience_s: float) -> float:
        patience_s += sum(self._sizes) / _LEAST_RATE
        return self._asked_at_s + patience_s - time.monotonic()

    @property
    def expected(self) -> int:
        """Number of outstanding answers."""
        return len(self._sizes) if self.left_s > 0 else 0

    @property
    def is_clear(self) -> bool:
        """Whether the terminal has shown nearly all of it; True if it never answers."""
        self.expire()
        return not self.is_trusted or sum(self._sizes) <= _SPARE


def take_answers(fd: int, end_s: float) -> None:
    """Read until the answer to `LAST_QUERY`, or until `end_s` of CLOCK_MONOTONIC."""
    got = b""
    while not _LAST_ANSWER.search(got) and (left_s := end_s - time.monotonic()) > 0:
        if select.select([fd], [], [], left_s)[0]:
            data = os.read(fd, 4096)
            if not data:
                return
            got = got[-64:] + data
