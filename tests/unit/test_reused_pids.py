"""A process with the pid of an exited parent that is younger than the child."""

import numpy as np

from montauk_tui.engine.killed import killed_lately
from montauk_tui.engine.rows.exited import with_exited
from montauk_tui.engine.rows.exited_parents import with_exited_parents
from montauk_tui.engine.rows.spawners import spawners
from montauk_tui.engine.summary.relatives import ancestors
from montauk_tui.model.frame import Frame
from montauk_tui.model.orphans import Kin, codes, living_ancestors
from montauk_tui.model.schema import UNKNOWN
from tests.support.builders import Row
from tests.support.listing import Life, end

CHILD, MAKE, LATE = 200, 50, 3_000
"""LATE is when another process got the pid of make."""
ROWS: list[Row] = [
    {"pid": 1, "comm": b"init"},
    {"pid": MAKE, "comm": b"late", "start_ticks": LATE},
]
TRUE_ONE = end(MAKE, b"make", ppid=1, start_ticks=1_500)
ANOTHER = end(MAKE, b"other", ppid=9_999, start_ticks=2_500)


def children(count: int = 1) -> list[Row]:
    started: Row = {"ppid": MAKE, "start_ticks": 2_000}
    return [end(CHILD + at, exit_signal=9, exit_code=None, **started)
            for at in range(count)]  # fmt: skip


def frame_with(*ends: Row) -> Frame:
    return Life().at(1.0, ends, rows=ROWS)


def folded(*ends: Row) -> int:
    """Return the parent of the row of many."""
    table = with_exited(frame_with(*ends), 5.0, frozenset()).sample.processes
    return int(table.ppid[np.flatnonzero(table.comm == b"sh")[0]])


def test_it_is_not_the_parent_of_a_row_of_many() -> None:
    assert folded(*children(3)) == 0
    assert folded(*children(3), TRUE_ONE) == 1
    # Its pid came back among the exited, too.
    assert folded(*children(3), TRUE_ONE, ANOTHER) == 1
    assert folded(*children(3), ANOTHER) == 0


def test_it_is_no_spawner() -> None:
    pids = spawners(frame_with(*children(), TRUE_ONE)).sample.processes.pid.tolist()
    assert pids == [1]


def test_it_did_not_start_what_was_killed() -> None:
    assert [it.parent for it in killed_lately(frame_with(*children()))] == [""]


def test_it_is_no_ancestor_in_the_panel() -> None:
    code = int(codes(np.array([CHILD]), np.array([2_000]))[0])
    assert ancestors(frame_with(*children()), code, MAKE) == []
    people = ancestors(frame_with(*children(), TRUE_ONE, ANOTHER), code, MAKE)
    assert [(it.name, it.pid) for it in people] == [("make", MAKE), ("init", 1)]


def test_it_is_not_above_the_child_in_the_tree() -> None:
    frame = frame_with(*children(), TRUE_ONE)
    listed = with_exited_parents(frame, with_exited(frame, 5.0, frozenset()), 5.0)
    table, hangs = listed.sample.processes, listed.extra["hangs_from"]
    (child,), (make,) = (np.flatnonzero(table.comm == it) for it in (b"sh", b"make"))
    assert hangs[child] == table.pid[make]


def test_where_the_start_of_the_child_is_unknown_it_is_taken() -> None:
    child = Kin(*(np.array([it]) for it in (CHILD, MAKE, UNKNOWN)))
    living = Kin(*(np.array([it]) for it in (MAKE, 1, LATE)))
    assert living_ancestors(child, living, child).tolist() == [MAKE]
