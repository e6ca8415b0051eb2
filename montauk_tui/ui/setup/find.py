"""Finding a line of a list by typing."""

from collections.abc import Iterator, Sequence
from typing import Final

from montauk_tui.session.effects import Choice
from montauk_tui.session.finding import Typed
from montauk_tui.ui.setup.page import ItemList

FIND_S: Final = 1.0
"""What is typed after a longer pause is another text."""


class Finder:
    """What is typed into the lists, and the line that it led to."""

    def __init__(self) -> None:
        """Start with nothing typed."""
        self._typed = Typed(FIND_S)
        self._place: tuple[ItemList, int | None] | None = None
        self._origin = 0
        """The line at which typing began."""
        self._is_found = True

    def type(self, items: ItemList, lines: Sequence[Choice | None], text: str) -> None:
        """Take a character that is typed into a list, and go to the line meant."""
        if not self.is_typing(items):
            self._origin = items.highlighted or 0
        self._typed.type(text)
        self._go(items, lines)

    def rub_out(self, items: ItemList, lines: Sequence[Choice | None]) -> None:
        """Take the last character back."""
        if self.is_typing(items):
            self._typed.rub_out()
            self._go(items, lines)

    def _go(self, items: ItemList, lines: Sequence[Choice | None]) -> None:
        text = self._typed.text
        index = find_line(lines, text, self._origin) if text else self._origin
        self._is_found = index is not None
        if index is not None:
            items.select(index)
        self._place = items, items.highlighted

    def is_typing(self, items: ItemList) -> bool:
        """Tell whether a text led to where a list is, not long ago; or forget it."""
        self._typed.expire()
        if self._place != (items, items.highlighted):
            self.forget()
        return bool(self._typed.text)

    def said(self, items: ItemList) -> str:
        """Return what is being found, nothing where nothing is."""
        if not self.is_typing(items):
            return ""
        return f"find: {self._typed.text}{'' if self._is_found else '  (no match)'}"

    def forget(self) -> None:
        """Forget what was typed."""
        self._typed.text = ""


def find_line(lines: Sequence[Choice | None], text: str, start: int) -> int | None:
    """Return the line that a text means best; of those alike the first from `start` on.

    Best is all of a name, then its start, a part of it, a part of the description.

    Args:
        lines: What each line is about; None for one that cannot be selected.
        text: What is looked for; case does not count.
        start: Where to begin; the end is gone round.
    """
    wanted = text.lower()
    best: tuple[int, int] | None = None
    for index, line in enumerate(lines):
        if line is not None:
            for rank, fits in enumerate(_fits(line, wanted)):
                if fits:
                    here = rank, (index - start) % len(lines)
                    best = here if best is None else min(best, here)
    return None if best is None else (best[1] + start) % len(lines)


def _fits(line: Choice, wanted: str) -> Iterator[bool]:
    """Yield how a line fits, best first."""
    title = line.title.lower()
    names = (line.id.lower(), title, *title.split())
    yield wanted in names
    yield any(name.startswith(wanted) for name in names)
    yield any(wanted in name for name in names)
    yield wanted in line.description.lower()
