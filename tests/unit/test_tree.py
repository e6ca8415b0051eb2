import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.engine import tree
from montauk_tui.engine.tree import NO_PARENT, Forest, grow, parents, with_ancestors
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import UNKNOWN, Ints
from tests.support.builders import make_table, pids

LINKS = st.integers(0, 12).flatmap(
    lambda count: st.tuples(
        st.lists(st.integers(-1, count - 1), min_size=count, max_size=count),
        st.permutations(range(count)),
    )
)
"""Parent links that may form rings or lead to the row itself, and an order."""


def forest_of(links: list[int], order: list[int]) -> Forest:
    return grow(np.array(links, dtype=np.int64), np.array(order, dtype=np.int64))


def parent_positions(forest: Forest) -> list[int | None]:
    """Return for each position where its parent stands, as a reader sees it."""
    line: list[int] = []
    above: list[int | None] = []
    for position, depth in enumerate(forest.depth.tolist()):
        assert depth <= len(line), "a row is more than one level below the one above"
        del line[depth:]
        above.append(line[-1] if line else None)
        line.append(position)
    return above


@given(LINKS)
def test_every_row_exactly_once(drawn: tuple[list[int], list[int]]) -> None:
    forest = forest_of(*drawn)
    assert sorted(forest.rows.tolist()) == list(range(len(drawn[0])))


@given(LINKS)
def test_a_row_hangs_from_its_parent_or_is_a_root(
    drawn: tuple[list[int], list[int]],
) -> None:
    """Only a row without a parent, and one row of each ring, is a root."""
    links, _ = drawn
    forest = forest_of(*drawn)
    rows = forest.rows.tolist()
    roots = []
    for row, above in zip(rows, parent_positions(forest), strict=True):
        if above is None:
            roots.append(row)
        else:
            assert rows[above] == links[row]
    forced = {row for row in roots if links[row] != NO_PARENT}
    assert forced == set(forced) & set().union(*rings(links))
    assert len(forced) == len(rings(links))


def rings(links: list[int]) -> set[frozenset[int]]:
    found = set()
    for start in range(len(links)):
        passed: list[int] = []
        row = start
        while row != NO_PARENT and row not in passed:
            passed.append(row)
            row = links[row]
        if row != NO_PARENT:
            found.add(frozenset(passed[passed.index(row) :]))
    return found


@given(LINKS)
def test_the_last_of_its_siblings_is_marked(
    drawn: tuple[list[int], list[int]],
) -> None:
    forest = forest_of(*drawn)
    above = parent_positions(forest)
    for position, parent in enumerate(above):
        assert forest.is_last[position] == (parent not in above[position + 1 :])


@given(LINKS)
def test_siblings_stand_in_the_given_order(
    drawn: tuple[list[int], list[int]],
) -> None:
    links, order = drawn
    forest = forest_of(*drawn)
    for parent in range(len(links)):
        children = [
            row
            for row, depth in zip(forest.rows, forest.depth, strict=True)
            if links[row] == parent and depth > 0
        ]
        assert children == sorted(children, key=order.index)


@given(LINKS, st.data())
def test_exactly_the_ancestors_are_added(
    drawn: tuple[list[int], list[int]], data: st.DataObject
) -> None:
    links, _ = drawn
    kept = data.draw(st.lists(st.booleans(), min_size=len(links), max_size=len(links)))
    expected = set()
    for row in range(len(links)):
        at = row
        while kept[row] and at != NO_PARENT and at not in expected:
            expected.add(at)
            at = links[at]
    result = with_ancestors(
        np.array(links, dtype=np.int64), np.array(kept, dtype=np.bool_)
    )
    assert set(np.flatnonzero(result).tolist()) == expected


@given(LINKS)
def test_by_levels_it_is_the_same_as_row_by_row(
    drawn: tuple[list[int], list[int]],
) -> None:
    links, order = (np.array(it, dtype=np.int64) for it in drawn)
    by_levels, walked = grow(links, order), tree._walked(links, order)  # noqa: SLF001
    assert [it.tolist() for it in by_levels] == [it.tolist() for it in walked]


def test_no_usual_forest_is_walked_row_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(tree, "_walked")
    forest = forest_of([NO_PARENT, 0, 0, 1, NO_PARENT, 4, 1], [4, 0, 2, 1, 6, 3, 5])
    assert forest.rows.tolist() == [4, 5, 0, 2, 1, 6, 3]
    assert forest.depth.tolist() == [0, 1, 0, 1, 1, 2, 2]
    assert forest.is_last.tolist() == [False, True, True, False, True, False, True]


def test_a_chain_of_ten_thousand_is_no_recursion() -> None:
    count = 10_000
    forest = forest_of(list(range(-1, count - 1)), list(range(count)))
    assert forest.depth.tolist() == list(range(count))


# --- who is whose parent --------------------------------------------------------------


def parent_pids(table: ProcessTable) -> dict[int, int | None]:
    above: Ints = parents(table)
    return {
        int(table.pid[row]): None if parent == NO_PARENT else int(table.pid[parent])
        for row, parent in enumerate(above.tolist())
    }


def test_parents_by_pid() -> None:
    table = make_table([
        {"pid": 1, "ppid": 0},
        {"pid": 7, "ppid": 1},
        {"pid": 9, "ppid": 7},
        {"pid": 11, "ppid": 8},
        {"pid": 12, "ppid": 99},
    ])  # fmt: skip
    assert parent_pids(table) == {1: None, 7: 1, 9: 7, 11: None, 12: None}


def test_a_parent_may_have_the_largest_pid_of_all() -> None:
    """Pids start anew when they are used up."""
    table = make_table([{"pid": 3, "ppid": 9}, {"pid": 9, "ppid": 0}])
    assert parent_pids(table) == {3: 9, 9: None}


def test_a_younger_process_cannot_be_the_parent() -> None:
    """The parent ended, and its pid was given away before it was read."""
    table = make_table([
        {"pid": 7, "ppid": 0, "start_ticks": 501},
        {"pid": 9, "ppid": 7, "start_ticks": 500},
        {"pid": 10, "ppid": 7, "start_ticks": 501},
    ])  # fmt: skip
    assert parent_pids(table) == {7: None, 9: None, 10: 7}


def test_whose_start_nobody_knows_hangs_from_the_parent_it_names() -> None:
    table = make_table([
        {"pid": 7, "ppid": 0, "start_ticks": 501},
        {"pid": 9, "ppid": 7, "start_ticks": UNKNOWN},
    ])  # fmt: skip
    assert parent_pids(table) == {7: None, 9: 7}


def test_nobody_is_their_own_parent() -> None:
    assert parent_pids(make_table([{"pid": 5, "ppid": 5}])) == {5: None}


def test_a_thread_hangs_from_its_process() -> None:
    table = make_table([
        {"pid": 1, "ppid": 0},
        {"pid": 5},
        {"pid": 6, "tgid": 5, "ppid": 1},
    ])  # fmt: skip
    assert parent_pids(table) == {1: None, 5: 1, 6: 5}


def test_an_empty_table_has_an_empty_forest() -> None:
    table = ProcessTable.empty()
    assert parents(table).shape == (0,)
    forest = grow(parents(table), np.empty(0, dtype=np.int64))
    assert pids(table, forest.rows) == []
    assert forest.rows.dtype == np.int64


def test_a_ring_is_cut_at_one_of_its_rows() -> None:
    forest = forest_of([1, 2, 0, 0], [3, 0, 1, 2])
    assert sorted(forest.rows.tolist()) == [0, 1, 2, 3]
    assert forest.depth.tolist().count(0) == 1
