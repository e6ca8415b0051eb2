"""Reports truncated command lines of a filter on stderr at the end."""

from typing import Self

from montauk_tui import streams
from montauk_tui.engine.query.cuts import cut_text


class CutNote:
    """Counts command lines of which a filter saw only a part, and reports them."""

    def __init__(self) -> None:
        """Start with none."""
        self.count = 0

    def at_least(self, count: int) -> None:
        """Take the count of one sample; most of them recur in the next one."""
        self.count = max(self.count, count)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Report the count, also after an error."""
        if self.count:
            streams.complain(cut_text(self.count))
