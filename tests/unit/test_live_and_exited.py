from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.engine import query
from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.engine.live_and_exited import beside_exited, live_and_exited
from montauk_tui.engine.projection import View
from montauk_tui.engine.rows.exited import exited_in_sample
from montauk_tui.model.exits import EXIT_FIELDS
from montauk_tui.model.frame import Frame
from tests.support.builders import (
    BOOT_S,
    FakeLookups,
    Row,
    make_frame,
    make_sample,
)
from tests.support.exits import make_exits

SEEN = int(BOOT_S * 100)
"""The start tick of the moment of the first sample."""


def frame(
    live: Iterable[Row],
    ended: Iterable[Row],
    before: Iterable[Row] = (),
    cmdlines: dict[int, bytes] | None = None,
) -> Frame:
    previous = make_sample(before)
    current = make_sample(live, after_s=1.0, exits=make_exits(ended))
    return make_frame(previous, current, FakeLookups(cmdlines))


def view(sort: str = "pid", text: str = "", *, descending: bool = False) -> View:
    return View(
        sort=COLUMNS[sort],
        descending=descending,
        query=query.parse(text),
        kernel_threads=True,
    )


def pids(
    made: Frame, how: View | None = None, limit: int | None = None
) -> tuple[list[int], list[int]]:
    live, ended = live_and_exited(beside_exited(made), how or view(), limit)
    exits = made.sample.exits
    assert exits is not None
    return made.sample.processes.pid[live].tolist(), exits.pid[ended].tolist()


def both(found: tuple[list[int], list[int]]) -> list[int]:
    return [*found[0], *found[1]]


def test_a_collector_that_cannot_see_ends() -> None:
    made = make_frame(None, make_sample([{"pid": 2}, {"pid": 1}]))
    live, ended = live_and_exited(beside_exited(made), view(), None)
    assert made.sample.processes.pid[live].tolist() == [1, 2]
    assert len(ended) == 0


def test_each_in_its_order() -> None:
    made = frame([{"pid": 3}, {"pid": 9}], [{"pid": 8}, {"pid": 2}])
    assert pids(made) == ([3, 9], [2, 8])
    assert pids(made, view(descending=True)) == ([9, 3], [8, 2])


def test_nobody_is_in_both() -> None:
    """A zombie, or one that ended after the snapshot: it has ended."""
    made = frame(
        [{"pid": 3, "state": "Z"}, {"pid": 4, "state": "R"}, {"pid": 5}],
        [{"pid": 3}, {"pid": 4}],
    )
    assert pids(made) == ([5], [3, 4])


def test_a_reused_pid_is_another() -> None:
    made = frame([{"pid": 3, "start_ticks": 2_000}], [{"pid": 3}])
    assert pids(made) == ([3], [3])


def test_who_waits_for_its_last_cpu_time_is_in_neither() -> None:
    made = frame([{"pid": 3, "state": "X"}, {"pid": 4}], [])
    assert pids(made) == ([4], [])


def test_a_zombie_of_an_earlier_interval_is_a_live_row() -> None:
    assert pids(frame([{"pid": 3, "state": "Z"}], [])) == ([3], [])


def test_a_limit_counts_both_together() -> None:
    made = frame(
        [{"pid": pid} for pid in (1, 4, 6)], [{"pid": pid} for pid in (2, 3, 7)]
    )
    assert pids(made, limit=4) == ([1, 4], [2, 3])
    assert pids(made, view(descending=True), 2) == ([6], [7])
    assert pids(made, limit=0) == ([], [])
    assert pids(made, limit=99) == ([1, 4, 6], [2, 3, 7])


def test_by_cpu_use() -> None:
    new = {"start_ticks": SEEN + 1}
    made = frame(
        [{"pid": 1, "utime": 50, **new}, {"pid": 2, "utime": 5, **new}],
        [
            {"pid": 3, "utime_ns": 10**8, **new},
            {"pid": 4, "stime_ns": 9 * 10**8, **new},
        ],
    )
    assert pids(made, view("cpu_pct", descending=True)) == ([1, 2], [4, 3])
    assert pids(made, view("cpu_pct", descending=True), 3) == ([1], [4, 3])


