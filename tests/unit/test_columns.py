from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from montauk_tui.engine.columns import cells
from montauk_tui.engine.columns.cells import Level, machine_level
from montauk_tui.engine.columns.column import Column
from montauk_tui.engine.columns.table import COLUMNS, DEFAULT, find, pick
from montauk_tui.errors import UsageError
from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import FIELDS
from montauk_tui.model.text import cell_width, clean
from tests.support.builders import (
    BOOT_S,
    MEMORY,
    FakeLookups,
    Row,
    make_frame,
    make_sample,
)
from tests.support.scenes import scene_frame

EVERY = pytest.mark.parametrize("column", COLUMNS.values(), ids=list(COLUMNS))


def one(lookups: FakeLookups | None = None, **row: Any) -> Frame:
    """Return a frame of one process, two CPUs, and a second since the last frame."""
    values: Row = {"pid": 9, **row}
    before: Row = {**values, "utime": 0, "stime": 0}
    return make_frame(
        make_sample([before]), make_sample([values], after_s=1.0), lookups
    )


def cell(name: str, lookups: FakeLookups | None = None, **row: Any) -> str:
    return COLUMNS[name].text(one(lookups, **row), 0)


def level(name: str, **row: Any) -> Level:
    return COLUMNS[name].level(one(**row), 0)


# --- every column ---------------------------------------------------------------------


@EVERY
def test_the_id_is_the_key_and_there_is_a_description(column: Column) -> None:
    assert COLUMNS[column.id] is column
    assert column.description
    assert column.title.isascii()
    assert column.width == 0 or len(column.title) <= column.width


def test_ids_are_unique_and_default_columns_exist() -> None:
    assert [column.id for column in COLUMNS.values()] == list(COLUMNS)
    assert set(DEFAULT) <= set(COLUMNS)
    assert len(set(DEFAULT)) == len(DEFAULT)


@EVERY
def test_ordinary_values_fit(column: Column) -> None:
    frame = scene_frame()
    for row in range(len(frame.sample.processes)):
        text = column.text(frame, row)
        assert type(text) is str
        assert text == clean(text.encode())
        if column.width and column.id != "comm":
            assert cell_width(text) <= column.width, text


@EVERY
def test_what_is_unknown_is_a_dash(column: Column) -> None:
    unknown = {name: None for name in FIELDS if name != "pid"}
    frame = make_frame(None, make_sample([{"pid": 9, **unknown}]))
    if column.id in ("pid", "comm", "command"):
        assert column.text(frame, 0) in ("9", "proc9")
    else:
        assert column.text(frame, 0) == "-"
    assert isinstance(column.level(frame, 0), Level)
    assert column.key(frame).shape == (1,)


@EVERY
def test_a_key_has_a_number_for_each_row(column: Column) -> None:
    frame = scene_frame()
    key = column.key(frame)
    assert key.dtype == np.float64
    assert key.shape == (len(frame.sample.processes),)
    empty = make_frame(None, make_sample())
    assert column.key(empty).shape == (0,)


@EVERY
def test_a_column_is_found_by_its_id(column: Column) -> None:
    assert find(column.id) is column
    assert find(f" {column.id.upper()} ") is column


@EVERY
def test_a_column_is_found_by_its_title(column: Column) -> None:
    found = find(column.title)
    if column.id in ("ncpu_pct", "processor"):
        assert found.id == "cpu_pct"  # what is meant nearly always
    elif column.id == "io_priority":
        assert found.id == "io_rate"
    else:
        assert found is column


@pytest.mark.parametrize(
    ("name", "column_id"),
    [
        ("cpu", "cpu_pct"),
        ("CPU%", "cpu_pct"),
        ("mem", "rss_bytes"),
        ("rss", "rss_bytes"),
        ("res", "rss_bytes"),
        ("MEM%", "mem_pct"),
        ("time", "cpu_time"),
        ("TIME+", "cpu_time"),
        ("name", "comm"),
        ("io", "io_rate"),
        ("read", "io_read_rate"),
        ("write", "io_write_rate"),
        ("COMMAND", "command"),
    ],
)
def test_what_people_call_a_column(name: str, column_id: str) -> None:
    assert find(name).id == column_id


