"""Rows of a frame as aligned lines of plain text."""

from collections.abc import Sequence

from montauk_tui.engine.columns.column import Column
from montauk_tui.engine.rows.notes import note
from montauk_tui.model.frame import Frame
from montauk_tui.model.text import cell_width, fit


class PlainTable:
    """The columns of a frame, with the widths that hold its PIDs."""

    def __init__(
        self, frame: Frame, columns: Sequence[Column], heading: str = ""
    ) -> None:
        """Measure the columns; `heading` is the title of names that are no commands."""
        self._frame, self._columns, self._heading = frame, columns, heading
        self._widths = [_width(column, frame) for column in columns]

    @property
    def titles(self) -> str:
        """The line above the rows."""
        return self._line(
            [
                (column.id == "command" and self._heading) or column.title
                for column in self._columns
            ]
        )

    def row(self, row: int, depth: int = 0) -> str:
        """Return the line of a row; in a tree its command is indented."""
        texts = [column.text(self._frame, row) for column in self._columns]
        if self._columns and self._columns[-1].id == "command":
            command = note(self._frame, row).around(texts[-1])
            texts[-1] = "  " * depth + command
        return self._line(texts)

    def _line(self, texts: Sequence[str]) -> str:
        cells = []
        for text, column, width in zip(texts, self._columns, self._widths, strict=True):
            if not width:
                cells.append(text)
            elif column.left:
                cells.append(fit(text, width))
            else:
                cells.append(" " * (width - cell_width(text)) + text)
        return " ".join(cells).rstrip()


def _width(column: Column, frame: Frame) -> int:
    if not column.holds_pid:
        return column.width
    return max(column.width, len(str(frame.sample.processes.pid.max(initial=0))))