def test_what_a_column_does_not_say_of_the_dead_comes_last() -> None:
    made = frame([{"pid": 1, "nice": 5}, {"pid": 2, "nice": 0}], [{"pid": 3}])
    assert pids(made, view("nice"), 2) == ([2, 1], [])


@pytest.mark.parametrize("column", sorted(COLUMNS))
def test_every_column_sorts(column: str) -> None:
    made = frame([{"pid": 1}, {"pid": 2}], [{"pid": 3}, {"pid": 4}])
    assert sorted(both(pids(made, view(column)))) == [1, 2, 3, 4]


OF_BOTH: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "pid": ({"pid": 5}, {"pid": 4}),
    "ppid": ({"ppid": 7}, {"ppid": 6}),
    "tgid": ({"pid": 5}, {"pid": 4}),
    "user": ({"uid": 8}, {"uid": 7}),
    "uid": ({"uid": 8}, {"uid": 7}),
    "cpu_pct": ({"utime": 9}, {"utime_ns": 80_000_000}),
    "ncpu_pct": ({"utime": 9}, {"utime_ns": 80_000_000}),
    "cpu_time": ({"utime": 9}, {"utime_ns": 89_999_999}),
    "utime": ({"utime": 9}, {"utime_ns": 80_000_000}),
    "stime": ({"stime": 9}, {"stime_ns": 80_000_000}),
    "rss_bytes": ({"rss_bytes": 9}, {"rss_bytes": 8}),
    "mem_pct": ({"rss_bytes": 9}, {"rss_bytes": 8}),
    "threads": ({"threads": 9}, {"threads": 8}),
    "start": ({"start_ticks": SEEN + 9}, {"start_ticks": SEEN + 8}),
    "io_read_bytes": ({"read_bytes": 9}, {"read_bytes": 8}),
    "io_write_bytes": ({"write_bytes": 9}, {"write_bytes": 8}),
    "io_read_rate": ({"read_bytes": 9}, {"read_bytes": 8}),
    "io_write_rate": ({"write_bytes": 9}, {"write_bytes": 8}),
    "io_rate": (
        {"read_bytes": 5, "write_bytes": 5}, {"read_bytes": 3, "write_bytes": 4},
    ),
    "comm": ({"comm": b"z"}, {"comm": b"y"}),
    "command": ({"comm": b"z"}, {"cmdline": b"y\0-x"}),
}  # fmt: skip
"""Values by column, those who live first, those who ended behind them in its order."""

OF_ENDED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "exit_status": ({"exit_code": 2}, {"exit_code": 1}),
    "failed": ({"exit_code": 1}, {"exit_code": 0}),
    "lifetime_s": ({"lifetime_ns": 2}, {"lifetime_ns": 1}),
    "used_s": ({"utime_ns": 2}, {"utime_ns": 1}),
    "ended_s": ({"end_ns": 10**14 + 10**9}, {"end_ns": 10**14}),
    "peak_rss_bytes": ({"peak_rss_bytes": 2}, {"peak_rss_bytes": 1}),
}
"""What only those who ended have."""


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("column", sorted(OF_BOTH))
def test_a_limit_ranks_who_lives_and_who_ended_in_one_order(
    column: str, *, descending: bool
) -> None:
    new = {"start_ticks": SEEN + 1}
    of_living, of_ended = OF_BOTH[column]
    living = {"pid": 5, "comm": b"a", **new, **of_living}
    gone = {"pid": 4, "comm": b"a", **new, **of_ended}
    made = frame([living], [gone])
    first = pids(made, view(column, descending=descending), 1)
    assert first == (([5], []) if descending else ([], [4]))


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("column", sorted(OF_ENDED))
def test_what_only_who_ended_has_ranks_them_and_who_lives_comes_last(
    column: str, *, descending: bool
) -> None:
    high, low = OF_ENDED[column]
    made = frame([{"pid": 9}], [{"pid": 4, **high}, {"pid": 5, **low}])
    how = view(column, descending=descending)
    assert pids(made, how, 2) == ([], [4, 5] if descending else [5, 4])
    assert pids(made, how) == ([9], [4, 5] if descending else [5, 4])


