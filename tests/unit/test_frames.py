"""Frames as a fold over samples, whichever source they come from."""

import pytest

from montauk_tui.model.frame import CollectorStatus, Frame
from montauk_tui.model.sample import Counters
from montauk_tui.pipeline.chain import Reading
from montauk_tui.pipeline.frames import FramePipeline
from tests.support.builders import FakeLookups, make_sample

LOOKUPS = FakeLookups()


def reading(second: float, utime: int, *, forks: int = 0, opening: int = 0) -> Reading:
    sample = make_sample(
        [{"pid": 1, "utime": utime}], after_s=second, counters=Counters(forks=forks)
    )
    return Reading(sample, CollectorStatus("replay", "", ()), LOOKUPS, opening)


def folded(*readings: Reading) -> list[Frame]:
    pipeline = FramePipeline()
    return [pipeline.frame(one) for one in readings]


def test_two_folds_of_the_same_samples_are_equal() -> None:
    readings = [reading(second, 10 * second) for second in range(4)]
    for one, other in zip(folded(*readings), folded(*readings), strict=True):
        assert (one.seq, one.interval_s, one.ledger) == (
            other.seq, other.interval_s, other.ledger,
        )  # fmt: skip
        assert one.rates.cpu_pct.tolist() == pytest.approx(
            other.rates.cpu_pct.tolist(), nan_ok=True
        )


def test_rates_go_on_over_another_collector() -> None:
    frames = folded(reading(0, 0), reading(1, 30), reading(2, 50, opening=1))
    assert [frame.seq for frame in frames] == [0, 1, 2]
    assert frames[2].rates.cpu_pct[0] == pytest.approx(20.0)
    assert frames[2].lookups is LOOKUPS


def test_without_history_frames_have_cpu_times_and_the_ledger() -> None:
    readings = [reading(at, 10 * at, forks=at) for at in range(3)]
    pipeline = FramePipeline(most_kept=0)
    *_, frame = map(pipeline.frame, readings)
    *_, full = folded(*readings)
    assert frame.rates.cpu_pct[0] == pytest.approx(10.0)
    assert frame.ledger == full.ledger
    assert (frame.history.churn, frame.history.intervals) == ((), ())
    assert full.rates.per_s
    assert not frame.rates.per_s


def test_what_a_collector_counts_begins_anew_with_each() -> None:
    frames = folded(
        reading(0, 0, forks=100), reading(1, 0, forks=130),
        reading(2, 0, forks=7, opening=1), reading(3, 0, forks=9, opening=1),
    )  # fmt: skip
    forks = [[one.started for one in frame.history.churn] for frame in frames]
    assert forks == [[], [30], [30], [30, 2]]
