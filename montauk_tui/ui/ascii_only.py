"""Limits Textual's own drawing to ASCII; `app.tcss` has the rest."""

from typing import Any, ClassVar

from textual.app import App
from textual.scrollbar import ScrollBar, ScrollBarRender


class WholeCells(ScrollBarRender):
    """A scroll bar without characters for parts of a cell."""

    VERTICAL_BARS: ClassVar = [" "] * len(ScrollBarRender.VERTICAL_BARS)
    HORIZONTAL_BARS: ClassVar = [" "] * len(ScrollBarRender.HORIZONTAL_BARS)


def draw_with_ascii(app: App[Any], *, wanted: bool) -> None:
    """Limit an app to ASCII, or lift that of an earlier app in this process."""
    app.set_class(wanted, "ascii")
    ScrollBar.renderer = WholeCells if wanted else ScrollBarRender
