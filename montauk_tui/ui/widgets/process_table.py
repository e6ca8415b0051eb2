"""The process table: draws the visible rows, and repaints those that changed.

Hot path: the cost of a refresh depends on the height of the screen, not on the number
of processes.
"""

from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView

from montauk_tui.engine.projection import Projection, guides
from montauk_tui.engine.rows.exited import is_exited_row
from montauk_tui.model.frame import Frame
from montauk_tui.model.text import cell_width
from montauk_tui.session.state import Selection, Session
from montauk_tui.session.tabs import why_nothing
from montauk_tui.ui.widgets.lines import (
    BaseStyle,
    Line,
    Run,
    line_width,
    visible,
)
from montauk_tui.ui.widgets.process_row import (
    Layout,
    RowStyle,
    draw_row,
    fold_mark,
    lineage_text,
)


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
        self._drawn: dict[int, tuple[Line, Style | None]] = {}
        self._selection = Selection()
        self.shift = 0
        """Cells scrolled to the right."""
        self.rows_drawn = 0
        """Counts the rows drawn, for tests and benchmarks."""

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
        self._nothing = why_nothing(listed, choices.tab_now.rows)
        restyled = (layout, look) != (self._layout, self._look)
        self._frame, self._projection = projection.frame_of(listed), projection
        self._layout, self._look = layout, look
        count = len(projection.rows)
        if self.virtual_size.height != count:
            self.virtual_size = Size(0, count)
        before, self._selection = self._selection, selection
        is_kept = choices.following or self._is_visible(before.position)
        is_chosen = selection.chosen != before.chosen
        if is_chosen or (is_kept and selection.row is not None):
            self._scroll_into_view()
        if restyled:
            self._repaint()
        else:
            self._repaint_changed()

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
        before, self._selection = self._selection, selection
        self._scroll_into_view()
        self._repaint_positions(before.position, selection.position)
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

    def runs(self, y: int) -> list[Run]:
        """Return the line `y` of the visible part."""
        line, whole = self._content(y)
        runs = visible(line, self.size.width, self.shift)
        if whole is None:
            return runs
        return [("".join([text for text, _ in runs]), whole)]

    def _content(self, y: int) -> tuple[Line, Style | None]:
        """Return the contents of line `y`, and a style that overrides its others."""
        if y not in self._drawn:
            self._drawn[y] = self._draw(y + self.scroll_offset.y)
        return self._drawn[y]

    def _draw(self, position: int) -> tuple[Line, Style | None]:
        frame, projection = self._frame, self._projection
        layout, look = self._layout, self._look
        if frame is None or projection is None or layout is None or look is None:
            return (), None
        if position >= len(projection.rows):
            has_message = position == 0
            message = f"  {self._nothing}" if has_message else ""
            return ((message, look.theme.style("faint")),), None
        self.rows_drawn += 1
        flags = guides(projection, position, 1)[0]
        hidden = projection.hidden_at(position)
        lineage = lineage_text(flags, ascii_only=look.ascii)
        row = int(projection.rows[position])
        line = draw_row(frame, row, layout, look, lineage, hidden)
        if position == self.position:
            return line, look.theme.style("selected")
        if projection.is_context[position] or is_exited_row(frame, row):
            return line, look.theme.style("faint")
        return line, None

    def _repaint(self) -> None:
        self._drawn.clear()
        self.refresh()

    def _repaint_changed(self) -> None:
        """Redraw the visible rows and repaint those that changed."""
        old, self._drawn = self._drawn, {}
        changed = [y for y in range(self.size.height) if self._content(y) != old.get(y)]
        self.repaint(changed)

    def _repaint_positions(self, *positions: int) -> None:
        lines = sorted({position - self.scroll_offset.y for position in positions})
        for y in lines:
            self._drawn.pop(y, None)
        self.repaint([y for y in lines if 0 <= y < self.size.height])

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Draw the rows that come into view."""
        if round(old_value) != round(new_value):
            self._drawn.clear()
        super().watch_scroll_y(old_value, new_value)

    # --- events -----------------------------------------------------------------------

    def on_resize(self) -> None:
        """Draw everything for the new size, the selection visible."""
        self._drawn.clear()
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
