"""Arrays and texts as bytes, one block after the other, and back."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any, Final

import numpy as np

from montauk_tui.model.schema import UNKNOWN, Bytes, Floats, Ints
from montauk_tui.recorder.layout import MOST_RAW_BYTES, BadFrame

_WIDTHS: Final = tuple(map(np.dtype, ("<i1", "<i2", "<i4", "<i8")))
"""Types of stored integers; the code of a type is its position."""
_PLACE: Final = np.dtype("<u4")
Width = np.dtype[Any]
_LIMITS: Final = np.array([1 << 7, 1 << 15, 1 << 31], dtype=np.int64)

_NO_INTS: Final[Ints] = np.empty(0, dtype=np.int64)

_SPARSE: Final = len(_WIDTHS)
"""Added to the code of a column of which only those other than 0 are stored."""
_ALL: Final = slice(None)
_FEW: Final = 8
"""Fewer than one in so many: places cost four bytes each."""

MOST_NUMBERS: Final = 1 << 24
"""Of a matrix: columns of zeros take a byte, so that the bytes limit nothing."""

MOST_TEXT_BYTES: Final = 1 << 22
"""Of one text; the kernel has 2 MiB of arguments for 8 MiB of stack (execve(2))."""


def steps(values: Ints) -> Ints:
    """Return the difference of each from the one on its left, of the first from 0.

    As np.diff(values, prepend=0), in a third of the time for few.
    """
    found: Ints = values.copy()
    found[..., 1:] -= values[..., :-1]
    return found


class Blocks:
    """Bytes to which blocks are added."""

    def __init__(self) -> None:
        """Start empty."""
        self._parts: list[bytes] = []

    def add(self, data: bytes) -> None:
        """Add bytes, with their number."""
        self._parts += (len(data).to_bytes(4, "little"), data)

    def add_ints(self, values: Ints) -> None:
        """Add a column of integers, in the narrowest type for all of them."""
        self.add_matrix(values.reshape(1, -1))

    def add_matrix(self, rows: Ints) -> None:
        """Add integers of shape (columns, rows), each column in its narrowest form.

        A column of zeros takes a byte, and one of few others only those.
        """
        # Most columns of a difference are zeros.
        filled = np.flatnonzero(rows.any(axis=1)) if rows.size else ()
        if not len(filled):
            self.add(bytes(len(rows)))
            return
        codes = np.zeros(len(rows), dtype="<u1")
        rows = rows.take(filled, axis=0)
        low, high = rows.min(axis=1), rows.max(axis=1)
        # ~x of a negative number is its distance to -1: no overflow at the smallest.
        reach = np.maximum(high, ~low)
        forms = 1 + np.searchsorted(_LIMITS, reach, side="right")
        forms[(rows != 0).sum(axis=1) * _FEW < rows.shape[1]] += _SPARSE
        codes[filled] = forms
        parts = [codes.tobytes()]
        for row, code in zip(rows, forms.tolist(), strict=True):
            if code > _SPARSE:
                at = np.flatnonzero(row)
                parts.append(len(at).to_bytes(4, "little"))
                parts.append(steps(at).astype("<u4").tobytes())
                parts.append(row[at].astype(_WIDTHS[code - _SPARSE - 1]).tobytes())
            else:
                parts.append(row.astype(_WIDTHS[code - 1]).tobytes())
        self.add(b"".join(parts))

    def add_rows(self, rows: Ints) -> None:
        """Add ascending row numbers, with their count."""
        self.add(len(rows).to_bytes(4, "little"))
        self.add_ints(steps(rows) if len(rows) else rows)

    def add_texts(self, texts: Sequence[bytes]) -> None:
        """Add texts of any length."""
        self.add_ints(np.fromiter(map(len, texts), np.int64, len(texts)))
        self.add(b"".join(texts))

    def bytes(self) -> bytes:
        """Return everything that was added."""
        return b"".join(self._parts)


class Reader:
    """Takes the blocks in the order in which they were added.

    Raises:
        BadFrame: The bytes are not what belongs there.
    """

    def __init__(self, data: bytes) -> None:
        """Start with the first."""
        self._data = data
        self._at = 0

    def take(self) -> bytes:
        """Return the next bytes."""
        data, at = self._data, self._at
        start = at + 4
        end = self._at = start + int.from_bytes(data[at:start], "little")
        if end > len(data):
            raise BadFrame("a frame is too short")
        return data[start:end]

    def take_ints(self, count: int) -> Ints:
        """Return a column of `count` integers."""
        data = self.take()
        code = data[0] if data else 0
        if not count:
            return _NO_INTS
        if 0 < code <= _SPARSE:
            # Most of the blocks of a moment are such a column.
            numbers, end = _numbers(data, 1, _width(code), count)
            if end == len(data):
                return numbers.astype(np.int64)
        whole: Ints = np.zeros(count, dtype=np.int64)
        for _, places, numbers in _columns(data, 1, count):
            whole[places] = numbers
        return whole

    def take_matrix(self, columns: int, count: int) -> Ints:
        """Return integers of shape (columns, count)."""
        if columns * count > MOST_NUMBERS:
            raise BadFrame("a frame has too many rows")
        rows = np.zeros((columns, count), dtype=np.int64)
        if not count:
            self.take()
            return rows
        for at, places, numbers in self.take_columns(columns, count):
            rows[at, places] = numbers
        return rows

    def take_columns(
        self, columns: int, count: int
    ) -> list[tuple[int, Ints | slice, Ints]]:
        """Return the numbers of a matrix that are not 0, without making all others.

        For each column that has any its number, their places in it, and they.
        """
        if columns * count > MOST_NUMBERS:
            raise BadFrame("a frame has too many rows")
        return _columns(self.take(), columns, count)

    def take_texts(self, count: int) -> list[bytes]:
        """Return `count` texts."""
        # Most often they are few: lists are faster than arrays then.
        lengths: list[int] = self.take_ints(count).tolist()
        data = self.take()
        if count and (min(lengths) < 0 or max(lengths) > MOST_TEXT_BYTES):
            raise BadFrame("a frame has damaged texts")
        if sum(lengths) != len(data):
            raise BadFrame("a frame has texts of another length")
        ends = [*accumulate(lengths)]
        return [data[s:e] for s, e in zip([0, *ends], ends, strict=False)]


def _columns(
    data: bytes, columns: int, count: int
) -> list[tuple[int, Ints | slice, Ints]]:
    if len(data) < columns:
        raise BadFrame("a frame is too short")
    found: list[tuple[int, Ints | slice, Ints]] = []
    end = columns
    # Most are zeros.
    filled = [(at, code) for at, code in enumerate(data[:columns]) if code]
    for at, code in filled:
        places: Ints | slice = _ALL
        width, length = _width(code), count
        if code > _SPARSE:
            length = int.from_bytes(data[end : end + 4], "little")
            steps_on, end = _numbers(data, end + 4, _PLACE, length)
            places = steps_on.cumsum(dtype=np.int64)
            if length and places[-1] >= count:
                raise BadFrame("a frame has too many numbers")
        numbers, end = _numbers(data, end, width, length)
        found.append((at, places, numbers))
    if end != len(data):
        raise BadFrame("a frame has columns of another length")
    return found


def _numbers(data: bytes, at: int, width: Width, count: int) -> tuple[Ints, int]:
    """Return numbers that begin at a place, and where they end."""
    end = at + count * width.itemsize
    if end > len(data):
        raise BadFrame("a frame has columns of another length")
    numbers: Ints = np.frombuffer(data, width, count, at) if count else _NO_INTS
    return numbers, end


def _width(code: int) -> Width:
    if code > 2 * _SPARSE:
        raise BadFrame("a frame has damaged columns")
    return _WIDTHS[(code - 1) % _SPARSE]


def as_column(texts: Sequence[bytes]) -> Bytes:
    """Return texts as an array, none of them cut.

    Raises:
        BadFrame: Such an array would be larger than any that is recorded.
    """
    width = max(1, max(map(len, texts), default=0))
    if width * len(texts) > MOST_RAW_BYTES:
        raise BadFrame("a frame has too long texts")
    return np.array(texts, dtype=f"S{width}")


def as_ints(values: Floats) -> Ints | None:
    """Return whole numbers as integers, NaN as UNKNOWN; None if some are not whole."""
    known = ~np.isnan(values)
    ints = np.full(values.shape, UNKNOWN, dtype=np.int64)
    ints[known] = values[known]
    is_whole = bool((ints[known] == values[known]).all())
    return ints if is_whole else None


def bounded(number: Any, most: int) -> int:
    """Return a count of a frame's JSON.

    Raises:
        BadFrame: It is not a count, or larger than `most`.
    """
    if not isinstance(number, int) or isinstance(number, bool):
        raise BadFrame("a frame has no count where one belongs")
    if not 0 <= number <= most:
        raise BadFrame("a frame has an impossible count")
    return number
