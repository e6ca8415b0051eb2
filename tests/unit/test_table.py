import math
import time
from dataclasses import replace

import numpy as np
import pytest

from montauk_tui.engine.columns.table import COLUMNS, DEFAULT, pick
from montauk_tui.export.table import frame_table
from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import PF_KTHREAD, UNKNOWN
from montauk_tui.model.text import cell_width, clean
from tests.support.builders import (
    FakeLookups,
    cpu_ticks,
    make_frame,
    make_host,
    make_sample,
)
from tests.support.scenes import scene_frame


def table(frame: Frame, *ids: str, width: int | None = None) -> list[str]:
    """Return the lines below the summary."""
    rows = np.arange(len(frame.sample.processes))
    return frame_table(frame, rows, [COLUMNS[name] for name in ids], width)[3:]


def clock(frame: Frame) -> str:
    """Return the time of the sample, here."""
    return time.strftime("%H:%M:%S", time.localtime(frame.sample.time_s))


def test_numbers_to_the_right_and_words_to_the_left() -> None:
    rows = [
        {"pid": 7, "comm": "init", "rss_bytes": 5 << 20},
        {"pid": 12345, "uid": 33, "comm": "x", "rss_bytes": None},
    ]
    frame = make_frame(None, make_sample(rows))
    assert table(frame, "pid", "user", "rss_bytes", "comm") == [
        "  PID USER        RES COMM",
        "    7 root       5.0M init",
        "12345 33            - x",
    ]  # fmt: skip


def test_the_pid_column_widens_with_the_largest_pid() -> None:
    frame = make_frame(None, make_sample([{"pid": 7}, {"pid": 4_194_304}]))
    assert table(frame, "pid", "state") == ["    PID S", "      7 S", "4194304 S"]


def test_rows_come_in_the_order_given() -> None:
    frame = make_frame(None, make_sample([{"pid": 1}, {"pid": 2}, {"pid": 3}]))
    lines = frame_table(frame, np.array([2, 0]), [COLUMNS["pid"]])
    assert [line.strip() for line in lines[4:]] == ["3", "1"]


def test_a_name_that_is_too_long_is_cut_and_the_command_is_not() -> None:
    frame = make_frame(
        None,
        make_sample([{"pid": 1, "comm": "n" * 30}]),
        FakeLookups({1: b"/bin/" + b"c" * 300 + b"\0"}),
    )
    line = table(frame, "comm", "command")[1]
    assert line == "n" * 15 + " /bin/" + "c" * 300


@pytest.mark.parametrize("width", [1, 20, 80, 500])
def test_no_line_is_wider_than_the_screen(width: int) -> None:
    frame = scene_frame()
    columns = pick(DEFAULT, machine_scale=False)
    rows = np.arange(len(frame.sample.processes))
    lines = frame_table(frame, rows, columns, width)
    assert len(lines) == len(rows) + 5
    assert max(map(cell_width, lines)) <= width
    assert not any(line.endswith(" ") for line in lines)


def test_nothing_hostile_is_printed() -> None:
    for line in table(scene_frame(), *DEFAULT, "comm"):
        assert clean(line.encode()) == line


def test_the_columns_stay_in_line_behind_wide_names() -> None:
    lookups = FakeLookups({1: "日本\0".encode(), 2: b"ascii\0"})
    rows = [{"pid": 1, "comm": "日本語"}, {"pid": 2, "comm": "ascii"}]
    frame = make_frame(None, make_sample(rows), lookups)
    wide, narrow = table(frame, "comm", "command")[1:]
    assert cell_width(wide.removesuffix("日本")) == cell_width(
        narrow.removesuffix("ascii")
    )


def test_the_summary_says_what_the_machine_does() -> None:
    rows = [
        {"pid": 1},
        {"pid": 2, "flags": PF_KTHREAD},
        {"pid": 3},
        {"pid": 4, "tgid": 3},
    ]
    before = make_sample(host=make_host([cpu_ticks()] * 2))
    host = make_host([cpu_ticks(user=30, idle=70)] * 2, hostname="box")
    frame = make_frame(before, make_sample(rows, host=host, after_s=1.0))
    first, second, third, blank = frame_table(frame, np.arange(4), [COLUMNS["pid"]])[:4]
    assert first == (
        f"box  {clock(frame)}  up 1 d 03:46  load 0.50 0.25 0.12  "
        "2 tasks, 1 kernel thread, 2 running"
    )
    assert second == (
        "CPU 30.0% of 2 cores  Mem 6.0G/16G  Swp 0/2.0G  collector replay (by hand)"
    )
    assert third == (
        "Busy 0.60 cores = live 0.00, exited -, irq 0.00, unexplained 0.60"
    )
    assert blank == ""


def test_what_the_machine_does_not_tell_is_a_dash_with_its_reason() -> None:
    nothing = math.nan
    memory = replace(make_host().memory, swap_free=nothing, is_estimate=True)
    host = make_host(
        memory=memory,
        load=(nothing, 0.25, nothing),
        uptime_s=nothing,
        running=UNKNOWN,
        unknown=("uptime: missing", "meminfo: SwapFree missing"),
    )
    frame = make_frame(None, make_sample(host=host))
    lines = frame_table(frame, np.arange(0), [])
    assert lines[0] == (
        f"testhost  {clock(frame)}  up -  load - 0.25 -  "
        "0 tasks, 0 kernel threads, - running"
    )
    assert "Mem about 6.0G/16G  Swp -/2.0G" in lines[1]
    assert lines[2:4] == ["- uptime: missing", "- meminfo: SwapFree missing"]


def test_an_unknown_cpu_use_is_a_dash() -> None:
    frame = make_frame(None, make_sample())
    assert frame_table(frame, np.arange(0), [])[1].startswith("CPU -% of 2 cores")
