"""A recorded host: its processes can be viewed, but not acted on."""

import itertools
import threading
import time
from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from typing import Final, Self

from montauk_tui.collectors.replay.collector import ReplayCollector
from montauk_tui.errors import RecordingEnded
from montauk_tui.model.frame import CollectorStatus, Frame
from montauk_tui.model.recording import Moments
from montauk_tui.model.schema import Need
from montauk_tui.pipeline.chain import Reading
from montauk_tui.pipeline.frames import FramePipeline
from montauk_tui.recorder.times import last_until, read_moment

_LEAD: Final = 60
"""Frames before the one that is gone to, for its history: a minute at 1 s."""
_KEPT: Final = 16
"""Frames whose state is kept, so that a step back folds one sample only."""


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
        self._states: dict[int, FramePipeline] = {-1: FramePipeline()}
        """By the number of the sample that was folded last."""
        self._end = len(recording) if end is None else end
        self._wall_s = recording.wall_s[: self._end]
        self._goal: int | None = None
        """The sample that is gone to next; None plays on."""
        self._at = -1
        """The last sample that was gone to or played."""
        self._lock = threading.Lock()
        self._frames = itertools.count()

    @property
    def past(self) -> Self:
        """Other times of the recording."""
        return self

    def next_frame(self, needs: Need) -> Frame:
        """Return the next recorded frame, or the one that is gone to.

        Raises:
            RecordingEnded: There is none.
        """
        started = time.thread_time()
        with self._lock:
            goal, self._goal = self._goal, None
        if goal is not None:
            self.go_to(goal)
        frame = self._fold(self.read(needs))
        with self._lock:
            if self._goal is None:
                self._at = self._collector.position
        cost_s = time.thread_time() - started
        return replace(frame, seq=next(self._frames), cpu_s=cost_s, is_recorded=True)

    def _fold(self, reading: Reading) -> Frame:
        """Return the frame of a reading, and keep the state after it."""
        number = self._collector.position
        pipeline = copy(self._states.get(number - 1) or FramePipeline())
        frame = pipeline.frame(reading)
        self._states.pop(number, None)
        self._states[number] = pipeline
        if len(self._states) > _KEPT:
            del self._states[next(iter(self._states))]
        return frame

    def go(self, samples: int, seconds: float, time: str) -> None:
        """Let the next frame be another one; those before the start are the first.

        Raises:
            UsageError: `time` is no time.
        """
        with self._lock:
            goal = self._at
            wanted_s = self._wall_s[max(0, goal)] + seconds
            if time:
                wanted_s = read_moment(time, float(self._wall_s[-1]))
            if time or seconds:
                goal = last_until(self._wall_s, wanted_s)
            self._goal = self._at = min(max(0, goal + samples), self._end - 1)

    def go_to(self, number: int) -> None:
        """Let the next frame be the one of this number, with the history before it."""
        if number - 1 not in self._states:
            self._collector.go_to(max(0, number - _LEAD))
            while self._collector.position + 1 < number:
                self._fold(self.read(Need.NONE))
        self._collector.go_to(number)

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
