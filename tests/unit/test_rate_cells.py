"""Columns of what counters grow by, in lists of every kind."""

from typing import Any

import pytest

from montauk_tui.config import Settings
from montauk_tui.engine.columns.cells import Level
from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.engine.live_and_exited import beside_exited, live_and_exited
from montauk_tui.engine.projection import View
from montauk_tui.engine.query import matching, parse
from montauk_tui.engine.query.fields import FIELDS
from montauk_tui.engine.rows.exited import exited_only, with_exited
from montauk_tui.engine.rows.exited_parents import with_exited_parents
from montauk_tui.engine.rows.kinds import kind_of
from montauk_tui.engine.rows.spawners import spawners
from montauk_tui.model.frame import Frame
from montauk_tui.model.kinds import RowKind
from montauk_tui.model.schema import Need
from montauk_tui.session.choices import Choices
from tests.support.builders import BOOT_S, make_frame, make_sample, pids
from tests.support.listing import Life, end

MIB = 1 << 20
SINCE = int(BOOT_S * 100) + 10


def one(**grown: int) -> Frame:
    """Return a frame of a second in which one process's counters grew so."""
    before = {"pid": 9, **dict.fromkeys(grown, 1_000)}
    now = {"pid": 9, **{name: 1_000 + count for name, count in grown.items()}}
    return make_frame(make_sample([before]), make_sample([now], after_s=1.0))


def cell(name: str, frame: Frame, row: int = 0) -> str:
    return COLUMNS[name].text(frame, row)


@pytest.mark.parametrize(
    ("column", "grown", "text"),
    [
        ("io_read_rate", {"read_bytes": 3 * MIB}, "3.0M/s"),
        ("io_write_rate", {"write_bytes": 700 << 10}, "700K/s"),
        ("io_rate", {"read_bytes": MIB, "write_bytes": 2 * MIB}, "3.0M/s"),
        ("io_rate", {"read_bytes": 0, "write_bytes": 0}, "0"),
        ("io_rate", {"read_bytes": MIB}, "-"),
        ("rchar_rate", {"rchar": 20 * MIB}, "20M/s"),
        ("wchar_rate", {"wchar": 900 * MIB}, "900M/s"),
        ("vcsw_rate", {"voluntary_switches": 1_234}, "1234"),
        ("icsw_rate", {"involuntary_switches": 12_345}, "12.3k"),
        ("minflt_rate", {"minflt": 7}, "7.0"),
        ("majflt_rate", {"majflt": 0}, "0.0"),
        ("runq_pct", {"run_delay_ns": 253_000_000}, "25.3"),
        ("runq_pct", {}, "-"),
    ],
)
def test_what_a_cell_says(column: str, grown: dict[str, int], text: str) -> None:
    assert cell(column, one(**grown)) == text


@pytest.mark.parametrize(
    ("column", "grown", "level"),
    [
        ("io_rate", {"read_bytes": 0, "write_bytes": 0}, Level.FAINT),
        ("io_read_rate", {}, Level.FAINT),
        ("io_read_rate", {"read_bytes": 5_000}, Level.PLAIN),
        ("io_read_rate", {"read_bytes": MIB}, Level.WARM),
        ("io_read_rate", {"read_bytes": 100 * MIB}, Level.HOT),
        ("majflt_rate", {"majflt": 1}, Level.PLAIN),
        ("majflt_rate", {"majflt": 0}, Level.FAINT),
        ("runq_pct", {"run_delay_ns": 100}, Level.FAINT),
        ("runq_pct", {"run_delay_ns": 10**7}, Level.PLAIN),
        ("runq_pct", {"run_delay_ns": 10**8}, Level.WARM),
        ("runq_pct", {"run_delay_ns": 6 * 10**8}, Level.HOT),
    ],
)
def test_what_a_cell_means(column: str, grown: dict[str, int], level: Level) -> None:
    assert COLUMNS[column].level(one(**grown), 0) == level


