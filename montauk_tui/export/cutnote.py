"""What a filter could not see, said on stderr when all is printed."""

from typing import Self

from montauk_tui import streams
from montauk_tui.engine.query.cuts import cut_text


class CutNote:
    """Tells at the end of how many command lines a filter saw a part only."""

    def __init__(self) -> None:
        """Start with none."""
        self.count = 0

    def at_least(self, count: int) -> None:
        """Take what one sample had; most of it is in the next one again."""
        self.count = max(self.count, count)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Say it, however it ended."""
        if self.count:
            streams.complain(cut_text(self.count))
