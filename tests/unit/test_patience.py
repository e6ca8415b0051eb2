"""The waits of tests on machines that are busy with other things."""

import pytest

from tests.support import patience
from tests.support.patience import Patience


class Machine:
    """Time that passes, and how much of it somebody waited for a CPU."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = self.stalled_s = 1000.0
        monkeypatch.setattr("time.monotonic", lambda: self.now_s)
        monkeypatch.setattr(patience, "_stalled_s", lambda: self.stalled_s)

    def passes(self, seconds: float, stalled_s: float = 0.0) -> None:
        self.now_s += seconds
        self.stalled_s += stalled_s


def test_on_a_calm_machine_all_time_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch)
    wait = Patience(calm_s=20)
    machine.passes(20)
    assert not wait.is_over()
    machine.passes(1)
    assert wait.is_over()


def test_time_without_a_cpu_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch)
    wait = Patience(calm_s=20)
    machine.passes(100, stalled_s=85)
    assert not wait.is_over()
    machine.passes(10, stalled_s=0)
    assert wait.is_over()


def test_it_ends_at_last(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch)
    wait = Patience(calm_s=20)
    machine.passes(patience.MOST_S + 1, stalled_s=patience.MOST_S + 1)
    assert wait.is_over()
