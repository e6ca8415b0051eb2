"""This machine, with its last minutes."""

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from montauk_tui.collectors.registry import Opened
from montauk_tui.host.base import Place
from montauk_tui.host.local import LocalHost
from montauk_tui.model.frame import CollectorStatus, Frame
from montauk_tui.model.recording import NO_TIMELINE, Timeline
from montauk_tui.model.schema import Need

# 30 ms of start-up that no first frame needs.
# ruff: noqa: PLC0415
if TYPE_CHECKING:
    from montauk_tui.host.goals import Goal
    from montauk_tui.host.playback import Playback
    from montauk_tui.recorder.memory import Memory


class _Shown(NamedTuple):
    """What of the past is shown."""

    goal: "Goal"
    number: int
    """That of its moment, the last one of a sum."""
    frame: Frame


class RememberingHost(LocalHost):
    """This machine, whose last minutes can be gone back to.

    Sampling goes on meanwhile, but the frames are those of the past.
    """

    plays: Final = False

    def __init__(self, opened: Opened, age_s: float, size_bytes: int) -> None:
        """Take an open collector, and limits of what is remembered."""
        super().__init__(opened)
        self._limits = age_s, size_bytes
        self._memory: Memory | None = None
        """None before the second frame."""
        self._first: tuple[Frame, int] | None = None
        """The first one until then, with the number of its collector."""
        self._goal: Goal | None = None
        """What to show; None for the present. Set by the screen's thread."""
        self._remark = ""
        """About it, until it was said; set by that thread, too."""
        self._now: Frame | None = None
        self._shown: _Shown | None = None
        self._playback: Playback | None = None

    @property
    def past(self) -> Self:
        """The last minutes."""
        return self

    @property
    def size_bytes(self) -> int:
        """Bytes of what is remembered."""
        return 0 if self._memory is None else self._memory.size_bytes

    @property
    def timeline(self) -> Timeline:
        """What is known of the last minutes without decoding them."""
        return NO_TIMELINE if self._memory is None else self._memory.timeline

    def next_frame(self, needs: Need) -> Frame:
        """Sample now; return that frame, or else the one of the past.

        Raises:
            CollectorFailed: The collector can no longer sample, nor can another.
        """
        self._now = frame = super().next_frame(needs)
        return frame if self._goal is None else self.past_frame(needs)

    def _keep(self, frame: Frame, opening: int) -> str:
        if self._memory is not None:
            self._memory.take(frame, opening)
        elif self._first is None:
            self._first = frame, opening
        else:
            from montauk_tui.recorder.memory import Memory, MemoryLimits

            self._memory = Memory(MemoryLimits(*self._limits))
            self._memory.take(*self._first)
            self._memory.take(frame, opening)
            self._first = None
        return super()._keep(frame, opening)

    def past_frame(self, needs: Need) -> Frame:
        """Return the frame that was gone to; without a sample, that of the present."""
        now, goal = self._now, self._goal
        if now is None:
            return self.next_frame(needs)
        remark, self._remark = self._remark, ""
        if goal is None:
            self._return()
        elif self._shown is None or self._shown.goal is not goal:
            remark = self._show(goal, needs) or remark
        if self._shown is None:
            return replace(now, remark=remark) if remark else now
        frame = self._shown.frame
        ago_s = now.sample.monotonic_s - frame.sample.monotonic_s
        return replace(frame, seq=now.seq, ago_s=ago_s, remark=remark)

    def play_at(self, stride: int) -> None:
        """Do nothing: a live machine has one pace."""

    def _return(self) -> None:
        """Show the present from now on."""
        self._playback = self._shown = None
        if self._memory is not None:
            self._memory.put_away()

    def _show(self, goal: "Goal", needs: Need) -> str:
        """Show what was asked for; if there is none, return that in one line."""
        from montauk_tui.host.goals import none_found
        from montauk_tui.host.playback import Playback

        started = time.thread_time()
        if self._memory is None:
            return ""
        self._playback = playback = self._playback or Playback(self._memory)
        frame = playback.frame_at(goal, needs)
        if frame is None:
            if self._goal is goal:
                self._goal = self._shown and self._shown.goal
            return none_found(goal)
        status = CollectorStatus(playback.collector.moment.source, "remembered")
        cost_s = time.thread_time() - started
        frame = replace(frame, collector=status, cpu_s=cost_s, is_recorded=True)
        self._shown = _Shown(goal, playback.position, frame)
        return ""

    def go(self, place: Place) -> None:
        """Let the next frame be another one; what is later than the last is now.

        Raises:
            UsageError: It cannot be read as a time, or there is no such moment.
        """
        from montauk_tui.host.goals import goal_of

        timeline, before, shown = self.timeline, self._goal, self._shown
        last = timeline.first + len(timeline.wall_s) - 1
        if last < timeline.first:
            return
        at = last
        if before is not None:
            at = before.number
            if shown is not None and shown.goal is before:
                at = shown.number
        goal = goal_of(timeline, at, place)
        if goal.since is None and goal.sought is None and goal.number >= last:
            self._goal = None
        elif goal.sought is not None and goal.step < 0:
            self._goal = goal
        else:
            self._goal = goal._replace(number=max(timeline.first, goal.number))
        self._remark = goal.remark
