"""Parents that ended stay in the tree while their children live."""

from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.engine.history.orphans import MOST_EXITED_PARENTS
from montauk_tui.engine.projection import View, guides, project
from montauk_tui.engine.rows.exited import are_exited_rows, with_exited
from montauk_tui.engine.rows.exited_parents import with_exited_parents
from montauk_tui.engine.rows.kinds import kind_of
from montauk_tui.engine.rows.notes import Note, note
from montauk_tui.model.frame import Frame
from montauk_tui.model.kinds import RowKind
from tests.support.builders import Row
from tests.support.listing import Life, end, real_pids

INIT: Final[Row] = {"pid": 1, "ppid": 0, "start_ticks": 1}
FAMILY: Final[tuple[Row, ...]] = (
    INIT,
    {"pid": 10, "comm": "sshd", "start_ticks": 10},
    {"pid": 20, "ppid": 10, "comm": "bash", "start_ticks": 20},
    {"pid": 30, "ppid": 20, "comm": "server", "start_ticks": 30},
    {"pid": 31, "ppid": 20, "comm": "client", "start_ticks": 31},
    {"pid": 40, "ppid": 10, "comm": "other", "start_ticks": 40},
)
BLIND: Final = {"ends": None, "starts": None}


def without(*gone: int, heir: int = 1, rows: tuple[Row, ...] = FAMILY) -> list[Row]:
    """Return the rows without some; their children belong to the heir."""
    return [
        {**row, "ppid": heir} if row.get("ppid", 1) in gone else row
        for row in rows
        if row["pid"] not in gone
    ]


def listed(frame: Frame, linger_s: float = 0.0) -> Frame:
    return with_exited_parents(
        frame, with_exited(frame, linger_s, frozenset()), linger_s
    )


def tree_of(frame: Frame) -> list[tuple[int, int]]:
    """Return the depth and the real pid of each row of the tree."""
    shown = project(frame, VIEW)
    assert sorted(shown.rows.tolist()) == list(range(len(frame.sample.processes)))
    pids = real_pids(frame)
    return [
        (depth, pids[row])
        for depth, row in zip(shown.depth.tolist(), shown.rows.tolist(), strict=True)
    ]


VIEW: Final = View(COLUMNS["start"], descending=False, tree=True)
SHAPE: Final = [(0, 1), (1, 10), (2, 20), (3, 30), (3, 31), (2, 40)]


@pytest.mark.parametrize("heir", [1, 40])
@pytest.mark.parametrize("gone", [(20,), (10,), (10, 20)])
def test_the_tree_keeps_its_shape_when_a_parent_ends(
    gone: tuple[int, ...], heir: int
) -> None:
    life = Life(FAMILY)
    assert tree_of(listed(life.at(1.0, **BLIND))) == SHAPE
    life.rows = without(*gone, heir=heir)
    for after_s in (2.0, 3.0, 4.0):
        assert tree_of(listed(life.at(after_s, **BLIND))) == SHAPE


def test_parents_that_end_one_after_the_other_stay_above_each_other() -> None:
    for first, second in ((10, 20), (20, 10)):
        life = Life(FAMILY)
        life.rows = without(first)
        life.at(1.0, **BLIND)
        life.rows = without(second, rows=tuple(life.rows))
        assert tree_of(listed(life.at(2.0, **BLIND))) == SHAPE


def test_a_ghost_is_marked_as_ended() -> None:
    life = Life(FAMILY)
    life.rows = without(20)
    rows = listed(life.at(1.0, **BLIND))
    row = int(np.flatnonzero(rows.sample.processes.pid < 0)[0])
    assert kind_of(rows, row) is RowKind.ORPHANS_PARENT
    assert COLUMNS["pid"].text(rows, row) == "20"
    assert COLUMNS["state"].text(rows, row) == "X"
    assert COLUMNS["command"].text(rows, row) == "bash"
    assert COLUMNS["cpu_pct"].text(rows, row) == "-"
    assert are_exited_rows(rows, np.array([row])).all()
    assert note(rows, row) == Note("exited, its children live on", is_past=True)
    lines = guides(project(rows, VIEW), 0, 9)
    assert len(lines) == len(FAMILY)


def test_a_ghost_says_how_it_ended_where_that_is_told() -> None:
    life = Life(FAMILY)
    life.rows = without(20)
    last = end(20, b"bash", ppid=10, start_ticks=20, exit_code=3)
    frame = life.at(1.0, [last])
    assert tree_of(listed(frame, 5.0)) == SHAPE
    assert tree_of(listed(frame)) == SHAPE
    later = listed(life.at(9.0), 5.0)
    assert tree_of(later) == SHAPE
    assert note(later, 0) == Note(
        "exit 3, 5.0ms, its children live on", is_failure=True, is_past=True
    )


