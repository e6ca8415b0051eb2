"""What the kernel counts for cgroups, in the rows of groups and in the panel."""

import math
from dataclasses import replace

import pytest

from montauk_tui.config import Settings
from montauk_tui.engine.columns.cells import Level, command_text
from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.engine.groups.criteria import CRITERIA
from montauk_tui.engine.groups.rows import grouped
from montauk_tui.engine.interval.cgroup_rates import cgroup_rates
from montauk_tui.engine.projection import View, project
from montauk_tui.engine.query import parse
from montauk_tui.engine.summary.cgroup import kernel_facts
from montauk_tui.engine.summary.subject import summarize
from montauk_tui.model.cgroups import (
    CPU,
    MEMORY,
    NO_LIMIT,
    PRESSURE,
    CgroupFigures,
    CgroupSample,
)
from montauk_tui.model.frame import Frame
from montauk_tui.session.choices import Choices
from montauk_tui.session.tabs import GROUPS
from tests.unit.test_groups import PATHS, WEB, Paths, at

FIGURES = {
    "memory_bytes": 192e6, "memory_limit_bytes": 200e6, "quota_us": 50_000.0,
    "period_us": 100_000.0, "cpu_s": 1.0, "periods": 10.0, "throttled": 2.0,
    "throttled_s": 0.5, "cpu_pressure_pct": 30.0, "memory_pressure_pct": 0.0,
    "io_pressure_pct": 1.0, "read_bytes": 0.0, "write_bytes": 0.0, "tasks": 3.0,
    "tasks_limit": NO_LIMIT,
}  # fmt: skip
LATER = {
    **FIGURES, "cpu_s": 1.5, "periods": 20.0, "throttled": 7.0, "throttled_s": 1.0,
    "read_bytes": 1048576.0,
}  # fmt: skip


def with_figures(frame: Frame, *paths: str, **why: str) -> Frame:
    """Return a frame in which some cgroups were read."""

    def sample(read_s: float, values: dict[str, float]) -> CgroupSample:
        known = {name: it for name, it in values.items() if name not in why}
        return CgroupSample({it: CgroupFigures(read_s, known, why) for it in paths})

    first, second = sample(1.0, FIGURES), sample(2.0, LATER)
    return replace(
        frame,
        sample=replace(frame.sample, cgroups=second),
        cgroups=cgroup_rates(first, second),
    )


def cell(listed: Frame, name: str, column: str) -> str:
    """Return the cell of a group."""
    names = [command_text(listed, row) for row in range(len(listed.sample.processes))]
    return COLUMNS[column].text(listed, names.index(name))


def facts(listed: Frame, name: str) -> dict[str, tuple[str, Level]]:
    """Return the facts of the kernel in the panel of a group."""
    names = [command_text(listed, row) for row in range(len(listed.sample.processes))]
    group = kernel_facts(listed, names.index(name))
    return {item.label: (item.text, item.level) for item in group}  # type: ignore[union-attr]


def test_a_cgroup_has_what_the_kernel_counts_for_it() -> None:
    frame = with_figures(at(WEB), PATHS[2], "/system.slice")
    listed = grouped(frame, CRITERIA["cgroup"], tree=True)
    cells = {
        "cgroup_memory_bytes": "183M",
        "cgroup_limit_bytes": "191M",
        "cgroup_memory_pct": "96.0",
        "cgroup_cpu_pct": "50.0",
        "cgroup_quota": "0.50",
        "cgroup_throttled_pct": "50.0",
        "cgroup_throttled_rate": "0.50",
        "cgroup_cpu_pressure_pct": "30.0",
        "cgroup_read_rate": "1.0M/s",
        "cgroup_write_rate": "0",
        "cgroup_tasks": "3",
        "cgroup_tasks_limit": "none",
    }
    for name in (PATHS[2], "/system.slice"):
        assert {it: cell(listed, name, it) for it in cells} == cells
    assert {cell(listed, PATHS[4], column) for column in cells} == {"-"}


def test_a_unit_is_the_first_cgroup_of_its_name() -> None:
    worker_only = WEB[1:]
    frame = with_figures(at(worker_only), PATHS[2])
    listed = grouped(frame, CRITERIA["unit"], tree=False)
    assert cell(listed, "web.service", "cgroup_memory_pct") == "96.0"
    assert cell(listed, "session-1.scope", "cgroup_memory_pct") == "-"


def test_a_unit_of_several_cgroups_is_none_of_them() -> None:
    both = ["/user.slice/user-1.slice/user@1.service/app.slice/a.service"]
    both.append(both[0].replace("1", "2"))
    values = {10: {"cgroup": both[0]}, 11: {"cgroup": both[1]}}
    rows = [{"pid": 10, "cgroup_id": None}, {"pid": 11, "cgroup_id": None}]
    frame = with_figures(at(rows, lookups=Paths(values=values)), *both)
    listed = grouped(frame, CRITERIA["unit"], tree=False)
    assert cell(listed, "a.service", "live") == "2"
    assert cell(listed, "a.service", "cgroup_memory_pct") == "-"


