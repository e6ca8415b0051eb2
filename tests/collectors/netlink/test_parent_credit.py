"""CPU time that parents were credited with and records lack."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.collectors.netlink.parent_credit import ParentCredit
from montauk_tui.model.sample import ProcessTable
from tests.collectors.netlink.messages import joined_exits
from tests.support.builders import make_table

HZ = 100
TICK_NS = 10**9 // HZ
MS = 10**6
SECOND = 10**9
START = 1_000

Row = Mapping[str, Any]


def row(pid: int, ppid: int = 1, **values: Any) -> dict[str, Any]:
    return {"pid": pid, "ppid": ppid, "start_ticks": START, **values}


def end(pid: int, ppid: int, run_ns: int, **values: Any) -> dict[str, Any]:
    """Return the end of a process that lived for a second."""
    return {
        "pid": pid, "ppid": ppid, "run_ns": run_ns, "elapsed_us": 1_000_000,
        "start_ticks": START, **values,
    }  # fmt: skip


def lacking(
    before: Sequence[Row],
    now: Sequence[Row],
    *ended: Row,
    by: ParentCredit | None = None,
    since: int = 0,
) -> list[int]:
    """Return what each end lacks."""
    credit = by or ParentCredit(HZ)
    tables = make_table([row(1, 0), *before]), make_table([row(1, 0), *now])
    found: list[int] = credit.lacking_ns(joined_exits(*ended), *tables, since).tolist()
    return found


def test_what_a_parent_was_credited_with_is_shared_out() -> None:
    children = [end(pid, 40, 1 * MS) for pid in (50, 51, 52, 53)]
    found = lacking([row(40)], [row(40, cutime=1, cstime=1)], *children)
    assert found == [4 * MS] * 4
    assert sum(found) == 2 * TICK_NS - 4 * MS


def test_who_has_more_room_gets_more_and_nobody_more_than_its_life() -> None:
    """A process of one thread cannot run for longer than it lives."""
    brief = end(50, 40, 1 * MS, elapsed_us=2_000)
    long = end(51, 40, 1 * MS)
    found = lacking([row(40)], [row(40, cutime=1)], brief, long)
    assert found == [8 * MS * 2 // 12, 8 * MS * 10 // 12]
    assert lacking([row(40)], [row(40, cutime=99)], brief) == [2 * MS]


def test_threads_may_run_for_longer_than_their_process_lives() -> None:
    group = end(50, 40, 8 * SECOND, is_group=True)
    assert lacking([row(40)], [row(40, cutime=801)], group) == [10 * MS]
    alone = end(50, 40, 8 * SECOND)
    assert lacking([row(40)], [row(40, cutime=801)], alone) == [0]


def test_who_got_no_credit_completes_nobody() -> None:
    assert lacking([row(40)], [row(40)], end(50, 40, 3 * MS)) == [0]


def test_a_credit_is_not_for_the_children_of_others() -> None:
    before, now = [row(40), row(41)], [row(40, cutime=1), row(41)]
    assert lacking(before, now, end(50, 41, 0), end(51, 40, 0)) == [0, 10 * MS]


def test_the_last_row_pays_for_nobody_whose_parent_is_unknown() -> None:
    before, now = [row(90)], [row(90, cutime=1)]
    assert lacking(before, now, end(50, 77, 0), end(51, 90, 9 * MS)) == [0, 1 * MS]


def test_a_zombie_gets_nothing_until_somebody_waits_for_it() -> None:
    zombie = end(50, 40, 1 * MS, is_zombie=True)
    now = [row(40, cutime=1), row(50, 40, state="Z")]
    assert lacking([row(40)], now, zombie, end(51, 40, 2 * MS)) == [0, 8 * MS]


def test_a_zombie_told_before_takes_its_time_from_the_credit_when_waited_for() -> None:
    before = [row(40), row(50, 40, state="Z", utime=3, cutime=2)]
    now = [row(40, cutime=6)]
    assert lacking(before, now, end(51, 40, 2 * MS)) == [8 * MS]


def test_the_time_of_a_zombie_is_known_more_exactly_than_in_ticks() -> None:
    """Many that used less than a tick each are waited for together."""
    by = ParentCredit(HZ)
    shown = [row(pid, 40, state="Z") for pid in range(50, 60)]
    reported = [end(pid, 40, 4 * MS, is_zombie=True) for pid in range(50, 60)]
    lacking([row(40)], [row(40), *shown], *reported, by=by)
    found = lacking([row(40), *shown], [row(40, cutime=5)], end(61, 40, 6 * MS), by=by)
    assert found == [4 * MS]


def test_who_ended_without_accounting_takes_its_time_from_the_credit() -> None:
    """Its stats were lost: what it was known to have used is not its siblings'."""
    before = [row(40), row(50, 40, utime=100)]
    now = [row(40, cutime=100)]
    unknown = end(50, 40, 0, has_stats=False)
    assert lacking(before, now, unknown, end(51, 40, 0)) == [0, 0]


