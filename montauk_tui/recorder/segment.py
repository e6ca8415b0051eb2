"""Segments: files of frames, written by one run and never appended to by another."""

import errno
import json
import os
import struct
import weakref
from contextlib import suppress
from typing import Any, Final, NamedTuple

import numpy as np
import zstandard

from montauk_tui.model.recording import Mark
from montauk_tui.recorder.layout import (
    HEADER_BYTES,
    MAGIC,
    MOST_RAW_BYTES,
    NO_USAGE,
    BadFrame,
    Header,
    Kind,
    Usage,
    checked,
    packed,
    unpacked,
)

LEVEL: Final = 5
"""zstd: frames of 1 are 4 % larger, and cost 40 us less at 1,000 processes."""

_CHUNK_BYTES: Final = 1 << 16

MOST_BYTES: Final = 1 << 29
"""Of a segment: one that is written ends after the frame that reaches an eighth."""

_MOST_USAGE: Final = 1e9
"""Seconds of an interval, and cores."""

_FOOTER: Final = b"MTKI"
"""Ends a segment that was closed, after the position of its index."""
_FOOTER_BYTES: Final = 8 + len(_FOOTER)

ENTRY: Final = np.dtype(
    [
        ("offset", "<i8"), ("kind", "<u1"), ("marks", "<u2"), ("length", "<u4"),
        ("raw_length", "<u4"), ("monotonic_ns", "<i8"), ("wall_ns", "<i8"),
        ("usage", "<f4", (4,)),
    ]
)  # fmt: skip
"""A frame in the index of its segment."""

_ENTRY: Final = struct.Struct("<qBHIIqqffff")
"""The same, to write one: an hour of tuples takes two MiB."""

Entries = np.ndarray[Any, np.dtype[np.void]]


class StoredFrame(NamedTuple):
    """A frame to be written."""

    kind: Kind
    payload: bytes
    monotonic_ns: int = 0
    wall_ns: int = 0
    usage: Usage = NO_USAGE
    marks: Mark = Mark(0)


class ReadFrame(NamedTuple):
    """A frame that was read."""

    payload: bytes
    base: int
    """The checksum of the frame before, of a difference."""
    crc: int


class SegmentWriter:
    """Appends frames to a new file, each with one write(2).

    The head is repeated before each key: damage costs a minute at most.
    """

    def __init__(self, descriptor: int, head: dict[str, Any]) -> None:
        """Take an empty file, and write the head.

        Raises:
            OSError: There is no room for it.
        """
        self.descriptor = descriptor
        self.size = 0
        self._compressor = zstandard.ZstdCompressor(level=LEVEL)
        self._entries = bytearray()
        self._crc = 0
        self._wall_ns = 0
        self._head = StoredFrame(Kind.HEAD, json.dumps(head).encode())
        self._append(self._head)

    @property
    def has_moment(self) -> bool:
        """Whether there is more than the head."""
        return len(self._entries) > _ENTRY.size

    def append(self, frame: StoredFrame) -> None:
        """Write a frame.

        Raises:
            OSError: It does not fit, or is too large for a reader: the file ends after
                the frame before.
        """
        if frame.kind == Kind.KEY and self.has_moment:
            self._append(self._head)
        self._append(frame)

    def _append(self, frame: StoredFrame) -> None:
        if len(frame.payload) > MOST_RAW_BYTES:
            raise OSError(errno.EFBIG, "a sample has too many processes")
        payload = self._compressor.compress(frame.payload)
        header = Header(
            frame.kind, frame.marks, len(payload), len(frame.payload),
            self._crc if frame.kind == Kind.DIFFERENCE else 0,
            frame.monotonic_ns, frame.wall_ns, frame.usage,
        )  # fmt: skip
        data, crc = packed(header, payload)
        self._write(data)
        self._crc = crc
        self._entries += _ENTRY.pack(
            self.size, frame.kind, frame.marks, len(payload), len(frame.payload),
            frame.monotonic_ns, frame.wall_ns, *frame.usage,
        )  # fmt: skip
        self._wall_ns = frame.wall_ns or self._wall_ns
        self.size += HEADER_BYTES + len(payload)

    def _write(self, data: bytes) -> None:
        written = 0
        try:
            while written < len(data):
                written += os.write(self.descriptor, data[written:])
        except OSError:
            os.ftruncate(self.descriptor, self.size)
            os.lseek(self.descriptor, self.size, os.SEEK_SET)
            raise

    def close(self, *, durably: bool = False) -> None:
        """Write the index, as far as there is room, and close the file.

        The time of the file becomes that of its last moment, which retention goes by.

        Raises:
            OSError: The disk has not taken all of it, which `durably` waits for.
        """
        try:
            at, last_ns = self.size, self._wall_ns
            # Readers scan what has no index.
            with suppress(OSError):
                self._append(StoredFrame(Kind.INDEX, bytes(self._entries)))
                self._write(at.to_bytes(8, "little") + _FOOTER)
            with suppress(OSError):
                os.utime(self.descriptor, ns=(last_ns, last_ns))
            if durably:
                os.fsync(self.descriptor)
        finally:
            os.close(self.descriptor)


