"""The status line: who collects, why nobody better does, what was lost."""

import dataclasses
from typing import Final

import numpy as np
import pytest

from montauk_tui.engine.killed import MOST
from montauk_tui.model.frame import CollectorStatus, Frame
from montauk_tui.model.history import ExitedBatch, History
from montauk_tui.model.sample import Counters
from montauk_tui.resources import folder
from montauk_tui.ui import themes
from montauk_tui.ui.widgets.lines import Line, line_width
from montauk_tui.ui.widgets.status import draw_status_line
from tests.support.exits import make_exits
from tests.support.monitor import running
from tests.support.scenes import scene_frame

THEME: Final = themes.load(themes.DEFAULT, [folder("themes")])
KERNEL: Final = CollectorStatus("kernel", "eBPF, BCC 0.26.0, tracepoints")
TRADITIONAL: Final = CollectorStatus("traditional", "/proc")
REFUSAL: Final = "kernel: unavailable: no CAP_BPF and CAP_PERFMON; run it as root"


def frame_with(
    status: CollectorStatus, counters: Counters | None = None, *refusals: str
) -> Frame:
    frame = scene_frame(8)
    status = dataclasses.replace(status, refusals=refusals)
    sample = dataclasses.replace(frame.sample, counters=counters or Counters())
    return dataclasses.replace(frame, sample=sample, collector=status)


def counted(lost: int) -> Counters:
    return Counters(forks=9, execs=9, exits=9, lost=lost)


def draw(frame: Frame, width: int) -> Line:
    return draw_status_line(frame, 1.0, "7 ms", THEME, width)


def text(line: Line) -> str:
    return "".join(run for run, _ in line)


def test_without_counters_nothing_is_said_about_losses() -> None:
    shown = text(draw(frame_with(TRADITIONAL), 80))
    assert shown.strip() == "collector traditional (/proc)  every 1 s costs 7 ms"
    assert shown.startswith("    ")


def test_a_moment_of_the_past_has_no_cost() -> None:
    frame = dataclasses.replace(frame_with(TRADITIONAL), is_recorded=True)
    assert text(draw(frame, 80)).strip() == "collector traditional (/proc)"


def test_while_all_is_well_the_line_is_faint() -> None:
    line = draw(frame_with(KERNEL, counted(0)), 100)
    assert {style for run, style in line if run.strip()} == {THEME.style("faint")}
    assert "lost" not in text(line)


@pytest.mark.parametrize(
    ("state", "style"),
    [("recording", "label"), ("not recording: No space left on device", "alert")],
)
def test_a_recording_is_said_and_loudly_if_there_is_none(
    state: str, style: str
) -> None:
    frame = dataclasses.replace(frame_with(KERNEL, counted(3)), recording=state)
    line = draw(frame, 100)
    assert text(line).startswith(f" {state}  events lost 3 ")
    assert (f" {state} ", THEME.style(style)) in line


@pytest.mark.parametrize("lost", [1, 9999])
def test_losses_stand_first(lost: int) -> None:
    line = draw(frame_with(KERNEL, counted(lost)), 100)
    assert text(line).startswith(f" events lost {lost} ")
    assert (f"{lost} ", THEME.style("alert")) in line


def test_lost_cpu_times_are_shown_where_there_are_any() -> None:
    counters = dataclasses.replace(counted(0), lost_cpu_times=7)
    line = draw(frame_with(KERNEL, counters), 100)
    assert text(line).startswith(" CPU times lost 7 ")
    assert ("7 ", THEME.style("alert")) in line
    assert "CPU" not in text(draw(frame_with(KERNEL, counted(0)), 100))


@pytest.mark.parametrize("width", range(30, 121, 5))
def test_losses_are_shown_at_every_width(width: int) -> None:
    shown = text(draw(frame_with(KERNEL, counted(123_456), REFUSAL), width))
    assert "lost 123456" in shown[:width]


def test_a_line_of_80_cells_has_everything_while_nothing_is_lost() -> None:
    line = draw(frame_with(KERNEL, counted(0)), 80)
    detail = "(eBPF, BCC 0.26.0, tracepoints)"
    assert text(line).endswith(f" collector kernel {detail}  every 1 s costs 7 ms ")
    assert line_width(line) == 80


