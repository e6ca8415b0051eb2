"""The table shows the projection, and paints no line that did not change."""

import dataclasses
from typing import Any, Final

import pytest
from textual.strip import Strip

from montauk_tui.config import Settings
from montauk_tui.engine.columns.table import pick
from montauk_tui.model.schema import Need
from montauk_tui.session.tabs import BUILT_IN, EXITED
from montauk_tui.ui.widgets.columns import fit_columns
from montauk_tui.ui.widgets.lines import LinesWidget
from montauk_tui.ui.widgets.process_row import NEW_SIGN
from montauk_tui.ui.widgets.process_table import ProcessTable
from tests.support.builders import FakeLookups
from tests.support.monitor import Monitor, changed, make_app, running
from tests.support.scenes import scene_collector

WIDE: Final = (120, 40)

Painted = list[tuple[str, int]]


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> Painted:
    """Note the widget and the line of each line that is painted."""
    lines: Painted = []

    def noting(kind: type[ProcessTable] | type[LinesWidget]) -> None:
        real = kind.render_line

        def render_line(widget: Any, y: int) -> Strip:
            lines.append((widget.id, y))
            return real(widget, y)

        monkeypatch.setattr(kind, "render_line", render_line)

    noting(ProcessTable)
    noting(LinesWidget)
    return lines


def pids_on_screen(monitor: Monitor) -> list[int]:
    table = monitor.table
    lines = [table.render_line(y).text for y in range(table.size.height)]
    return [int(line.lstrip(f" {NEW_SIGN}").split()[0]) for line in lines]


def again(monitor: Monitor) -> Any:
    """Return the frame as a new object with nothing new in it."""
    return dataclasses.replace(monitor.frame, seq=monitor.frame.seq + 1)


async def test_the_table_shows_the_rows_of_the_projection() -> None:
    async with running(size=WIDE) as monitor:
        height = monitor.table.size.height
        assert height > 20
        assert pids_on_screen(monitor) == monitor.shown_pids[:height]
        assert monitor.shown_pids[:4] == [4131, 4121, 4135, 4122]
        assert len(monitor.shown_pids) == 54
        await monitor.press("end")
        assert pids_on_screen(monitor) == monitor.shown_pids[-height:]


async def test_rows_line_up_with_their_titles() -> None:
    async with running(size=WIDE) as monitor:
        header = monitor.app.controller.main.header.render_line(0).text
        row = monitor.table.render_line(0).text
        for title, value in (("PID", "4131"), ("RES", "488M"), ("TIME+", "0:08.99")):
            assert header.index(title) + len(title) == row.index(value) + len(value)
        assert header.index("USER") == row.index("build")
        assert header.index("Command") == row.index("/usr/lib/gcc")


async def test_a_new_frame_replaces_what_is_shown() -> None:
    async with running(size=WIDE) as monitor:
        assert "0:08.99" in monitor.table.render_line(0).text
        await monitor.sample()
        assert "0:09.98" in monitor.table.render_line(0).text


@pytest.mark.parametrize("processes", [100, 10_000])
async def test_a_frame_makes_the_rows_on_the_screen_that_changed(
    processes: int,
) -> None:
    app = make_app(scene_collector(processes=processes))
    async with running(app, WIDE) as monitor:
        assert len(monitor.shown_pids) > 80
        # 40 lines less title, 4 of CPUs, ledger, view, header, status, keys.
        assert monitor.table.size.height == 30
        before = monitor.table.rows_drawn
        await monitor.draw(again(monitor))
        assert monitor.table.rows_drawn == before
        await monitor.draw(changed(monitor.frame, 4121, rss_bytes=1))
        assert monitor.table.rows_drawn == before + 1
        await monitor.press("pagedown")
        assert monitor.table.rows_drawn <= before + 1 + 30


async def test_key_presses_draw_no_more_than_a_screen_either() -> None:
    app = make_app(scene_collector(processes=10_000))
    async with running(app, WIDE) as monitor:
        for key in ("down", "end", "pageup", "M", "t", "K"):
            before = monitor.table.rows_drawn
            await monitor.press(key)
            drawn = monitor.table.rows_drawn - before
            # A jump draws the screen it leaves for, and the selected row once more.
            assert drawn <= 2 * monitor.table.size.height, key


