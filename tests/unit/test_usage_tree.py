"""Sums by tree: who started what, and what became one row."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pytest

from montauk_tui.engine.groups.criteria import KERNEL
from montauk_tui.engine.usage import nodes, tree
from montauk_tui.engine.usage.groups import OTHERS
from montauk_tui.engine.usage.nodes import NO_PARENT
from montauk_tui.engine.usage.report import TREE, Report
from montauk_tui.engine.usage.rows import TreeRow, most_used, rows_of
from montauk_tui.model.sample import Counters, Sample
from montauk_tui.model.schema import PF_KTHREAD
from montauk_tui.model.starts import StartTable
from tests.support.builders import FakeLookups, Row, make_sample
from tests.support.exits import make_exits
from tests.support.starts import exec_, fork, make_starts

START = 10_000_000
"""Of what starts between the first sample and the second."""
INIT: Row = {"pid": 1, "ppid": 0, "comm": "init", "start_ticks": 0}
MAKE: Row = {"pid": 10, "ppid": 1, "comm": "make"}
LOOKUPS = FakeLookups(users={0: "root", 7: "amy"})


def brief(pid: int, ppid: int, name: str, **values: Any) -> Row:
    """Return the exit of a process that used 10 ms and that no sample saw alive."""
    usual = {"start_ticks": START + 50, "utime_ns": 10_000_000}
    return {"pid": pid, "ppid": ppid, "comm": name.encode(), **usual, **values}


def story(
    live: Sequence[Iterable[Row]],
    exits: Sequence[Iterable[Row]] = ((), ()),
    starts: StartTable | None = None,
) -> list[Sample]:
    """Return samples a second apart; forks and execs are in the second one."""
    return [
        make_sample(
            rows, after_s=float(at), exits=make_exits(ended),
            starts=starts if at == 1 else None,
        )
        for at, (rows, ended) in enumerate(zip(live, exits, strict=True))
    ]  # fmt: skip


def report_of(samples: Iterable[Sample], lookups: FakeLookups = LOOKUPS) -> Report:
    report = Report([TREE])
    for sample in samples:
        report.add(sample, lookups)
    return report


def tree_of(samples: Iterable[Sample], lookups: FakeLookups = LOOKUPS) -> list[TreeRow]:
    report = report_of(samples, lookups)
    assert report.tree is not None
    rows = rows_of(report.tree)
    roots = [row.whole.cpu_s for row in rows if row.above is None]
    totals = report.totals
    assert sum(roots) == pytest.approx(totals.live_s + totals.exited_s)
    assert sum(row.own.exits for row in rows) == sum(
        row.whole.exits for row in rows if row.above is None
    )
    for row in rows:
        above = -1 if row.above is None else rows[row.above].depth
        assert (row.depth, row.place) == (above + 1, rows.index(row))
    return rows


def drawn(rows: Iterable[TreeRow]) -> list[str]:
    """Return depth, name, and PID or number of processes of each row."""
    return [
        f"{'.' * row.depth}{row.name} {row.pid or f'x{row.processes}'}" for row in rows
    ]


def test_what_no_sample_saw_alive_hangs_from_the_process_that_started_it() -> None:
    steps = [
        exit_
        for at in range(20, 80, 3)
        for exit_ in (
            brief(at, 10, "sh"),
            brief(at + 1, at, "cc", exit_code=1, peak_rss_bytes=at << 20),
            brief(at + 2, at + 1, "as"),
        )
    ]
    rows = tree_of(story([[INIT, MAKE], [INIT, MAKE]], [[], steps[::-1]]))
    assert drawn(rows) == ["init 1", ".make 10", "..sh x20", "...cc x20", "....as x20"]
    init, make, _, cc, _ = rows
    assert init.whole.cpu_s == make.whole.exited_s == pytest.approx(0.6)
    assert (init.own.cpu_s, make.whole.exits, make.whole.failures) == (0.0, 60, 20)
    assert (cc.whole.cpu_s, cc.own.cpu_s) == pytest.approx((0.4, 0.2))
    assert (cc.user, make.whole.peak_rss_bytes) == ("root", 77 << 20)


def test_equal_names_of_other_users_and_parents_are_other_rows() -> None:
    exits = [
        *(brief(at, 10, "sh") for at in range(20, 23)),
        *(brief(at, 10, "sh", uid=7) for at in range(30, 34)),
        *(brief(at, 1, "sh") for at in range(40, 45)),
    ]
    rows = tree_of(story([[INIT, MAKE], [INIT, MAKE]], [[], exits]))
    assert drawn(rows) == ["init 1", ".make 10", "..sh x4", "..sh x3", ".sh x5"]
    assert [row.user for row in rows[2:]] == ["amy", "root", "root"]


def test_an_orphan_hangs_from_the_parent_of_its_fork() -> None:
    forks = make_starts(
        [
            exec_(21, 1, start_ticks=START + 60, ppid=1),
            fork(21, 1, start_ticks=START + 60, ppid=20),
            fork(22, 1, start_ticks=START + 60, ppid=10),
        ]
    )
    exits = [brief(20, 10, "sh"), brief(21, 1, "daemon", start_ticks=START + 60)]
    late = {"pid": 22, "ppid": 1, "comm": "late", "start_ticks": START + 60}
    rows = tree_of(story([[INIT, MAKE], [INIT, MAKE, late]], [[], exits], forks))
    assert drawn(rows) == [
        "init 1", ".make 10", "..sh 20", "...daemon 21", "..late 22",
    ]  # fmt: skip


def test_forks_may_be_unknown() -> None:
    execs = make_starts([exec_(20, 1), fork(21, 1, ppid=None)])
    rows = tree_of(
        story([[INIT], [INIT]], [[], [brief(20, 1, "a"), brief(21, 1, "b")]], execs)
    )
    assert drawn(rows) == ["init 1", ".a 20", ".b 21"]


def test_a_process_keeps_its_parent_when_the_kernel_gives_it_another() -> None:
    child = {"pid": 11, "ppid": 10, "comm": "cc", "utime": 0}
    rows = tree_of(
        story(
            [[INIT, MAKE, child], [INIT, {**child, "ppid": 1, "utime": 40}]],
            [[], [{**brief(10, 1, "make"), "start_ticks": 1_000}]],
        )
    )
    assert drawn(rows) == ["init 1", ".make 10", "..cc 11"]
    assert rows[1].whole.live_s == pytest.approx(0.4)
    assert rows[1].whole.exits == 1


def test_a_parent_is_not_younger_than_its_child() -> None:
    """PID 20 was used three times in one interval."""
    exits = [
        brief(20, 1, "old", start_ticks=START + 10),
        brief(21, 20, "child", start_ticks=START + 20),
        brief(20, 1, "middle", start_ticks=START + 30),
        brief(20, 1, "young", start_ticks=START + 50),
        brief(22, 20, "other", start_ticks=START + 40),
        brief(23, 20, "first", start_ticks=START + 5),
        brief(24, 20, "unknown", start_ticks=None),
    ]
    rows = tree_of(story([[INIT], [INIT]], [[], exits]))
    assert drawn(rows) == [
        "init 1", ".old 20", "..child 21", ".middle 20", "..other 22", ".young 20",
        "..unknown 24", "(parent not known) x0", ".first 23",
    ]  # fmt: skip
    assert rows[-2].name == NO_PARENT


def test_a_process_has_its_last_name() -> None:
    """It is seen before its exec, and its exit is reported with its row."""
    shell = {"pid": 11, "ppid": 10, "comm": "make", "start_ticks": START + 50}
    zombie = {**shell, "pid": 12, "state": "Z"}
    exits = [
        brief(12, 10, "cc", cmdline=b"cc\0-c"),
        brief(11, 10, "ld", cmdline=b"ld\0-o"),
    ]
    rows = tree_of(
        story(
            [[INIT, MAKE], [INIT, MAKE, shell, zombie], [INIT, {**MAKE, "comm": "m"}]],
            [[], exits[:1], exits[1:]],
        )
    )
    assert drawn(rows) == ["init 1", ".m 10", "..ld 11", "..cc 12"]
    assert [row.command for row in rows[2:]] == ["ld -o", "cc -c"]


def test_an_exit_may_be_reported_after_its_row_was_seen_last() -> None:
    child = {"pid": 11, "ppid": 10, "comm": "cc"}
    late = {**brief(11, 1, "cc"), "start_ticks": 1_000}
    rows = tree_of(
        story([[INIT, MAKE, child], [INIT, MAKE], [INIT, MAKE]], [[], [], [late]])
    )
    assert drawn(rows) == ["init 1", ".make 10", "..cc 11"]
    assert rows[2].own.exits == 1


@pytest.mark.parametrize("length", [3, 70, 500])
def test_chains_end_at_a_depth_and_lose_nothing(length: int) -> None:
    exits = [
        brief(100 + at, 99 + at if at else 1, f"p{at}", start_ticks=START + 50)
        for at in range(length)
    ]
    rows = tree_of(story([[INIT], [INIT]], [[], exits[::-1]]))
    assert rows[0].whole.exits == length
    assert max(row.depth for row in rows) == min(length, nodes.MOST_LEVELS - 1)


def test_parents_in_a_circle_are_not_known() -> None:
    exits = [brief(20, 21, "a"), brief(21, 20, "b"), brief(22, 22, "self")]
    rows = tree_of(story([[INIT], [INIT]], [[], exits]))
    assert drawn(rows) == [
        "(parent not known) x0", ".self 22", ".a 20", ".b 21", "init 1",
    ]  # fmt: skip


def test_a_live_process_without_a_visible_parent_is_a_root() -> None:
    assert drawn(tree_of(story([[MAKE], [MAKE]]))) == ["make 10"]


def test_kernel_threads_are_one_row() -> None:
    kernel = [
        {"pid": 2, "ppid": 0, "comm": "kthreadd", "flags": PF_KTHREAD, "stime": 1},
        {"pid": 3, "ppid": 2, "comm": "kworker", "flags": PF_KTHREAD, "stime": 1},
    ]
    exits = [brief(4, 2, "kworker"), brief(5, 2, "modprobe", cmdline=b"modprobe\0x")]
    now = [{**row, "stime": 5} for row in kernel]
    rows = tree_of(story([[INIT, *kernel], [INIT, *now]], [[], exits]))
    assert drawn(rows) == [f"{KERNEL} x2", ".modprobe 5", "init 1"]
    assert rows[0].own.cpu_s == pytest.approx(0.09)
    assert rows[0].pid is None


def test_live_processes_are_one_row_if_their_commands_are_equal() -> None:
    def live(pid: int, **values: Any) -> Row:
        return {"pid": pid, "ppid": 10, "comm": "php", **values}

    lookups = FakeLookups(
        {
            **dict.fromkeys((20, 21, 22, 23), b"php\0pool"),
            **dict.fromkeys((24, 25), b"php\0two"),
            26: b"php\0other",
        }
    )
    rows = [INIT, MAKE, *map(live, range(20, 27)), live(30, ppid=23)]
    found = tree_of(story([rows, rows]), lookups)
    assert drawn(found) == [
        "init 1", ".make 10", "..php 23", "...php 30", "..php 24", "..php 25",
        "..php 26", "..php x3",
    ]  # fmt: skip
    assert found[-1].command == "php pool"


def test_a_command_line_that_differs_is_not_shown() -> None:
    exits = [
        *(brief(at, 1, "cc", cmdline=b"cc\0%d" % at) for at in range(20, 24)),
        *(brief(at, 1, "ld", cmdline=b"ld\0x") for at in range(30, 34)),
    ]
    _, cc, ld = tree_of(story([[INIT], [INIT]], [[], exits]))
    assert (cc.command, ld.command) == ("", "ld x")


def test_memory_is_that_of_a_branch_at_any_sample() -> None:
    def at(make_mib: int, cc_mib: int | None) -> list[Row]:
        cc_bytes = None if cc_mib is None else cc_mib << 20
        return [
            {**INIT, "rss_bytes": 1 << 20},
            {**MAKE, "rss_bytes": make_mib << 20},
            {"pid": 11, "ppid": 10, "comm": "cc", "rss_bytes": cc_bytes},
        ]

    live = [at(900, 900), at(4, 5), at(2, 9), at(8, None)]
    rows = tree_of(story(live, [()] * 4))
    peaks = [row.whole.peak_rss_bytes / (1 << 20) for row in rows]
    # That of the sample before the part is no part of it.
    assert peaks == [12.0, 11.0, 9.0]
    unknown = [[{**INIT, "rss_bytes": None}]] * 2
    (init,) = tree_of(story(unknown))
    assert np.isnan(init.whole.peak_rss_bytes)


def busy_story(seed: int) -> list[Sample]:
    """Return samples of processes that start, exit and start others by chance."""
    chance = np.random.default_rng(seed)
    live: list[Row] = [INIT]
    samples, pid = [make_sample(live, exits=make_exits([]))], 100
    for second in range(1, 30):
        exits: list[Row] = []
        for _ in range(int(chance.integers(1, 12))):
            pid += 1
            parent = live[int(chance.integers(len(live)))]["pid"]
            made = brief(
                pid, parent, f"p{pid % 5}", start_ticks=START + 100 * second - 50
            )
            (live if chance.random() < 0.5 else exits).append(
                {**made, "utime": 1, "comm": made["comm"]}
            )
        while len(live) > 20:
            gone = live.pop(int(chance.integers(1, len(live))))
            exits.append({**gone, "ppid": 1, "utime_ns": 90_000_000})
        known = [
            {name: it for name, it in row.items() if name in _LIVE} for row in live
        ]
        ended = [
            {name: it for name, it in row.items() if name != "utime"} for row in exits
        ]
        samples.append(
            make_sample(known, after_s=float(second), exits=make_exits(ended))
        )
    return samples


_LIVE = {"pid", "ppid", "comm", "start_ticks", "utime"}


@pytest.mark.parametrize("seed", range(5))
def test_nodes_that_become_fewer_have_the_same_sums(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = busy_story(seed)
    (whole,) = [row for row in tree_of(samples) if row.above is None]
    monkeypatch.setattr(tree, "_MOST_NODES", 10)
    report = report_of(samples)
    assert report.tree is not None
    assert report.tree.nodes.size < 200
    (merged,) = [row for row in tree_of(samples) if row.above is None]
    assert merged.whole == pytest.approx(whole.whole)


def test_names_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "MOST_NAMES", 6)
    exits = [brief(at, 1, f"p{at}") for at in range(20, 30)]
    exits += [brief(30, 1, "", comm=b"", uid=None)]
    rows = tree_of(story([[INIT], [INIT]], [[], exits]))
    assert drawn(rows) == ["init 1", f".{OTHERS} x9", ".p20 20", ".p21 21"]


def test_a_process_may_have_no_name() -> None:
    _, row = tree_of(story([[INIT], [INIT]], [[], [brief(9, 1, "", uid=None)]]))
    assert (row.name, row.user) == ("(name not known)", "")


def test_the_most_used_rows_have_those_above_them() -> None:
    exits = [brief(at, 10, f"p{at}", utime_ns=at * 10**6) for at in range(20, 30)]
    rows = tree_of(story([[INIT, MAKE], [INIT, MAKE]], [[], exits]))
    assert drawn(most_used(rows, 4)) == ["init 1", ".make 10", "..p29 29", "..p28 28"]
    assert most_used(rows, None) == most_used(rows, 99) == rows


def test_after_a_boot_everything_begins_anew() -> None:
    report = Report([TREE, "program"])
    for at, rows in enumerate([[INIT, MAKE], [{**INIT, "utime": 100}, MAKE]]):
        report.add(make_sample(rows, after_s=float(at)), LOOKUPS)
    report.restart()
    # The PID of make is used by a process that is not seen.
    child = {"pid": 11, "ppid": 10, "comm": "cc"}
    for at, ticks in ((9, 900), (10, 950)):
        rows = [{**INIT, "utime": ticks}, child]
        report.add(make_sample(rows, after_s=float(at)), LOOKUPS)
    assert (report.totals.boots, report.totals.intervals) == (1, 2)
    assert report.totals.live_s == pytest.approx(1.5)
    assert report.tree is not None
    assert drawn(rows_of(report.tree)) == ["init 1", ".make 10", "init 1", "cc 11"]
    ((_, init), *_) = report.groups["program"].ordered()
    assert init.cpu_s == pytest.approx(1.5)


def test_losses_of_another_collector_count_from_its_start() -> None:
    report = Report([])
    for at, (lost, opening) in enumerate([(3, 0), (5, 0), (4, 1), (4, 1), (1, 1)]):
        sample = make_sample([INIT], after_s=float(at), counters=Counters(lost=lost))
        report.add(sample, LOOKUPS, f"c{opening}", opening)
    assert report.totals.lost == 2 + 4 + 0 + 1
    assert report.totals.collectors == {"c0": 1.0, "c1": 3.0}