def test_the_detail_goes_before_the_cost() -> None:
    shown = text(draw(frame_with(KERNEL, counted(123_456)), 80))
    assert "eBPF" not in shown
    assert "lost 123456" in shown
    assert "costs 7 ms" in shown


def test_a_starting_collector_is_named() -> None:
    frame = frame_with(TRADITIONAL, None, "kernel: loading")
    shown = text(draw(frame, 80))
    assert shown.startswith("  kernel: loading  ")


@pytest.mark.parametrize("width", range(30, 161, 5))
def test_why_a_figure_is_not_known_is_shown_in_whole_words(width: int) -> None:
    frame = frame_with(TRADITIONAL, None, REFUSAL)
    reasons = ("meminfo: SwapFree too large: '18446744073709551488'", "uptime: x")
    host = dataclasses.replace(frame.sample.host, unknown=reasons)
    sample = dataclasses.replace(frame.sample, host=host)
    shown = text(draw(dataclasses.replace(frame, sample=sample), width))
    said = shown.partition("-: ")[2].partition(" (+1) ")[0].split()
    assert said == reasons[0].split()[: len(said)]
    if width >= 80:
        assert said[:2] == ["meminfo:", "SwapFree"]


def test_the_first_refusal_is_shown_as_it_is_where_there_is_room() -> None:
    shown = text(draw(frame_with(TRADITIONAL, None, REFUSAL, "netlink: no"), 160))
    assert REFUSAL in shown
    assert "netlink" not in shown


@pytest.mark.parametrize("width", range(1, 161))
def test_a_refusal_is_cut_between_words(width: int) -> None:
    line = draw(frame_with(TRADITIONAL, None, REFUSAL), width)
    shown = text(line)
    detail = " (/proc)" if "(/proc)" in shown else ""
    right = f"collector traditional{detail}  every 1 s costs 7 ms "
    if "kernel" not in shown:
        assert width < len(f"  kernel:...  {right}")
        return
    assert line_width(line) == width
    between = shown.removesuffix(right)
    assert between.startswith("  ")
    assert between.endswith("  ")
    said, short = between.strip(), REFUSAL.replace(" unavailable:", "")
    if said not in (REFUSAL, short):
        kept = said.removesuffix("...")
        assert said != kept
        assert short.startswith(f"{kept} ")
        following = short.removeprefix(kept).split()[0]
        assert len(f"  {kept} {following}...  {right}") > width


def test_a_wide_refusal_is_cut_by_cells() -> None:
    refusal = "kernel: unavailable: \x1b[2J " + "核 " * 60
    line = draw(frame_with(TRADITIONAL, None, refusal), 100)
    assert line_width(line) == 100
    assert r"kernel: \x1b[2J 核" in text(line)
    assert "核..." in text(line)


async def test_a_message_is_one_line_over_the_status_line() -> None:
    async with running(size=(80, 24)) as monitor:
        before = monitor.lines
        monitor.app.controller.say("SIGTERM sent to make 4711", is_good=True)
        await monitor.settle()
        assert monitor.lines[-2].rstrip() == " SIGTERM sent to make 4711"
        assert monitor.lines[:-2] == before[:-2]
        assert monitor.lines[-1] == before[-1]
        monitor.app.controller.say("owned by root: run as root, or with CAP_KILL" * 2)
        await monitor.settle()
        assert "SIGTERM" not in monitor.text
        assert monitor.lines[-3].startswith(" owned by root: ")


async def test_losses_appear_on_the_screen() -> None:
    async with running(size=(100, 24)) as monitor:
        assert "lost" not in monitor.lines[-2]
        frame = monitor.frame
        sample = dataclasses.replace(frame.sample, counters=counted(7))
        await monitor.draw(dataclasses.replace(frame, sample=sample, collector=KERNEL))
        assert monitor.lines[-2].startswith(" events lost 7 ")


async def test_a_starting_collector_and_then_its_refusal_appear_on_the_screen() -> None:
    async with running(size=(80, 24)) as monitor:
        for refusal, shown in (
            ("kernel: loading", "kernel: loading"),
            (REFUSAL, "kernel: no CAP"),
        ):
            status = dataclasses.replace(TRADITIONAL, refusals=(refusal,))
            await monitor.draw(dataclasses.replace(monitor.frame, collector=status))
            assert shown in monitor.lines[-2]