async def test_a_frame_like_the_one_before_paints_nothing(painted: Painted) -> None:
    async with running(size=WIDE) as monitor:
        painted.clear()
        await monitor.draw(again(monitor))
        assert painted == []


async def test_only_rows_that_changed_are_painted(painted: Painted) -> None:
    async with running(size=WIDE) as monitor:
        pid = monitor.shown_pids[5]
        painted.clear()
        await monitor.draw(changed(monitor.frame, pid, rss_bytes=77 << 20))
        assert painted == [("table", 5)]
        assert " 77M " in monitor.table.render_line(5).text


async def test_a_change_out_of_sight_paints_nothing(painted: Painted) -> None:
    async with running(size=WIDE) as monitor:
        pid = monitor.shown_pids[-1]
        painted.clear()
        await monitor.draw(changed(monitor.frame, pid, threads=1, nice=3))
        assert painted == []


async def test_moving_the_selection_paints_two_rows(painted: Painted) -> None:
    async with running(size=WIDE) as monitor:
        await monitor.press("down")
        painted.clear()
        await monitor.press("down")
        assert painted == [("table", 1), ("table", 2)]


async def test_a_line_outside_the_table_is_painted_when_it_changes(
    painted: Painted,
) -> None:
    async with running(size=WIDE) as monitor:
        host = dataclasses.replace(monitor.frame.sample.host, load=(99.0, 1.0, 1.0))
        sample = dataclasses.replace(monitor.frame.sample, host=host)
        painted.clear()
        await monitor.draw(dataclasses.replace(monitor.frame, sample=sample))
        assert painted == [("meters", 0)]
        assert "load 99.00 1.00 1.00" in monitor.lines[0]


async def test_the_status_line_tells_who_collects_how_often_and_what_it_costs() -> None:
    app = make_app(settings=Settings(interval_s=2.5))
    async with running(app, WIDE) as monitor:
        status = monitor.lines[-2]
        assert "collector replay (2 samples)" in status
        assert "every 2.5 s" in status
        assert "costs 4 ms" in status


async def test_refusals_of_better_collectors_are_shown() -> None:
    async with running(size=(160, 30)) as monitor:
        refusal = "kernel: unavailable: no BPF; run as root"
        status = dataclasses.replace(monitor.frame.collector, refusals=(refusal,))
        await monitor.draw(dataclasses.replace(monitor.frame, collector=status))
        assert refusal in monitor.lines[-2]


async def test_a_column_that_costs_is_read_of_the_rows_on_the_screen_only() -> None:
    collector = scene_collector(processes=1_000)
    settings = Settings(columns=("pid", "pss_bytes", "unit", "command"))
    async with running(make_app(collector, settings), WIDE) as monitor:
        lookups = monitor.frame.lookups
        assert isinstance(lookups, FakeLookups)
        lookups.values_read.clear()
        await monitor.sample()
        read = {pid for name, pid in lookups.values_read if name == "pss_bytes"}
        assert read == set(monitor.shown_pids[: monitor.table.size.height])
        assert not any(need & Need.of("pss_bytes") for need in collector.needs)
        await monitor.app.run_action("sort('pss_bytes')")
        await monitor.until(lambda: Need.of("pss_bytes") in collector.needs[-1])


@pytest.mark.parametrize(
    ("screen", "pid_digits", "wide"),
    [(119, 5, 0), (145, 5, 37), (145, 7, 33), (199, 5, 48)],
)
def test_the_cause_of_a_death_widens_with_the_screen(
    screen: int, pid_digits: int, wide: int
) -> None:
    """Without a column it stands in front of the command, which stays readable."""
    wanted = pick(BUILT_IN[EXITED].columns, machine_scale=False)
    columns, widths = fit_columns(wanted, screen, pid_digits)
    width_of = dict(zip((it.id for it in columns), widths, strict=True))
    assert width_of.get("killed_by", 0) == wide
    assert screen - sum(widths) - len(widths) >= 44
    chosen = pick(["killed_by:40", "command"], machine_scale=False)
    assert fit_columns(chosen, screen, pid_digits)[1] == (40, 0)
