"""One interval after another, whatever holds the program up."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.collectors.registry import Opened
from montauk_tui.config import Settings
from montauk_tui.engine.schedule import Schedule
from montauk_tui.export import commands
from montauk_tui.host.local import LocalHost
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import Need
from tests.support.builders import make_sample
from tests.support.replay import ReplayCollector


def test_small_delays_do_not_add_up() -> None:
    schedule = Schedule(1.0, 100.0)
    for second in range(1, 11):
        assert schedule.due_s == pytest.approx(100.0 + second)
        schedule.took(schedule.due_s + 0.05)


def test_after_a_stall_a_whole_interval_passes() -> None:
    schedule = Schedule(1.0, 100.0)
    schedule.took(107.3)
    assert schedule.due_s == pytest.approx(108.3)


@given(st.floats(0.1, 100.0), st.lists(st.floats(0.0, 50.0), min_size=1, max_size=20))
def test_no_interval_is_shorter_than_asked_for(
    interval_s: float, delays: list[float]
) -> None:
    schedule, before_s = Schedule(interval_s, 5.0), 5.0
    for delay_s in delays:
        taken_s = schedule.due_s + delay_s
        schedule.took(taken_s)
        assert taken_s - before_s >= 0.9 * interval_s - 1e-9
        before_s = taken_s


class Stalled(ReplayCollector):
    """Takes the time of a clock, and stops for a while before some samples."""

    def __init__(self, clock: "Clock", stalls: dict[int, float]) -> None:
        super().__init__([make_sample(), make_sample(after_s=1.0)])
        self._clock, self._stalls = clock, stalls

    def sample(self, needs: Need) -> Sample:
        sample = super().sample(needs)
        self._clock.now_s += self._stalls.get(len(self.needs), 0.0)
        moment_s = self._clock.now_s
        return replace(sample, monotonic_s=moment_s)


class Clock:
    """A clock that only sleeping moves, and what else takes time."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.now_s += seconds


def test_json_keeps_the_interval_after_a_stall(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Samples that were missed are not made up for."""
    clock = Clock()
    lines: list[str] = []
    collector = Stalled(clock, {4: 12.5, 6: 0.6, 7: 0.05})
    collector.open()
    fake = SimpleNamespace(monotonic=lambda: clock.now_s, sleep=clock.sleep)
    monkeypatch.setattr(commands, "time", fake)
    monkeypatch.setattr(commands, "write_stdout", lines.append)
    host = LocalHost(Opened(collector))
    commands.json_lines(lambda: host, Settings(interval_s=1.0), 8, None)
    intervals = [json.loads(line)["interval_s"] for line in lines]
    assert intervals == pytest.approx([1, 1, 13.5, 1, 1.6, 1.05, 0.95, 1])
