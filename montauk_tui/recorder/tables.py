"""The process table as the difference from the previous one, and tables of events."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np

from montauk_tui.model.join import is_in, same_process
from montauk_tui.model.records import RecordTable
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import FIELDS, UNKNOWN, Bools, Bytes, Ints
from montauk_tui.recorder.blocks import MOST_NUMBERS, Blocks, Reader, as_column, steps
from montauk_tui.recorder.layout import MOST_RAW_BYTES, BadFrame

_Records = TypeVar("_Records", bound=RecordTable)

_NO_ROWS: Final[Ints] = np.empty(0, dtype=np.int64)


@lru_cache(maxsize=64)
def _places(names: tuple[str, ...], wanted: tuple[str, ...]) -> Ints | None:
    """Return the columns of wanted names, to pick rows of them; None if one lacks."""
    if not set(wanted) <= set(names):
        return None
    return np.array([names.index(name) for name in wanted])


class Matrix:
    """A process table as one array of shape (columns, rows)."""

    def __init__(self, names: Sequence[str], values: Ints, comm: Bytes) -> None:
        """Take the names of the columns, in the order of the array's."""
        self.names = tuple(names)
        self.values = values
        self.comm = comm

    @classmethod
    def of(cls, table: ProcessTable, names: Sequence[str]) -> "Matrix":
        """Return a table as a matrix; a column that it lacks is unknown."""
        known = table.names
        unknown = np.full(len(table), UNKNOWN, dtype=np.int64)
        columns = [getattr(table, name) if name in known else unknown for name in names]
        values = np.concatenate(columns).reshape(len(names), len(table))
        return cls(names, values, table.comm)

    @classmethod
    def empty(cls, names: Sequence[str]) -> "Matrix":
        """Return a table without rows."""
        values = np.empty((len(names), 0), dtype=np.int64)
        return cls(names, values, np.empty(0, dtype="S1"))

    def column(self, name: str) -> Ints:
        """Return a column, unknown if it is missing."""
        if name in self.names:
            column: Ints = self.values[self.names.index(name)]
            return column
        return np.full(len(self.comm), UNKNOWN, dtype=np.int64)

    def rows(self, names: Sequence[str], rows: Ints) -> Ints:
        """Return some columns of some rows, of shape (columns, rows)."""
        picked = _places(self.names, tuple(names))
        if picked is None:
            return np.array([self.column(name)[rows] for name in names])
        found: Ints = self.values.take(rows, axis=1).take(picked, axis=0)
        return found

    def pairs(self, rows: Ints) -> list[tuple[int, int]]:
        """Return pid and start of rows.

        Raises:
            BadFrame: There are no such columns.
        """
        try:
            pid, start = (self.names.index(name) for name in ("pid", "start_ticks"))
        except ValueError as error:
            raise BadFrame("a frame has no identities") from error
        values = self.values
        return list(
            zip(values[pid][rows].tolist(), values[start][rows].tolist(), strict=True)
        )

    def table(self) -> ProcessTable:
        """Return the process table; columns that montauk does not know are left out.

        Raises:
            BadFrame: The rows are not those of a process table.
        """
        known = (self.values != UNKNOWN).any(axis=1).tolist()
        columns = {
            name: row
            for name, row, is_known in zip(self.names, self.values, known, strict=True)
            if is_known and name in FIELDS
        }
        try:
            return ProcessTable(self.comm, columns)
        except ValueError as error:
            raise BadFrame(f"a frame has a damaged table: {error}") from error


