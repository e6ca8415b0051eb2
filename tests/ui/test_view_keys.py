"""Keys that change what is shown: order, rows, scale, columns in sight, pace."""

from typing import Final

import pytest

from montauk_tui.config import Settings
from montauk_tui.errors import CollectorFailed
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import Need
from tests.support.monitor import Monitor, StandingClock, make_app, running
from tests.support.replay import ReplayCollector
from tests.support.scenes import build_scene, scene_collector, scene_lookups

SIZE: Final = (120, 40)


def is_sorted(values: list[float], *, descending: bool) -> bool:
    return values == sorted(values, reverse=descending)


def column(monitor: Monitor, field: str) -> list[float]:
    """Return the values of a column from top to bottom."""
    projection = monitor.rows.projection
    if field == "cpu_pct":
        values = monitor.frame.rates.cpu_pct
    elif field == "cpu_time":
        table = monitor.frame.sample.processes
        values = (table.utime + table.stime).astype(float)
    else:
        values = getattr(monitor.frame.sample.processes, field).astype(float)
    shown: list[float] = values[projection.rows].tolist()
    return shown


@pytest.mark.parametrize(
    ("key", "field", "title", "descending"),
    [
        ("N", "pid", "PID", False),
        ("P", "cpu_pct", "CPU%", True),
        ("M", "rss_bytes", "RES", True),
        ("T", "cpu_time", "TIME+", True),
    ],
)
async def test_sort_keys_sort_and_invert_turns_round(
    key: str, field: str, title: str, *, descending: bool
) -> None:
    async with running(size=SIZE) as monitor:
        for _ in range(2):
            # The key means a direction: pressed again it changes nothing.
            await monitor.press(key)
            assert is_sorted(column(monitor, field), descending=descending)
            assert f"sort {title} " in monitor.text
            assert f"{title}{'▼' if descending else '▲'}" in monitor.text
        await monitor.press("I")
        assert is_sorted(column(monitor, field), descending=not descending)
        assert f"{title}{'▲' if descending else '▼'}" in monitor.text


@pytest.mark.parametrize("key", ["f6", "<", ">", ",", "."])
async def test_the_sort_column_can_be_chosen_from_a_list(key: str) -> None:
    async with running(size=SIZE) as monitor:
        await monitor.press(key)
        assert "Sort by" in monitor.text
        # It starts at the column in use, CPU%; MEM% comes after it.
        await monitor.press("down", "enter")
        assert monitor.app.session.choices.view.sort.id == "mem_pct"
        assert "sort MEM% " in monitor.text
        await monitor.press(key, "home", "escape")
        assert "Sort by" not in monitor.text
        assert monitor.app.session.choices.view.sort.id == "mem_pct"


async def test_a_click_on_a_title_sorts_and_another_turns_round() -> None:
    async with running(size=SIZE) as monitor:
        titles = monitor.app.controller.main.header.render_line(0).text
        await monitor.click("#header", titles.index("PID"))
        assert is_sorted(column(monitor, "pid"), descending=False)
        await monitor.click("#header", titles.index("PID"))
        assert is_sorted(column(monitor, "pid"), descending=True)
        await monitor.click("#header", titles.index("RES") + 1)
        assert is_sorted(column(monitor, "rss_bytes"), descending=True)
        await monitor.click("#header", 110)
        assert monitor.app.session.choices.view.sort.id == "command"


async def test_a_click_finds_its_title_when_scrolled_sideways() -> None:
    async with running(size=SIZE) as monitor:
        await monitor.press("right")
        titles = monitor.app.controller.main.header.render_line(0).text
        await monitor.click("#header", titles.index("MEM%"))
        assert monitor.app.session.choices.view.sort.id == "mem_pct"


