"""The process table: draws the visible rows, and repaints those that changed.

Hot path: the cost of a refresh depends on the height of the screen, not on the number
of processes.
"""

from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from montauk_tui.engine.listing.ended import is_over
from montauk_tui.engine.projection import Projection, guides
from montauk_tui.model.frame import Frame
from montauk_tui.model.sample import Identity
from montauk_tui.model.text import cell_width
from montauk_tui.ui.widgets.lines import (
    BaseStyle,
    Line,
    changed_regions,
    line_width,
    to_strip,
)
from montauk_tui.ui.widgets.process_row import (
    Layout,
    RowLook,
    draw_row,
    fold_mark,
    lineage_text,
)


# Textual takes default CSS along the first base only, and without that of ScrollView
# nothing scrolls.
class ProcessTable(ScrollView, BaseStyle, can_focus=True, inherit_bindings=False):
    """Rows of processes with a selection that follows its process."""

    class Scrolled(Message):
        """The line was scrolled sideways; the header must follow."""

    class Selected(Message):
        """Another row was selected."""

        def can_replace(self, message: Message) -> bool:
            """Let one stand for all that wait."""
            return isinstance(message, ProcessTable.Selected)

    class Opened(Message):
        """A row was clicked twice; it is the selected one."""

    class MarkClicked(Message):
        """The mark of a folded branch was clicked; it is the selected one."""

    def __init__(self) -> None:
        """Start without a frame."""
        super().__init__(id="table")
        self._frame: Frame | None = None
        self._projection: Projection | None = None
        self._layout: Layout | None = None
        self._look: RowLook | None = None
        self._nothing = ""
        self._drawn: dict[int, tuple[Line, Style | None]] = {}
        self._position = 0
        self.selected: Identity | None = None
        """The process the user chose; None while the selection rests on the top."""
        self.shift = 0
        """Cells scrolled to the right."""
        self.rows_drawn = 0
        """Counts the rows drawn, for tests and benchmarks."""

    # --- content ----------------------------------------------------------------------

    def show(
        self,
        frame: Frame,
        projection: Projection,
        layout: Layout,
        look: RowLook,
        *,
        nothing: str = "",
        in_sight: bool = False,
    ) -> None:
        """Show the rows of a projection; the selection stays on its process.

        Where there are none, `nothing` says so. The selection that is to be `in_sight`
        is scrolled to wherever it went.
        """
        self._nothing = nothing
        restyled = (layout, look) != (self._layout, self._look)
        self._frame, self._projection = frame, projection
        self._layout, self._look = layout, look
        count = len(projection.rows)
        if self.virtual_size.height != count:
            self.virtual_size = Size(0, count)
        self._follow(frame, projection)
        if in_sight:
            self._scroll_into_view()
        if restyled:
            self._repaint()
        else:
            self._repaint_changed()

    def _follow(self, frame: Frame, projection: Projection) -> None:
        """Put the selection where its process is now.

        A process that is no longer shown leaves the selection on the row that took its
        place.
        """
        last = max(0, len(projection.rows) - 1)
        if self.selected is None:
            self._position = 0
            return
        found = projection.position_of(frame, self.selected)
        was_visible = self._is_visible(self._position)
        if found is None:
            self._position = min(self._position, last)
            self.selected = self._identity_at(self._position)
        else:
            self._position = found
            # A folded branch is selected at its root.
            self.selected = self._identity_at(found)
        if was_visible:
            self._scroll_into_view()

    def _identity_at(self, position: int) -> Identity | None:
        if self._frame is None or self._projection is None:
            return None
        if not 0 <= position < len(self._projection.rows):
            return None
        return self._frame.sample.processes.identity(
            int(self._projection.rows[position])
        )

    @property
    def position(self) -> int:
        """Position of the selection among the rows."""
        return self._position

    @property
    def row_count(self) -> int:
        """How many rows there are to scroll through."""
        return 0 if self._projection is None else len(self._projection.rows)

    @property
    def current(self) -> Identity | None:
        """The process under the selection, chosen or not."""
        return self._identity_at(self._position)

    # --- moving -----------------------------------------------------------------------

    def select(self, position: int) -> None:
        """Select the row at `position`, or the nearest there is, and show it."""
        position = max(0, min(position, self.row_count - 1))
        old, self._position = self._position, position
        self.selected = self._identity_at(position)
        self._scroll_into_view()
        self._repaint_positions(old, position)
        self.post_message(self.Selected())

    def select_identity(self, identity: Identity) -> None:
        """Select a process wherever it is, now or as soon as it is shown."""
        self.selected = identity
        if self._frame is not None and self._projection is not None:
            position = self._projection.position_of(self._frame, identity)
            if position is not None:
                self.select(position)

    def rest_on_first(self) -> None:
        """Let the selection rest on the first row, whichever process that is."""
        old, self._position, self.selected = self._position, 0, None
        self.scroll_to(y=0, animate=False)
        self._repaint_positions(old, 0)
        self.post_message(self.Selected())

    def scroll_by(self, rows: int) -> None:
        """Scroll up or down; the selection stays where it is."""
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
        if self._position < top:
            self.scroll_to(y=self._position, animate=False)
        elif self._position >= top + height:
            self.scroll_to(y=self._position - height + 1, animate=False)

    # --- drawing ----------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """Return the line `y` of the visible part."""
        line, whole = self._content(y)
        width = self.size.width
        if whole is None:
            return to_strip(line, width, self.base_style, self.shift)
        text = "".join(text for text, _ in line)
        style = self.base_style + whole
        return to_strip(((text, style),), width, style, self.shift)

    def _content(self, y: int) -> tuple[Line, Style | None]:
        """Return what line `y` holds, and the style that overrides all its others."""
        if y not in self._drawn:
            self._drawn[y] = self._draw(y + self.scroll_offset.y)
        return self._drawn[y]

    def _draw(self, position: int) -> tuple[Line, Style | None]:
        frame, projection = self._frame, self._projection
        layout, look = self._layout, self._look
        if frame is None or projection is None or layout is None or look is None:
            return (), None
        if position >= len(projection.rows):
            is_said = position == 0
            said = f"  {self._nothing}" if is_said else ""
            return ((said, look.theme.style("faint")),), None
        self.rows_drawn += 1
        flags = guides(projection, position, 1)[0]
        hidden = projection.hidden_at(position)
        lineage = lineage_text(flags, ascii_only=look.ascii)
        row = int(projection.rows[position])
        line = draw_row(frame, row, layout, look, lineage, hidden)
        if position == self._position:
            return line, look.theme.style("selected")
        if projection.is_context[position] or is_over(frame, row):
            return line, look.theme.style("faint")
        return line, None

    def _repaint(self) -> None:
        self._drawn.clear()
        self.refresh()

    def _repaint_changed(self) -> None:
        """Draw the visible rows anew and repaint those that differ from the screen."""
        old, self._drawn = self._drawn, {}
        changed = [y for y in range(self.size.height) if self._content(y) != old.get(y)]
        if changed:
            self.refresh(*changed_regions(changed, self.size.width))

    def _repaint_positions(self, *positions: int) -> None:
        lines = sorted({position - self.scroll_offset.y for position in positions})
        for y in lines:
            self._drawn.pop(y, None)
        visible = [y for y in lines if 0 <= y < self.size.height]
        self.refresh(*changed_regions(visible, self.size.width))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Draw the rows that come into view."""
        if round(old_value) != round(new_value):
            self._drawn.clear()
        super().watch_scroll_y(old_value, new_value)

    # --- events -----------------------------------------------------------------------

    def on_resize(self) -> None:
        """Draw everything for the new size, the selection in view."""
        self._drawn.clear()
        if self.selected is not None:
            self._scroll_into_view()

    def on_click(self, event: events.Click) -> None:
        """Select the row that was clicked; open what was clicked twice."""
        position = event.y + self.scroll_offset.y
        if position >= self.row_count:
            return
        again = event.chain > 1 and position == self._position
        is_mark = self._is_mark(event.x, position)
        self.select(position)
        if is_mark:
            self.post_message(self.MarkClicked())
        elif again:
            self.post_message(self.Opened())

    def _is_mark(self, x: int, position: int) -> bool:
        """Tell whether the mark of a folded branch is at a cell of a row."""
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
