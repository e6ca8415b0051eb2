"""A recording in memory, and the numbers in it that names belong to."""

from montauk_tui.model.recording import (
    Moment,
    Recording,
    numbers_of_cgroups,
    numbers_of_users,
)
from tests.support.builders import TIME_S, make_sample
from tests.support.deaths import SENDER, make_death
from tests.support.exits import make_exits
from tests.support.starts import fork, make_starts

SAMPLE = make_sample(
    [{"pid": 7, "uid": 1, "cgroup_id": 5}, {"pid": 8, "uid": None, "cgroup_id": None}],
    exits=make_exits(
        [{"pid": 9, "uid": 2, "cgroup_id": 6,
          "death": make_death(sender=SENDER._replace(uid=3))}]
    ),
    starts=make_starts([fork(9, 0, uid=4)]),
)  # fmt: skip


def test_users_are_those_of_processes_exits_starts_and_senders() -> None:
    assert set(numbers_of_users(SAMPLE)) == {1, 2, 3, 4}
    assert set(numbers_of_users(make_sample([{"pid": 7, "uid": 1}]))) == {1}


def test_cgroups_are_those_of_processes_and_exits() -> None:
    assert set(numbers_of_cgroups(SAMPLE)) == {5, 6}


def test_moments_are_in_order() -> None:
    later = make_sample(after_s=2.0)
    recording = Recording((Moment(SAMPLE), Moment(later)))
    assert len(recording) == 2
    assert recording[1].sample is later
    assert recording.timeline.wall_s.tolist() == [TIME_S, TIME_S + 2.0]
    assert recording.timeline.monotonic_s.tolist() == [50_000.0, 50_002.0]
