"""Sums by group: what is not known, and bounds."""

import math

import pytest

from montauk_tui.engine.groups.criteria import CRITERIA
from montauk_tui.engine.usage import groups
from montauk_tui.engine.usage.groups import OTHERS
from montauk_tui.engine.usage.nodes import Nodes
from montauk_tui.engine.usage.report import TREE, Report
from montauk_tui.model.sample import Sample
from tests.support.builders import FakeLookups, cpu_ticks, make_host, make_sample
from tests.support.exits import make_exits


def report_of(samples: list[Sample], *by: str) -> Report:
    report = Report(by)
    for sample in samples:
        report.add(sample, FakeLookups())
    return report


def test_a_process_counts_for_the_group_that_it_was_in() -> None:
    rows = [
        {"pid": 7, "comm": "sh", "utime": 10},
        {"pid": 7, "comm": "sh", "utime": 30},
        {"pid": 7, "comm": "cc", "utime": 70},
        {"pid": 7, "comm": "cc", "utime": 75, "uid": 7},
    ]
    samples = [make_sample([row], after_s=at) for at, row in enumerate(rows)]
    report = report_of(samples, "program", "user")
    used = {
        by: {name: it.live_s for name, it in one.ordered()}
        for by, one in report.groups.items()
    }
    assert used == {
        "program": pytest.approx({"cc": 0.45, "sh": 0.2}),
        "user": pytest.approx({"root": 0.6, "7": 0.05}),
    }


def test_exits_may_have_no_cpu_time() -> None:
    """As those of netlink without privilege: parents are credited."""
    ended = {"pid": 9, "ppid": 7, "comm": b"cc", "utime_ns": None, "stime_ns": None}
    samples = [
        make_sample(
            [{"pid": 7, "comm": "sh", "cutime": 20 * at}],
            after_s=at, exits=make_exits([ended] if at else []),
        )
        for at in (0, 1)
    ]  # fmt: skip
    report = report_of(samples, "program", TREE)
    used = dict(report.groups["program"].ordered())
    assert (used["sh"].exited_s, used["cc"].exited_s) == pytest.approx((0.2, 0.0))
    assert used["cc"].exits == 1
    assert report.totals.exited_s == pytest.approx(0.2)


def test_threads_are_part_of_their_process() -> None:
    rows = [{"pid": 7, "comm": "sh"}, {"pid": 8, "tgid": 7, "comm": "t", "utime": 9}]
    report = report_of([make_sample(rows, after_s=at) for at in (0, 1)], *CRITERIA)
    for one in report.groups.values():
        assert len(one.ordered()) == 1


def test_unknown_busy_time_is_no_sum() -> None:
    host = make_host([cpu_ticks(user=math.nan, idle=math.nan)])
    samples = [
        make_sample([{"pid": 7, "utime": at}], after_s=at, host=host) for at in (0, 1)
    ]
    totals = report_of(samples).totals
    assert (totals.busy_s, totals.no_busy_s) == (0.0, 1.0)
    assert totals.live_s == pytest.approx(0.01)


def test_the_number_of_names_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "MOST_NAMES", 3)
    rows = [{"pid": 7 + at, "comm": f"p{at}", "utime": 1} for at in range(9)]
    report = report_of([make_sample(rows, after_s=at) for at in (0, 1)], "program")
    names = [name for name, _ in report.groups["program"].ordered()]
    assert names == [OTHERS, "p0", "p1", "p2"]


def test_thousands_of_nodes_and_groups() -> None:
    rows = [{"pid": 7 + at, "ppid": 1, "comm": f"p{at}"} for at in range(3_000)]
    report = report_of(
        [make_sample(rows, after_s=at) for at in (0, 1)], "program", TREE
    )
    assert len(report.groups["program"].ordered()) == 3_000
    assert report.tree is not None
    assert report.tree.nodes.size == 3_000 + Nodes().size


def test_groups_go_on_after_a_boot() -> None:
    report = Report(["program"])
    for at, ticks in enumerate((0, 50, 10, 30)):
        if at == 2:
            report.restart()
        report.add(
            make_sample([{"pid": 7, "comm": "sh", "utime": ticks}], after_s=at),
            FakeLookups(),
        )
    ((name, used),) = report.groups["program"].ordered()
    assert (name, round(used.cpu_s, 6)) == ("sh", 0.7)
