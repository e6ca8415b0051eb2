"""Finds a line of a list by typing."""

from collections.abc import Iterator, Sequence
from typing import Final

from montauk_tui.session.effects import Choice
from montauk_tui.session.finding import Typed
from montauk_tui.ui.setup.page import ItemList

FIND_S: Final = 1.0
"""A longer pause starts a new text."""


class Finder:
    """The text typed into a list, and the line it selected."""

    def __init__(self) -> None:
        """Start with nothing typed."""
        self._typed = Typed(FIND_S)
        self._place: tuple[ItemList, int | None] | None = None
        self._origin = 0
        """The line selected when typing began."""
        self._is_found = True

    def type(self, items: ItemList, lines: Sequence[Choice | None], text: str) -> None:
        """Take a typed character, and select the matching line."""
        if not self.is_typing(items):
            self._origin = items.highlighted or 0
        self._typed.type(text)
        self._go(items, lines)

    def rub_out(self, items: ItemList, lines: Sequence[Choice | None]) -> None:
        """Delete the last character."""
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
        """Tell whether recent typing selected the current line; else forget it."""
        self._typed.expire()
        if self._place != (items, items.highlighted):
            self.forget()
        return bool(self._typed.text)

    def message(self, items: ItemList) -> str:
        """Return the text being searched, or an empty one."""
        if not self.is_typing(items):
            return ""
        return f"find: {self._typed.text}{'' if self._is_found else '  (no match)'}"

    def forget(self) -> None:
        """Forget what was typed."""
        self._typed.text = ""


def find_line(lines: Sequence[Choice | None], text: str, start: int) -> int | None:
    """Return the best match of a text; of equal ones the first from `start` on.

    Best is a whole name, then its start, a part of it, a part of the description.

    Args:
        lines: The lines; None for one that cannot be selected.
        text: The text to find, ignoring case.
        start: Where to begin; the search wraps around.
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
    """Yield whether a line matches, the best kind first."""
    title = line.title.lower()
    names = (line.id.lower(), title, *title.split())
    yield wanted in names
    yield any(name.startswith(wanted) for name in names)
    yield any(wanted in name for name in names)
    yield wanted in line.description.lower()
