"""A recorded host: its processes can be viewed, but not acted on."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final, Self

from montauk_tui.host.base import Place
from montauk_tui.host.goals import Goal, goal_of, none_found
from montauk_tui.host.playback import Playback
from montauk_tui.model.frame import Frame
from montauk_tui.model.recording import Moments, Timeline
from montauk_tui.model.schema import Need
from montauk_tui.pipeline.chain import Reading


class RecordedHost:
    """The frames of a recording; its processes can be viewed, but not acted on."""

    is_live: Final = False
    plays: Final = True
    actions: Final = None
    turn_recording: Final = None
    for_rates: Final = Need.NONE
    failure: Final = ""

    def __init__(self, recording: Moments, end: int | None = None) -> None:
        """Start with the first sample; frames end before the one of number `end`.

        Raises:
            CollectorUnavailable: There is none.
        """
        self._playback = Playback(recording, end)
        self.timeline: Timeline = self._playback.timeline
        """What is known of its moments without reading them."""
        self._goal: Goal | None = None
        """The sample that is gone to next; None plays on."""
        self._at = -1
        """The last sample that was gone to or played."""
        self._last: Frame | None = None
        self._stride = 1
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
        return self._gone_to(needs) or self._finished(self._played, needs)

    def past_frame(self, needs: Need) -> Frame:
        """Return the frame that is gone to, or else the last one again."""
        return self._gone_to(needs) or self._last or self.next_frame(needs)

    def _gone_to(self, needs: Need) -> Frame | None:
        with self._lock:
            goal, self._goal = self._goal, None
        if goal is None:
            return None
        return self._finished(partial(self._found, goal), needs)

    def _found(self, goal: Goal, needs: Need) -> Frame:
        before = self._playback.position
        frame = self._playback.frame_at(goal, needs)
        if frame is not None:
            return replace(frame, remark=goal.remark) if goal.remark else frame
        self._playback.go_to(max(0, before))
        return replace(self._playback.fold(needs), remark=none_found(goal))

    def _finished(self, take: Callable[[Need], Frame], needs: Need) -> Frame:
        started = time.thread_time()
        frame = take(needs)
        with self._lock:
            if self._goal is None:
                self._at = self._playback.position
        cost_s = time.thread_time() - started
        seq = next(self._frames)
        self._last = replace(frame, seq=seq, cpu_s=cost_s, is_recorded=True)
        return self._last

    def play_at(self, stride: int) -> None:
        """Let a frame that was not gone to be so many moments after the last."""
        self._stride = stride

    def _played(self, needs: Need) -> Frame:
        playback = self._playback
        last = min(playback.position + self._stride, playback.end - 1)
        frame = playback.fold(needs)
        while playback.position < last:
            frame = playback.fold(needs)
        return frame

    def go(self, place: Place) -> None:
        """Let the next frame be another one; those beyond an end are the nearest.

        Raises:
            UsageError: It cannot be read as a time, or there is no such moment.
        """
        with self._lock:
            goal = goal_of(self.timeline, self._at, place)
            if goal.sought is None:
                last = self._playback.end - 1
                goal = goal._replace(number=min(max(0, goal.number), last))
                self._at = goal.number
            self._goal = goal

    def go_to(self, number: int) -> None:
        """Let the next frame be the one of this number, with the history before it."""
        self._playback.go_to(number)

    def read(self, needs: Need) -> Reading:
        """Return the next recorded sample.

        Raises:
            RecordingEnded: There is none.
        """
        return self._playback.read(needs)

    def upgrades(self) -> Iterator[bool]:
        """Yield nothing: there is no better source."""
        return iter(())

    def close(self) -> None:
        """Stop; the look-ups of frames stay valid."""
        self._playback.collector.close()
