"""Writes samples to segments; a full disk pauses it."""

import os
import platform
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from montauk_tui import __version__
from montauk_tui.model.frame import RECORDING, Frame
from montauk_tui.model.sample import Sample
from montauk_tui.recorder.aging import AgeClock, Clock
from montauk_tui.recorder.encoder import Encoder, schema
from montauk_tui.recorder.folder import Folder
from montauk_tui.recorder.layout import VERSION, Kind
from montauk_tui.recorder.retention import Limits, Retention
from montauk_tui.recorder.segment import SegmentWriter, StoredFrame
from montauk_tui.recorder.summary import marks_of, usage_of

KEY_S: Final = 60.0
"""Time between moments in full: a jump decodes at most so many seconds."""
SEGMENT_S: Final = 3600.0
SEGMENT_BYTES: Final = 64 << 20
_RUN_BYTES: Final = 4
_RETRY_S: Final = 10.0
"""How long recording pauses before it tries again."""


class Writer:
    """Records samples in a folder, from one thread."""

    def __init__(
        self,
        folder: Folder,
        limits: Limits,
        *,
        arguments: bool = True,
        clock_ns: Clock | None = None,
    ) -> None:
        """Take a folder that is ours, and the clock by which segments age."""
        self._folder = folder
        self.retention = Retention(folder, limits, clock_ns or AgeClock().now_ns)
        """Removes and thins old segments."""
        self._encoder = Encoder(arguments=arguments, of_events=arguments)
        self._segment: SegmentWriter | None = None
        self._name = ""
        """That of the segment."""
        self._host = this_host()
        self._run = int.from_bytes(os.urandom(_RUN_BYTES), "little")
        self._began_s = self._key_s = self._retry_s = 0.0
        self._before: Frame | None = None
        self.failure = ""
        """Why nothing is recorded now, in one line; empty if it is."""
        self.taken = 0
        """Samples recorded."""
        self.missed = 0
        """Samples that were not recorded since the start."""
        self.bytes = 0
        """Written so far."""

    def take(self, frame: Frame, opening: int) -> str:
        """Record the sample of a frame; return whether it is, in a few words.

        Where that fails, `failure` says why, and it is tried again later.

        Args:
            frame: The frame.
            opening: The number of the collector among those opened one after the other.
        """
        now_s = frame.sample.monotonic_s
        if self.failure and now_s < self._retry_s:
            self.missed += 1
            return self.failure
        try:
            self._append(frame, opening)
            self.failure = ""
            self.taken += 1
        except OSError as error:
            self.failure = f"not recording: {error.strerror or error}"
            self.missed += 1
            self._retry_s = now_s + _RETRY_S
            self._end_segment()
        return self.failure or RECORDING

    def _append(self, frame: Frame, opening: int) -> None:
        sample, now_s = frame.sample, frame.sample.monotonic_s
        if self._segment is not None and self._is_full(self._segment, now_s):
            self._end_segment()
        segment = self._segment or self._new_segment(sample)
        if now_s >= self._key_s + KEY_S:
            self._encoder.start_anew()
        is_key = self._encoder.is_key
        if is_key:
            self._key_s = now_s
            _sync_later(segment.descriptor)
        payload = self._encoder.payload(
            sample, frame.lookups, frame.collector.name, opening
        )
        before = segment.size
        segment.append(
            StoredFrame(
                Kind.KEY if is_key else Kind.DIFFERENCE,
                payload,
                int(now_s * 1e9),
                int(sample.time_s * 1e9),
                usage_of(frame),
                marks_of(self._before, frame),
            )
        )
        self.bytes += segment.size - before
        self._before = frame

    def _is_full(self, segment: SegmentWriter, now_s: float) -> bool:
        return now_s >= self._began_s + SEGMENT_S or segment.size >= SEGMENT_BYTES

    def _new_segment(self, sample: Sample) -> SegmentWriter:
        self.retention.make_room(SEGMENT_BYTES)
        name, descriptor = self._folder.create(sample.time_s, self._host["boot_id"])
        try:
            segment = SegmentWriter(descriptor, self._head(sample))
        except OSError:
            os.close(descriptor)
            self._remove(name)
            raise
        self.retention.thin_old(name)
        self._segment, self._name = segment, name
        self._began_s = sample.monotonic_s
        self._encoder.start_anew()
        return segment

    def _head(self, sample: Sample) -> dict[str, Any]:
        return {
            "format": VERSION,
            "montauk": __version__,
            "run": self._run,
            "host": self._host | {"hostname": sample.host.hostname},
            "columns": schema(),
        }

    def _end_segment(self) -> None:
        segment, self._segment = self._segment, None
        if segment is not None:
            segment.close()
            if not segment.has_moment:
                self._remove(self._name)

    def _remove(self, name: str) -> None:
        """Remove a segment without a moment: a disk that stays full makes many."""
        with suppress(OSError):
            self._folder.remove(name)

    def close(self) -> None:
        """Close the segment, so that it has an index, and release the folder."""
        self.retention.close()
        self._end_segment()
        self._folder.close()


def this_host() -> dict[str, str]:
    """Return what tells this machine, and this boot of it, from others."""
    return {
        "machine_id": _text_of("/etc/machine-id"),
        "boot_id": _text_of("/proc/sys/kernel/random/boot_id"),
        "kernel": platform.release(),
        "architecture": platform.machine(),
    }


def _text_of(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def _sync_later(descriptor: int) -> None:
    """Have the kernel write out what it has so far, in a thread: it can take seconds.

    What write(2) took survives the end of the process, not that of the machine.
    """
    copy = os.dup(descriptor)

    def sync() -> None:
        with suppress(OSError):
            os.fdatasync(copy)
        os.close(copy)

    try:
        _start(sync)
    except RuntimeError:
        # Without a thread the kernel writes it out when it is time to.
        os.close(copy)


def _start(task: Callable[[], None]) -> None:
    threading.Thread(target=task, name="montauk-sync", daemon=True).start()
