"""Folded branches: who is hidden, and the sums that stand for them."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.engine import query
from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.engine.folds import UNFOLDED, Folds
from montauk_tui.engine.projection import Projection, View, project
from montauk_tui.engine.tree import parents
from montauk_tui.model.frame import Frame
from montauk_tui.model.sample import Identity
from montauk_tui.model.schema import COUNTERS
from tests.support.builders import Row, make_frame, make_sample, pids

FAMILY: tuple[Row, ...] = (
    {"pid": 1, "ppid": 0},
    {"pid": 10, "ppid": 1, "rss_bytes": 100},
    {"pid": 11, "ppid": 10, "rss_bytes": 30, "utime": 5},
    {"pid": 12, "ppid": 11, "rss_bytes": 7, "utime": 1, "threads": 4, "comm": "deep"},
    {"pid": 13, "tgid": 12, "ppid": 11, "rss_bytes": 7, "utime": 1, "threads": 4},
    {"pid": 20, "ppid": 1},
)


def frame_of(rows: tuple[Row, ...] = FAMILY) -> Frame:
    before = make_sample([{**row, "utime": 0} for row in rows])
    return make_frame(before, make_sample(rows, after_s=1.0))


def identity(pid: int) -> Identity:
    return Identity(pid, 1_000)


def folded(
    *closed: int, everything: bool = False, sort: str = "pid", **more: Any
) -> View:
    folds = Folds(everything, frozenset(map(identity, closed)))
    return View(COLUMNS[sort], descending=False, tree=True, folds=folds, **more)


def shown(frame: Frame, view: View) -> list[int]:
    return pids(frame.sample.processes, project(frame, view).rows)


def test_a_folded_branch_is_one_row() -> None:
    frame = frame_of()
    assert shown(frame, folded(10)) == [1, 10, 20]
    assert shown(frame, folded(11)) == [1, 10, 11, 20]
    assert shown(frame, folded(10, 11)) == [1, 10, 20]
    assert shown(frame, folded(1)) == [1]


def test_a_fold_hides_all_of_a_very_deep_branch() -> None:
    """Such a forest is walked row by row."""
    chain: tuple[Row, ...] = tuple(
        {"pid": pid, "ppid": pid - 1} for pid in range(2, 102)
    )
    frame = frame_of(({"pid": 1, "ppid": 0}, *chain, {"pid": 200, "ppid": 1}))
    assert shown(frame, folded(90, 95)) == [*range(1, 91), 200]
    assert shown(frame, folded(2)) == [1, 2, 200]


def test_all_folded_leaves_what_hangs_from_init() -> None:
    frame = frame_of()
    assert shown(frame, folded(everything=True)) == [1, 10, 20]
    assert shown(frame, folded(10, everything=True)) == [1, 10, 11, 20]
    assert shown(frame, folded(1, everything=True)) == [1]


def test_a_folded_branch_holds_the_sums() -> None:
    frame = frame_of()
    projection = project(frame, folded(10, user_threads=True))
    drawn = projection.frame_of(frame)
    assert [projection.hidden_at(position) for position in range(3)] == [0, 3, 0]
    row = int(projection.rows[1])
    for column, text in {
        "rss_bytes": "0.1K", "cpu_pct": "6.0", "cpu_time": "0:00.06", "threads": "6",
    }.items():  # fmt: skip
        assert COLUMNS[column].text(drawn, row) == text, column
    assert drawn.sample.processes.rss_bytes[row] == 137
    assert frame.sample.processes.rss_bytes[row] == 100


def test_a_folded_branch_holds_the_sums_of_what_was_read_and_written() -> None:
    def rows(factor: int) -> list[Row]:
        return [
            {**row, "read_bytes": factor << 20, "write_bytes": None} for row in FAMILY
        ]

    frame = make_frame(make_sample(rows(1)), make_sample(rows(3), after_s=1.0))
    projection = project(frame, folded(10, user_threads=True))
    drawn, row = projection.frame_of(frame), int(projection.rows[1])
    texts = {
        name: COLUMNS[name].text(drawn, row)
        for name in ("io_read_rate", "io_write_rate", "io_rate", "io_read_bytes")
    }
    assert texts == {
        "io_read_rate": "6.0M/s", "io_write_rate": "-", "io_rate": "-",
        "io_read_bytes": "9.0M",
    }  # fmt: skip
    assert COLUMNS["io_read_rate"].text(frame, row) == "2.0M/s"


def test_columns_of_sums_hold_twice_as_much_for_two_equal_processes() -> None:
    def rows(count: int) -> list[Row]:
        counted = dict.fromkeys(COUNTERS, count)
        used = {"utime": count, "stime": count, "rss_bytes": 1 << 20, "threads": 3}
        return [{"pid": 10 + at, "ppid": 9 + at, **counted, **used} for at in (0, 1)]

    frame = make_frame(make_sample(rows(10)), make_sample(rows(40), after_s=1.0))
    projection = project(frame, folded(10))
    drawn, row = projection.frame_of(frame), int(projection.rows[0])
    marked, unknown = set(), set()
    for name, column in COLUMNS.items():
        one = float(column.key(frame)[row])
        if column.sums and np.isnan(one):
            unknown.add(name)
        elif column.sums:
            assert column.key(drawn)[row] == pytest.approx(2 * one), name
            marked.add(name)
    assert {"cpu_pct", "rss_bytes", "threads", "cpu_time", "io_rate"} <= marked
    assert unknown == set()


def test_siblings_are_sorted_by_the_sums() -> None:
    frame = frame_of((*FAMILY, {"pid": 30, "ppid": 1, "utime": 2}))
    view = View(COLUMNS["cpu_pct"], descending=True, tree=True)
    assert shown(frame, view)[1] == 30
    closed = Folds(others=frozenset({identity(10)}))
    view = View(COLUMNS["cpu_pct"], descending=True, tree=True, folds=closed)
    assert shown(frame, view)[1] == 10


def test_what_is_hidden_is_found_at_the_row_that_hides_it() -> None:
    frame = frame_of()
    projection = project(frame, folded(10))
    assert projection.position_of(frame, identity(12)) == 1
    assert projection.position_of(frame, identity(20)) == 2
    assert projection.is_branch(1)
    assert not projection.is_branch(2)
    assert projection.parent_of(1) == 0
    assert projection.parent_of(0) is None


def test_a_filter_opens_the_branches_that_hold_a_match() -> None:
    view = View(
        COLUMNS["pid"], descending=False, tree=True, query=query.parse("deep"),
        folds=Folds(everything=True),
    )  # fmt: skip
    assert shown(frame_of(), view) == [1, 10, 11, 12]


def test_a_pid_that_comes_back_is_not_folded() -> None:
    other = Folds(others=frozenset({Identity(10, 999)}))
    view = View(COLUMNS["pid"], descending=False, tree=True, folds=other)
    assert len(shown(frame_of(), view)) == 5


def test_sums_of_nothing_known_are_unknown() -> None:
    unknown: Row = {"rss_bytes": None, "utime": None, "stime": None}
    rows = tuple({**row, **unknown} for row in FAMILY)
    frame = make_frame(None, make_sample(rows))
    projection = project(frame, folded(10))
    drawn, row = projection.frame_of(frame), int(projection.rows[1])
    for column in ("cpu_pct", "rss_bytes", "cpu_time"):
        assert COLUMNS[column].text(drawn, row) == "-"


def test_who_ended_holds_no_memory() -> None:
    dead: Row = {"pid": 14, "ppid": 10, "rss_bytes": 5_000, "state": "X", "utime": 4}
    frame = frame_of((*FAMILY, dead))
    projection = project(frame, folded(10))
    drawn, row = projection.frame_of(frame), int(projection.rows[1])
    assert drawn.sample.processes.rss_bytes[row] == 137
    assert drawn.sample.processes.utime[row] == 10


def subtree(parent: list[int], root: int) -> set[int]:
    found = {root}
    while more := {
        row for row, above in enumerate(parent) if above in found and row not in found
    }:
        found |= more
    return found


PROCESS = st.tuples(
    st.integers(0, 14), st.integers(0, 1), st.integers(0, 9), st.booleans()
)


def drawn_frame(family: list[tuple[int, int, int, bool]]) -> Frame:
    return frame_of(
        tuple(
            {"pid": pid, "ppid": ppid, "start_ticks": start, "utime": used,
             "rss_bytes": used << 20}
            for pid, (ppid, start, used, _) in enumerate(family, 1)
        )
    )  # fmt: skip


def folds_of(family: list[tuple[int, int, int, bool]], *, everything: bool) -> Folds:
    closed = {
        Identity(pid, start) for pid, (_, start, _, it) in enumerate(family, 1) if it
    }
    return Folds(everything, frozenset(closed))


@given(st.lists(PROCESS, max_size=14), st.booleans())
def test_every_row_is_shown_once_or_hidden_by_one_that_is(
    family: list[tuple[int, int, int, bool]],
    everything: bool,  # noqa: FBT001 - drawn
) -> None:
    frame = drawn_frame(family)
    view = View(COLUMNS["cpu_pct"], descending=True, tree=True,
                folds=folds_of(family, everything=everything))  # fmt: skip
    projection = project(frame, view)
    rows = projection.rows.tolist()
    assert len(set(rows)) == len(rows)
    hidden = set(range(len(family))) - set(rows)
    counts = dict.fromkeys(rows, 0)
    for row in hidden:
        assert projection.folded is not None
        counts[int(projection.folded.holder[row])] += 1
        position = projection.position_of(frame, frame.sample.processes.identity(row))
        assert position == rows.index(projection.folded.holder[row])
    assert [projection.hidden_at(at) for at in range(len(rows))] == list(
        counts.values()
    )
    check_sums(frame, projection)


def check_sums(frame: Frame, projection: Projection) -> None:
    """Compare the sums with those over all that hang from a row, where no ring is."""
    drawn, parent = projection.frame_of(frame), parents(frame.sample.processes).tolist()
    for position, row in enumerate(projection.rows.tolist()):
        below = sorted(subtree(parent, row))
        is_ring = parent[row] in below
        if not projection.hidden_at(position) or is_ring:
            continue
        for name in ("utime", "stime", "rss_bytes", "threads"):
            values = getattr(frame.sample.processes, name)
            assert getattr(drawn.sample.processes, name)[row] == values[below].sum()
        expected = frame.rates.cpu_pct[below].sum()
        assert np.isclose(drawn.rates.cpu_pct[row], expected)


@given(st.lists(PROCESS, max_size=14), st.integers(0, 13))
def test_folding_and_unfolding_leads_back(
    family: list[tuple[int, int, int, bool]], at: int
) -> None:
    frame = drawn_frame(family)
    view = View(COLUMNS["pid"], descending=False, tree=True)
    before = project(frame, view)
    if not family:
        return
    root = frame.sample.processes.identity(at % len(family))
    once = UNFOLDED.toggled(root)
    assert bool(once)
    assert once.toggled(root) == UNFOLDED
    after = project(frame, replace(view, folds=once.toggled(root)))
    assert after.rows.tolist() == before.rows.tolist()
    assert after.depth.tolist() == before.depth.tolist()