def add_difference(blocks: Blocks, before: Matrix, now: Matrix, new: Bools) -> Bools:
    """Add what changed from one table to the next, which has the same columns.

    Args:
        blocks: Where it goes.
        before: The table before.
        now: The table.
        new: Which rows of `now` are processes that `before` lacks.

    Returns:
        Which rows are new, or have run another program since the table before.
    """
    if not new.any() and before.values.shape == now.values.shape:
        gone, old, kept, comm = _NO_ROWS, before.values, now.values, before.comm
    else:
        gone = _gone(before, now, new)
        # Faster than a mask: each column is gathered, in one pass.
        old = before.values.take(_others(gone, len(before.comm)), axis=1)
        kept = now.values.take(np.flatnonzero(~new), axis=1)
        comm = _kept_names(before, gone, new)
    renamed, added = _renamed(comm, now.comm), np.flatnonzero(new)
    for rows in (gone, added, renamed):
        blocks.add_rows(rows)
    grown = kept - old
    blocks.add_matrix(grown)
    # Neighbours are alike: start times, parents, users.
    blocks.add_matrix(steps(now.values.take(added, axis=1)))
    blocks.add_texts(now.comm[renamed].tolist())
    with_other_program = new.copy()
    with_other_program[~new] = grown[now.names.index("start_stack")] != 0
    with_other_program[renamed] = True
    return with_other_program


def _renamed(before: Bytes, now: Bytes) -> Ints:
    """Return the rows of another name; texts are compared one by one, bytes at once."""
    if before.dtype == now.dtype and before.tobytes() == now.tobytes():
        return _NO_ROWS
    return np.flatnonzero(before != now)


def new_rows(before: ProcessTable, now: ProcessTable) -> Bools:
    """Tell which processes of a table were not in the previous one."""
    return ~same_process(before, now).found


def with_other_program(before: ProcessTable, now: ProcessTable, new: Bools) -> Bools:
    """Tell which rows are `new`, or have run another program since the table before."""
    changed = new.copy()
    if len(before):
        kept = np.flatnonzero(~new)
        row = before.pid.searchsorted(now.pid[kept])
        changed[kept] = (before.start_stack[row] != now.start_stack[kept]) | (
            before.comm[row] != now.comm[kept]
        )
    return changed


def _gone(before: Matrix, now: Matrix, new: Bools) -> Ints:
    """Return the rows of `before` that have no counterpart; both are sorted by pid."""
    pid = before.names.index("pid")
    stays = now.values[pid][~new]
    gone: Ints = np.flatnonzero(~is_in(before.values[pid], stays))
    return gone


def _others(rows: Ints, count: int) -> Ints:
    """Return all rows of `count` but these."""
    stays = np.ones(count, dtype=np.bool_)
    stays[rows] = False
    return np.flatnonzero(stays)


def _kept_names(before: Matrix, gone: Ints, new: Bools) -> Bytes:
    """Return the name that each row had, empty for a new process."""
    comm = np.zeros(len(new), dtype=before.comm.dtype)
    comm[~new] = np.delete(before.comm, gone)
    return comm


class Difference(NamedTuple):
    """The next table, and how it differs from the previous one."""

    matrix: Matrix
    new: Bools
    """Which rows are processes that the previous table lacks."""
    gone: Ints
    """The rows of the previous table that this one lacks."""
    row: Ints
    """The row of each process in the previous table; any for a new one."""
    changed: Bools
    """Which rows are new, or differ in a column."""


def _carried(before: Matrix, row: Ints) -> tuple[Ints, Bytes]:
    """Return a copy of some rows of a table; zeros if it has no row."""
    if len(row) == len(before.comm) and (row == np.arange(len(row))).all():
        # In the order of memory: a third of the time.
        return before.values.copy(), before.comm.copy()
    if not len(before.comm):
        values = np.zeros((len(before.names), len(row)), dtype=np.int64)
        return values, np.zeros(len(row), dtype=before.comm.dtype)
    return before.values.take(row, axis=1), before.comm.take(row)


@lru_cache(maxsize=64)
def _wanted(names: tuple[str, ...], stored: tuple[str, ...]) -> tuple[list[int], Ints]:
    """Return for each stored column its place among `names`, -1 for others; and them.

    Those of `names` that are stored are in the order of the stored ones.
    """
    place = {name: at for at, name in enumerate(names)}
    picked = [place.get(name, -1) for name in stored]
    return picked, np.array([at for at, to in enumerate(picked) if to >= 0], np.int64)


