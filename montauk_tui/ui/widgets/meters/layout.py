"""Layout of the meters: two columns if they fit, else one below the other.

Meters that do not fit are dropped from the end of the user's list.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate, chain, pairwise
from typing import Final, NamedTuple

from rich.style import Style

from montauk_tui.engine.meters import USUAL, Chosen
from montauk_tui.model.frame import Frame
from montauk_tui.ui.widgets.lines import Line
from montauk_tui.ui.widgets.meters.bars import (
    average_bar,
    columns_of_bars,
    cpu_bars,
    heat_strip,
    memory_bar,
    strip_lines,
    swap_bar,
)
from montauk_tui.ui.widgets.meters.figures import FIGURES
from montauk_tui.ui.widgets.meters.graphs import LEAST_GRAPH, draw_graph
from montauk_tui.ui.widgets.meters.style import (
    LEAST_BAR,
    LEAST_GAUGE,
    MeterStyle,
    Piece,
    Room,
    one_line,
)

_STRIP_LINES_PER_LINE: Final = 2
"""How much higher than bars a heat strip may be."""

_MOST_GRAPH_LINES: Final = 4

_BARS: Final = {"memory": memory_bar, "swap": swap_bar}

_Row = tuple[Piece, ...]
"""Pieces side by side."""


class _Placed(NamedTuple):
    """Pieces side by side, with their place."""

    pieces: tuple[tuple[Piece, int], ...]
    """Each with its width in cells."""
    height: int
    """In lines."""


class _Column(NamedTuple):
    rows: tuple[_Placed, ...]
    width: int
    height: int


class _Layout(NamedTuple):
    columns: tuple[_Column, ...]
    shown: int
    """Number of meters in it."""


def lay_out(frame: Frame, look: MeterStyle) -> list[Line]:
    """Return the lines of the configured meters."""
    chosen = tuple(one for one in look.chosen if _is_there(one, frame, look))
    columns = arranged(chosen, len(frame.sample.host.cpu_ids), look.room)
    drawn = [_drawn(column, frame, look) for column in columns]
    return [tuple(chain.from_iterable(parts)) for parts in zip(*drawn, strict=True)]


@lru_cache(maxsize=8)
def arranged(chosen: tuple[Chosen, ...], cpus: int, room: Room) -> tuple[_Column, ...]:
    """Return the places of meters, which do not depend on their values."""
    if not chosen:
        return ()
    beside = _two_columns(chosen, cpus, room)
    if beside is not None:
        return beside
    below = _stacked(chosen, cpus, room)
    if room.width // 2 >= LEAST_GAUGE:
        # Narrow columns only if everything fits.
        for shown in range(len(chosen) - 1, below.shown, -1):
            beside = _two_columns(chosen[:shown], cpus, room)
            if beside is not None:
                return beside
    return below.columns


def _drawn(column: _Column, frame: Frame, look: MeterStyle) -> list[Line]:
    """Return the lines of a column."""
    lines: list[Line] = []
    for pieces, height in column.rows:
        parts = [
            _piece_lines(piece, (cells, height), frame, look) for piece, cells in pieces
        ]
        lines += [tuple(chain.from_iterable(line)) for line in zip(*parts, strict=True)]
    blank: Line = ((" " * column.width, Style.null()),)
    return lines + [blank] * (column.height - len(lines))


def _piece_lines(
    piece: Piece, size: tuple[int, int], frame: Frame, look: MeterStyle
) -> list[Line]:
    """Return as many lines of a piece as it has room for."""
    cells, height = size
    lines = piece.draw(frame, look, cells, height if piece.grows else piece.height)
    blank: Line = ((" " * cells, Style.null()),)
    return lines + [blank] * (height - len(lines))


def _is_there(one: Chosen, frame: Frame, look: MeterStyle) -> bool:
    """Tell whether there is anything to show; a configured meter shows why not."""
    if look.chosen != USUAL:
        return True
    host = frame.sample.host
    return {
        "pressure": bool(host.pressure),
        "network": bool(host.devices.interfaces),
        "disk": bool(host.devices.disks),
    }.get(one.meter.id, True)


# --- pieces ---------------------------------------------------------------------------


def _pieces(one: Chosen, cpus: int, room: Room, width: int) -> list[Piece] | None:
    """Return the piece of a meter in a column, None if it does not fit."""
    name, style = one
    if style == "graph":
        wanted = min(_MOST_GRAPH_LINES, max(1, room.rows // 2))
        return [_graph(one, wanted)]
    if name.id == "cpu":
        return _cpu_pieces(style, cpus, room, width)
    if style == "bar":
        return [one_line(_BARS[name.id], LEAST_GAUGE)]
    draw, least = FIGURES[name.id]
    return [one_line(draw, least, figures=True)]


def _graph(one: Chosen, height: int) -> Piece:
    def draw(frame: Frame, look: MeterStyle, width: int, lines: int) -> list[Line]:
        return draw_graph(one.meter.id, frame, look, (width, lines))

    return Piece(draw, LEAST_GRAPH, height, grows=True)


def _cpu_pieces(style: str, cpus: int, room: Room, width: int) -> list[Piece] | None:
    """Return the bars, or the strip and the average, or the average alone."""
    average = one_line(average_bar, LEAST_GAUGE)
    if style == "average":
        return [average]
    is_whole_width = width == room.width
    if style != "strip":
        columns = columns_of_bars(cpus, width, min(room.rows, room.lines))
        if columns:
            rows = -(-cpus // columns)
            return [
                Piece(
                    lambda frame, look, cells, _: cpu_bars(frame, look, columns, cells),
                    width,
                    rows,
                )
            ]
        if not is_whole_width:
            return None
    lines = strip_lines(cpus, width)
    most = min(_STRIP_LINES_PER_LINE * room.rows, room.lines - 1)
    if style == "bars" or lines > most:
        return [average]
    strip = Piece(
        lambda frame, look, cells, _: heat_strip(frame, look, cells), width, lines
    )
    return [strip, average]


# --- two columns ----------------------------------------------------------------------


def _two_columns(
    chosen: Sequence[Chosen], cpus: int, room: Room
) -> tuple[_Column, ...] | None:
    """Return both columns, None if they do not hold all meters.

    A high first meter is alone on the left, with meters that do not fit on the right
    below it; else the left column is filled first.
    """
    half = room.width // 2
    if half < LEAST_BAR:
        return None
    pieces: list[Piece] = []
    for one in chosen:
        more = _pieces(one, cpus, room, half)
        if more is None:
            return None
        pieces += more
    is_alone = chosen[0].meter.id == "cpu" and chosen[0].style != "average"
    if len(pieces) == 1 or any(p.grows and p.least > half for p in pieces):
        return None
    arranged = [_paired(pieces, pairs, half) for pairs in range(len(pieces) // 2 + 1)]
    for height in range(max(p.height for p in pieces), room.lines + 1):
        for rows in arranged:
            if _height(rows) > 2 * height:
                continue
            placed = _placed(rows, height, is_alone=is_alone)
            if placed is not None:
                left, right = placed
                return (
                    _column(left, half, height),
                    _column(right, room.width - half, height),
                )
    return None


def _paired(pieces: Sequence[Piece], pairs: int, width: int) -> list[_Row]:
    """Return rows of one piece each, with a number of pairs at the end."""
    rows: list[_Row] = []
    left = list(pieces)
    while left:
        last = left.pop()
        row: _Row = (last,)
        both = [*left[-1:], last]
        are_narrow = len(both) > 1 and all(piece.is_figures for piece in both)
        if pairs and are_narrow and sum(piece.least for piece in both) <= width:
            row = (left.pop(), last)
            pairs -= 1
        rows.append(row)
    return rows[::-1]


def _placed(
    rows: Sequence[_Row], height: int, *, is_alone: bool
) -> tuple[list[_Row], list[_Row]] | None:
    """Return the rows of both columns, None if higher than `height`."""
    first, rest = (list(rows[:1]), list(rows[1:])) if is_alone else ([], list(rows))
    # Everything beside the first one, or else as little as needed below.
    counts = [*([len(rest)] if is_alone else []), *range(len(rest) + 1)]
    for count in counts:
        before, behind = rest[:count], rest[count:]
        left, right = ([*first, *behind], before) if is_alone else (before, behind)
        fits = max(_height(left), _height(right)) <= height
        if fits and (is_alone or _height(left) >= _height(right)):
            return left, right
    return None


def _height(rows: Iterable[_Row]) -> int:
    return sum(max(piece.height for piece in row) for row in rows)


def _column(rows: Sequence[_Row], width: int, height: int) -> _Column:
    """Return the places in a column; growing pieces take the rest."""
    spare = height - _height(rows)
    growing = [index for index, row in enumerate(rows) if _grows(row)]
    placed: list[_Placed] = []
    for index, row in enumerate(rows):
        extra = 0
        if index in growing:
            at = growing.index(index)
            count = len(growing)
            extra = spare * (at + 1) // count - spare * at // count
        pieces = tuple(zip(row, _widths(row, width), strict=True))
        placed.append(_Placed(pieces, _height([row]) + extra))
    return _Column(tuple(placed), width, height)


def _grows(row: _Row) -> bool:
    return any(piece.grows for piece in row)


# --- one column -----------------------------------------------------------------------


def _stacked(chosen: Sequence[Chosen], cpus: int, room: Room) -> _Layout:
    """Return as many of the first meters as fit, line by line."""
    for shown in range(len(chosen), 0, -1):
        rows = _rows_of(chosen[:shown], cpus, room)
        if _height(rows) > room.lines:
            rows = [tuple(_low(piece) for piece in row) for row in rows]
        if _height(rows) <= room.lines:
            return _Layout((_column(rows, room.width, _height(rows)),), shown)
    return _Layout((), 0)


def _rows_of(chosen: Sequence[Chosen], cpus: int, room: Room) -> list[_Row]:
    """Return rows of as many pieces as fit side by side."""
    pieces = [
        piece for one in chosen for piece in _pieces(one, cpus, room, room.width) or ()
    ]
    rows = _filled_up(pieces, room.width, len(pieces))
    # Even rows, if that needs no more of them.
    for most in range(1, len(pieces)):
        even = _filled_up(pieces, room.width, most)
        if len(even) == len(rows):
            return even
    return rows


def _filled_up(pieces: Sequence[Piece], width: int, most: int) -> list[_Row]:
    """Return rows of as many pieces as fit, but at most `most` of them."""
    rows: list[_Row] = []
    for piece in pieces:
        row = (*rows[-1], piece) if rows else ()
        if row and len(row) <= most and sum(p.least for p in row) <= width:
            rows[-1] = row
        else:
            rows.append((piece,))
    return rows


def _low(piece: Piece) -> Piece:
    return Piece(piece.draw, piece.least, 1, grows=True) if piece.grows else piece


# --- one row --------------------------------------------------------------------------


def _widths(row: _Row, width: int) -> list[int]:
    """Return widths in proportion to what the pieces need at least."""
    ends = [0, *accumulate(piece.least for piece in row)]
    cells = [width * end // ends[-1] for end in ends]
    return [end - start for start, end in pairwise(cells)]
