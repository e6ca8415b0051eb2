"""The last minutes in memory: moments as in a segment, within limits."""

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

import numpy as np
import zstandard

from montauk_tui.errors import MomentDamaged
from montauk_tui.model.frame import Frame
from montauk_tui.model.recording import Moment, Timeline
from montauk_tui.recorder.arguments import KeptArguments
from montauk_tui.recorder.decoder import Decoder
from montauk_tui.recorder.encoder import Encoder, schema
from montauk_tui.recorder.segment import LEVEL
from montauk_tui.recorder.summary import marks_of, usage_of

_CHAPTER: Final = 30
"""Moments after which one is kept in full: a jump decodes at most so many."""
_MOST_DECODED_ROWS: Final = 50_000
"""Processes in decoded moments that are kept for steps back: 20 MiB."""
_LINE_BYTES: Final = 64
"""Of a moment beside its payload: its place in lists, its line of the timeline."""

_LINE: Final = np.dtype(
    [
        ("wall", "f8"), ("monotonic", "f8"), ("interval", "f8"), ("busy", "f8"),
        ("exited", "f8"), ("unexplained", "f8"), ("marks", "i8"),
    ]
)  # fmt: skip


class MemoryLimits(NamedTuple):
    """How far back, at most."""

    age_s: float = 900.0
    size_bytes: int = 16 << 20


class _Shelf(NamedTuple):
    """The lines of the timeline, replaced as a whole for those who read it."""

    lines: "np.ndarray[Any, np.dtype[np.void]]"
    """Shape (any,): as many as there are moments, and room for more."""
    first: int = 0
    end: int = 0


@dataclass(slots=True)
class _Chapter:
    """Moments of which the first is in full, and the others need those before."""

    first: int
    payloads: list[bytes] = field(default_factory=list)


class Memory:
    """The last moments of a host; implements `model.recording.Moments`.

    A moment keeps its number when older ones are forgotten. Used by one thread, but
    for `timeline`.
    """

    def __init__(self, limits: MemoryLimits) -> None:
        """Start empty."""
        self._limits = limits
        self._chapters: deque[_Chapter] = deque()
        self._encoder = Encoder(arguments=False)
        self._arguments = KeptArguments()
        self._compressor = zstandard.ZstdCompressor(level=LEVEL)
        self._columns = {name: tuple(units) for name, units in schema().items()}
        self._shelf = _Shelf(np.zeros(2 * _CHAPTER, dtype=_LINE))
        self._payload_bytes = 0
        self._before: Frame | None = None
        self._is_short = False
        """Whether moments were forgotten for want of room."""
        self._decoded: dict[int, Moment] = {}
        self._decoder = Decoder(self._columns)
        self._at = -1
        """The moment that the decoder made last."""

    def __len__(self) -> int:
        """Return the number after that of the last moment."""
        return self._shelf.end

    @property
    def first(self) -> int:
        """The number of the first moment that is kept."""
        return self._shelf.first

    @property
    def size_bytes(self) -> int:
        """What is kept, without what of Python's objects comes on top."""
        _, first, end = self._shelf
        lines = (end - first) * _LINE_BYTES
        return self._payload_bytes + self._arguments.size + lines

    def take(self, frame: Frame, opening: int) -> None:
        """Keep the sample of a frame; forget the oldest ones that no longer fit.

        Args:
            frame: The frame.
            opening: The number of the collector among those opened one after the other.
        """
        sample, number = frame.sample, len(self)
        if not self._chapters or len(self._chapters[-1].payloads) >= _CHAPTER:
            self._chapters.append(_Chapter(number))
            self._encoder.start_anew()
        payload = self._compressor.compress(
            self._encoder.payload(sample, frame.lookups, frame.collector.name, opening)
        )
        self._arguments.take(sample.processes, frame.lookups, number)
        self._chapters[-1].payloads.append(payload)
        self._payload_bytes += len(payload)
        usage = usage_of(frame)
        self._add_line(
            (sample.time_s, sample.monotonic_s, *usage, marks_of(self._before, frame))
        )
        self._before = frame
        self._forget(sample.monotonic_s)

    def _add_line(self, line: tuple[Any, ...]) -> None:
        lines, first, end = self._shelf
        if end - first == len(lines):
            lines = np.concatenate([lines, np.zeros_like(lines)])
        lines[end - first] = line
        self._shelf = _Shelf(lines, first, end + 1)

    def _forget(self, now_s: float) -> None:
        """Forget chapters that are too old or do not fit, but never the last."""
        while len(self._chapters) > 1:
            lines, first, end = self._shelf
            count = self._chapters[1].first - first
            is_old = lines["monotonic"][count] < now_s - self._limits.age_s
            if not is_old and self.size_bytes <= self._limits.size_bytes:
                return
            self._is_short = not is_old
            chapter = self._chapters.popleft()
            self._payload_bytes -= sum(map(len, chapter.payloads))
            # A new array: another thread may be reading this one.
            lines = np.concatenate([lines[count:], lines[:count]])
            self._shelf = _Shelf(lines, first + count, end)
            self._arguments.forget(first + count)

    @property
    def timeline(self) -> Timeline:
        """What is known without decoding; may be read by any thread."""
        lines, first, end = self._shelf
        kept = lines[: end - first]
        size = self._limits.size_bytes >> 20
        note = f"{size} MiB hold no more" if self._is_short else ""
        return Timeline(
            kept["wall"].copy(), kept["monotonic"].copy(), kept["interval"].copy(),
            kept["busy"].copy(), kept["exited"].copy(), kept["unexplained"].copy(),
            kept["marks"].copy(), first, note,
        )  # fmt: skip

    def __getitem__(self, number: int) -> Moment:
        """Return a moment.

        Raises:
            MomentDamaged: It is forgotten.
        """
        if not self.first <= number < len(self):
            raise MomentDamaged("this moment is no longer remembered")
        if number not in self._decoded:
            self._decode(number)
        return self._decoded[number]

    def _decode(self, number: int) -> None:
        """Decode a moment and those that it needs, and keep the last of them."""
        chapter = next(one for one in reversed(self._chapters) if one.first <= number)
        start = self._at + 1
        if not chapter.first < start <= number:
            start = chapter.first
            self._decoded.clear()
        decompress = zstandard.ZstdDecompressor().decompress
        for at in range(start, number + 1):
            payload = decompress(chapter.payloads[at - chapter.first])
            moment = self._decoder.moment(payload, is_key=at == chapter.first)
            known = self._arguments.at(at)
            answers = replace(moment.answers, arguments=known)
            self._decoded[at] = replace(moment, answers=answers)
            self._drop_decoded()
        self._at = number

    def _drop_decoded(self) -> None:
        rows = sum(len(one.sample.processes) for one in self._decoded.values())
        while rows > _MOST_DECODED_ROWS and len(self._decoded) > 1:
            oldest = self._decoded.pop(next(iter(self._decoded)))
            rows -= len(oldest.sample.processes)

    def put_away(self) -> None:
        """Forget what was decoded, which takes much more room."""
        self._decoded.clear()
        self._decoder, self._at = Decoder(self._columns), -1
