"""The stat files of processes and threads, kept open from sample to sample.

Hot path: to read an open file costs half of opening, reading and closing it. An open
one takes 4.3 KiB of the kernel's memory. It belongs to one process for ever: once that
has exited, reading fails (ESRCH), whoever has its pid. The kernel writes the texts into
one buffer, and numpy compares them with those before: no object is made for a process.
"""

import os
import weakref
from collections.abc import Callable
from itertools import compress, repeat
from typing import Final

import numpy as np

from montauk_tui.collectors.procfs.scan import STAT_BYTES, ProcRoot, is_shortage
from montauk_tui.collectors.procfs.stat import Texts
from montauk_tui.descriptors import raise_limit
from montauk_tui.model.join import by_pid
from montauk_tui.model.schema import Bools, Ints

_MOST: Final = 32_768
"""Files that are kept open at most."""

_OTHERS: Final = 512
"""Descriptors that are left to others, or half of them where there are fewer."""

_SLOT_BYTES: Final = 512
"""Space for a text; a longer one, which no kernel writes, is read a second time."""

_AT_ONCE: Final = 256
"""Texts that are read before they are compared: they stay in the CPU's cache."""

_NONE: Final = -1


class _Shared:
    """How many files all collectors keep open: two are in use at a takeover."""

    def __init__(self) -> None:
        self.open = 0


_shared: Final = _Shared()


class _Kept:
    """Open files by row."""

    def __init__(self) -> None:
        self.files: Ints = np.empty(0, dtype=np.int64)

    def close(self, rows: Ints | Bools | slice = slice(None)) -> None:
        for file in self.files[rows].tolist():
            if file != _NONE:
                os.close(file)
                _shared.open -= 1
        self.files[rows] = _NONE


class StatFiles:
    """Reads the stat file of each process; of copies of a /proc no file is kept."""

    def __init__(self, root: ProcRoot) -> None:
        """Read below `root`."""
        self._root = root
        self._most = _most_kept() if root.path == "/proc" else 0
        self._kept = _Kept()
        self._ids: Ints = np.empty(0, dtype=np.int64)
        self._slots = np.empty((0, _SLOT_BYTES), dtype=np.uint8)
        self._long: dict[int, bytes] = {}
        self._new = np.zeros((_AT_ONCE, _SLOT_BYTES), dtype=np.uint8)
        space = self._new.data.cast("B")
        self._spaces = [
            (space[at : at + _SLOT_BYTES],) for at in range(0, len(space), _SLOT_BYTES)
        ]
        weakref.finalize(self, self._kept.close)
        _all.add(self)

    def read(self, ids: Ints, path: Callable[[int], str]) -> Texts:
        """Return the texts of some processes or threads.

        Args:
            ids: Their ids, ascending.
            path: Returns the path of the file of a row of `ids`.

        Raises:
            OSError: Something is short, also without the files that are kept: most
                often descriptors.
        """
        self._take(ids)
        found = np.ones(len(ids), dtype=np.bool_)
        changed = np.empty(len(ids), dtype=np.bool_)
        for first in range(0, len(ids), _AT_ONCE):
            part = slice(first, first + _AT_ONCE)
            self._new.fill(0)
            lengths = self._lengths(self._kept.files[part])
            for at in np.flatnonzero(lengths < 0).tolist():
                lengths[at] = self._open_and_read(first + at, path, self._spaces[at])
            new, old = self._new[: len(lengths)], self._slots[part]
            changed[part] = (new.view(np.uint64) != old.view(np.uint64)).any(axis=1)
            old[:] = new
            found[part] = lengths >= 0
            for at in np.flatnonzero(lengths == _SLOT_BYTES).tolist():
                self._read_long(first + at, path)
                changed[first + at] = True
        self._kept.close(~found)
        return Texts(ids, changed, found, self._texts)

    def _take(self, ids: Ints) -> None:
        """Make a row of each id, with what is known of it."""
        self._long.clear()
        if np.array_equal(ids, self._ids):
            return
        row, known = by_pid(self._ids, ids)
        slots = np.zeros((len(ids), _SLOT_BYTES), dtype=np.uint8)
        files = np.full(len(ids), _NONE, dtype=np.int64)
        slots[known] = self._slots[row[known]]
        files[known] = self._kept.files[row[known]]
        # Those of others are closed.
        self._kept.files[row[known]] = _NONE
        self._kept.close()
        self._ids, self._slots, self._kept.files = ids.copy(), slots, files

    def _lengths(self, files: Ints) -> Ints:
        """Read each file into its space; return the lengths, below 0 where that fails.

        No line of Python is run for a file that can be read, or for none.
        """
        is_open = files != _NONE
        open_ones = files[is_open].tolist()
        lengths: list[int] = []
        done = map(os.preadv, open_ones, compress(self._spaces, is_open), repeat(0))
        while len(lengths) < len(open_ones):
            try:
                for length in done:
                    lengths.append(length)  # noqa: PERF402 - it may raise
            except (OSError, OverflowError):
                lengths.append(_NONE)
        every = np.full(len(files), _NONE, dtype=np.int64)
        every[is_open] = lengths
        return every

    def _open_and_read(
        self, row: int, path: Callable[[int], str], space: tuple[memoryview]
    ) -> int:
        """Return the length of the text of a file that is not open, or -1."""
        if self._kept.files[row] != _NONE:
            # Another process may have the pid by now.
            self._kept.close(np.array([row]))
        try:
            file = self._root.open(path(row))
        except OSError as error:
            if not is_shortage(error):
                return _NONE
            if not _shared.open:
                raise
            # Others need them more: what is not read would look as if it had exited.
            give_back()
            return self._open_and_read(row, path, space)
        if _shared.open < self._most:
            self._kept.files[row] = file
            _shared.open += 1
        try:
            return os.readv(file, space)
        except OSError as error:
            if is_shortage(error):
                raise
            return _NONE
        finally:
            if self._kept.files[row] == _NONE:
                os.close(file)

    def _read_long(self, row: int, path: Callable[[int], str]) -> None:
        try:
            self._long[row] = self._root.read(path(row), STAT_BYTES)
        except OSError:
            # It has exited meanwhile: a part of a text is no text.
            self._long[row] = b""

    def _texts(self, rows: Ints) -> list[bytes]:
        texts = self._slots[rows].view(f"S{_SLOT_BYTES}").ravel().tolist()
        if not self._long:
            return texts
        return [
            self._long.get(row, text)
            for row, text in zip(rows.tolist(), texts, strict=True)
        ]

    @property
    def kept(self) -> int:
        """How many files it keeps open."""
        return int(np.count_nonzero(self._kept.files != _NONE))

    @property
    def nbytes(self) -> int:
        """The memory of the texts."""
        return self._slots.nbytes

    def keep_none(self) -> None:
        """Close all of them, and keep no other open."""
        self._most = 0
        self._kept.close()

    def close(self) -> None:
        """Close all of them, and forget the texts."""
        self._take(np.empty(0, dtype=np.int64))


_all: Final[weakref.WeakSet[StatFiles]] = weakref.WeakSet()


def give_back() -> None:
    """Close all files that are kept, for other use: descriptors are short."""
    for files in list(_all):
        files.keep_none()


def _most_kept() -> int:
    limit = raise_limit(_MOST + _OTHERS)
    return min(_MOST, max(limit // 2, limit - _OTHERS))