async def test_scrolling_sideways_moves_titles_and_rows_together() -> None:
    async with running(size=(80, 24)) as monitor:
        table, header = monitor.table, monitor.app.controller.main.header
        title, row = header.render_line(0).text, table.render_line(1).text.rstrip()
        keys = [("right", 8), ("right", 16), ("left", 8), ("ctrl+a", 0), ("left", 0)]
        for key, shift in keys:
            await monitor.press(key)
            assert (table.shift, header.shift) == (shift, shift)
            assert header.render_line(0).text.startswith(title[shift:].rstrip())
            assert table.render_line(1).text.startswith(row[shift:])
        await monitor.press("ctrl+e")
        longest = max(
            len(table.render_line(y).text.rstrip()) for y in range(table.size.height)
        )
        # The longest line ends one cell before the edge.
        assert longest == table.size.width - 1
        assert header.shift == table.shift > 0
        end = table.shift
        await monitor.press("right")
        assert table.shift == end
        await monitor.press("^")
        assert table.shift == 0


async def test_kernel_threads_can_be_shown() -> None:
    async with running(size=SIZE) as monitor:
        assert "54 shown, 8 kernel threads hidden" in monitor.text
        await monitor.press("K")
        assert "62 shown" in monitor.text
        assert "hidden" not in monitor.text
        assert {2, 14, 15} <= set(monitor.shown_pids)
        await monitor.press("K")
        assert "54 shown, 8 kernel threads hidden" in monitor.text


async def test_threads_can_be_shown_and_are_read_only_then() -> None:
    collector = scene_collector()
    async with running(make_app(collector), SIZE) as monitor:
        assert all(Need.THREADS not in needs for needs in collector.needs)
        before = monitor.frame.seq
        await monitor.press("H")
        await monitor.until(lambda: monitor.frame.seq > before)
        await monitor.settle()
        assert Need.THREADS in collector.needs[-1]
        assert set(range(4123, 4128)) <= set(monitor.shown_pids)
        assert "59 shown" in monitor.text
        await monitor.press("H")
        assert "54 shown" in monitor.text
        await monitor.sample()
        assert Need.THREADS not in collector.needs[-1]


async def test_devices_are_read_while_their_meters_are_shown() -> None:
    collector = scene_collector()
    settings = Settings(meters=("cpu", "disk", "temperature"))
    async with running(make_app(collector, settings), SIZE) as monitor:
        assert collector.needs[-1] == Need.DISK | Need.TEMPERATURE
        assert "nvme0n1" in monitor.text
        assert "Tmp 67°C" in monitor.text
        assert "Net" not in monitor.text
        await monitor.press("#")
        await monitor.sample()
        assert collector.needs[-1] == Need.NONE
        before = monitor.frame.seq
        await monitor.press("#")
        # What is newly needed is sampled at once.
        await monitor.until(lambda: monitor.frame.seq > before)
        assert collector.needs[-1] == Need.DISK | Need.TEMPERATURE


async def test_what_is_sorted_by_is_read_for_every_process() -> None:
    collector = scene_collector()
    async with running(make_app(collector), SIZE) as monitor:
        assert all(Need.SHARED not in needs for needs in collector.needs)
        titles = monitor.app.controller.main.header.render_line(0).text
        await monitor.click("#header", titles.index("SHR"))
        await monitor.until(lambda: Need.SHARED in collector.needs[-1])
        await monitor.press("f4")
        await monitor.type("nginx")
        await monitor.press("enter")
        await monitor.until(lambda: Need.CMDLINE in collector.needs[-1])


async def test_the_folder_of_programs_can_be_left_out() -> None:
    async with running(size=SIZE) as monitor:
        assert "/usr/lib/gcc/x86_64-linux-gnu/14/cc1plus -quiet" in monitor.text
        await monitor.press("p")
        assert "/usr/lib/gcc" not in monitor.text
        assert " cc1plus -quiet -O2 src/scheduler.cpp" in monitor.text
        await monitor.press("p")
        assert "/usr/lib/gcc" in monitor.text