def test_what_is_shown_or_compared_is_read_and_nothing_else() -> None:
    def needs(**settings: Any) -> Need:
        return Choices.from_settings(Settings(**settings)).needs

    assert not needs() & (Need.IO | Need.SWITCHES | Need.WAIT)
    assert Need.IO in needs(columns=("pid", "io_rate"))
    assert Need.SWITCHES in needs(columns=("pid", "vcsw_rate"))
    assert Need.WAIT in needs(sort="runq_pct")
    assert Need.IO in needs(filter="io > 1m")
    assert needs(columns=("pid", "minflt_rate")) == needs(columns=("pid",))
    on_io = Choices.from_settings(Settings()).on_tab("io")
    assert Need.IO | Need.WAIT in on_io.needs
    assert on_io.view.sort is COLUMNS["io_rate"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("io > 1m", [9]), ("read >= 512k", [9]), ("write > 1m", []),
        ("write = 614400", [9]), ("rchar_rate > 0", []), ("not io > 1m", [5]),
        ("io_read_bytes < 1m", [5]), ("runq > 5%", [9]),
    ],
)  # fmt: skip
def test_filters(text: str, expected: list[int]) -> None:
    before = [{"pid": 9, "read_bytes": 0, "write_bytes": 0, "run_delay_ns": 0},
              {"pid": 5, "read_bytes": 7}]  # fmt: skip
    now = [{"pid": 9, "read_bytes": MIB, "write_bytes": 600 << 10,
            "run_delay_ns": 10**8}, {"pid": 5, "read_bytes": 7}]  # fmt: skip
    frame = make_frame(make_sample(before), make_sample(now, after_s=1.0))
    found = matching(parse(text), frame).nonzero()[0]
    assert pids(frame.sample.processes, found) == expected


@pytest.mark.parametrize("name", ["io_rate", "io_read_bytes", "wchar_rate"])
def test_a_filter_needs_what_its_fields_do(name: str) -> None:
    assert FIELDS[name].need == Need.IO
    assert parse(f"{name} > 1m or pid = 1").needs == Need.IO


# --- beside processes that ended ------------------------------------------------------


def life(*, ends: int = 1) -> Frame:
    """Return a frame of a second in which pid 10 and some that ended wrote."""
    made = Life([{"pid": 1, "ppid": 0}, {"pid": 10, "write_bytes": MIB}])
    rows = [{"pid": 1, "ppid": 0}, {"pid": 10, "write_bytes": 3 * MIB}]
    gone = [
        end(100 + at, start_ticks=SINCE + at, read_bytes=0, write_bytes=MIB)
        for at in range(ends)
    ]
    return made.at(1.0, gone, rows=rows)


def by_pid(frame: Frame, column: str) -> dict[int, str]:
    return {
        pid: cell(column, frame, row)
        for row, pid in enumerate(frame.sample.processes.pid.tolist())
    }


def test_who_ended_stands_beside_the_living_with_the_rate_of_the_last_interval() -> (
    None
):
    listed = with_exited(life(), 5.0, frozenset())
    assert by_pid(listed, "io_write_rate") == {-1: "1.0M/s", 1: "-", 10: "2.0M/s"}
    assert by_pid(listed, "io_write_bytes") == {-1: "1.0M", 1: "-", 10: "3.0M"}
    assert by_pid(listed, "io_rate")[-1] == "1.0M/s"
    assert by_pid(listed, "runq_pct")[-1] == "-"
    only = exited_only(life())
    assert by_pid(only, "io_write_rate") == {-1: "1.0M/s"}


def test_a_row_of_many_has_their_sum_over_the_time_that_they_are_shown() -> None:
    listed = with_exited(life(ends=4), 5.0, frozenset())
    fold = int(listed.sample.processes.pid[0])
    assert kind_of(listed, 0) is RowKind.EXITED_GROUP
    assert by_pid(listed, "io_write_rate")[fold] == "4.0M/s"
    assert by_pid(listed, "io_write_bytes")[fold] == "4.0M"


def test_rates_stay_with_their_rows_in_every_list() -> None:
    frame = life()
    listed = with_exited(frame, 5.0, frozenset())
    haunted = with_exited_parents(frame, listed, 5.0)
    assert by_pid(haunted, "io_write_rate")[10] == "2.0M/s"
    starting = by_pid(spawners(life()), "io_write_rate")
    assert starting
    assert set(starting.values()) <= {"-", "2.0M/s"}


@pytest.mark.parametrize(
    ("sort", "first"), [("io_write_rate", 1), ("io_rate", 1), ("io_read_bytes", 0)]
)
def test_ends_are_sorted_by_what_they_moved(sort: str, first: int) -> None:
    made = Life([{"pid": 1, "ppid": 0}])
    ends = [
        end(100, start_ticks=SINCE, read_bytes=5, write_bytes=1),
        end(101, start_ticks=SINCE, read_bytes=0, write_bytes=MIB),
    ]
    view = View(COLUMNS[sort], descending=True)
    _, ended = live_and_exited(beside_exited(made.at(1.0, ends)), view, None)
    assert ended.tolist() == [first, 1 - first]
