"""Who descends from whom."""

from montauk_tui.engine.subtree import processes_of, with_descendants
from montauk_tui.model.sample import Identity
from tests.support.builders import make_table

TABLE = make_table(
    [
        {"pid": 1, "ppid": 0},
        {"pid": 10, "ppid": 1},
        {"pid": 11, "ppid": 10},
        {"pid": 12, "tgid": 10, "ppid": 1},
        {"pid": 20, "ppid": 11},
        {"pid": 30, "ppid": 1},
    ]
)


def identities(*pids: int) -> list[Identity]:
    return [Identity(pid, 1_000) for pid in pids]


def test_descendants_come_after_their_parents_and_without_threads() -> None:
    found = with_descendants(TABLE, identities(10))
    assert found == identities(10, 11, 20)


def test_a_root_below_another_comes_once() -> None:
    found = with_descendants(TABLE, identities(20, 11))
    assert sorted(found) == identities(11, 20)


def test_who_is_not_there_has_no_descendants() -> None:
    assert with_descendants(TABLE, [Identity(10, 999), Identity(99, 1)]) == []


def test_the_process_of_a_thread_stands_for_it_once() -> None:
    gone = Identity(99, 1)
    assert processes_of(TABLE, [*identities(12, 10, 30), gone]) == [
        *identities(10, 30), gone,
    ]  # fmt: skip