@pytest.mark.parametrize("name", ["", "%", "shape", "p"])
def test_an_unknown_name_lists_what_there_is(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        find(name)
    assert repr(name) in caught.value.reason
    for column_id in COLUMNS:
        assert column_id in caught.value.remedy


def test_an_unknown_name_brings_one_that_is_like_it() -> None:
    with pytest.raises(UsageError) as caught:
        find("CPUU%")
    assert str(caught.value) == "no column is called 'CPUU%'; did you mean 'cpu%'?"


def test_the_scale_decides_which_cpu_column_is_picked() -> None:
    ids = ["pid", "ncpu_pct", "command"]
    assert [column.id for column in pick(ids, machine_scale=False)] == [
        "pid",
        "cpu_pct",
        "command",
    ]
    assert pick(["cpu_pct"], machine_scale=True) == (COLUMNS["ncpu_pct"],)


# --- single cells ---------------------------------------------------------------------


def test_cpu_use_on_both_scales() -> None:
    assert cell("cpu_pct", utime=50, stime=20) == "70.0"
    assert cell("ncpu_pct", utime=50, stime=20) == "35.0"


def test_cpu_time_is_user_and_system() -> None:
    assert cell("cpu_time", utime=6_000, stime=203) == "1:02.03"
    assert cell("utime", utime=6_000, stime=203) == "1:00.00"
    assert cell("stime", utime=6_000, stime=203) == "0:02.03"
    assert cell("cpu_time", utime=6_000, stime=None) == "-"


def test_memory_in_percent() -> None:
    assert cell("mem_pct", rss_bytes=MEMORY.total // 8) == "12.5"


def test_shared_memory_is_looked_up_where_the_sample_has_none() -> None:
    lookups = FakeLookups(shared={9: 3 << 20})
    assert cell("shared_bytes", lookups) == "3.0M"
    assert cell("shared_bytes", lookups, shared_bytes=5 << 20) == "5.0M"
    assert cell("shared_bytes") == "-"


@pytest.mark.parametrize(("value", "text"), [(20, "20"), (-2, "-2"), (-100, "rt")])
def test_priorities(value: int, text: str) -> None:
    assert cell("priority", priority=value) == text


@pytest.mark.parametrize(
    ("code", "text"),
    [(ord("R"), "R"), (ord("t"), "t"), (0, "-"), (27, "-"), (300, "-")],
)
def test_states(code: int, text: str) -> None:
    assert cell("state", state=code) == text


@pytest.mark.parametrize(
    ("device", "text"),
    [
        (0, "-"),
        (0x8803, "pts/3"),
        (0x8900, "pts/256"),
        (0x9000, "144:0"),
        (0x0401, "tty1"),
        (0x0440, "ttyS0"),
        (0x0501, "5:1"),
    ],
)
def test_terminals(device: int, text: str) -> None:
    assert cell("tty", tty=device) == text


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        (0, "OTHER"),
        (1, "FIFO"),
        (2, "RR"),
        (3, "BATCH"),
        (5, "IDLE"),
        (6, "DL"),
        (4, "-"),
    ],
)
def test_policies(policy: int, text: str) -> None:
    assert cell("policy", policy=policy) == text


def test_the_owner_is_a_name_or_a_number() -> None:
    lookups = FakeLookups(users={33: "www-data"})
    assert cell("user", lookups, uid=33) == "www-data"
    assert cell("user", lookups, uid=34) == "34"


def test_the_time_since_the_start() -> None:
    ticks = int((BOOT_S + 1 - 3_725) * 100)
    assert cell("elapsed", start_ticks=ticks) == "01:02:05"


def test_a_start_in_the_future_has_lasted_for_no_time() -> None:
    assert cell("elapsed", start_ticks=int((BOOT_S + 60) * 100)) == "00:00:00"