def test_these_are_all_columns_that_are_known_of_who_ended() -> None:
    everything = {name: 1 for name in EXIT_FIELDS if name not in ("pid", "exit_signal")}
    everything |= {"end_ns": 10**14, "start_ticks": SEEN + 1}
    gone = {"pid": 4, "comm": b"a", "cmdline": b"a", **everything, "cmdline_bytes": 1}
    made = frame([{"pid": 9}], [gone])
    exits = made.sample.exits
    assert exits is not None
    listed = exited_in_sample(made, exits)
    known = {
        column.id for column in COLUMNS.values() if np.isfinite(column.key(listed)[0])
    }
    # A state says that it ended, its cgroup needs a lookup, age counts like start.
    others = {"state", "elapsed", "count", "cgroup", "unit", "container"}
    assert known - others == {*OF_BOTH, *OF_ENDED}


@pytest.mark.parametrize("column", ["comm", "command", "user"])
def test_what_is_not_known_comes_last_either_way(column: str) -> None:
    unknown = {"pid": 3, "comm": b"", "uid": None}
    made = frame([{"pid": 9, "comm": b"z"}], [unknown, {"pid": 4, "comm": b"b"}])
    for descending in (False, True):
        how = view(column, descending=descending)
        assert 3 not in both(pids(made, how, 2))
        assert pids(made, how)[1][-1] == 3


def test_what_is_not_known_matches_no_comparison() -> None:
    made = frame([], [{"pid": 3, "comm": b""}, {"pid": 4, "comm": b"sh"}])
    assert pids(made, view(text="name != bash")) == ([], [4])
    assert pids(made, view(text="command !~ bash")) == ([], [4])


def test_a_filter_looks_at_arguments_and_name() -> None:
    made = frame(
        [{"pid": 1, "comm": "make"}, {"pid": 2, "comm": "sh"}],
        [
            {"pid": 3, "comm": b"cc1", "cmdline": b"/usr/bin/make\0all\0"},
            {"pid": 4, "comm": b"make"},
            {"pid": 5, "comm": b"ld", "cmdline": b"ld\0-o\0x\0"},
        ],
    )
    assert pids(made, view(text="make")) == ([1], [3, 4])
    assert pids(made, view(text="make all")) == ([], [3])
    assert pids(made, view(text="nothing")) == ([], [])


def test_a_filter_on_hostile_arguments() -> None:
    made = frame([], [{"pid": 3, "cmdline": b"\xff\x1b[2J\0b\n"}])
    assert pids(made, view(text="[2J")) == ([], [3])


ROWS = st.dictionaries(
    st.integers(1, 9), st.tuples(st.sampled_from("SZX"), st.integers(0, 99))
)


@given(ROWS, ROWS, st.one_of(st.none(), st.integers(0, 12)))
def test_everyone_once_and_no_more_than_asked_for(
    live: dict[int, Any], ended: dict[int, Any], limit: int | None
) -> None:
    made = frame(
        [
            {"pid": pid, "state": state, "utime": utime}
            for pid, (state, utime) in live.items()
        ],
        [{"pid": pid, "utime_ns": time * 10**7} for pid, (_, time) in ended.items()],
    )
    expected = {pid for pid, (state, _) in live.items() if state != "X"} | set(ended)
    found = both(pids(made, view("cpu_time"), limit))
    assert len(set(found)) == len(found)
    assert set(found) <= expected
    assert len(found) == (len(expected) if limit is None else min(limit, len(expected)))
    assert np.all(np.isin(found, [*live, *ended]))
