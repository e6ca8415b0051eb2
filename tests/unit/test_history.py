"""What is remembered of the last samples."""

from typing import Any

import pytest

from montauk_tui.engine.history import update
from montauk_tui.engine.history.update import remember
from montauk_tui.engine.interval.rates import process_rates
from montauk_tui.model import history as package
from montauk_tui.model.history import History
from montauk_tui.model.sample import Counters, Sample
from montauk_tui.model.schema import UNKNOWN
from tests.support.builders import MONOTONIC_S, make_sample
from tests.support.exits import make_exits
from tests.support.starts import exec_, failed, fork, make_starts


class Story:
    """Remembers one sample after the other."""

    def __init__(self, most: int = package.MOST_KEPT) -> None:
        self.history = History()
        self.most = most
        self.last: Sample | None = None

    def goes_on(self, after_s: float, **values: Any) -> History:
        sample = make_sample(after_s=after_s, **values)
        rates = process_rates(self.last, sample)
        self.history = remember(self.history, self.last, sample, rates, self.most)
        self.last = sample
        return self.history


def ended(history: History) -> tuple[list[int], list[int]]:
    """Return pids and serial numbers."""
    found = history.exited_since(-1.0)
    return found.exits.pid.tolist(), found.serial.tolist()


def test_what_ended_in_the_order_of_the_ends_and_numbered_on() -> None:
    story = Story()
    story.goes_on(0, exits=make_exits([]))
    story.goes_on(1, exits=make_exits(
        [{"pid": 2, "end_ns": 20}, {"pid": 1, "end_ns": 10}]
    ))  # fmt: skip
    story.goes_on(2, exits=make_exits([]))
    history = story.goes_on(3, exits=make_exits([{"pid": 3, "end_ns": 5}]))
    assert ended(history) == ([1, 2, 3], [1, 2, 3])


def test_an_end_of_an_unknown_moment_is_kept_as_well() -> None:
    story = Story()
    history = story.goes_on(
        0, exits=make_exits([{"pid": 1, "end_ns": 5}, {"pid": 2, "end_ns": None}])
    )
    pids, serials = ended(history)
    assert (sorted(pids), serials) == ([1, 2], [1, 2])
    found = history.exited_since(-1.0)
    assert UNKNOWN in found.exits.end_ns.tolist()


def test_what_was_told_since_a_moment() -> None:
    story = Story()
    for second in range(3):
        story.goes_on(second, exits=make_exits([{"pid": second + 1}]))
    since = story.history.exited_since(MONOTONIC_S + 1.0)
    assert since is not None
    assert since.exits.pid.tolist() == [2, 3]
    assert not len(story.history.exited_since(MONOTONIC_S + 2.1).exits)


def test_of_a_collector_that_sees_nothing_nothing_is_remembered() -> None:
    story = Story()
    story.goes_on(0)
    history = story.goes_on(1)
    assert (history.exited, history.starts) == ((), ())
    assert [(one.started, one.exited) for one in history.churn] == [(None, None)]


@pytest.mark.parametrize("a_sample", [1, 3, 10, 25])
def test_memory_is_bounded_and_the_latest_stay(a_sample: int) -> None:
    story, pid = Story(most=10), 0
    for second in range(20):
        pids = range(pid + 1, pid + 1 + a_sample)
        pid += a_sample
        story.goes_on(
            second,
            exits=make_exits([{"pid": one, "end_ns": one} for one in pids]),
            starts=make_starts([fork(one, one) for one in pids]),
        )
        kept, serials = ended(story.history)
        assert 0 < len(kept) <= 10
        assert kept == serials == list(range(pid + 1 - len(kept), pid + 1))
        starts = [one for part in story.history.starts for one in part.pid.tolist()]
        assert starts == kept
    assert package.MOST_KEPT >= 10_000


def counted(forks: int, exits: int, lost: int = 0) -> Counters:
    return Counters(forks=forks, execs=0, exits=exits, lost=lost)


