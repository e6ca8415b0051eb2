"""Text of /proc/PID/stat to columns of numbers (proc_pid_stat(5)).

Hot path: 1.1 us a process for 49 numbers, because numpy parses the text of all
processes in one call; splitting and converting in Python takes twice that for half the
numbers.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np

from montauk_tui.model.join import by_pid
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import COMM_BYTES, Bools, Ints

_FIELDS_AFTER_STATE: Final = {
    "ppid": 0,
    "pgrp": 1,
    "session": 2,
    "tty": 3,
    "flags": 5,
    "minflt": 6,
    "majflt": 8,
    "utime": 10,
    "stime": 11,
    "cutime": 12,
    "cstime": 13,
    "priority": 14,
    "nice": 15,
    "threads": 16,
    "start_ticks": 18,
    "virt_bytes": 19,
    "rss_bytes": 20,
    "start_stack": 24,
    "processor": 35,
    "rt_priority": 36,
    "policy": 37,
}
"""Position of each column among the numbers that follow the state letter."""

_FIELDS_NEEDED: Final = 1 + max(_FIELDS_AFTER_STATE.values())
_INT64_MAX: Final = int(np.iinfo(np.int64).max)
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
_PID_DIGITS: Final = 19
"""Numbers of so many digits do not fit into an int64."""

RawStat = tuple[int, bytes]
"""A thread group id and the text of one stat file."""


def parse_stats(raw: Iterable[RawStat]) -> ProcessTable:
    """Return the table of many stat files; what is not a stat file is left out.

    The command name ends at the last `)`: it may hold `)`, spaces and newlines itself.
    """
    heads: list[tuple[int, int, int]] = []
    comms: list[bytes] = []
    tails: list[bytes] = []
    for tgid, text in raw:
        left = text.find(b" (")
        right = text.rfind(b") ")
        if not 0 < left < _PID_DIGITS or not left < right < len(text) - 2:
            continue
        if not text[:left].isdigit():
            continue
        heads.append((int(text[:left]), tgid, text[right + 2]))
        comms.append(text[left + 2 : right])
        tails.append(text[right + 4 :].rstrip())
    if not heads:
        return ProcessTable.empty()
    numbers, rows = _parse_tails(tails)
    head = np.array(heads, dtype=np.int64)[rows]
    order = np.argsort(head[:, 0], kind="stable")
    order = order[np.diff(head[order, 0], prepend=-1) > 0]
    columns = _columns(numbers[order], head[order])
    return ProcessTable(np.array(comms, dtype=f"S{COMM_BYTES}")[rows[order]], columns)


class Texts(NamedTuple):
    """The stat files of a sample."""

    ids: Ints
    """Of the processes or threads, ascending."""
    changed: Bools
    """By row: whether the text is another one than before."""
    found: Bools
    """By row: whether there is a text."""
    of: Callable[[Ints], list[bytes]]
    """Returns the texts of some rows."""


class KnownStats:
    """Stat files from sample to sample: a text that did not change is not parsed again.

    Most processes sleep.
    """

    def __init__(self) -> None:
        """Know nothing."""
        self._table = ProcessTable.empty()

    def table(self, texts: Texts, tgids: Ints | None = None) -> ProcessTable:
        """Return the table of all stat files of a sample.

        Args:
            texts: The files.
            tgids: By row, the processes of threads; None for processes.
        """
        ids = texts.ids
        row, known = by_pid(ids, self._table.pid)
        kept = known & (texts.found & ~texts.changed)[row] if len(ids) else known
        fresh = self._parsed(texts, ids if tgids is None else tgids)
        if kept.all() and not len(fresh):
            return self._table
        stale = np.flatnonzero(~kept)
        if np.array_equal(self._table.pid[stale], fresh.pid):
            self._table = self._table.replaced(stale, fresh)
        else:
            rest = self._table.only(kept)
            self._table = rest.merged(fresh) if len(fresh) else rest
        return self._table

    def _parsed(self, texts: Texts, tgids: Ints) -> ProcessTable:
        rows = np.flatnonzero(texts.changed & texts.found)
        named = zip(
            texts.ids[rows].tolist(), tgids[rows].tolist(), texts.of(rows), strict=True
        )
        return parse_stats(
            (tgid, text) for it, tgid, text in named if text.startswith(b"%d " % it)
        )


def _columns(numbers: Ints, head: Ints) -> dict[str, Ints]:
    columns = {
        name: np.ascontiguousarray(numbers[:, position])
        for name, position in _FIELDS_AFTER_STATE.items()
    }
    pages = columns["rss_bytes"].clip(0, _INT64_MAX // _PAGE_BYTES)
    columns["rss_bytes"] = pages * _PAGE_BYTES
    for position, name in enumerate(("pid", "tgid", "state")):
        columns[name] = np.ascontiguousarray(head[:, position])
    return columns


def _parse_tails(tails: Sequence[bytes]) -> tuple[Ints, Ints]:
    """Return the numbers of each good tail as a row, and which tails were good."""
    width = tails[0].count(b" ") + 1
    if width >= _FIELDS_NEEDED and all(tail.count(b" ") + 1 == width for tail in tails):
        joined = b" ".join(tails)
        if not joined.translate(None, b"0123456789- "):
            flat = _parse_numbers(joined)
            # No tail can yield more numbers than its spaces say: the sum fits only
            # where every tail does.
            if flat.size == width * len(tails):
                return flat.reshape(len(tails), width), np.arange(len(tails))
    return _parse_tails_one_by_one(tails)


def _parse_numbers(text: bytes) -> Ints:
    try:
        return np.fromstring(text, dtype=np.int64, sep=" ")
    except (ValueError, DeprecationWarning):  # by numpy's version
        return np.empty(0, dtype=np.int64)


def _parse_tails_one_by_one(tails: Sequence[bytes]) -> tuple[Ints, Ints]:
    numbers: list[list[int]] = []
    good: list[int] = []
    for index, tail in enumerate(tails):
        words = tail.split()[:_FIELDS_NEEDED]
        try:
            row = [max(-_INT64_MAX, min(_INT64_MAX, int(word))) for word in words]
        except ValueError:
            continue
        if len(row) == _FIELDS_NEEDED:
            numbers.append(row)
            good.append(index)
    table = np.array(numbers, dtype=np.int64).reshape(len(numbers), _FIELDS_NEEDED)
    return table, np.array(good, dtype=np.int64)
