"""Input: from the bytes of a terminal to keys, pastes and the mouse."""

import re
import time
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator
from typing import Final

from textual import constants, events
from textual._xterm_parser import XTermParser
from textual.message import Message

_ANSWER: Final = re.compile(rb"\x1b\[[03]n")
"""The answer of a terminal to `receipts.QUERY`."""

_BEGUN: Final = re.compile(rb"\x1b(\[[03]?)?\Z")
"""Possible starts of an answer; of these only Esc is a common key."""

_ESC: Final = b"\x1b"


def _none() -> int:
    return 0


class Keys:
    """Takes bytes as they arrive, split anywhere in a character or sequence."""

    def __init__(
        self,
        expected: Callable[[], int] = _none,
        on_answer: Callable[[], None] = lambda: None,
        *,
        debug: bool = False,
    ) -> None:
        """Start before the first byte.

        Args:
            expected: Returns how many answers of the terminal are on their way.
            on_answer: Called for each, after the input before it.
            debug: Whether Textual writes its log.
        """
        self._parser = XTermParser(debug)
        self._decode = getincrementaldecoder("utf-8")(errors="replace").decode
        self._expected, self._on_answer = expected, on_answer
        self._held = b""
        """A possible start of an answer."""
        self._held_at_s = 0.0

    def feed(self, data: bytes) -> Iterator[Message]:
        """Yield the events that the bytes complete; invalid UTF-8 is U+FFFD.

        The first byte of a character waits for the rest of it, which may be the next
        key where the terminal does not write UTF-8.
        """
        had_esc = self._held == _ESC and self._is_late
        data, answers = _ANSWER.subn(b"", self._held + data)
        data = self._hold(data, self._expected() - answers)
        if had_esc and data.startswith(_ESC):
            yield events.Key("escape", "\x1b")
            data = data[1:]
        # For Textual no text is the end of all input.
        if text := self._decode(data):
            yield from self._parser.feed(text)
        for _ in range(answers):
            self._on_answer()

    def tick(self) -> Iterator[Message]:
        """Yield an Esc that nothing followed."""
        if self._held and not self._expected():
            yield from self.feed(b"")
        yield from self._parser.tick()

    @property
    def is_waiting(self) -> bool:
        """Whether input is held that may be the start of an answer or a sequence."""
        return bool(self._held) or self._parser._timeout_time is not None  # noqa: SLF001

    @property
    def _is_late(self) -> bool:
        return time.monotonic() - self._held_at_s > constants.ESCAPE_DELAY

    def _hold(self, data: bytes, expected: int) -> bytes:
        """Keep the start of an answer that is expected; return what is before it."""
        begun = _BEGUN.search(data) if expected > 0 else None
        if not begun:
            self._held = b""
            return data
        if not self._held or begun.start():
            self._held_at_s = time.monotonic()
        self._held = begun.group()
        return data[: begun.start()]
