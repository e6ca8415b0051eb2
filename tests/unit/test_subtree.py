"""Who descends from whom."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.engine.subtree import below, processes_of, with_descendants
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


@st.composite
def forests(draw: st.DrawFn) -> tuple[list[int], int]:
    """Return the parent of each row, -1 for none, rings among them, and a root."""
    size = draw(st.integers(1, 30))
    rows = st.integers(-1, size - 1)
    links = draw(st.lists(rows, min_size=size, max_size=size))
    return links, draw(st.integers(0, size - 1))


@given(forests())
def test_who_is_below_is_who_comes_to_it_going_up(
    forest: tuple[list[int], int],
) -> None:
    links, root = forest

    def leads_up(row: int) -> bool:
        for _ in links:
            if row in (root, -1):
                break
            row = links[row]
        return row == root

    expected = [leads_up(row) for row in range(len(links))]
    assert below(np.array(links), root).tolist() == expected


def test_a_long_chain_is_followed_to_its_end() -> None:
    assert below(np.arange(-1, 4_999), 3).sum() == 4_997


def test_a_thread_whose_process_is_not_listed_stands_for_itself() -> None:
    table = make_table([{"pid": 12, "tgid": 10}, {"pid": 14, "tgid": 99}])
    assert processes_of(table, identities(12, 14)) == identities(12, 14)
