"""The records of probes/records.h as numpy types, made of its text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from montauk_tui.collectors.namespaces import INITIAL
from montauk_tui.resources import folder

EXEC: Final = 1
EXIT: Final = 2

_TYPES: Final = {"u64": "<u8", "s64": "<i8", "u32": "<u4", "s32": "<i4"}


@cache
def numbers_of(text: str) -> dict[str, int]:
    """Return the numbers that a header defines, by their names."""
    defined = [part.split(None, 2) for part in text.split("#define ")[1:]]
    return {name: int(number) for name, number, *_ in defined if number.isdecimal()}


def records_of(text: str) -> dict[str, np.dtype[np.void]]:
    """Return the structs of a header by their names.

    Their fields are integers, arrays of these, and texts; none needs padding. Split by
    hand: to compile the expressions for it takes 1 ms of the start.
    """
    numbers, found = numbers_of(text), {}
    for part in text.split("\nstruct ")[1:]:
        name, _, body = part.partition(" {\n")
        lines = body.partition("\n};")[0].splitlines()
        fields = [_field(line.partition(";")[0].split(), numbers) for line in lines]
        found[name] = np.dtype(fields)
    return found


def _field(words: Sequence[str], numbers: Mapping[str, int]) -> tuple[str, object]:
    """Return a field of a type, from its declaration."""
    kind, declared = words
    name, is_array, length = declared.rstrip("]").partition("[")
    if not is_array:
        return name, _TYPES[kind]
    count = numbers.get(length) or int(length)
    return name, f"S{count}" if kind == "char" else (_TYPES[kind], count)


_HEADER: Final = (folder("probes") / "records.h").read_text("utf-8")
_RECORDS: Final = records_of(_HEADER)

_NUMBERS: Final = numbers_of(_HEADER)

ABI: Final = _NUMBERS["ABI"]
"""The number of the protocol of the records."""
ARGV_BYTES: Final = _NUMBERS["ARGV_BYTES"]
LIFECYCLE: Final = _RECORDS["life"]
BRIEF: Final = _RECORDS["brief"]
FINAL: Final = _RECORDS["final"]
DEATH: Final = _RECORDS["death"]
VICTIM: Final = _RECORDS["victim"]
VICTIMS: Final = _NUMBERS["VICTIMS"]
"""Slots of a CPU in the log of what the OOM killer chose."""
ATTEMPT: Final = _RECORDS["attempt"]
ATTEMPTS: Final = int(_NUMBERS["ATTEMPTS"])
"""Slots of a CPU in the log of execs that failed."""
COUNTS: Final = _RECORDS["counts"]
IDLE: Final = _RECORDS["idle"]
TASK: Final = _RECORDS["task"]


def int_columns(
    records: npt.NDArray[np.void], names: Iterable[str]
) -> dict[str, npt.NDArray[np.int64]]:
    """Return some fields of records as columns of a table."""
    return {name: records[name].astype(np.int64) for name in names}


_WORD_BYTES: Final = 8


_Halves = tuple[np.dtype[Any], slice, tuple[str, ...]]
"""Type, words and names of fields that are half a word each, side by side."""


@cache
def _places(record: np.dtype[np.void]) -> tuple[dict[str, int], list[_Halves]]:
    """Return the word of each number of eight bytes, and where the smaller ones are."""
    whole: dict[str, int] = {}
    halves: list[_Halves] = []
    for name, (kind, offset, *_) in (record.fields or {}).items():
        word = offset // _WORD_BYTES
        if kind.itemsize == _WORD_BYTES:
            whole[name] = word
        elif kind.kind in "iu":
            before, words, names = halves[-1] if halves else (None, slice(word), ())
            if before == kind and word <= words.stop:
                halves[-1] = kind, slice(words.start, word + 1), (*names, name)
            else:
                halves.append((kind, slice(word, word + 1), (name,)))
    return whole, halves


def all_int_columns(
    records: npt.NDArray[np.void],
) -> dict[str, npt.NDArray[np.int64]]:
    """Return all numbers of records as columns of a table.

    Hot path: all words are transposed at once; to gather each field from records that
    are far apart takes twice as long, and one call for each field as well.
    """
    whole, halves = _places(records.dtype)
    count = len(records)
    flat = np.ascontiguousarray(records).view("<u8")
    words = flat.reshape(count, records.dtype.itemsize // _WORD_BYTES).T.copy()
    signed = words.view(np.int64)
    columns: dict[str, npt.NDArray[np.int64]] = {
        name: signed[at] for name, at in whole.items()
    }
    for kind, places, names in halves:
        pairs = words[places].view(kind).reshape(len(names) // 2, count, 2)
        numbers = pairs.transpose(0, 2, 1).astype(np.int64, order="C")
        rows = numbers.reshape(len(names), count)
        columns.update(zip(names, rows, strict=True))
    return columns


INITIAL_PID: Final = INITIAL["pid"]


def own_records(records: npt.NDArray[np.void], namespace: int) -> npt.NDArray[np.void]:
    """Return the records of the processes in a pid namespace, with their pids there.

    The probes record pids of the initial namespace, and of the namespaces below it
    where a process has some: the same log serves readers in any of them.

    Args:
        records: With `ns`, and with `ns_` before the name of each pid.
        namespace: Its inode.
    """
    if namespace == INITIAL_PID or not len(records):
        return records
    is_own = records["ns"] == namespace
    own: npt.NDArray[np.void] = records.compress(is_own.any(axis=1))
    level = is_own.argmax(axis=1)[is_own.any(axis=1)]
    rows = np.arange(len(own))
    names = own.dtype.names or ()
    for name in names:
        if f"ns_{name}" in names:
            own[name] = own[f"ns_{name}"][rows, level]
    return own


_BOOT_TIMES: Final = ("time_ns", "start_ns", "last_ns", "sender_start_ns")
_BOOT_TIMES_OR_0: Final = ("asked_ns", "asker_start_ns")


def in_namespace(records: npt.NDArray[np.void], offset_ns: int) -> None:
    """Convert the times of records from the machine's clocks to those of a namespace.

    Args:
        records: Of any kind above; changed in place.
        offset_ns: What the namespace adds to CLOCK_BOOTTIME, maybe below 0.
    """
    for name in _BOOT_TIMES if offset_ns else ():
        if name in (records.dtype.names or ()):
            records[name] += np.uint64(offset_ns % (1 << 64))
    for name in _BOOT_TIMES_OR_0 if offset_ns else ():
        if name in (records.dtype.names or ()):
            records[name][records[name] > 0] += np.uint64(offset_ns % (1 << 64))