def test_when_it_started_is_the_wall_clock() -> None:
    frame = one(start_ticks=int((BOOT_S - 60) * 100))
    assert cells.start_time_s(frame, 0) == frame.sample.time_s - 61.0


def test_hostile_names_are_sanitised() -> None:
    lookups = FakeLookups({9: b"[/foo]\0\x1b[2J\0"})
    assert cell("comm", comm=b"a\x1b[2J") == r"a\x1b[2J"
    assert cell("command", lookups, comm="x") == r"[/foo] \x1b[2J"


# --- keys -----------------------------------------------------------------------------


def keys(name: str, rows: list[Row], lookups: FakeLookups | None = None) -> list[float]:
    frame = make_frame(None, make_sample(rows), lookups)
    found: list[float] = COLUMNS[name].key(frame).tolist()
    return found


def test_owners_sort_by_name() -> None:
    lookups = FakeLookups(users={1: "zoe", 2: "adam"})
    key = keys(
        "user",
        [{"pid": 1, "uid": 1}, {"pid": 2, "uid": 2}, {"pid": 3, "uid": 1}],
        lookups,
    )
    assert key[0] == key[2] > key[1]


def test_commands_sort_by_what_is_known() -> None:
    lookups = FakeLookups({1: b"zsh\0", 2: b"Awk\0"})
    first, second = keys("command", [{"pid": 1}, {"pid": 2}], lookups)
    assert first > second


def test_the_oldest_has_the_largest_age() -> None:
    old, young = keys(
        "elapsed", [{"pid": 1, "start_ticks": 5}, {"pid": 2, "start_ticks": 9}]
    )
    assert old > young


def test_cpu_time_sorts_by_the_sum() -> None:
    assert keys("cpu_time", [{"pid": 1, "utime": 100, "stime": 50}]) == [1.5]


# --- meanings -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "meaning"),
    [(0.0, Level.FAINT), (0.1, Level.PLAIN), (0.25, Level.WARM), (0.5, Level.HOT)],
)
def test_cpu_use_is_measured_by_the_machine(share: float, meaning: Level) -> None:
    assert level("cpu_pct", utime=round(share * 100 * 2)) is meaning


def test_a_core_kept_busy_is_warm_on_a_machine_of_any_size() -> None:
    frame = scene_frame(4)
    ids = np.arange(64)
    host = replace(frame.sample.host, cpu_ids=ids)
    frame = replace(frame, sample=replace(frame.sample, host=host))
    assert machine_level(frame, 100.0) is Level.WARM
    assert machine_level(frame, 89.0) is Level.PLAIN
    assert machine_level(frame, 3_200.0) is Level.HOT


@pytest.mark.parametrize(
    ("share", "meaning"),
    [(0.0, Level.FAINT), (0.01, Level.PLAIN), (0.05, Level.WARM), (0.2, Level.HOT)],
)
def test_what_memory_means(share: float, meaning: Level) -> None:
    assert level("mem_pct", rss_bytes=int(MEMORY.total * share) + 1) is meaning


@pytest.mark.parametrize(
    ("state", "meaning"),
    [("R", Level.NOTICE), ("D", Level.HOT), ("T", Level.WARM), ("S", Level.FAINT)],
)
def test_what_a_state_means(state: str, meaning: Level) -> None:
    assert level("state", state=state) is meaning


def test_the_usual_is_faint() -> None:
    assert level("user", uid=0) is Level.FAINT
    assert level("user", uid=7) is Level.PLAIN
    assert level("nice", nice=0) is Level.FAINT
    assert level("nice", nice=-5) is Level.PLAIN
    assert level("priority", priority=20) is Level.FAINT
    assert level("priority", priority=19) is Level.PLAIN
    assert level("rss_bytes", rss_bytes=0) is Level.FAINT
    assert level("rss_bytes", rss_bytes=1 << 30) is Level.PLAIN
    assert level("pid") is Level.PLAIN
