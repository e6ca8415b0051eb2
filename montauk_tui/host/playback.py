"""Frames of a recording in any order, each with the history before it."""

from contextlib import suppress
from copy import copy
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from montauk_tui.collectors.replay.collector import ReplayCollector
from montauk_tui.engine.history.takeover import unreported_exits, unreported_starts
from montauk_tui.errors import RecordingEnded
from montauk_tui.host.goals import Goal
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.frame import CollectorStatus, Frame
from montauk_tui.model.recording import Moments, Timeline
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import Need
from montauk_tui.model.starts import StartTable
from montauk_tui.pipeline.chain import Reading
from montauk_tui.pipeline.frames import FramePipeline

_LEAD: Final = 60
"""Moments before the one that is gone to, at most, for its history."""
_LEAD_S: Final = 60.0
"""The same in seconds: those of a thinned recording are a minute apart."""
_LEAST_LEAD: Final = 10
"""Moments before it, at least."""
_MOST_SEARCHED: Final = 3_600
"""Moments that a search decodes at most: an hour at 1 s, some seconds."""
_MOST_SUMMED: Final = 1 << 18
"""Exits in the list of a sum, at 200 to 600 bytes; the sums have all."""
_KEPT: Final = 61
"""Moments after which the state is kept, so that a step back folds one only."""
_MOST_KEPT_ROWS: Final = 61_000
"""Processes in them: 25 MiB."""


class _State(NamedTuple):
    """What a fold has come to."""

    pipeline: FramePipeline
    boot: str
    """That of its moment."""


