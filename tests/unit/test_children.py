"""What children used that came and went, by what their parents were credited."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.engine.interval.children import children_seconds
from tests.support.builders import Row, make_sample

HZ = 100


def children(
    before: list[Row], now: list[Row], elapsed_s: float = 1.0
) -> dict[int, float]:
    """Return the seconds by pid."""
    current = make_sample(now, after_s=elapsed_s)
    found = children_seconds(make_sample(before), current)
    return dict(zip(current.processes.pid.tolist(), found.tolist(), strict=True))


def row(pid: int, ppid: int = 1, **values: int) -> Row:
    return {"pid": pid, "ppid": ppid, **values}


INIT = row(1, 0)


def test_who_came_and_went_is_charged_to_who_waited() -> None:
    found = children([INIT, row(2)], [INIT, row(2, cutime=30, cstime=20)])
    assert found == {1: 0.0, 2: pytest.approx(0.5)}


def test_what_a_child_had_used_before_is_not_counted_again() -> None:
    before = [INIT, row(2), row(3, 2, utime=40, stime=20)]
    found = children(before, [INIT, row(2, cutime=50, cstime=30)])
    assert found[2] == pytest.approx(0.2)


def test_what_a_child_had_been_credited_before_is_not_counted_again() -> None:
    before = [INIT, row(2), row(3, 2, utime=10, cutime=500)]
    assert children(before, [INIT, row(2, cutime=530)])[2] == pytest.approx(0.2)


def test_a_daemon_of_days_that_ends_is_not_charged_its_whole_life() -> None:
    before = [INIT, row(2), row(3, 2, utime=10**7)]
    assert children(before, [INIT, row(2, cutime=10**7 + 5)])[2] == pytest.approx(0.05)


def test_a_grandchild_is_told_by_its_living_ancestor() -> None:
    before = [INIT, row(2), row(3, 2, utime=10), row(4, 3, utime=20)]
    found = children(before, [INIT, row(2, cutime=60)])
    assert found == {1: 0.0, 2: pytest.approx(0.3)}


def test_an_orphan_that_init_adopts_invents_no_time() -> None:
    """Its parent of the last sample lives on and is not who was credited."""
    before = [INIT, row(2), row(3, 2, utime=40)]
    found = children(before, [row(1, 0, cutime=45), row(2)])
    assert sum(found.values()) == pytest.approx(0.05)


def test_a_double_fork_whose_middle_is_gone_is_told_by_init() -> None:
    before = [INIT, row(2), row(3, 2, utime=1), row(4, 3, utime=40)]
    found = children(before, [row(1, 0, cutime=45), row(2, cutime=1)])
    assert sum(found.values()) == pytest.approx(0.05)


def test_nobody_used_more_than_the_cpus_had() -> None:
    found = children([INIT, row(2)], [INIT, row(2, cutime=10**6)], elapsed_s=0.5)
    assert found[2] == pytest.approx(2 * 0.5)


def test_who_is_not_waited_for_is_not_made_up() -> None:
    found = children([INIT, row(2), row(3, 2, utime=40)], [INIT, row(2)])
    assert found == {1: 0.0, 2: 0.0}


def test_a_process_that_is_new_brings_what_its_children_used() -> None:
    assert children([INIT], [INIT, row(2, cutime=30)])[2] == pytest.approx(0.3)


def test_a_pid_that_is_given_away_again_is_another_process() -> None:
    before = [INIT, row(2), row(3, 2, utime=40, start_ticks=1_010)]
    now = [INIT, row(2, cutime=45), row(3, 2, start_ticks=1_099)]
    assert children(before, now)[2] == pytest.approx(0.05)


def test_what_is_not_known_stays_unknown() -> None:
    before: list[Row] = [INIT, {"pid": 2, "cutime": None}]
    now: list[Row] = [INIT, {"pid": 2, "cutime": None}, {"pid": 3, "tgid": 2}]
    found = children(before, now)
    assert math.isnan(found[2])
    assert math.isnan(found[3]), "a thread has no children of its own"
    assert found[1] == 0.0


def test_samples_of_different_collectors_are_not_compared() -> None:
    before, now = make_sample([INIT]), make_sample([INIT], ticks_per_second=10**9)
    assert all(map(math.isnan, children_seconds(before, now).tolist()))
    assert children_seconds(make_sample([]), make_sample([])).tolist() == []


class World:
    """Processes that fork, run, wait and end, as the kernel counts them."""

    def __init__(self) -> None:
        self.rows: dict[int, dict[str, int]] = {}
        self.next_pid = 1
        self.used = 0
        self.start(0)

    def start(self, parent: int) -> int:
        pid, self.next_pid = self.next_pid, self.next_pid + 1
        self.rows[pid] = {
            "pid": pid, "ppid": parent, "start_ticks": pid,
            "utime": 0, "stime": 0, "cutime": 0, "cstime": 0,
        }  # fmt: skip
        return pid

    def end(self, pid: int) -> None:
        """End and be waited for; children go to init."""
        gone = self.rows.pop(pid)
        parent = self.rows[gone["ppid"]]
        parent["cutime"] += gone["utime"] + gone["cutime"]
        parent["cstime"] += gone["stime"] + gone["cstime"]
        for child in self.rows.values():
            if child["ppid"] == pid:
                child["ppid"] = 1

    def snapshot(self) -> list[Row]:
        return [dict(values) for values in self.rows.values()]


STEPS = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from(["start", "run", "end"]),
            st.integers(0, 7),
            st.integers(0, 9),
        ),
        max_size=12,
    ),
    min_size=1,
    max_size=6,
)


@given(STEPS)
def test_living_and_children_together_are_what_was_used(
    intervals: list[list[tuple[str, int, int]]],
) -> None:
    """Over any number of intervals nothing is counted twice, and nothing is missing."""
    world, told, truth = World(), 0.0, 0
    before = world.snapshot()
    for steps in intervals:
        for what, which, ticks in steps:
            pid = sorted(world.rows)[which % len(world.rows)]
            if what == "start":
                world.start(pid)
            elif what == "run":
                world.rows[pid]["utime"] += ticks
                truth += ticks
            elif pid != 1:
                world.end(pid)
        now = world.snapshot()
        told += sum(children(before, now, elapsed_s=1000.0).values())
        told += own_seconds(before, now)
        before = now
    assert told == pytest.approx(truth / HZ, abs=1e-6)


def own_seconds(before: list[Row], now: list[Row]) -> float:
    """Return what living processes used themselves."""
    old = {one["pid"]: one["utime"] for one in before}
    used: int = sum(one["utime"] - old.get(one["pid"], 0) for one in now)
    return used / HZ


def test_without_processes_nobody_used_anything() -> None:
    assert children([], []) == {}
    assert children([INIT], []) == {}
