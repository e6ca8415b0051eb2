"""What is typed: from the bytes of a terminal to keys, pastes and the mouse."""

from codecs import getincrementaldecoder
from collections.abc import Iterator

from textual._xterm_parser import XTermParser
from textual.message import Message


class Keys:
    """Takes bytes as they come, a character or a sequence cut anywhere."""

    def __init__(self, *, debug: bool = False) -> None:
        """Start before the first byte."""
        self._parser = XTermParser(debug)
        self._decode = getincrementaldecoder("utf-8")(errors="replace").decode

    def feed(self, data: bytes) -> Iterator[Message]:
        """Yield what the bytes complete; what is no UTF-8 is U+FFFD.

        The first byte of a character waits for the rest of it, which may be the next
        key where the terminal does not write UTF-8.
        """
        # For Textual no text is the end of all input.
        if text := self._decode(data):
            yield from self._parser.feed(text)

    def tick(self) -> Iterator[Message]:
        """Yield the Esc that stayed alone."""
        yield from self._parser.tick()
