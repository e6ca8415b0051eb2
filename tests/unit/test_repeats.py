"""What an earlier collector reported is no event again when another takes over."""

from montauk_tui.engine.history.takeover import Reported
from montauk_tui.model.sample import Sample
from tests.support.builders import BOOT_S, make_sample
from tests.support.exits import make_exits
from tests.support.starts import exec_, make_starts


def sample(second: float, pid: int | None = None, *, blind: bool = False) -> Sample:
    """Return a sample with the exit and the exec of a process, or without events."""
    if blind:
        return make_sample(after_s=second)
    time_ns = int((BOOT_S + (pid or 0)) * 1e9)
    ended = [] if pid is None else [{"pid": pid, "end_ns": time_ns}]
    begun = [] if pid is None else [exec_(pid, time_ns)]
    return make_sample(
        after_s=second, exits=make_exits(ended), starts=make_starts(begun)
    )


def pids(one: Sample) -> list[list[int] | None]:
    tables = (one.exits, one.starts)
    return [None if table is None else table.pid.tolist() for table in tables]


def test_what_two_collectors_saw_is_one() -> None:
    reported = Reported()
    assert pids(reported.without_repeats(sample(1, 9), 0)) == [[9], [9]]
    # The same collector may know better.
    assert pids(reported.without_repeats(sample(2, 9), 0)) == [[9], [9]]
    assert pids(reported.without_repeats(sample(3, 9), 1)) == [[], []]
    assert pids(reported.without_repeats(sample(4, 8), 2)) == [[8], [8]]


def test_what_is_long_ago_or_of_another_boot_is_no_repeat() -> None:
    reported = Reported()
    reported.without_repeats(sample(1, 9), 0)
    reported.without_repeats(sample(90), 0)
    assert pids(reported.without_repeats(sample(91, 9), 1)) == [[9], [9]]
    reported.restart()
    assert pids(reported.without_repeats(sample(92, 9), 2)) == [[9], [9]]


def test_collectors_without_events_repeat_none() -> None:
    reported = Reported()
    reported.without_repeats(sample(1, blind=True), 0)
    assert pids(reported.without_repeats(sample(2, 9), 1)) == [[9], [9]]
    assert pids(reported.without_repeats(sample(3, blind=True), 2)) == [None, None]
