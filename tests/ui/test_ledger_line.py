"""The ledger line: where the CPU time went, and rates of starts and exits."""

import math
import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.config import Settings
from montauk_tui.model.frame import Frame, Ledger
from montauk_tui.model.history import Churn, History
from montauk_tui.resources import folder
from montauk_tui.ui import themes
from montauk_tui.ui.widgets.ledger_line import draw_ledger
from montauk_tui.ui.widgets.lines import line_width
from montauk_tui.ui.widgets.meters import MeterStyle
from tests.support.churn import churning_collector
from tests.support.monitor import make_app, running
from tests.support.scenes import scene_frame

THEME = themes.load(themes.DEFAULT, [folder("themes")])
LEDGER = Ledger(4.0, 1.0, 2.5, 0.25, 0.25, 2.0)
CORES = len(scene_frame().sample.host.cpu_ids)


def frame(*churn: Churn, ledger: Ledger | None = LEDGER, **changes: Any) -> Frame:
    """Return a frame of 2 s."""
    changed = {"ledger": ledger, "interval_s": 2.0, "history": History(churn=churn)}
    return replace(scene_frame(), **{**changed, **changes})


def churn(ended: int | None = 428, lost: int = 0, at_s: float = 0.0) -> Churn:
    started = None if ended is None else ended + 2
    return Churn(at_s, 2.0, started, ended, lost)


def look_of(width: int, *, ascii_only: bool = False) -> MeterStyle:
    return MeterStyle(THEME, ascii_only, width, 4)


def text(one: Frame, width: int = 200, *, ascii_only: bool = False) -> str:
    (line,) = draw_ledger(one, look_of(width, ascii_only=ascii_only))
    assert line_width(line) <= width
    return "".join(run for run, _ in line)


def test_the_parts_are_cores_of_their_own() -> None:
    said = text(frame(churn()))
    assert said.startswith(
        f" CPU 2.00 of {CORES} cores: "
        "live 0.50, exited 1.25, irq 0.12, unexplained 0.13"
    )
    assert "215 forks/s  214 exits/s" in said


def test_parts_of_nothing_are_left_out_except_live_processes() -> None:
    ledger = Ledger(2.0, 2.0, 0.0, 0.0, 0.0, 2.0)
    figures = text(frame(churn(), ledger=ledger)).partition("[")[0]
    assert figures.rstrip() == f" CPU 1.00 of {CORES} cores: live 1.00"
    idle = Ledger(0.0, 0.0, 0.0, 0.0, 0.0, 2.0)
    assert "cores: live 0.00  " in text(frame(churn(), ledger=idle))


@pytest.mark.parametrize(("unexplained_s", "is_hot"), [(0.08, False), (0.4, True)])
def test_only_much_unexplained_time_has_a_colour(
    unexplained_s: float, *, is_hot: bool
) -> None:
    ledger = replace(LEDGER, unexplained_s=unexplained_s, live_s=1.25 - unexplained_s)
    (line,) = draw_ledger(frame(churn(), ledger=ledger), look_of(200))
    [style] = [style for run, style in line if run == "unexplained "]
    assert style == THEME.style("hot" if is_hot else "label")


def test_in_a_pid_namespace_the_rest_of_the_machine_is_outside() -> None:
    ledger = replace(LEDGER, unexplained_s=2.0, live_s=0.5, exited_s=1.25)
    one = frame(churn(), ledger=ledger)
    host = replace(one.sample.host, sees_every_process=False)
    one = replace(one, sample=replace(one.sample, host=host))
    (line,) = draw_ledger(one, look_of(200))
    assert ("outside this PID namespace ", THEME.style("label")) in line
    assert THEME.style("hot") not in [style for run, style in line if run.strip()]
    assert "unexplained" not in text(one)
    bar = text(one).partition("[")[2].partition("]")[0]
    assert set(bar) == set("|x*.")
    assert "outside 1.01 " in text(one, 80)
    few = replace(LEDGER, exited_s=0.0, interrupts_s=0.0, unexplained_s=3.0)
    assert "outside 1.50 " in text(replace(one, ledger=few), 80)
    assert "outside this PID namespace 1.50 " in text(replace(one, ledger=few), 110)


def test_the_bar_has_the_parts_in_their_proportion() -> None:
    said = text(frame(churn()))
    bar = said.partition("[")[2].partition("]")[0]
    assert len(bar) == 36
    assert [bar.count(sign) for sign in "|x*? "] == [9, 23, 2, 2, 0]
    assert bar == "".join(sorted(bar, key="|x*?".index))


def test_what_a_collector_cannot_tell_is_a_dash() -> None:
    said = text(frame(churn(None), ledger=replace(LEDGER, exited_s=None)))
    assert "exited -, " in said
    assert "forks" not in said
    assert "lost" not in said


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_what_stat_does_not_tell_is_a_dash_and_no_part_of_the_bar(width: int) -> None:
    """As where the softirq of one CPU is no number, and interrupts are measured."""
    ledger = replace(LEDGER, interrupts_s=math.nan, unexplained_s=math.nan)
    figures, _, bar = text(frame(churn(), ledger=ledger), width).partition("[")
    assert re.search(r"(rest|unexplained) -", figures)
    assert set(bar.partition("]")[0]) <= set("|x ")


