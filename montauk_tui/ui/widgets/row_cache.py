"""The rows on the screen: made again only where what they are made from changed."""

from collections.abc import Hashable, Sequence
from itertools import islice
from typing import Final, NamedTuple

from montauk_tui.engine.columns.inputs import common
from montauk_tui.model.schema import Ints
from montauk_tui.ui.widgets.lines import Line
from montauk_tui.ui.widgets.process_row import Branch, Cell, RowMaker

_MOST: Final = 256
"""Rows of earlier pages."""


class _Made(NamedTuple):
    """A row, and what it was made from."""

    branch: Branch
    values: tuple[Hashable, ...]
    """By column."""
    cells: list[Cell]
    line: Line


class RowCache:
    """The rows of the last pages, by pid and start time."""

    def __init__(self) -> None:
        """Start empty."""
        self._made: dict[tuple[int, int], _Made] = {}
        """The last shown at the end."""
        self._for: tuple[object, ...] = ()
        """What all rows depend on."""
        self.count = 0
        """Counts the rows made, for tests and benchmarks."""

    def lines(
        self, maker: RowMaker, rows: Ints, branches: Sequence[Branch]
    ) -> list[Line]:
        """Return some rows of a frame as lines.

        Most of these rows are on the screen next time, too; those of the pages before,
        up to a number, where the user scrolls back.

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
        known, lines = self._made, []
        for row, identity, branch, values in every:
            made = known.pop(identity, None)
            if made is None or made.values != values or made.branch != branch:
                made = _make(maker, row, branch, values, made)
                self.count += 1
            known[identity] = made
            lines.append(made.line)
        for identity in list(islice(known, max(0, len(known) - _MOST - len(lines)))):
            del known[identity]
        return lines


def _make(
    maker: RowMaker,
    row: int,
    branch: Branch,
    values: tuple[Hashable, ...],
    before: _Made | None,
) -> _Made:
    """Return a row; the cells that did not change are those it had before."""
    moved = None
    if before is not None and before.branch.hidden != branch.hidden:
        # Sums have another sign.
        before = None
    elif before is not None and before.branch.lineage != branch.lineage:
        moved = maker.tree_column
    cells = [
        maker.cell(row, index, branch, value)
        if before is None or index == moved or before.values[index] != value
        else before.cells[index]
        for index, value in enumerate(values)
    ]
    return _Made(branch, values, cells, maker.line(row, cells, branch.sign))
