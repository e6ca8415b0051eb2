"""The format of a segment: frames one after the other, each with a header.

A frame is readable without any other file; a *difference* needs the frames since the
last *key*. docs/recording.md describes the payloads.
"""

import math
import struct
import zlib
from enum import IntEnum
from functools import cache
from typing import Final, NamedTuple

from montauk_tui.errors import MontaukError
from montauk_tui.model.recording import Mark

MAGIC: Final = b"MTK1"
VERSION: Final = 1
"""Of header and payload; columns and facts go by name, and need no new version."""

MOST_RAW_BYTES: Final = 1 << 26
"""Of a payload: 100,000 processes in full with 300 bytes of arguments."""

MOST_STORED_BYTES: Final = MOST_RAW_BYTES + (MOST_RAW_BYTES >> 7)
"""Of a payload that zstd cannot make smaller."""

MOST_RUNS: Final = 1 << 32
"""The number of a run of the recorder is random, and below that."""

THINNED: Final = "thinned"
"""In a head: whether the segment has fewer moments than were recorded."""

_FIELDS: Final = struct.Struct("<4sBBHIIIqqffff")
_CRC: Final = struct.Struct("<I")
HEADER_BYTES: Final = _FIELDS.size + _CRC.size


class Kind(IntEnum):
    """The content of a frame."""

    HEAD = 1
    """The first of a segment: the host, and the names and units of all columns."""
    KEY = 2
    """A moment in full."""
    DIFFERENCE = 3
    """A moment as the difference from the previous one."""
    INDEX = 4
    """The last of a segment that was closed: the headers of all others."""


class Usage(NamedTuple):
    """CPU time of an interval in cores; NaN where it is not known."""

    interval_s: float = math.nan
    busy: float = math.nan
    exited: float = math.nan
    unexplained: float = math.nan


NO_USAGE: Final = Usage()


class Header(NamedTuple):
    """The header of a frame."""

    kind: Kind
    marks: Mark
    length: int
    """Bytes of the payload as stored."""
    raw_length: int
    """Bytes of the payload when decompressed."""
    base: int
    """The checksum of the frame that a difference is to; 0 for others."""
    monotonic_ns: int
    wall_ns: int
    usage: Usage


class BadFrame(MontaukError):
    """Bytes that are no frame of this format."""


def packed(header: Header, payload: bytes) -> tuple[bytes, int]:
    """Return a frame, which is header, checksum and payload, and the checksum."""
    start = _FIELDS.pack(
        MAGIC, header.kind, VERSION, header.marks, len(payload), header.raw_length,
        header.base, header.monotonic_ns, header.wall_ns, *header.usage,
    )  # fmt: skip
    crc = zlib.crc32(payload, zlib.crc32(start))
    return start + _CRC.pack(crc) + payload, crc


def unpacked(data: bytes) -> Header:
    """Return the header at the start of `data`, whose checksum is not compared.

    Raises:
        BadFrame: There is none, or it is of a newer version.
    """
    if len(data) < HEADER_BYTES or not data.startswith(MAGIC):
        raise BadFrame("there is no frame")
    _, kind, version, marks, *numbers = _FIELDS.unpack_from(data)
    if version != VERSION:
        raise BadFrame(
            f"the recording has version {version}, not {VERSION}",
            "use the montauk that recorded it",
        )
    length, raw_length, base, monotonic_ns, wall_ns, *usage = numbers
    header = Header(
        kind, _marked(marks & _ALL_MARKS), length, raw_length, base,
        monotonic_ns, wall_ns, Usage(*usage),
    )  # fmt: skip
    is_large = raw_length > MOST_RAW_BYTES or length > MOST_STORED_BYTES
    if kind not in _KINDS or is_large:
        raise BadFrame("the header of a frame is damaged")
    return header._replace(kind=_KINDS[kind])


def checked(header: bytes, payload: bytes) -> int:
    """Return the checksum of a frame.

    Raises:
        BadFrame: It is not that of the bytes.
    """
    start, crc = header[: _FIELDS.size], header[_FIELDS.size : HEADER_BYTES]
    (stored,) = _CRC.unpack(crc)
    if stored != zlib.crc32(payload, zlib.crc32(start)):
        raise BadFrame("the checksum of a frame is wrong")
    return int(stored)


_marked = cache(Mark)
"""To make one takes as long as the rest of a header."""
_KINDS: Final = {int(kind): kind for kind in Kind}
_ALL_MARKS: Final = sum(Mark)
