"""Moving the selection."""

import sys

from montauk_tui.ui.actions.going import GoingActions


class MovingActions(GoingActions):
    """Actions that move."""

    def action_move(self, rows: int) -> None:
        """Select a row further up or down."""
        self.main.table.select(self.main.table.position + rows)

    def action_move_page(self, pages: int) -> None:
        """Go up or down whole screens."""
        height = max(1, self.main.table.size.height - 1)
        self.main.table.select(self.main.table.position + pages * height)

    def action_first(self) -> None:
        """Go to the first row and stay there."""
        self.kept[self.choices.tab] = None
        self.main.table.rest_on_first()

    def action_last(self) -> None:
        """Go to the last row."""
        self.main.table.select(self.main.table.row_count - 1)

    def action_scroll(self, rows: int) -> None:
        """Scroll, and leave the selection where it is."""
        self.main.table.scroll_by(rows)

    def action_shift(self, cells: int) -> None:
        """Scroll sideways."""
        self.main.table.shift_to(self.main.table.shift + cells)

    def action_shift_home(self) -> None:
        """Scroll to the start of the line."""
        self.main.table.shift_to(0)

    def action_shift_end(self) -> None:
        """Scroll to the end of the longest line."""
        self.main.table.shift_to(sys.maxsize)