def take_difference(
    reader: Reader, before: Matrix, count: int, stored: Sequence[str] = ()
) -> Difference:
    """Return the next table, of `count` rows.

    Args:
        reader: The bytes.
        before: The previous table.
        count: Rows of this one.
        stored: The columns in the bytes, if `before` has only some of them.

    Raises:
        BadFrame: The bytes are no difference from `before`.
    """
    picked, wanted = _wanted(before.names, tuple(stored or before.names))
    old, columns = len(before.comm), len(picked)
    gone, added, renamed = (take_rows(reader, most) for most in (old, count, count))
    if old - len(gone) + len(added) != count:
        raise BadFrame("a frame does not fit the previous one")
    if columns * count > MOST_NUMBERS:
        raise BadFrame("a frame has too many rows")
    new = np.zeros(count, dtype=np.bool_)
    new[added] = True
    kept = _others(added, count)
    row = np.arange(count) if count == old else np.zeros(count, dtype=np.int64)
    row[kept] = _others(gone, old)
    values, comm = _carried(before, row)
    comm[added] = b""
    changed = new.copy()
    for at, places, numbers in reader.take_columns(columns, len(kept)):
        if (to := picked[at]) >= 0:
            rows, column = kept[places], values[to]
            column[rows] += numbers
            # Few are given without the zeros between them.
            changed[rows if len(numbers) < len(kept) else rows[numbers != 0]] = True
    of_new = reader.take_matrix(columns, len(added)).take(wanted, axis=0)
    values[:, added] = of_new.cumsum(axis=1)
    texts = as_column(reader.take_texts(len(renamed)))
    if len(renamed):
        comm = comm.astype(max(comm.dtype, texts.dtype, key=lambda one: one.itemsize))
        comm[renamed] = texts
        changed[renamed] = True
    return Difference(Matrix(before.names, values, comm), new, gone, row, changed)


def take_rows(reader: Reader, most: int) -> Ints:
    """Return ascending row numbers below `most`."""
    count = int.from_bytes(reader.take(), "little")
    if count > most:
        raise BadFrame("a frame has too many rows")
    if not count:
        reader.take()
        return _NO_ROWS
    steps: list[int] = reader.take_ints(count).tolist()
    if steps[0] < 0 or (count > 1 and min(steps[1:]) <= 0) or sum(steps) >= most:
        raise BadFrame("a frame has rows out of order")
    return np.array([*accumulate(steps)])


def take_arguments(reader: Reader, count: int) -> tuple[Ints, list[bytes], list[bool]]:
    """Return the rows of a table that have other arguments, these, and which are cut.

    Raises:
        BadFrame: The bytes are damaged.
    """
    rows = take_rows(reader, count)
    cut: list[bool] = reader.take_ints(len(rows)).astype(np.bool_).tolist()
    return rows, reader.take_texts(len(rows)), cut


def add_records(
    blocks: Blocks, table: RecordTable, names: Sequence[str], *, arguments: bool
) -> None:
    """Add a table of events with these columns, and with arguments or without."""
    values = np.empty((len(names), len(table)), dtype=np.int64)
    if len(table):
        for row, name in zip(values, names, strict=True):
            row[:] = getattr(table, name)
    # Neighbours are alike: times, pids, parents.
    blocks.add_matrix(steps(values))
    # Of very many only the beginning: a reader takes no more.
    most = max(1, MOST_RAW_BYTES // max(1, len(table)))
    for name in ("comm", *table.BYTES):
        is_kept = arguments or name != "cmdline"
        texts = getattr(table, name)
        if texts.dtype.itemsize > most:
            texts = texts.astype(f"S{most}")
        blocks.add_texts(texts.tolist() if is_kept else [b""] * len(table))


def take_records(
    reader: Reader, kind: type[_Records], names: Sequence[str], count: int
) -> _Records:
    """Return a table of `count` events.

    Raises:
        BadFrame: The bytes are damaged.
    """
    values = reader.take_matrix(len(names), count).cumsum(axis=1)
    columns: dict[str, Any] = {
        name: row
        for name, row in zip(names, values, strict=True)
        if name in kind.FIELDS
    }
    comm, cmdline, exe = (
        as_column(reader.take_texts(count)) for _ in ("comm", *kind.BYTES)
    )
    return kind(comm, cmdline, columns, exe)