class Segment:
    """Reads the frames of a file.

    Raises:
        BadFrame: It has no head of this version.
        OSError: It cannot be read.
    """

    def __init__(self, descriptor: int) -> None:
        """Take a file, which is closed with the segment, or when nobody has it.

        It is not mapped: whoever truncates a mapped file kills its readers (SIGBUS).
        """
        self.close = weakref.finalize(self, os.close, descriptor)
        """Closes the file; harmless when closed already."""
        self._descriptor = descriptor
        self._size = os.fstat(descriptor).st_size
        if self._size < HEADER_BYTES:
            raise BadFrame("a segment is empty")
        if self._size > MOST_BYTES:
            raise BadFrame("a segment is too large", "remove it")
        self._decompressor = zstandard.ZstdDecompressor()
        self.is_closed = False
        """Whether it has an index: nothing will be appended."""
        frames = self._index()
        kinds = frames["kind"]
        self.head_payload = self._head(frames[kinds == Kind.HEAD])
        self.entries: Entries = _plausible(
            frames[(kinds == Kind.KEY) | (kinds == Kind.DIFFERENCE)]
        )
        """The moments, in order."""

    def _head(self, heads: Entries) -> bytes:
        """Return the payload of the first head that is not damaged."""
        # An error that is kept would keep this segment, and its file open.
        why = "a segment has no head"
        for offset in heads["offset"].tolist():
            try:
                return self.frame(offset).payload
            except BadFrame as error:
                why = error.reason
        # That of a newer version has a remedy.
        unpacked(self._read(0, HEADER_BYTES))
        raise BadFrame(why)

    def _read(self, offset: int, length: int) -> bytes:
        """Return bytes of the file, fewer at its end."""
        left = max(0, self._size - offset)
        return os.pread(self._descriptor, min(length, left), offset)

    def frame(self, offset: int) -> ReadFrame:
        """Return the frame at a position.

        Raises:
            BadFrame: It is damaged.
        """
        start = self._read(offset, HEADER_BYTES)
        header = unpacked(start)
        stored = self._read(offset + HEADER_BYTES, header.length)
        crc = checked(start, stored)
        try:
            if zstandard.frame_content_size(stored) != header.raw_length:
                raise BadFrame("the length of a frame is wrong")
            payload = self._decompressor.decompress(stored)
        except zstandard.ZstdError as error:
            raise BadFrame("a frame cannot be decompressed") from error
        return ReadFrame(payload, header.base, crc)

    def _index(self) -> Entries:
        """Return all frames by the index, or else by a scan."""
        try:
            entries = self._stored_index()
        except BadFrame:
            return self._scanned()
        self.is_closed = True
        return entries

    def _stored_index(self) -> Entries:
        footer = self._read(self._size - _FOOTER_BYTES, _FOOTER_BYTES)
        if not footer.endswith(_FOOTER):
            raise BadFrame("a segment has no index")
        at = min(int.from_bytes(footer[:8], "little"), self._size)
        if unpacked(self._read(at, HEADER_BYTES)).kind != Kind.INDEX:
            raise BadFrame("a segment has no index where one belongs")
        payload = self.frame(at).payload
        if len(payload) % ENTRY.itemsize:
            raise BadFrame("the index of a segment is damaged")
        entries = np.frombuffer(payload, ENTRY)
        if (np.diff(entries["offset"]) <= 0).any() or (entries["offset"] < 0).any():
            raise BadFrame("the index of a segment is damaged")
        return entries

    def _scanned(self) -> Entries:
        """Read all headers; after damage go on at the next that begins a frame."""
        found = []
        at = 0
        while at < self._size:
            try:
                header = unpacked(self._read(at, HEADER_BYTES))
            except BadFrame:
                at = self._next_frame(at + 1)
                continue
            end = at + HEADER_BYTES + header.length
            if end > self._size:
                at = self._next_frame(at + 1)
                continue
            found.append(
                (
                    at, header.kind, header.marks, header.length, header.raw_length,
                    header.monotonic_ns, header.wall_ns, tuple(header.usage),
                )
            )  # fmt: skip
            at = end
        return np.array(found, dtype=ENTRY)

    def _next_frame(self, at: int) -> int:
        """Return the next position at which a frame may begin, or that of the end."""
        while len(chunk := self._read(at, _CHUNK_BYTES)) >= len(MAGIC):
            place = chunk.find(MAGIC)
            if place >= 0:
                return at + place
            at += len(chunk) - len(MAGIC) + 1
        return self._size


def _plausible(entries: Entries) -> Entries:
    """Return entries in which CPU times that cannot be are unknown."""
    usage = entries["usage"]
    with np.errstate(invalid="ignore"):
        usage[~(np.abs(usage) <= _MOST_USAGE)] = np.nan
        usage[usage[:, 0] < 0] = np.nan
    return entries
