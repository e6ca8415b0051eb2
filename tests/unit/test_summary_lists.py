"""The lists of a summary: children, and exits below."""

import math
from dataclasses import replace

import numpy as np
import pytest

from montauk_tui.engine.rows.exited import with_exited
from montauk_tui.engine.summary.graphs import NO_ENDS, cpu_graph, memory_graph
from montauk_tui.engine.summary.subject import summarize
from montauk_tui.model.history import History
from montauk_tui.model.schema import UNKNOWN
from tests.support.builders import Row
from tests.support.listing import MS, Life, end
from tests.support.summaries import FAMILY, entries, facts, told


def test_the_busiest_children_come_first_and_the_largest_of_idle_ones() -> None:
    use = {
        40: (1 << 20, 0),
        41: (5 << 20, 0),
        42: (1 << 20, 90),
        43: (UNKNOWN, UNKNOWN),
    }
    rows: list[Row] = [
        {"pid": pid, "ppid": 30, "comm": b"cc", "start_ticks": 9, "rss_bytes": rss}
        for pid, (rss, _) in use.items()
    ]
    life = Life([*FAMILY, *({**row, "utime": 0} for row in rows)])
    later = [{**row, "utime": use[row["pid"]][1]} for row in rows]
    summary = told(life.at(1.0, rows=[*FAMILY, *later]), 30)
    assert entries(summary, "Children") == [
        "90.0 42 cc", "0.0 41 cc", "0.0 31 make", "0.0 40 cc", "- 43 cc",
    ]  # fmt: skip
    assert facts(summary)["Children"] == "5"
    assert entries(told(life.at(2.0), 31), "Children") == []


def test_more_children_than_a_panel_holds_are_counted() -> None:
    rows: list[Row] = [{"pid": pid, "ppid": 20} for pid in range(100, 200)]
    (children,) = told(Life([*FAMILY, *rows]).at(1.0), 20).lists
    assert len(children.entries) < 100
    assert children.total == 101


def test_exits_below_are_found_through_exited_parents_the_latest_first() -> None:
    life = Life(FAMILY)
    life.at(1.0, [end(60, b"cc", ppid=50, exit_code=1, cmdline=b"/bin/cc\0-c\0a.c",
                      lifetime_ns=200 * MS)])  # fmt: skip
    frame = life.at(2.0, [end(50, b"sh", ppid=31), end(70, b"other", ppid=1)])
    summary = told(frame, 30)
    assert entries(summary, "Exited") == ["[exit 0, 5.0ms]  sh", "[exit 1, 200ms]  cc"]
    assert facts(summary)["Exited"] == "2 below in 2 s, 1 failed"
    assert summary.lists[1].entries[1].arguments == " -c a.c"
    assert [it.heads[0].label for it in told(frame, 32).lists] == []
    lone = told(life.at(63.0), 31)
    assert "Exited" not in facts(lone)


def test_a_row_of_many_lists_its_last_exits() -> None:
    ends = [end(40 + at, b"cc", ppid=31, exit_code=at) for at in range(3)]
    frame = Life(FAMILY).at(1.0, [*ends, end(60, b"ld", ppid=31)])
    listed = with_exited(frame, 5.0, frozenset())
    assert entries(summarize(listed, 0, machine_scale=False), "Exited") == [
        "[exit 2, 5.0ms]  cc", "[exit 1, 5.0ms]  cc", "[exit 0, 5.0ms]  cc",
    ]  # fmt: skip


def test_a_row_of_many_whose_exits_are_no_longer_kept_lists_none() -> None:
    ends = [end(40 + at, b"cc", ppid=31) for at in range(3)]
    listed = with_exited(Life(FAMILY).at(1.0, ends), 5.0, frozenset())
    assert listed.whole is not None
    forgotten = replace(listed, whole=replace(listed.whole, history=History()))
    assert summarize(forgotten, 0, machine_scale=False).lists == ()


def test_graphs_are_equal_by_their_points() -> None:
    first, second, other = (
        cpu_graph(np.array([1.0, last]), 2.0, NO_ENDS) for last in (2.0, 2.0, 3.0)
    )
    assert first.key == second.key != other.key


@pytest.mark.parametrize(
    ("points", "note"),
    [
        ([], ""),
        ([math.nan], ""),
        ([8.0, 8.0], "peak 8.0M"),
        ([8.0, 8.5], "peak 8.5M"),
        ([math.nan, 8.0, 12.0], "grew 4.0M"),
        ([8.0, 12.0, 11.0], "peak 12M"),
    ],
)
def test_memory_that_grows_says_by_how_much(points: list[float], note: str) -> None:
    assert memory_graph("", np.array(points) * (1 << 20), NO_ENDS).note == note