def test_a_ghost_goes_with_the_last_of_its_children() -> None:
    life = Life(FAMILY)
    life.rows = without(20)
    life.at(1.0, **BLIND)
    life.rows = without(20, 30)
    assert (2, 20) in tree_of(listed(life.at(2.0, **BLIND)))
    life.rows = without(20, 30, 31)
    frame = life.at(3.0, **BLIND)
    assert tree_of(listed(frame)) == [(0, 1), (1, 10), (2, 40)]
    assert not frame.history.orphans.child.size


def test_a_pid_that_comes_back_is_another_process() -> None:
    life = Life(FAMILY)
    life.rows = without(20)
    life.at(1.0, **BLIND)
    life.rows += [{"pid": 20, "ppid": 1, "comm": "new", "start_ticks": 90}]
    rows = listed(life.at(2.0, **BLIND))
    assert tree_of(rows) == [*SHAPE, (1, 20)]


def test_a_parent_that_ends_without_children_leaves_nothing() -> None:
    life = Life(FAMILY)
    life.rows = without(40)
    frame = life.at(1.0, **BLIND)
    assert listed(frame) is frame


def test_a_zombie_keeps_the_children_that_it_had() -> None:
    life = Life(FAMILY)
    life.rows = [{**row, "ppid": 1} if row.get("ppid") == 20 else row for row in FAMILY]
    assert tree_of(listed(life.at(1.0, **BLIND))) == SHAPE
    life.rows = without(20)
    assert tree_of(listed(life.at(2.0, **BLIND))) == SHAPE


def test_what_ended_hangs_from_its_parent_that_ended_as_well() -> None:
    life = Life(FAMILY)
    ends = [end(50, ppid=30), end(51, ppid=50), end(52, b"x", ppid=99)]
    rows = listed(life.at(1.0, ends), 5.0)
    tree = tree_of(rows)
    at = tree.index((3, 30))
    assert tree[at : at + 3] == [(3, 30), (4, 50), (5, 51)]
    assert (0, 52) in tree


def test_a_program_that_forks_and_ends_all_the_time_leaves_a_bounded_chain() -> None:
    life = Life([INIT, {"pid": 100, "start_ticks": 100}])
    for pid in range(101, 200):
        ppid = pid - 1
        both: list[Row] = [
            {"pid": ppid, "start_ticks": ppid},
            {"pid": pid, "ppid": ppid, "start_ticks": pid},
        ]
        life.rows = [INIT, *both]
        life.at(float(pid), **BLIND)
        life.rows = [INIT, {**both[1], "ppid": 1}]
        frame = life.at(pid + 0.5, **BLIND)
    assert 10 < len(frame.history.orphans.exited_parents) < 20
    assert len(tree_of(listed(frame))) < 25


def test_exited_parents_are_bounded() -> None:
    count = 2 * MOST_EXITED_PARENTS
    shells: list[Row] = [{"pid": 1_000 + n, "start_ticks": 5} for n in range(count)]
    work: list[Row] = [
        {"pid": 10_000 + n, "ppid": 1_000 + n, "start_ticks": 6} for n in range(count)
    ]
    life = Life([INIT, *shells, *work])
    life.rows = [INIT, *({**row, "ppid": 1} for row in work)]
    for after_s in (1.0, 2.0):
        frame = life.at(after_s, **BLIND)
        assert len(frame.history.orphans.exited_parents) == MOST_EXITED_PARENTS
        assert len(tree_of(listed(frame))) == 1 + count + MOST_EXITED_PARENTS


STEP = st.lists(
    st.tuples(st.sampled_from(["fork", "end"]), st.integers(0, 30)), max_size=5
)


@given(st.lists(STEP, max_size=8), st.booleans())
def test_the_living_hang_for_good_from_whom_they_hung_when_they_were_first_seen(
    steps: list[list[tuple[str, int]]],
    sees: bool,  # noqa: FBT001 - drawn
) -> None:
    now, seen_under, youngest = {1: 0}, {1: 0}, 1
    life = Life([INIT])
    for moment, step in enumerate(steps, 1):
        ends: list[Row] = []
        for action, number in step:
            pid = sorted(now)[number % len(now)]
            if action == "fork":
                youngest += 1
                now[youngest] = pid
            elif pid != 1:
                ends.append(end(pid, ppid=now.pop(pid), start_ticks=pid))
                now = {p: 1 if ppid == pid else ppid for p, ppid in now.items()}
        seen_under = {**now, **seen_under}
        life.rows = [
            {"pid": pid, "ppid": ppid, "start_ticks": pid} for pid, ppid in now.items()
        ]
        frame = life.at(float(moment), ends if sees else None)
        rows = listed(frame, 5.0 if sees else 0.0)
        assert {0, *now} <= {0, *real_pids(rows)}
        line: list[int] = [0]
        for depth, pid in tree_of(rows):
            del line[depth + 1 :]
            if pid in now:
                assert line[-1] == seen_under[pid]
            line.append(pid)


def test_where_nobody_lives_nobody_is_an_orphan() -> None:
    life = Life(FAMILY)
    life.at(1.0, rows=without(20))
    frame = life.at(2.0, rows=[])
    assert not frame.history.orphans.child.size
