"""The titles above the process table; a click sorts."""

from textual import events

from montauk_tui.ui.widgets.columns import Layout, RowStyle, draw_header
from montauk_tui.ui.widgets.lines import LinesWidget, line_width


class TableHeader(LinesWidget):
    """One line of titles, scrolled sideways with the table."""

    def __init__(self) -> None:
        """Start without columns."""
        super().__init__(id="header")
        self._titles: Layout | None = None

    def show(self, layout: Layout, look: RowStyle, shift: int, width: int) -> None:
        """Show the titles of a layout from cell `shift` on, in `width` cells."""
        self._titles = layout
        line = draw_header(layout, look)
        gap = width + shift - line_width(line)
        self.paint([(*line, (" " * max(0, gap), look.theme.style("header")))], shift)

    async def on_click(self, event: events.Click) -> None:
        """Sort by the clicked column, or reverse its order."""
        if self._titles is None:
            return
        column = self._titles.column_at(event.x + self.shift)
        if column is not None:
            await self.app.run_action(f"sort_or_invert({column.id!r})")
