"""The clocks of a sample."""

import time

import pytest

from montauk_tui.collectors.clock import SampleClock


def test_boot_stays_where_it_is_until_somebody_sets_the_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wall, clock = [1_000.0], SampleClock()
    monkeypatch.setattr(time, "time", lambda: wall[0])
    monkeypatch.setattr(time, "clock_gettime", lambda _: 400.0)
    assert clock.start().times()["booted_at_s"] == 600.0
    wall[0] += 0.05
    times = clock.start().times()
    assert (times["time_s"], times["booted_at_s"]) == (1_000.05, 600.0)
    wall[0] += 3600.0
    assert clock.start().times()["booted_at_s"] == pytest.approx(4200.05)


def test_a_sample_costs_what_its_thread_used(monkeypatch: pytest.MonkeyPatch) -> None:
    used = iter((1.0, 1.25))
    monkeypatch.setattr(time, "thread_time", lambda: next(used))
    assert SampleClock().start().times()["collect_cpu_s"] == 0.25