def test_credit_goes_up_where_the_parent_ended_too() -> None:
    """Its own time, that of its child, and what it had been credited with earlier."""
    before = [row(30), row(40, 30, utime=5, cutime=50)]
    now = [row(30, cutime=50 + 6)]
    child, parent = end(50, 40, 1 * MS), end(40, 30, 50 * MS)
    found = lacking(before, now, child, parent)
    assert sum(found) == 60 * MS - 51 * MS
    assert all(part > 0 for part in found)


def test_a_chain_of_short_lives_leads_to_the_one_that_lives() -> None:
    chain = [end(pid, pid - 1, 0) for pid in range(41, 60)]
    found = lacking([row(40)], [row(40, cutime=19)], *chain)
    assert found == [10 * MS] * 19


def test_parents_that_name_each_other_lead_nowhere() -> None:
    circle = [end(50, 51, 0), end(51, 50, 0), end(52, 52, 0)]
    assert lacking([row(40)], [row(40, cutime=9)], *circle) == [0, 0, 0]


def test_orphans_complete_from_who_adopted_them() -> None:
    found = lacking(
        [row(40), row(50, 40)], [row(40), row(45, cutime=1)], end(50, 45, 2 * MS)
    )
    assert found == [8 * MS]


def test_what_an_orphan_was_credited_with_goes_to_who_adopted_it() -> None:
    """The row of before still names the parent that it lost."""
    before = [row(30), row(31), row(40, 30, cutime=50)]
    now = [row(30, cutime=1), row(31, cutime=51)]
    ended = end(40, 31, 2 * MS), end(50, 30, 3 * MS)
    assert lacking(before, now, *ended) == [8 * MS, 7 * MS]


def test_a_parent_whose_pid_is_reused_is_not_credited_twice() -> None:
    """What the new one has is all its own children's."""
    before = [row(40, cutime=500)]
    now = [{**row(40, cutime=1), "start_ticks": START + 9}]
    assert lacking(before, now, end(50, 40, 0)) == [10 * MS]


def test_an_older_parent_that_is_seen_first_has_nothing_to_share() -> None:
    """Its credit is for children of a time that nobody looked at."""
    ended, now = end(50, 40, 3 * MS), [row(40, cutime=99)]
    assert lacking([], now, ended, since=START + 1) == [0]
    assert lacking([], now, ended, since=START) == [10 * MS]


def test_children_told_before_their_parent_was_a_row_do_not_lend_their_credit() -> None:
    """Forked while the table was read, as its children were."""
    by = ParentCredit(HZ)
    assert lacking([], [], end(50, 40, 30 * MS), by=by) == [0]
    later = lacking([], [row(40, cutime=4)], end(51, 40, 2 * MS), by=by)
    assert later == [8 * MS]
    again = [row(40, cutime=4)], [row(40, cutime=5)]
    assert lacking(*again, end(52, 40, 4 * MS), by=by) == [6 * MS]


@pytest.mark.parametrize("chain", [(), (45,), (46, 45)])
def test_nor_where_that_parent_ends_before_it_is_ever_a_row(
    chain: tuple[int, ...],
) -> None:
    by = ParentCredit(HZ)
    above = [40, *chain]
    reported = [end(pid, over, 0) for over, pid in itertools.pairwise(above)]
    ended = [*reported, end(50, above[-1], 30 * MS)]
    assert lacking([row(30)], [row(30)], *ended, by=by) == [0] * len(ended)
    parent = end(40, 30, 4 * MS)
    now = [row(30, cutime=3, cstime=1)]
    assert lacking([row(30)], now, parent, by=by) == [6 * MS]


def test_nobody_lacks_anything_where_there_is_nothing_to_compare() -> None:
    credit, none = ParentCredit(HZ), ProcessTable.empty()
    table = make_table([row(40, cutime=5)])
    for before, now in ((none, table), (table, none), (none, none)):
        assert credit.lacking_ns(
            joined_exits(end(50, 40, 1)), before, now
        ).tolist() == [0]
    assert len(credit.lacking_ns(joined_exits(), table, table)) == 0


class Parent:
    """A parent that lives on; its children's true times add up, shown in ticks."""

    def __init__(self) -> None:
        self.credit = ParentCredit(HZ)
        self.user_ns = self.system_ns = 0
        self.before = row(40)

    def interval(self, reported: list[int], credited_ns: tuple[int, int]) -> list[int]:
        """Let children end; `credited_ns` are user and system time in truth."""
        self.user_ns += credited_ns[0]
        self.system_ns += credited_ns[1]
        ticks = self.user_ns // TICK_NS, self.system_ns // TICK_NS
        now = row(40, cutime=ticks[0], cstime=ticks[1])
        children = [end(100 + at, 40, run_ns) for at, run_ns in enumerate(reported)]
        found = lacking([self.before], [now], *children, by=self.credit)
        self.before = now
        return found


CHILD = st.tuples(st.integers(0, 8 * MS), st.integers(0, MS), st.integers(0, MS))
"""What is reported, and what user and system time is missing, far within the room."""


