"""The rows on the screen: made again only where what they are made from changed."""

from collections.abc import Hashable, Sequence
from typing import NamedTuple

from montauk_tui.engine.columns.inputs import common
from montauk_tui.model.schema import Ints
from montauk_tui.ui.widgets.lines import Line
from montauk_tui.ui.widgets.process_row import Branch, Cell, RowMaker


class _Made(NamedTuple):
    """A row, and what it was made from."""

    branch: Branch
    values: tuple[Hashable, ...]
    """By column."""
    cells: list[Cell]
    line: Line


class RowCache:
    """The rows of the last page, by pid and start time."""

    def __init__(self) -> None:
        """Start empty."""
        self._made: dict[tuple[int, int], _Made] = {}
        self._for: tuple[object, ...] = ()
        """What all rows depend on."""
        self.count = 0
        """Counts the rows made, for tests and benchmarks."""

    def lines(
        self, maker: RowMaker, rows: Ints, branches: Sequence[Branch]
    ) -> list[Line]:
        """Return some rows of a frame as lines.

        Only these rows are remembered: most are on the screen next time, too.

        Args:
            maker: Makes the rows.
            rows: Rows of the frame's table.
            branches: The place of each in the tree.
        """
        depends = (maker.layout, maker.look, common(maker.frame))
        if depends != self._for:
            self._made, self._for = {}, depends
        table = maker.frame.sample.processes
        numbers, starts = table.pid[rows].tolist(), table.start_ticks[rows].tolist()
        every = zip(
            rows.tolist(),
            zip(numbers, starts, strict=True),
            branches,
            maker.inputs(rows),
            strict=True,
        )
        before, self._made = self._made, {}
        for row, identity, branch, values in every:
            made = before.get(identity)
            if made is None or made.values != values or made.branch != branch:
                made = _make(maker, row, branch, values, made)
                self.count += 1
            self._made[identity] = made
        return [made.line for made in self._made.values()]


def _make(
    maker: RowMaker,
    row: int,
    branch: Branch,
    values: tuple[Hashable, ...],
    before: _Made | None,
) -> _Made:
    """Return a row; the cells that did not change are those it had before."""
    if before is not None and before.branch != branch:
        before = None
    cells = [
        maker.cell(row, index, branch, value)
        if before is None or before.values[index] != value
        else before.cells[index]
        for index, value in enumerate(values)
    ]
    return _Made(branch, values, cells, maker.line(row, cells, branch.sign))
