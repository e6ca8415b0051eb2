"""A recorded host: its processes can be viewed, but not acted on."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from montauk_tui.collectors.replay.collector import ReplayCollector
from montauk_tui.errors import RecordingEnded
from montauk_tui.model.frame import CollectorStatus, Frame
from montauk_tui.model.recording import Moments
from montauk_tui.model.schema import Need
from montauk_tui.pipeline.chain import Reading
from montauk_tui.pipeline.frames import FramePipeline

_LEAD: Final = 60
"""Frames before the one that is gone to, for its history: a minute at 1 s."""


class RecordedHost:
    """The frames of a recording; its processes can be viewed, but not acted on."""

    is_live: Final = False
    actions: Final = None
    for_rates: Final = Need.NONE
    failure: Final = ""

    def __init__(self, recording: Moments, end: int | None = None) -> None:
        """Start with the first sample; frames end before the one of number `end`.

        Raises:
            CollectorUnavailable: There is none.
        """
        self._collector = ReplayCollector(recording)
        self._collector.open()
        self._pipeline = FramePipeline()
        self._end = len(recording) if end is None else end

    def next_frame(self, needs: Need) -> Frame:
        """Return the next recorded frame.

        Raises:
            RecordingEnded: There is none.
        """
        started = time.thread_time()
        frame = self._pipeline.frame(self.read(needs))
        return replace(frame, cpu_s=time.thread_time() - started)

    def go_to(self, number: int) -> None:
        """Let the next frame be the one of this number, with the history before it."""
        self._pipeline = FramePipeline()
        self._collector.go_to(max(0, number - _LEAD))
        while self._collector.position + 1 < number:
            self._pipeline.frame(self.read(Need.NONE))

    def read(self, needs: Need) -> Reading:
        """Return the next recorded sample.

        Raises:
            RecordingEnded: There is none.
        """
        collector = self._collector
        if collector.position + 1 >= self._end:
            raise RecordingEnded(f"the recording ends after sample {self._end}")
        sample = collector.sample(needs)
        status = CollectorStatus(collector.name, collector.detail)
        opening = collector.moment.opening
        return Reading(sample, status, collector.lookups, opening)

    def upgrades(self) -> Iterator[bool]:
        """Yield nothing: there is no better source."""
        return iter(())

    def close(self) -> None:
        """Stop; the look-ups of frames stay valid."""
        self._collector.close()
