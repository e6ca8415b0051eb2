"""The records of probes/records.h as numpy types, made of its text."""

import re
from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from montauk_tui.resources import folder

EXEC: Final = 1
EXIT: Final = 2

_TYPES: Final = {"u64": "<u8", "s64": "<i8", "u32": "<u4", "s32": "<i4"}
_NUMBER: Final = re.compile(r"^#define (\w+) (\d+)\b", re.MULTILINE)
_STRUCT: Final = re.compile(r"^struct (\w+) \{\n(.*?)^\};$", re.MULTILINE | re.DOTALL)
_FIELD: Final = re.compile(r"^    (\w+) (\w+)(?:\[(\w+)\])?;", re.MULTILINE)


def records_of(text: str) -> dict[str, np.dtype[np.void]]:
    """Return the structs of a header by their names.

    Their fields are integers, arrays of these, and texts; none needs padding.
    """
    numbers = dict(_NUMBER.findall(text))

    def field(kind: str, name: str, length: str) -> tuple[str, object]:
        length = numbers.get(length, length)
        if kind == "char":
            return name, f"S{length}"
        return name, (_TYPES[kind], int(length)) if length else _TYPES[kind]

    return {
        struct: np.dtype([field(*found) for found in _FIELD.findall(body)])
        for struct, body in _STRUCT.findall(text)
    }


_HEADER: Final = (folder("probes") / "records.h").read_text("utf-8")
_RECORDS: Final = records_of(_HEADER)

_NUMBERS: Final = dict(_NUMBER.findall(_HEADER))

ABI: Final = int(_NUMBERS["ABI"])
"""The number of the protocol of the records."""
ARGV_BYTES: Final = int(_NUMBERS["ARGV_BYTES"])
LIFECYCLE: Final = _RECORDS["life"]
BRIEF: Final = _RECORDS["brief"]
FINAL: Final = _RECORDS["final"]
DEATH: Final = _RECORDS["death"]
VICTIM: Final = _RECORDS["victim"]
VICTIMS: Final = int(_NUMBERS["VICTIMS"])
"""Slots of a CPU in the log of what the OOM killer chose."""
COUNTS: Final = _RECORDS["counts"]
IDLE: Final = _RECORDS["idle"]
TASK: Final = _RECORDS["task"]


def int_columns(
    records: npt.NDArray[np.void], names: Iterable[str]
) -> dict[str, npt.NDArray[np.int64]]:
    """Return some fields of records as columns of a table."""
    return {name: records[name].astype(np.int64) for name in names}


_WORD_BYTES: Final = 8


def all_int_columns(
    records: npt.NDArray[np.void],
) -> dict[str, npt.NDArray[np.int64]]:
    """Return all numbers of records as columns of a table.

    Hot path: all words are transposed at once; to gather each field from records that
    are far apart takes twice as long.
    """
    dtype = records.dtype
    flat = np.ascontiguousarray(records).view("<u8")
    words = flat.reshape(len(records), dtype.itemsize // _WORD_BYTES).T.copy()
    columns: dict[str, npt.NDArray[np.int64]] = {}
    for name, (kind, offset, *_) in (dtype.fields or {}).items():
        word = words[offset // _WORD_BYTES]
        if kind.itemsize == _WORD_BYTES:
            columns[name] = word.view(np.int64)
        elif kind.kind in "iu":
            halves = word.view(kind)
            columns[name] = halves[offset % _WORD_BYTES // kind.itemsize :: 2].astype(
                np.int64
            )
    return columns


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