@given(st.lists(st.lists(CHILD, min_size=3, max_size=8), min_size=1, max_size=60))
def test_ticks_are_carried_over_so_that_the_sum_comes_true(
    intervals: list[list[tuple[int, int, int]]],
) -> None:
    parent = Parent()
    true_ns = told_ns = count = 0
    for children in intervals:
        user = sum(reported + more for reported, more, _ in children)
        system = sum(more for _, _, more in children)
        reported = [child[0] for child in children]
        found = parent.interval(reported, (user, system))
        assert all(0 <= part <= 10 * MS for part in found)
        true_ns += user + system
        told_ns += sum(reported) + sum(found)
        count += len(found)
        assert abs(true_ns - told_ns) <= 2 * TICK_NS + count


def test_a_tick_a_second_is_not_lost_in_rounding() -> None:
    """Each child lacks 1 ms, which no single interval shows."""
    parent = Parent()
    reported = sum(
        2 * MS + sum(parent.interval([2 * MS], (3 * MS, 0))) for _ in range(1000)
    )
    assert abs(reported - 3000 * MS) <= 2 * TICK_NS


def test_who_is_waited_for_an_interval_later_is_not_credited_to_others() -> None:
    parent = Parent()
    assert parent.interval([30 * MS], (0, 0)) == [0]
    assert parent.interval([5 * MS], (30 * MS, 5 * MS)) == [0]


def test_children_that_nobody_waits_for_are_no_credit_and_no_lasting_debt() -> None:
    """With SIGCHLD ignored the parent is credited with nothing."""
    parent = Parent()
    for _ in range(20):
        assert parent.interval([90 * MS] * 3, (0, 0)) == [0, 0, 0]
    parent.interval([], (0, 0))
    parent.interval([], (0, 0))
    for _ in range(3):
        parent.interval([], (TICK_NS, 0))
    assert sum(parent.interval([0] * 4, (4 * TICK_NS, 0))) >= 3 * TICK_NS


def test_time_of_children_that_nobody_saw_is_not_hoarded() -> None:
    """At most what ticks can have hidden is kept for those who end later."""
    parent = Parent()
    parent.interval([], (900 * TICK_NS, 0))
    found = parent.interval([0] * 8, (0, 0))
    assert sum(found) <= 2 * TICK_NS


PIDS = st.integers(2, 12)
TICKS = st.integers(0, 30)
TABLE = st.dictionaries(
    PIDS, st.tuples(st.integers(0, 12), TICKS, TICKS, st.integers(0, 1)), max_size=8
)
ENDED = st.lists(
    st.tuples(
        PIDS, st.integers(0, 14), st.integers(0, 300 * MS), st.booleans(), st.booleans()
    ),
    max_size=8,
)


def table(rows: dict[int, tuple[int, int, int, int]]) -> ProcessTable:
    return make_table([
        row(pid, ppid, utime=used, cutime=ended, start_ticks=START + young)
        for pid, (ppid, used, ended, young) in rows.items()
    ])  # fmt: skip


@given(TABLE, st.lists(st.tuples(TABLE, ENDED), min_size=1, max_size=4))
def test_whatever_is_told_nothing_negative_and_nothing_without_a_credit(
    first: dict[int, tuple[int, int, int, int]],
    samples: list[tuple[dict[int, tuple[int, int, int, int]], Any]],
) -> None:
    credit, before = ParentCredit(HZ), table(first)
    for rows, ended in samples:
        now = table(rows)
        made = joined_exits(*(
            end(pid, ppid, run_ns, has_stats=has, is_zombie=zombie)
            for pid, ppid, run_ns, has, zombie in ended
        ))  # fmt: skip
        found = credit.lacking_ns(made, before, now)
        assert np.all(found >= 0)
        assert np.all(found <= 10 * MS)
        assert np.all(found[made["is_zombie"] | ~made["has_stats"]] == 0)
        carried = 2 * TICK_NS * len(now)
        assert int(found.sum()) <= int(now.cutime.sum()) * TICK_NS + carried
        before = now


@pytest.mark.parametrize("hz", [100, 250, 300, 1000])
def test_credits_are_in_ticks_of_any_length(hz: int) -> None:
    child = end(50, 40, 0, elapsed_us=10**6)
    found = lacking([row(40)], [row(40, cutime=1)], child, by=ParentCredit(hz))
    assert found == [10**9 // hz]


def test_what_was_not_settled_with_a_parent_is_settled_with_who_waited_for_it() -> None:
    """Credits come in whole ticks: a shell that ends with its share open passes it on.

    Its child used 9 ms and was told with all of it, of which no tick shows in its own
    cutime; with the shell's 6 ms the one above is credited with 15 ms, one tick.
    """
    by = ParentCredit(HZ)
    child = end(60, 50, 9 * MS)
    assert lacking([row(40), row(50, 40)], [row(40), row(50, 40)], child, by=by) == [0]
    shell = end(50, 40, 6 * MS)
    assert lacking([row(40), row(50, 40)], [row(40, cutime=1)], shell, by=by) == [0]