async def test_the_scale_of_cpu_use_is_stated_and_can_be_changed() -> None:
    async with running(size=SIZE) as monitor:
        assert "CPU% of one core" in monitor.text
        assert " 99.2 " in monitor.table.render_line(0).text
        await monitor.press("%")
        assert "CPU% of machine of 8" in monitor.text
        assert " 12.4 " in monitor.table.render_line(0).text
        assert "CPU%▼" in monitor.text
        await monitor.press("P", "%")
        assert "CPU% of one core" in monitor.text


async def test_the_meters_can_be_left_out() -> None:
    async with running(size=SIZE) as monitor:
        height = monitor.table.size.height
        assert "Mem[" in monitor.text
        await monitor.press("#")
        assert "Mem[" not in monitor.text
        assert monitor.table.size.height == height + 6
        assert monitor.table.render_line(height + 5).text.strip()
        await monitor.press("#")
        assert "Mem[" in monitor.text
        assert monitor.table.size.height == height


@pytest.mark.parametrize("key", ["f5", "t", "V"])
async def test_the_tree_shows_children_below_their_parents(key: str) -> None:
    async with running(size=(120, 70)) as monitor:
        await monitor.press(key)
        assert "tree by START" in monitor.text
        order = monitor.shown_pids
        assert order[0] == 1
        for parent, child in ((3990, 4101), (4101, 4102), (4102, 4121), (820, 822)):
            assert order.index(parent) < order.index(child)
        assert "└─ " in monitor.text
        assert "├─ " in monitor.text
        await monitor.press(key)
        assert "sort CPU%" in monitor.text


async def test_pause_holds_the_frame_until_the_key_comes_again(
    clock: StandingClock,
) -> None:
    collector = scene_collector()
    async with running(make_app(collector), SIZE) as monitor:
        frame = monitor.frame
        await monitor.press("Z")
        assert "PAUSED" in monitor.text
        clock.now_s += 1_000.0
        await monitor.press("M", "K", "t", "down")
        assert monitor.frame is frame
        assert len(collector.needs) == 2
        # Asked for, a sample is taken nevertheless.
        await monitor.sample()
        assert "PAUSED" in monitor.text
        held = monitor.frame.seq
        clock.now_s += 1_000.0
        await monitor.press("Z")
        await monitor.until(lambda: monitor.frame.seq > held)
        assert "PAUSED" not in monitor.text


async def test_settings_are_what_the_screen_starts_with() -> None:
    settings = Settings(
        interval_s=0.5, sort="pid", descending=True, filter="nginx", tree=True,
        kernel_threads=True, machine_scale=True, columns=("pid", "cpu_pct", "command"),
    )  # fmt: skip
    async with running(make_app(settings=settings), SIZE) as monitor:
        titles = monitor.app.controller.main.header.render_line(0).text
        assert titles.split() == ["PID", "CPU%", "Command"]
        for shown in ("filter nginx", "machine of 8", "tree by START", "every 0.5 s"):
            assert shown in monitor.text
        assert monitor.shown_pids == [1, 820, 821, 822, 823, 824]
        await monitor.press("t")
        assert "sort PID" in monitor.text
        assert monitor.shown_pids == [824, 823, 822, 821, 820]


class Failing(ReplayCollector):
    """Can sample as often as there are samples."""

    def sample(self, needs: Need) -> Sample:
        if len(self.needs) == 2:
            reason = "/proc is gone"
            raise CollectorFailed(reason, "mount it")
        return super().sample(needs)


async def test_a_collector_that_fails_ends_the_program_with_the_reason() -> None:
    samples = build_scene()
    app = make_app(Failing(samples, scene_lookups(samples)))
    async with running(app, SIZE) as monitor:
        await monitor.pilot.press("ctrl+l")
        await monitor.until(lambda: not app.is_running)
    assert app.return_code == 1
    assert isinstance(app.failure, CollectorFailed)
    assert str(app.failure) == "/proc is gone; mount it"