@pytest.mark.parametrize("criterion", ["user", "program"])
def test_other_groups_are_no_cgroups(criterion: str) -> None:
    frame = with_figures(at(WEB), *PATHS.values())
    listed = grouped(frame, CRITERIA[criterion], tree=False)
    for row in range(len(listed.sample.processes)):
        assert COLUMNS["cgroup_memory_pct"].text(listed, row) == "-"
        assert kernel_facts(listed, row) == ()


def test_processes_outside_have_no_group_with_figures() -> None:
    frame = with_figures(at([{"pid": 10, "cgroup_id": None}]), "/")
    listed = grouped(frame, CRITERIA["cgroup"], tree=False)
    assert COLUMNS["cgroup_memory_pct"].text(listed, 0) == "-"


def test_they_sort_and_filter() -> None:
    frame = with_figures(at(WEB), PATHS[2])
    listed = grouped(frame, CRITERIA["cgroup"], tree=False)
    query = parse("cgroup_memory_pct > 90 and cgroup_memory_bytes > 100m")
    view = View(COLUMNS["cgroup_memory_pct"], descending=True, query=query)
    names = [command_text(listed, row) for row in project(listed, view).rows.tolist()]
    assert names == [PATHS[2]]
    everything = replace(view, query=parse(""))
    assert command_text(listed, int(project(listed, everything).rows[0])) == PATHS[2]


def test_the_panel_says_it_in_words() -> None:
    listed = grouped(with_figures(at(WEB), PATHS[2]), CRITERIA["cgroup"], tree=False)
    found = facts(listed, PATHS[2])
    assert found == {
        "Charged": ("183M of 191M, 96.0 %", Level.HOT),
        "All CPU": ("50.0 %", Level.PLAIN),
        "CPU limit": ("0.50 cores", Level.PLAIN),
        "Throttled": ("50.0 % of periods, 0.50 s/s", Level.HOT),
        "Pressure": ("cpu 30.0 %, memory 0.0 %, io 1.0 %", Level.PLAIN),
        "Devices": ("read 1.0M/s, written 0", Level.PLAIN),
        "Tasks": ("3, limit none", Level.PLAIN),
    }
    names = [command_text(listed, row) for row in range(len(listed.sample.processes))]
    summary = summarize(listed, names.index(PATHS[2]), machine_scale=False)
    assert "183M of 191M, 96.0 %" in [
        getattr(item, "text", "") for group in summary.groups for item in group
    ]


def test_the_panel_says_why_something_is_unknown() -> None:
    off = "this controller is not on for this cgroup"
    frame = with_figures(at(WEB), PATHS[2], memory_bytes=off, quota_us="cpu.max is odd")
    listed = grouped(frame, CRITERIA["cgroup"], tree=False)
    found = facts(listed, PATHS[2])
    assert found["Charged"] == (f"- ({off})", Level.FAINT)
    assert found["CPU limit"][0] == "- (cpu.max is odd)"


def test_no_limit_is_said() -> None:
    frame = with_figures(at(WEB), PATHS[2])
    none = {
        **frame.cgroups[PATHS[2]], "cgroup_limit_bytes": math.inf,
        "cgroup_memory_pct": math.nan, "cgroup_quota": math.inf,
    }  # fmt: skip
    frame = replace(frame, cgroups={PATHS[2]: none})
    listed = grouped(frame, CRITERIA["cgroup"], tree=False)
    found = facts(listed, PATHS[2])
    assert found["Charged"] == ("183M, limit none", Level.PLAIN)
    assert found["CPU limit"] == ("none", Level.PLAIN)


def test_the_panel_leaves_out_what_no_column_needs() -> None:
    values = {"memory_bytes": 1.0, "memory_limit_bytes": 2.0}
    sample = CgroupSample({PATHS[2]: CgroupFigures(1.0, values)})
    frame = at(WEB)
    frame = replace(
        frame,
        sample=replace(frame.sample, cgroups=sample),
        cgroups=cgroup_rates(None, sample),
    )
    listed = grouped(frame, CRITERIA["cgroup"], tree=False)
    assert facts(listed, PATHS[2]).keys() == {"Charged"}


def test_only_the_tab_of_groups_needs_them() -> None:
    choices = Choices.from_settings(Settings())
    wanted = MEMORY | CPU | PRESSURE
    assert not choices.needs & wanted
    assert wanted in choices.on_tab(GROUPS).needs
