"""The process table: draws the visible rows, and repaints those that changed.

Hot path: the cost of a refresh depends on the height of the screen, not on the number
of processes.
"""

from typing import Final

import numpy as np
from rich.style import Style
from textual import events
from textual.message import Message
from textual.scroll_view import ScrollView

from montauk_tui.engine.projection import Projection
from montauk_tui.engine.rows.exited import are_new_rows
from montauk_tui.model.frame import Frame
from montauk_tui.model.text import cell_width
from montauk_tui.session.state import Selection, Session
from montauk_tui.session.tabs import why_nothing
from montauk_tui.ui.widgets.columns import Layout, RowStyle
from montauk_tui.ui.widgets.lines import (
    BaseStyle,
    Line,
    Run,
    differing,
    line_width,
    visible,
)
from montauk_tui.ui.widgets.process_row import (
    NEW_SIGN,
    RowMaker,
    branches_of,
    fold_mark,
)
from montauk_tui.ui.widgets.row_cache import RowCache
from montauk_tui.ui.widgets.scrolling import take_line_count

_EMPTY: Final[tuple[Line, Style | None]] = ((), None)


# Textual inherits default CSS from the first base only; without ScrollView's nothing
# scrolls.
class ProcessTable(ScrollView, BaseStyle, can_focus=True, inherit_bindings=False):
    """Rows of processes with a selection that follows its process."""

    class Scrolled(Message):
        """The table was scrolled sideways; the header must follow."""

    class Selected(Message):
        """Another row was selected."""

        def can_replace(self, message: Message) -> bool:
            """Merge queued messages."""
            return isinstance(message, ProcessTable.Selected)

    def __init__(self) -> None:
        """Start without a frame."""
        super().__init__(id="table")
        self._frame: Frame | None = None
        self._projection: Projection | None = None
        self._layout: Layout | None = None
        self._look: RowStyle | None = None
        self._nothing = ""
        self._new_s = 0.0
        """How long a process is new."""
        self._made = RowCache()
        self._drawn: list[tuple[Line, Style | None]] = []
        """The visible lines with a style that overrides their own; empty if they are to
        be made."""
        self._selection = Selection()
        self.shift = 0
        """Cells scrolled to the right."""

    # --- content ----------------------------------------------------------------------

    def show(self, session: Session, layout: Layout, look: RowStyle) -> None:
        """Show the rows of a session.

        The selection is scrolled into view if it is new or was visible, or if it is
        followed.
        """
        if session.rows is None:
            return
        listed, projection = session.rows.listed, session.rows.projection
        selection, choices = session.selection, session.choices
        self._new_s = session.rows.shown.linger_s
        self._nothing = why_nothing(listed, choices.tab_now.rows)
        restyled = (layout, look) != (self._layout, self._look)
        self._frame, self._projection = projection.frame_of(listed), projection
        self._layout, self._look = layout, look
        needs_layout = take_line_count(self, len(projection.rows))
        before, self._selection = self._selection, selection
        is_kept = choices.following or self._is_visible(before.position)
        is_chosen = selection.chosen != before.chosen
        if is_chosen or (is_kept and selection.row is not None):
            self._scroll_into_view()
        if restyled:
            self._repaint()
        else:
            self._repaint_changed()
        if needs_layout:
            # Last: a key shows its rows before the scroll bar appears or goes.
            self.refresh(layout=True)

    @property
    def position(self) -> int:
        """Position of the selection among the rows."""
        return self._selection.position

    @property
    def row_count(self) -> int:
        """Number of rows to scroll through."""
        return 0 if self._projection is None else len(self._projection.rows)

    # --- movement ---------------------------------------------------------------------

    def select(self, selection: Selection) -> None:
        """Move the selection to another row."""
        self._selection = selection
        self._scroll_into_view()
        self._repaint_changed()
        self.post_message(self.Selected())

    def scroll_by(self, rows: int) -> None:
        """Scroll up or down without moving the selection."""
        self.scroll_to(y=self.scroll_offset.y + rows, animate=False)

    def shift_to(self, cells: int) -> None:
        """Scroll sideways so that the line starts at its cell `cells`."""
        cells = max(0, min(cells, self._longest_line() - self.size.width + 1))
        if cells != self.shift:
            self.shift = cells
            self._repaint()
            self.post_message(self.Scrolled())

    def _longest_line(self) -> int:
        lines = (self._content(y)[0] for y in range(self.size.height))
        return max(map(line_width, lines), default=0)

    def _is_visible(self, position: int) -> bool:
        return 0 <= position - self.scroll_offset.y < max(1, self.size.height)

    def _scroll_into_view(self) -> None:
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if self.position < top:
            self.scroll_to(y=self.position, animate=False)
        elif self.position >= top + height:
            self.scroll_to(y=self.position - height + 1, animate=False)

    # --- drawing ----------------------------------------------------------------------

    def runs(self, y: int, width: int) -> list[Run]:
        """Return the line `y` of the visible part."""
        line, whole = self._content(y)
        runs = visible(line, width, self.shift)
        if whole is None:
            return runs
        return [("".join([text for text, _ in runs]), whole)]

    def _content(self, y: int) -> tuple[Line, Style | None]:
        """Return the contents of line `y`, and a style that overrides its others."""
        if not self._drawn:
            self._drawn = self._page()
        return self._drawn[y] if y < len(self._drawn) else _EMPTY

    def _page(self) -> list[tuple[Line, Style | None]]:
        """Return the contents of all visible lines."""
        frame, projection = self._frame, self._projection
        layout, look = self._layout, self._look
        if frame is None or projection is None or layout is None or look is None:
            return [_EMPTY]
        if not len(projection.rows):
            return [(((f"  {self._nothing}", look.theme.style("faint")),), None)]
        top = self.scroll_offset.y
        rows = projection.rows[top : top + max(1, self.size.height)]
        branches = branches_of(projection, top, len(rows), ascii_only=look.ascii)
        for place in np.flatnonzero(are_new_rows(frame, rows, self._new_s)):
            branches[place] = branches[place]._replace(sign=NEW_SIGN)
        lines = self._made.lines(RowMaker(frame, layout, look), rows, branches)
        is_faint = projection.is_context[top : top + len(rows)]
        faint = look.theme.style("faint")
        overrides = [faint if it else None for it in is_faint.tolist()]
        if 0 <= self.position - top < len(rows):
            overrides[self.position - top] = look.theme.style("selected")
        return list(zip(lines, overrides, strict=True))

    @property
    def rows_drawn(self) -> int:
        """Counts the rows made, for tests and benchmarks."""
        return self._made.count

    def _repaint(self) -> None:
        self._drawn = []
        self.refresh()

    def _repaint_changed(self) -> None:
        """Repaint the visible lines that changed."""
        old, self._drawn = self._drawn, self._page()
        if not old:
            # Of another size, or scrolled: what is on the screen is not known.
            self.refresh()
            return
        width, height = self.size
        self.repaint(differing(old, self._drawn, _EMPTY, height), width)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Draw the rows that come into view, and the bar beside them after that."""
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = new_value
        if round(old_value) != round(new_value):
            self._drawn = []
            width, height = self.size
            self.repaint(range(height), width)

    # --- events -----------------------------------------------------------------------

    def on_resize(self) -> None:
        """Draw everything for the new size, the selection visible."""
        self._drawn = []
        if self._selection.row is not None:
            self._scroll_into_view()

    async def on_click(self, event: events.Click) -> None:
        """Select a clicked row; open a double-clicked one."""
        position = event.y + self.scroll_offset.y
        if position >= self.row_count:
            return
        again = event.chain > 1 and position == self.position
        is_mark = self._is_mark(event.x, position)
        await self.app.run_action(f"select({position})")
        if is_mark or again:
            await self.app.run_action("fold" if is_mark else "enter")

    def _is_mark(self, x: int, position: int) -> bool:
        """Tell whether a cell of a row is in the mark of a folded branch."""
        if self._projection is None or not self._projection.hidden_at(position):
            return False
        mark = fold_mark(self._projection.hidden_at(position))
        at = -self.shift
        for text, _ in self._content(position - self.scroll_offset.y)[0]:
            width = cell_width(text)
            if text == mark:
                return at <= x < at + width - 1
            at += width
        return False