class Playback:
    """Folds the moments of a recording; used by one thread."""

    def __init__(self, recording: Moments, end: int | None = None) -> None:
        """Start before the first moment; those from number `end` on are left out.

        Raises:
            CollectorUnavailable: There is none.
        """
        self.collector = ReplayCollector(recording)
        self.collector.open()
        self._recording, self._end = recording, end
        self._states: dict[int, _State] = {}
        """By the number of the moment that was folded last."""

    @property
    def end(self) -> int:
        """The number after that of the last moment."""
        return len(self._recording) if self._end is None else self._end

    @property
    def timeline(self) -> Timeline:
        """What is known of the moments without reading them."""
        return self._recording.timeline.until(self.end)

    @property
    def position(self) -> int:
        """The number of the last moment; -1 before the first."""
        return self.collector.position

    def go_to(self, number: int) -> None:
        """Let the next frame be that of a moment, with the history before it."""
        if number - 1 not in self._states:
            first = self._lead(number)
            kept = [one for one in self._states if first <= one < number]
            self.collector.go_to(max(kept) + 1 if kept else first)
            while self.position + 1 < number:
                self.fold(Need.NONE)
        self.collector.go_to(number)

    def frame_at(self, goal: Goal, needs: Need) -> Frame | None:
        """Return the frame of a moment, None if the search found none.

        Afterwards `position` is its number.
        """
        if goal.since is not None:
            return self._sum_of(goal.since, goal.number)
        if goal.sought is not None:
            return self.fold(needs) if self._search(goal) else None
        try:
            self.go_to(goal.number)
            return self.fold(needs)
        except RecordingEnded:
            # All from there to the end are damaged.
            self.go_to(self._last_readable(goal.number))
            return self.fold(needs)

    def _last_readable(self, number: int) -> int:
        """Return the last moment up to a number that is not damaged, else the first."""
        first = self._recording.timeline.first
        for at in range(number, first, -1):
            if self._read_at(at) is not None:
                return at
        return first

    def _read_at(self, number: int) -> Reading | None:
        """Return the moment of a number, None if it is damaged."""
        self.collector.go_to(number)
        with suppress(RecordingEnded):
            reading = self.read(Need.NONE)
            if self.position == number:
                return reading
        return None

    def _search(self, goal: Goal) -> bool:
        """Let the next frame be that of the moment sought; tell if there is one."""
        first = self._recording.timeline.first
        matches = goal.sought and goal.sought.matches
        last = goal.number + goal.step * _MOST_SEARCHED
        for number in range(goal.number, last, goal.step):
            if not first <= number < self.end:
                return False
            frame = self._frame_alone(number)
            if frame is not None and matches and matches(frame):
                self.go_to(number)
                return True
        return False

    def _frame_alone(self, number: int) -> Frame | None:
        """Return the frame of a moment without history, None if it is damaged."""
        before = _State(FramePipeline(), "")
        if number > self._recording.timeline.first:
            reading = self._read_at(number - 1)
            if reading is not None:
                before = _State(FramePipeline(), self.collector.moment.boot)
                before.pipeline.frame(reading)
        reading = self._read_at(number)
        if reading is None:
            return None
        follows = self._follows(before, reading)
        return (before.pipeline if follows else FramePipeline()).frame(reading)

    def _sum_of(self, first: int, last: int) -> Frame:
        """Return one frame of everything after one moment until another."""
        collector = self.collector
        collector.go_to(first)
        reading = start = self.read(Need.NONE)
        state = self._sum_from(start)
        exits: list[ExitTable] = []
        starts: list[StartTable] = []
        for number in range(collector.position + 1, last + 1):
            found = self._read_at(number)
            if found is None:
                continue
            opening, reading = reading.opening, found
            if not self._follows(state, reading):
                # The machine started anew: there is no sum over that.
                start, state = reading, self._sum_from(reading)
                exits, starts = [], []
                continue
            ended, begun = reading.sample.exits, reading.sample.starts
            # Another collector tells some of them again.
            is_other = reading.opening != opening
            if ended is not None:
                new = unreported_exits(exits, ended) if is_other else None
                exits.append(ended if new is None else ended.only(new))
            if begun is not None:
                new = unreported_starts(starts, begun) if is_other else None
                starts.append(begun if new is None else begun.only(new))
        sample = replace(
            reading.sample,
            exits=ExitTable.joined(exits) if exits else None,
            starts=StartTable.joined(starts) if starts else None,
        )
        whole = reading._replace(sample=sample, opening=start.opening)
        return replace(state.pipeline.frame(whole), since_s=start.sample.time_s)

    def _sum_from(self, start: Reading) -> _State:
        """Return the begin of a sum, which has nothing of what happened before it."""
        pipeline = FramePipeline(most_kept=_MOST_SUMMED)
        pipeline.frame(start._replace(sample=_without_events(start.sample)))
        return _State(pipeline, self.collector.moment.boot)

    def _lead(self, number: int) -> int:
        """Return the first moment of the history of another."""
        timeline = self._recording.timeline
        last = min(number - timeline.first, len(timeline.monotonic_s) - 1)
        first = max(0, last - _LEAD)
        monotonic_s = timeline.monotonic_s[first : last + 1]
        since_s = monotonic_s[-1] - _LEAD_S
        passed = int(np.searchsorted(monotonic_s, since_s))
        return timeline.first + max(first, min(first + passed, last - _LEAST_LEAD))

    def fold(self, needs: Need) -> Frame:
        """Fold the next moment: return its frame, and keep the state after it.

        Raises:
            RecordingEnded: There is none.
        """
        reading = self.read(needs)
        number = self.position
        before = self._states.get(number - 1)
        pipeline = FramePipeline()
        if before is not None and self._follows(before, reading):
            pipeline = copy(before.pipeline)
        frame = pipeline.frame(reading)
        self._states.pop(number, None)
        self._states[number] = _State(pipeline, self.collector.moment.boot)
        most = min(_KEPT, _MOST_KEPT_ROWS // (1 + len(reading.sample.processes)))
        while len(self._states) > max(2, most):
            del self._states[next(iter(self._states))]
        return frame

    def _follows(self, before: _State, reading: Reading) -> bool:
        """Tell whether the last moment is of the boot of a state, and later."""
        is_same = before.boot == self.collector.moment.boot
        return is_same and before.pipeline.is_followed_by(reading.sample)

    def read(self, needs: Need) -> Reading:
        """Return the next moment without a frame.

        Raises:
            RecordingEnded: There is none.
        """
        collector = self.collector
        if collector.position + 1 >= self.end:
            raise RecordingEnded(f"the recording ends after sample {self.end}")
        sample = collector.sample(needs)
        status = CollectorStatus(collector.name, collector.detail)
        opening = collector.moment.opening
        return Reading(sample, status, collector.lookups, opening)


def _without_events(sample: Sample) -> Sample:
    """Return a sample of which what happened before it is left out."""
    exits, starts = sample.exits, sample.starts
    return replace(
        sample,
        exits=None if exits is None else ExitTable.empty(),
        starts=None if starts is None else StartTable.empty(),
    )