@given(
    st.tuples(*[st.floats(0.0, 200.0)] * 3),
    st.none() | st.floats(0.0, 200.0),
    st.floats(0.2, 60.0),
)
def test_what_is_shown_adds_up_to_the_digit(
    parts: tuple[float, float, float], exited_s: float | None, interval_s: float
) -> None:
    busy_s, live_s, interrupts_s = parts
    rest_s = busy_s - live_s - (exited_s or 0.0) - interrupts_s
    ledger = Ledger(busy_s, live_s, exited_s, interrupts_s, rest_s, interval_s)
    one = replace(frame(churn()), ledger=ledger)
    for width in (200, 80):
        busy, _, rest = text(one, width).partition("[")[0].partition(":")
        rest = rest.partition(" forks/s")[0].rpartition("  ")[0] or rest
        numbers = [Decimal(number) for number in re.findall(r"-?\d+\.\d\d", rest)]
        told = re.search(r"-?\d+\.\d\d", busy)
        assert told
        assert sum(numbers) == Decimal(told[0])


def test_more_parts_than_busy_time_is_shown_as_it_is() -> None:
    ledger = replace(LEDGER, interrupts_s=0.0, unexplained_s=-0.1, live_s=1.6)
    said = text(frame(churn(), ledger=ledger))
    assert "live 0.80, exited 1.25, unexplained -0.05 " in said
    assert "rest -0.05" in text(frame(churn(lost=6), ledger=ledger), 60)


def test_nothing_at_all_to_account_for_draws_an_empty_bar() -> None:
    said = text(frame(churn(), ledger=Ledger(0.0, 0.0, 0.0, 0.0, 0.0, 2.0)))
    assert "[" + " " * 36 + "]" in said


@pytest.mark.parametrize("width", [80, 120, 200])
def test_what_was_lost_is_an_alert_at_every_width(width: int) -> None:
    (line,) = draw_ledger(frame(churn(lost=6)), look_of(width))
    alerts = [run for run, style in line if style == THEME.style("alert")]
    assert alerts == [" 3.0/s lost "]
    assert line_width(line) <= width
    (line,) = draw_ledger(frame(churn()), look_of(width))
    assert not [run for run, style in line if style == THEME.style("alert")]


def sparks_of(*parts: Churn) -> str:
    return "".join(char for char in text(frame(*parts)) if char in "▁▂▃▄▅▆▇█")


def test_a_minute_of_history() -> None:
    sparks = sparks_of(*[churn(2 * at, at_s=2.0 * at) for at in range(30)])
    assert len(sparks) == 30
    assert (sparks[0], sparks[-1]) == ("▁", "▅")
    assert list(sparks) == sorted(sparks)


@pytest.mark.parametrize("rate", [1, 3, 10, 58, 83, 84, 1000, 43_210])
def test_a_steady_rate_is_no_solid_block(rate: int) -> None:
    (sign,) = {*sparks_of(*[churn(2 * rate, at_s=2.0 * at) for at in range(30)])}
    assert sign in "▃▄▅▆▇"


def test_the_history_is_cut_at_its_old_end() -> None:
    parts = [churn(0 if at < 55 else 100, at_s=float(at)) for at in range(60)]
    said = text(frame(*parts), 170)
    sparks = "".join(char for char in said if char in "▁▂▃▄▅▆▇█")
    assert 5 < len(sparks) < 60
    assert sparks.endswith("▁▄▄▄▄▄")
    assert said.endswith(" exits/s ")


def test_with_ascii_only_nothing_else_is_drawn() -> None:
    parts = [churn(at, at_s=float(at)) for at in range(30)]
    said = text(frame(*parts), ascii_only=True)
    assert said.isascii()
    assert "_" in said
    assert "+" in said


@pytest.mark.parametrize("width", range(1, 220, 3))
def test_it_is_never_wider_than_the_screen(width: int) -> None:
    one = frame(churn(123_456, lost=99_999))
    (line,) = draw_ledger(one, look_of(width))
    assert line_width(line) <= max(width, 80)


def test_at_80_columns_figures_and_gauge_stay() -> None:
    said = text(frame(churn()), 80)
    parts = "live 0.50, exited 1.25, irq 0.12, unexplained 0.13"
    assert said.startswith(f" CPU 2.00 of {CORES}: {parts}")
    assert said.endswith(" 215 forks/s ")


def test_before_there_is_an_interval_the_line_has_its_place() -> None:
    """Else all below would move when it comes, away from under a click."""
    look = look_of(100)
    for early in (frame(ledger=None), frame(interval_s=None)):
        ((run, *_),) = draw_ledger(early, look)
        assert run[0].split() == ["CPU"]


async def test_the_line_is_in_the_header_and_goes_before_processes_do() -> None:
    async with running(make_app(churning_collector()), (80, 24)) as monitor:
        assert "CPU 6." in monitor.text
        assert " 45 forks/s" in monitor.text
        await monitor.press("#")
        assert " CPU 6." not in monitor.text
        await monitor.press("#")
        assert " CPU 6." in monitor.text
        await monitor.resize(80, 15)
        assert " CPU 6." not in monitor.text
        assert "Mem[" in monitor.text
        await monitor.resize(80, 16)
        assert " CPU 6." in monitor.text


async def test_with_the_setting_ascii_the_whole_screen_is() -> None:
    app = make_app(churning_collector(), Settings(ascii=True))
    async with running(app, (200, 30)) as monitor:
        for _ in range(12):
            await monitor.sample()
        await monitor.press("tab", "tab", "tab")
        table = "\n".join(line for line in monitor.lines if "日" not in line)
        assert table.isascii(), [char for char in table if not char.isascii()]
        assert "<- tmux" in table