def test_how_many_came_and_went_in_the_last_minute() -> None:
    story = Story()
    for second in range(0, 100, 2):
        counters = counted(3 * second, 2 * second, second // 50)
        story.goes_on(second, counters=counters)
    churn = story.history.churn
    assert {(one.started, one.exited, one.interval_s) for one in churn} == {(6, 4, 2.0)}
    assert sum(one.lost for one in churn) == 1
    newest = churn[-1].monotonic_s
    assert newest == MONOTONIC_S + 98
    assert len(churn) == 30
    assert churn[0].monotonic_s > newest - 60


def test_another_collector_counts_from_its_own_start() -> None:
    story = Story()
    story.goes_on(0, counters=counted(100, 100, 5))
    story.goes_on(1, counters=counted(110, 105, 5))
    story.goes_on(2, counters=Counters())
    story.goes_on(3, counters=Counters())
    story.goes_on(4, counters=counted(2, 1))
    history = story.goes_on(5, counters=counted(7, 4))
    assert [(one.started, one.exited) for one in history.churn] == [
        (10, 5), (None, None), (5, 3),
    ]  # fmt: skip


def test_a_takeover_that_lost_nothing_is_no_burst_backwards() -> None:
    story = Story()
    story.goes_on(0, counters=counted(100, 100))
    history = story.goes_on(1, counters=counted(3, 2))
    assert all((one.started or 0) >= 0 for one in history.churn)


def test_who_two_collectors_told_of_is_kept_once() -> None:
    """The one that takes over has listened while the one before it still served."""
    story = Story()
    story.goes_on(0)
    story.goes_on(1, exits=make_exits([{"pid": 8}, {"pid": 9}]))
    story.last = None
    history = story.goes_on(2, exits=make_exits([{"pid": 9}, {"pid": 10}]))
    assert ended(history) == ([8, 9, 10], [1, 2, 3])
    history = story.goes_on(3, exits=make_exits([{"pid": 11}]))
    assert ended(history) == ([8, 9, 10, 11], [1, 2, 3, 4])


MS = 10**6


@pytest.mark.parametrize(
    ("told", "now", "is_another"),
    [
        ({"start_ticks": None, "end_ns": 5_000 * MS}, {"end_ns": 5_001 * MS}, False),
        ({"end_ns": 5_000 * MS}, {"start_ticks": None, "end_ns": 4_999 * MS}, False),
        ({"start_ticks": None, "end_ns": 5_000 * MS}, {"end_ns": 9_000 * MS}, True),
        ({"start_ticks": None, "end_ns": None}, {"end_ns": 9_000 * MS}, True),
        ({"start_ticks": 1_001}, {"start_ticks": 1_000}, False),
        ({"start_ticks": 900}, {"start_ticks": 1_000}, True),
    ],
)
def test_an_end_is_the_same_by_its_moment_where_a_start_is_not_known(
    told: dict[str, Any], now: dict[str, Any], *, is_another: bool
) -> None:
    """netlink knows no start of who was forked and ended while it opened."""
    story = Story()
    story.goes_on(0)
    story.goes_on(1, exits=make_exits([{"pid": 9, **told}]))
    story.last = None
    history = story.goes_on(2, exits=make_exits([{"pid": 9, **now}]))
    assert ended(history)[0] == ([9, 9] if is_another else [9])


def test_forks_and_execs_that_two_collectors_told_of_are_kept_once() -> None:
    story = Story()
    story.goes_on(0)
    told = [fork(9, 5_000 * MS), exec_(9, 5_003 * MS), fork(7, 1)]
    story.goes_on(1, starts=make_starts(told))
    story.last = None
    again = [fork(9, 5_001 * MS), exec_(9, 5_004 * MS), exec_(9, 5_005 * MS)]
    new = [fork(10, 5_006 * MS), fork(7, 9_000 * MS)]
    history = story.goes_on(2, starts=make_starts([*again, *new]))
    kept = [(one.pid.tolist(), one.kind.tolist()) for one in history.starts]
    assert kept == [([7, 9, 9], [1, 1, 2]), ([9, 10, 7], [2, 1, 1])]


def test_a_storm_of_failed_execs_displaces_no_forks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(update, "_MOST_FAILED", 2)
    story = Story()
    story.goes_on(0)
    storm = [failed(9, at) for at in range(20)]
    history = story.goes_on(1, starts=make_starts([fork(7, 1), *storm, exec_(8, 3)]))
    (kept,) = history.starts
    assert kept.pid.tolist() == [7, 8, 9, 9]
    assert kept.time_ns.tolist() == [1, 3, 18, 19]


def test_texts_take_no_more_room_than_the_longest_of_an_interval() -> None:
    story = Story()
    story.goes_on(
        0,
        exits=make_exits(
            [{"pid": 1, "end_ns": 1, "comm": b"cc", "cmdline": b"cc -o x"}]
        ),
        starts=make_starts([fork(2, 10), exec_(2, 11, cmdline=b"make")]),
    )
    history = story.goes_on(
        1, exits=make_exits([{"pid": 2, "end_ns": 2, "cmdline": b"make all -j 8"}])
    )
    widths = [one.exits.cmdline.itemsize for one in history.exited]
    assert widths == [len(b"cc -o x"), len(b"make all -j 8")]
    assert history.exited[0].exits.comm.itemsize == 2
    assert [one.cmdline.itemsize for one in history.starts] == [4]
    found = history.exited_since(-1.0)
    assert found is not None
    assert found.exits.cmdline.tolist() == [b"cc -o x", b"make all -j 8"]
