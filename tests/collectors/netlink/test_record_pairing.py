"""Which record belongs to which, beside a search in plain Python."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from montauk_tui.collectors.netlink.record_pairing import last_before, pair
from montauk_tui.model.join import by_pid
from montauk_tui.model.schema import Ints

MOST_PID = 2**22 - 1
CELL_NS = 1024
"""Times are told apart to about a microsecond."""
DAY_NS = 86_400 * 10**9

FEW_PIDS = st.lists(st.sampled_from([1, 2, 3, 4096, MOST_PID - 1, MOST_PID]))
CELLS = st.integers(0, 30)
POINTS = st.lists(st.tuples(st.sampled_from([1, 2, MOST_PID - 1, MOST_PID]), CELLS))


def ints(values: list[int]) -> Ints:
    return np.array(values, dtype=np.int64)


@given(FEW_PIDS, FEW_PIDS)
def test_the_nth_of_a_pid_belongs_to_the_nth(one: list[int], other: list[int]) -> None:
    expected = set()
    for pid in set(one) & set(other):
        rows = [row for row, value in enumerate(one) if value == pid]
        others = [row for row, value in enumerate(other) if value == pid]
        expected |= set(zip(rows, others, strict=False))
    rows_found, others_found = pair(ints(one), ints(other))
    found = list(zip(rows_found.tolist(), others_found.tolist(), strict=True))
    assert len(found) == len(expected)
    assert set(found) == expected


def check_last_before(
    queries: list[tuple[int, int]], points: list[tuple[int, int]]
) -> None:
    """Compare with the definition; times as ns, 0 for not known."""
    pids, times = (ints([query[part] for query in queries]) for part in (0, 1))
    among, at = (ints([point[part] for point in points]) for part in (0, 1))
    join = last_before(pids, times, among, at)
    for query, (pid, time_ns) in enumerate(queries):
        mine = [
            (at_ns, row)
            for row, (whose, at_ns) in enumerate(points)
            if whose == pid and (time_ns == 0 or at_ns <= time_ns)
        ]
        assert bool(join.found[query]) == bool(mine)
        if mine:
            assert int(join.row[query]) == max(mine)[1]


@given(POINTS, POINTS, st.integers(1, 10**15))
def test_the_last_that_is_not_later(
    queries: list[tuple[int, int]], points: list[tuple[int, int]], since: int
) -> None:
    base_ns = since * CELL_NS
    check_last_before(
        [(pid, base_ns + cell * CELL_NS) for pid, cell in queries],
        [(pid, base_ns + cell * CELL_NS) for pid, cell in points],
    )


@given(POINTS, POINTS)
def test_who_has_no_time_gets_the_last_of_all(
    queries: list[tuple[int, int]], points: list[tuple[int, int]]
) -> None:
    check_last_before(
        [(pid, 0) for pid, _ in queries],
        [(pid, (1 + cell) * CELL_NS) for pid, cell in points],
    )


@given(POINTS, st.integers(0, 400))
@example([(1, 3), (2, 4)], 100)
def test_one_that_waits_for_months_hides_nobody_else(
    points: list[tuple[int, int]], days: int
) -> None:
    """A fork whose end was lost, or a leader that left its threads long ago."""
    later = [(pid, days * DAY_NS + (1 + cell) * CELL_NS) for pid, cell in points]
    queries = [(pid, time_ns + 50 * CELL_NS) for pid, time_ns in later]
    check_last_before(queries, [(77, CELL_NS), *later])


def test_nothing_is_found_among_none_and_for_none() -> None:
    none = ints([])
    assert not last_before(ints([1, 2]), ints([0, 5]), none, none).found.any()
    assert len(last_before(none, none, ints([1]), ints([5])).row) == 0
    assert not by_pid(none, ints([1, 2])).found.any()
    assert [len(part) for part in pair(none, none)] == [0, 0]


@given(st.sets(st.integers(1, MOST_PID)), st.lists(st.integers(0, MOST_PID)))
def test_a_pid_finds_its_row_or_none(table: set[int], wanted: list[int]) -> None:
    pids = sorted(table)
    wanted += pids[:3]
    join = by_pid(ints(pids), ints(wanted))
    for index, pid in enumerate(wanted):
        assert bool(join.found[index]) == (pid in table)
        if pid in table:
            assert pids[int(join.row[index])] == pid
