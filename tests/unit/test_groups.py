"""Groups as rows: their sums are those of the processes in Main."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.engine.columns.cells import command_text
from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.engine.folds import Folds
from montauk_tui.engine.groups.criteria import CRITERIA, KERNEL, NO_CGROUP
from montauk_tui.engine.groups.rows import grouped
from montauk_tui.engine.projection import View, project
from montauk_tui.engine.query import parse
from montauk_tui.engine.rows.exited import are_new_rows, with_exited
from montauk_tui.engine.rows.named import numbers_of
from montauk_tui.engine.summary.subject import summarize
from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import PF_KTHREAD, known_sum
from tests.support.builders import BOOT_S, FakeLookups, Row
from tests.support.listing import MS, Life, end
from tests.support.starts import fork

PATHS = {
    1: "/",
    2: "/system.slice/web.service",
    3: "/system.slice/web.service/worker",
    4: "/user.slice/user-7.slice/session-1.scope",
    5: f"/system.slice/docker-{'ab' * 32}.scope",
    6: "/" + "/".join("deep" for _ in range(500)),
}


class Paths(FakeLookups):
    """Names cgroups by number."""

    def cgroup(self, number: int) -> str:
        return PATHS.get(number, str(number))


def at(
    rows: Iterable[Row],
    ends: Iterable[Row] | None = (),
    starts: Iterable[Row] | None = (),
    lookups: FakeLookups | None = None,
) -> Frame:
    """Return the second frame of processes whose `utime` is what they used in 1 s."""
    every = list(rows)
    life = Life([{**row, "utime": 0} for row in every])
    frame = life.at(1.0, ends, starts, rows=every)
    return replace(frame, lookups=lookups or Paths(users={0: "root", 33: "www"}))


def cells_of(
    frame: Frame, criterion: str, *columns: str, tree: bool = False
) -> dict[str, tuple[str, ...]]:
    """Return the cells of some columns by the name of the group."""
    listed = grouped(frame, CRITERIA[criterion], tree=tree)
    return {
        command_text(listed, row): tuple(
            COLUMNS[it].text(listed, row) for it in columns
        )
        for row in range(len(listed.sample.processes))
    }


WEB: tuple[Row, ...] = (
    {"pid": 10, "cgroup_id": 2, "utime": 20, "rss_bytes": 3 << 20, "uid": 33},
    {"pid": 11, "cgroup_id": 3, "utime": 10, "rss_bytes": 1 << 20, "uid": 33},
    {"pid": 12, "cgroup_id": 4, "utime": 5, "rss_bytes": 1 << 20, "uid": 0},
)


def test_a_cgroup_has_the_sums_of_its_own_processes() -> None:
    ends = [end(50, cgroup_id=2, utime_ns=100 * MS, exit_code=1)]
    found = cells_of(at(WEB, ends), "cgroup", "live", "cpu_pct", "rss_bytes")
    assert found == {
        PATHS[2]: ("1", "30.0", "3.0M"),
        PATHS[3]: ("1", "10.0", "1.0M"),
        PATHS[4]: ("1", "5.0", "1.0M"),
    }


def test_what_exited_processes_used_is_a_part_of_the_cpu_use() -> None:
    """In the interval in which they exited; in the next one it is nothing."""
    gone: Row = {"pid": 13, "cgroup_id": 3, "state": "X", "utime": 20}
    ends = [end(50, cgroup_id=2, utime_ns=100 * MS)]
    found = cells_of(at([*WEB, gone], ends), "cgroup", "cpu_pct", "short_pct")
    assert found[PATHS[2]] == ("30.0", "10.0")
    assert found[PATHS[3]] == ("30.0", "20.0")
    assert found[PATHS[4]] == ("5.0", "0.0")
    life = Life([{**row, "utime": 0} for row in WEB])
    life.at(1.0, ends)
    later = replace(life.at(2.0, []), lookups=Paths())
    found = cells_of(later, "cgroup", "short_pct", "ends_rate")
    assert found[PATHS[2]] == ("0.0", "0.5")


def test_in_the_tree_a_cgroup_has_those_of_the_nested_ones_too() -> None:
    found = cells_of(at(WEB), "cgroup", "live", "cpu_pct", tree=True)
    assert found["/"] == ("3", "35.0")
    assert found["/system.slice"] == found[PATHS[2]] == ("2", "30.0")
    assert found[PATHS[3]] == ("1", "10.0")
    assert "/user.slice/user-7.slice" in found


def test_a_thread_is_part_of_its_process() -> None:
    thread: Row = {"pid": 15, "tgid": 10, "cgroup_id": 3, "utime": 20}
    columns = ("live", "cpu_pct", "rss_bytes")
    expected = cells_of(at(WEB), "cgroup", *columns)
    assert cells_of(at([*WEB, thread]), "cgroup", *columns) == expected


def test_the_tree_is_that_of_the_paths_and_folds() -> None:
    listed = grouped(at(WEB), CRITERIA["cgroup"], tree=True)
    view = View(COLUMNS["cpu_pct"], descending=True, tree=True)

    def shown(view: View) -> list[tuple[str, int]]:
        found = project(listed, view)
        names = [command_text(listed, row) for row in found.rows.tolist()]
        return list(zip(names, found.depth.tolist(), strict=True))

    assert shown(view)[:4] == [
        ("/", 0), ("/system.slice", 1), (PATHS[2], 2), (PATHS[3], 3),
    ]  # fmt: skip
    names = dict(shown(view))
    place = [*names].index("/system.slice")
    root = listed.sample.processes.identity(int(project(listed, view).rows[place]))
    closed = shown(replace(view, folds=Folds(others=frozenset({root}))))
    assert ("/system.slice", 1) in closed
    assert {*names} - {name for name, _ in closed} == {PATHS[2], PATHS[3]}
    row = listed.sample.processes.row_of(root)
    assert row is not None
    folded = project(
        listed, replace(view, folds=Folds(others=frozenset({root})))
    ).folded
    assert folded is not None
    # The sums are there already.
    assert folded.frame.rates.cpu_pct[row] == pytest.approx(30.0)


@pytest.mark.parametrize(
    ("criterion", "names"),
    [
        ("unit", {"web.service": "2", "session-1.scope": "1"}),
        ("container", {"(in no container)": "3"}),
        ("user", {"www": "2", "root": "1"}),
        ("program", {"proc10": "1", "proc11": "1", "proc12": "1"}),
    ],
)
def test_groups_of_other_kinds(criterion: str, names: dict[str, str]) -> None:
    found = cells_of(at(WEB), criterion, "live")
    assert {name: live for name, (live,) in found.items()} == names


def test_what_started_and_failed_counts_where_it_was() -> None:
    moment = int((BOOT_S + 0.5) * 1e9)
    ends = [
        end(50, cgroup_id=4, exit_code=1), end(51, cgroup_id=4, exit_code=0),
        end(52, cgroup_id=None),
    ]  # fmt: skip
    starts = [
        fork(60, moment, ppid=10), fork(61, moment, ppid=10), fork(62, moment, ppid=50),
        fork(63, moment, ppid=4_000),
    ]  # fmt: skip
    names = ("forks_rate", "ends_rate", "failures_rate")
    found = cells_of(at(WEB, ends, starts), "cgroup", *names)
    assert found[PATHS[2]] == ("2.0", "0.0", "0.0")
    assert found[PATHS[4]] == ("1.0", "2.0", "1.0")
    assert found[NO_CGROUP] == ("1.0", "1.0", "0.0")


def test_what_is_not_reported_is_unknown() -> None:
    names = ("forks_rate", "ends_rate", "failures_rate", "short_pct")
    for cells in cells_of(at(WEB, None, None), "cgroup", *names).values():
        assert cells == ("-",) * 4


def test_kernel_threads_are_a_group_of_their_own() -> None:
    rows: list[Row] = [
        *WEB, {"pid": 2, "ppid": 0, "flags": PF_KTHREAD, "cgroup_id": 1},
        {"pid": 3, "ppid": 2, "flags": PF_KTHREAD, "cgroup_id": 1},
    ]  # fmt: skip
    for criterion in CRITERIA:
        found = cells_of(at(rows), criterion, "live")
        assert found[KERNEL] == ("2",), criterion
        assert sum(int(live) for (live,) in found.values()) == 5


def test_with_version_1_the_number_of_an_exited_process_says_nothing() -> None:
    values = {10: {"cgroup": "/docker/web"}, 50: {"cgroup": "/docker/web"}}
    rows: list[Row] = [{"pid": 10, "cgroup_id": 1}, {"pid": 12, "cgroup_id": 1}]
    ends = [end(50, cgroup_id=1), end(51, cgroup_id=1)]
    found = cells_of(
        at(rows, ends, lookups=Paths(values=values)), "cgroup", "ends_rate"
    )
    assert found["/docker/web"] == ("1.0",)
    assert found[NO_CGROUP] == ("1.0",)


def test_a_group_is_no_new_process_and_has_a_number_that_lasts() -> None:
    listed = grouped(at(WEB), CRITERIA["cgroup"], tree=False)
    rows = np.arange(len(listed.sample.processes))
    assert not are_new_rows(listed, rows, 5.0).any()
    numbers = numbers_of(list(PATHS.values()))
    assert len(set(numbers.tolist())) == len(PATHS)
    assert (numbers.astype(np.float64).astype(np.int64) == numbers).all()
    assert numbers_of([PATHS[3]])[0] == numbers[2]


@pytest.mark.parametrize("criterion", [*CRITERIA])
@pytest.mark.parametrize("tree", [False, True])
def test_the_filter_of_a_group_finds_its_processes_and_the_group(
    criterion: str, *, tree: bool
) -> None:
    rows: list[Row] = [
        *WEB, {"pid": 1, "cgroup_id": 1}, {"pid": 13, "cgroup_id": 5},
        {"pid": 14, "cgroup_id": None, "comm": b"", "uid": None},
        {"pid": 2, "ppid": 0, "flags": PF_KTHREAD, "cgroup_id": 1},
        {"pid": 3, "ppid": 2, "flags": PF_KTHREAD, "cgroup_id": 1},
    ]  # fmt: skip
    frame = at(rows)
    made = CRITERIA[criterion]
    listed = grouped(frame, made, tree=tree)
    for row in range(len(listed.sample.processes)):
        name = command_text(listed, row)
        live = float(listed.extra["live"][row])
        query = parse(made.query(name, nested=tree))
        view = View(COLUMNS["pid"], descending=False, query=query)
        view = replace(view, kernel_threads=name == KERNEL)
        assert len(project(frame, view).rows) == live, name
        if name != KERNEL and not name.startswith("(name"):
            shown = project(listed, view).rows.tolist()
            assert row in shown, name


def test_the_panel_says_what_a_group_uses() -> None:
    listed = grouped(at(WEB), CRITERIA["user"], tree=False)
    names = [command_text(listed, row) for row in range(2)]
    summary = summarize(listed, names.index("www"), machine_scale=False)
    assert summary.said == "2 live, 0 exited in the last seconds"
    texts = [getattr(item, "text", "") for group in summary.groups for item in group]
    assert "30.0 %" in texts
    assert "4.0M" in texts


def test_without_processes_there_are_no_groups() -> None:
    for criterion in CRITERIA.values():
        assert not len(grouped(at([]), criterion, tree=True).sample.processes)


# --- sums -----------------------------------------------------------------------------

_PROCESS = st.fixed_dictionaries(
    {
        "cgroup_id": st.sampled_from([*PATHS, None]),
        "uid": st.sampled_from([0, 33, None]),
        "comm": st.sampled_from([b"sh", b"cc1", b""]),
        "utime": st.integers(0, 100),
        "rss_bytes": st.integers(0, 1 << 30) | st.none(),
        "flags": st.sampled_from([0, PF_KTHREAD]),
        "state": st.sampled_from(["R", "S", "X", "Z"]),
        "read_bytes": st.integers(0, 1 << 20),
    }
)
_EXIT = st.fixed_dictionaries(
    {
        "cgroup_id": st.sampled_from([*PATHS, None]),
        "uid": st.sampled_from([0, 33]),
        "comm": st.sampled_from([b"sh", b"cc1"]),
        "utime_ns": st.integers(0, 10**9),
        "exit_code": st.integers(0, 1),
        "ppid": st.integers(1, 6),
    }
)


@given(
    st.lists(_PROCESS, max_size=6),
    st.lists(_EXIT, max_size=6),
    st.lists(st.integers(1, 60), max_size=6),
    st.sampled_from([*CRITERIA]),
    st.sampled_from(["list", "tree"]),
)
def test_the_groups_add_up_to_main(
    living: list[Row],
    gone: list[Row],
    parents: list[int],
    criterion: str,
    view: str,
) -> None:
    rows = [{**row, "pid": 1 + place} for place, row in enumerate(living)]
    moment = int((BOOT_S + 0.5) * 1e9)
    ends = [end(50 + place, **row) for place, row in enumerate(gone)]
    starts = [fork(70 + at, moment + at, ppid=it) for at, it in enumerate(parents)]
    frame = at(rows, ends, starts)
    main = with_exited(frame, 5.0, frozenset())
    listed = grouped(frame, CRITERIA[criterion], tree=view == "tree")
    above = listed.extra.get("hangs_from", np.full(len(listed.rates.cpu_pct), np.nan))
    tops = np.isnan(above)

    def summed(column: str) -> float:
        return known_sum(COLUMNS[column].key(listed)[tops])

    for column in ("cpu_pct", "rss_bytes", "io_read_rate"):
        whole = known_sum(COLUMNS[column].key(main))
        assert summed(column) == pytest.approx(whole), column
    exited_pct, cpu_pct = (COLUMNS[it].key(listed) for it in ("short_pct", "cpu_pct"))
    assert (exited_pct <= np.nan_to_num(cpu_pct) + 1e-9).all()
    for column, count in (
        ("live", sum(row["state"] != "X" for row in rows)),
        ("count", len(gone)),
        ("forks_rate", len(parents)),
        ("failures_rate", sum(row["exit_code"] for row in gone)),
    ):
        assert summed(column) == pytest.approx(count), column


def test_a_path_has_no_more_groups_above_it_than_levels_are_shown() -> None:
    found = cells_of(at([{"pid": 10, "cgroup_id": 6}]), "cgroup", "live", tree=True)
    assert len(found) == 34
    assert {*found.values()} == {("1",)}


def test_strings_of_other_rows_are_those_of_the_machine() -> None:
    frame = at(WEB)
    listed = grouped(frame, CRITERIA["cgroup"], tree=False)
    table = frame.sample.processes
    identity, comm = table.identity(0), bytes(table.comm[0])
    assert listed.lookups.command(identity, comm) == frame.lookups.command(
        identity, comm
    )


def test_a_summary_says_nothing_of_exits_that_are_not_reported() -> None:
    listed = grouped(at(WEB, None, None), CRITERIA["user"], tree=False)
    assert summarize(listed, 0, machine_scale=False).said.endswith(" live")