def test_that_a_better_one_is_loading_is_seen_on_80_columns() -> None:
    netlink = CollectorStatus("netlink", "proc connector, taskstats")
    loading = "kernel: loading for 12 s"
    line = text(draw(frame_with(netlink, counted(0), loading), 80))
    assert line.startswith(f"  {loading}  ")
    assert " collector netlink " in line


# --- killed processes -----------------------------------------------------------------


def frame_of_kills(*rows: tuple[str, int, float]) -> Frame:
    """Return a frame with killed processes: name, signal, seconds ago."""
    frame = frame_with(KERNEL, counted(0))
    now_s = frame.sample.boot_s
    exits = make_exits(
        {
            "comm": name.encode(), "pid": 100 + at, "ppid": 0, "exit_signal": number,
            "end_ns": int((now_s - ago_s) * 1e9),
        }
        for at, (name, number, ago_s) in enumerate(rows)
    )  # fmt: skip
    none, at_s = (
        np.full(len(rows), np.nan),
        np.full(len(rows), frame.sample.monotonic_s),
    )
    serial = np.arange(len(rows))
    part = ExitedBatch(exits, none, none, at_s, serial, {}, none)
    return dataclasses.replace(frame, history=History(exited=(part,)))


def test_what_was_killed_is_shown_with_the_reason_and_when() -> None:
    frame = frame_of_kills(("cc1", 11, 3.2), ("cc1", 11, 9.0), ("java", 9, 0.2))
    shown = text(draw(frame, 140))
    java, cc1 = "java 102 SIGKILL just now", "cc1 100 SIGSEGV 2 times, last 3s ago"
    assert shown.startswith(f" killed: {java}; {cc1}  ")
    assert shown.endswith("  every 1 s costs 7 ms ")


def test_the_last_of_several_may_be_of_just_now() -> None:
    frame = frame_of_kills(("cc1", 11, 0.2), ("cc1", 11, 3.0))
    assert " SIGSEGV 2 times, just now  " in text(draw(frame, 140))


def test_in_the_past_it_was_before_that_moment() -> None:
    frame = frame_of_kills(("cc1", 11, 3.2), ("java", 9, 0.2))
    shown = text(draw(dataclasses.replace(frame, is_recorded=True), 140))
    assert " killed: java 101 SIGKILL just before; cc1 100 SIGSEGV 3s before" in shown


def test_a_storm_of_kills_is_counted_as_far_as_it_is_looked_at() -> None:
    frame = frame_of_kills(*[("cc1", 11, 1.0)] * (MOST + 5))
    assert f"SIGSEGV {MOST}+ times, last 1s ago" in text(draw(frame, 140))


@pytest.mark.parametrize("width", range(40, 161, 5))
def test_the_collector_gives_way_to_what_was_killed(width: int) -> None:
    frame = frame_of_kills(*((f"prog{at}", 11, at + 1) for at in range(9)))
    line = draw(frame, width)
    shown = text(line)
    assert shown.startswith(" killed: prog0 100 SIGSEGV 1s ago")
    assert width < 60 or "; prog1 101 SIGSEGV 2s ago" in shown
    assert width < 120 or "collector" in shown
    # None is cut.
    assert "SIGSEGV" not in shown.rpartition("ago")[2]


def test_who_started_it_is_told_where_there_is_room() -> None:
    frame = frame_of_kills(("thumbnail", 11, 3.2))
    pid = int(frame.sample.processes.pid[0])
    name = bytes(frame.sample.processes.comm[0]).decode()
    start_ticks = int(frame.sample.processes.start_ticks[0]) + 1
    (part,) = frame.history.exited
    exits = make_exits(
        [{"comm": b"thumbnail", "pid": 7, "ppid": pid, "exit_signal": 11,
          "start_ticks": start_ticks, "end_ns": int(part.exits.end_ns[0])}]
    )  # fmt: skip
    history = History(exited=(part._replace(exits=exits),))
    frame = dataclasses.replace(frame, history=history)
    said = f" killed: thumbnail 7 SIGSEGV 3s ago, child of {name} {pid}"
    assert text(draw(frame, 80)).startswith(said)
    assert text(draw(frame, 40)).rstrip() == " killed: thumbnail 7 SIGSEGV 3s ago"
