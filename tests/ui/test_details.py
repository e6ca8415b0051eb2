"""Looking into one process: what opens it, what it shows, what its keys do."""

import dataclasses
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest

from montauk_tui.config import Settings
from montauk_tui.engine.details import ProcessHistory
from montauk_tui.model.details import Datum, Details, Section
from montauk_tui.model.frame import Frame
from montauk_tui.model.sample import Identity
from montauk_tui.model.text import cell_width
from montauk_tui.ui import screens, themes
from montauk_tui.ui.screens.details import DetailsScreen
from montauk_tui.ui.widgets.details_page import PageStyle, lay_out
from tests.support.churn import churning_collector
from tests.support.details import LOOKED_INTO, SceneDetails, looking_collector
from tests.support.monitor import Monitor, make_app, running
from tests.support.patience import MOST_S


@asynccontextmanager
async def looking(
    *keys: str, size: tuple[int, int] = (80, 24), ascii_only: bool = False
) -> AsyncIterator[tuple[Monitor, SceneDetails]]:
    """Select the compiler and press keys; wait until what opens was read."""
    collector, readings = looking_collector()
    app = make_app(collector, Settings(ascii=ascii_only))
    async with running(app, size) as monitor:
        await select(monitor)
        await monitor.press(*keys)
        if keys:
            await read(monitor)
        yield monitor, readings


async def select(monitor: Monitor) -> None:
    await monitor.select(monitor.shown_pids.index(LOOKED_INTO))


async def read(monitor: Monitor) -> None:
    await monitor.until(lambda: opened(monitor).details is not None)
    await monitor.settle()


def opened(monitor: Monitor) -> DetailsScreen:
    screen = monitor.app.screen
    assert isinstance(screen, DetailsScreen)
    return screen


def top(monitor: Monitor) -> str:
    """Return the first line below the title."""
    return monitor.lines[1].strip()


def newer(readings: SceneDetails, count: int) -> bool:
    return readings.readings > count


def drawn_title(monitor: Monitor) -> str:
    monitor.app.screen._on_timer_update()  # noqa: SLF001 - as the screen's timer does
    return monitor.lines[0]


def without(frame: Frame, pid: int) -> Frame:
    """Return a later frame in which a process is gone."""
    table = frame.sample.processes
    kept = table.only(table.pid != pid)
    rates = dataclasses.replace(
        frame.rates,
        cpu_s=frame.rates.cpu_s[table.pid != pid],
        cpu_pct=frame.rates.cpu_pct[table.pid != pid],
        children_s=frame.rates.children_s[table.pid != pid],
    )
    sample = dataclasses.replace(frame.sample, processes=kept)
    return dataclasses.replace(frame, sample=sample, rates=rates, seq=frame.seq + 1)


async def test_enter_opens_it_and_escape_leads_back_to_the_same_row() -> None:
    async with looking("enter") as (monitor, _):
        assert monitor.lines[0].startswith(" 4131 cc1plus")
        assert top(monitor).startswith("CPU%    99.2")
        assert "! /usr/lib/gcc" in monitor.text
        assert "needs CAP_SYS_PTRACE or the same user" in monitor.text
        await monitor.press("escape")
        assert monitor.is_alone
        assert monitor.current_pid == LOOKED_INTO


@pytest.mark.parametrize("key", ["q", "f10"])
async def test_other_keys_that_lead_back(key: str) -> None:
    async with looking("enter") as (monitor, _):
        await monitor.press(key)
        assert monitor.is_alone
        await monitor.press("enter")
        assert opened(monitor).identity.pid == LOOKED_INTO


@pytest.mark.parametrize(("key", "title"), [("l", "Open files"), ("e", "Environment")])
async def test_the_letters_of_htop_open_it_at_their_section(
    key: str, title: str
) -> None:
    async with looking(key, size=(80, 12)) as (monitor, _):
        assert any(line.startswith(f" {title}") for line in monitor.lines[1:9])
        await monitor.press("home")
        assert top(monitor).startswith("CPU%")
        await monitor.press(key)
        assert any(line.startswith(f" {title}") for line in monitor.lines[1:9])


async def test_tab_goes_from_section_to_section() -> None:
    async with looking("enter", size=(80, 12)) as (monitor, _):
        seen = []
        for _ in range(4):
            await monitor.press("tab")
            seen.append(top(monitor).split()[0])
        assert seen == ["Process", "Use", "Limits", "Threads"]
        await monitor.press("shift+tab")
        assert top(monitor).startswith("Limits")


async def test_it_scrolls_to_its_end_and_back() -> None:
    async with looking("enter", size=(80, 12)) as (monitor, _):
        await monitor.press("down")
        assert top(monitor).startswith("100│")
        await monitor.press("up", "pagedown")
        assert "60 s ago" not in monitor.text
        await monitor.press("end")
        assert "EMPTY" in monitor.text
        await monitor.press("home")
        assert top(monitor).startswith("CPU%")


async def test_a_search_finds_values_and_goes_on_to_the_next() -> None:
    async with looking("enter", size=(80, 12)) as (monitor, _):
        await monitor.press("/")
        await monitor.type("POOL 2")
        assert "pool 2" in monitor.text
        await monitor.press("enter")
        for number in (20, 21, 22):
            await monitor.press("n")
            assert f"pool {number}" in monitor.text
        await monitor.press("f3")
        await monitor.type("established")
        assert "10.0.0.9:443" in monitor.text
        await monitor.press("escape")
        assert opened(monitor)
        assert "Search" in monitor.lines[-1]


async def test_what_is_typed_in_the_search_does_nothing_else() -> None:
    async with looking("enter") as (monitor, _):
        await monitor.press("/")
        await monitor.type("qleZ4131")
        assert opened(monitor)
        await monitor.press("enter", "escape")
        assert monitor.is_alone
        assert monitor.app.session.choices.search_text == ""


async def test_it_is_read_again_with_every_frame_and_shows_the_history() -> None:
    async with looking("enter") as (monitor, readings):
        for _ in range(3):
            count = readings.readings
            await monitor.press("ctrl+l")
            await monitor.until(partial(newer, readings, count))
            await monitor.settle()
        history = opened(monitor).history
        assert len(history.cpu_pct) >= 4
        await monitor.until(lambda: list(history.read_rate)[-1:] == [3 << 20])
        assert "r 3.0M/s  w -" in top(monitor)
        assert "60 s ago" in monitor.text


async def test_frames_that_come_while_it_is_read_start_no_other_reading() -> None:
    async with looking() as (monitor, readings):
        go_on, started = threading.Event(), 0

        def slow(identity: Identity) -> Details | None:
            nonlocal started
            started += 1
            go_on.wait(MOST_S)
            return readings.details(identity)

        lookups = monitor.frame.lookups
        lookups.read_details = slow  # type: ignore[attr-defined] # the fake one
        await monitor.press("enter")
        await monitor.until(lambda: started)
        for _ in range(3):
            await monitor.draw(monitor.frame)
        assert started == 1
        assert "reading ..." in monitor.lines[0]
        go_on.set()
        await read(monitor)
        assert "reading" not in monitor.lines[0]


async def test_of_a_process_that_ended_the_last_values_stay() -> None:
    async with looking("enter") as (monitor, readings):
        readings.alive = False
        await monitor.draw(without(monitor.frame, LOOKED_INTO))
        assert "exited" in monitor.lines[0]
        assert "last values" in monitor.lines[0]
        assert "Executable" in monitor.text
        await monitor.press("escape")
        assert monitor.is_alone


async def test_how_it_exited_comes_first_then(monkeypatch: pytest.MonkeyPatch) -> None:
    exit_ = Section("exit", "Exit", (Datum("Status", "killed by SIGKILL"),))
    told = Details(Identity(LOOKED_INTO, 1), "cc1plus", 0, 1.0, (exit_,), is_read=False)
    monkeypatch.setattr(screens.details, "exited_details", lambda *_: told)
    async with looking("enter") as (monitor, readings):
        readings.alive = False
        await monitor.draw(without(monitor.frame, LOOKED_INTO))
        headings = opened(monitor).view.page.headings
        assert next(iter(headings)) == "exit"
        assert "killed by SIGKILL" in monitor.text
        assert "Executable" in monitor.text


async def test_enter_on_an_exited_process_shows_its_exit_and_no_empty_parts() -> None:
    async with running(make_app(churning_collector()), (120, 40)) as monitor:
        await monitor.press("tab", "tab", "enter")
        assert opened(monitor).details is not None
        assert " exited " in monitor.lines[0]
        assert "last values" not in monitor.lines[0]
        assert "Status" in monitor.text
        page = opened(monitor).view.page
        # Each heading has a line below it; there are no empty graphs.
        assert not any("┘" in line or "└" in line for line in monitor.lines)
        starts = sorted(page.headings.values())
        assert all(page.lines[start + 1] for start in starts)
        bar = monitor.lines[-1]
        assert "Command" in bar
        assert not any(key in bar for key in ("Files", "Environment", "Locks"))
        await monitor.press("l")
        assert "Not known" in monitor.text


async def test_the_past_is_said_on_the_page_too() -> None:
    async with looking("enter") as (monitor, _):
        frame = dataclasses.replace(monitor.frame, is_recorded=True, ago_s=5.0)
        await monitor.draw(frame)
        assert " PAST " in monitor.lines[0]
        assert "60 s before" in monitor.text


async def test_a_process_that_cannot_be_read_says_so() -> None:
    async with looking() as (monitor, readings):
        readings.alive = False
        await monitor.press("enter")
        await monitor.until(lambda: "cannot be read" in drawn_title(monitor))


async def test_without_a_thread_that_could_read_it_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async with looking() as (monitor, _):
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", refuse)
            await monitor.press("enter")
            said = "cannot be read: the limit of threads is reached"
            await monitor.until(lambda: said in drawn_title(monitor))
        await monitor.sample()
        await monitor.until(lambda: "cannot be read" not in drawn_title(monitor))
        await read(monitor)


async def test_in_another_tab_enter_still_goes_to_the_process() -> None:
    async with looking() as (monitor, _):
        await monitor.press("shift+tab", "enter")
        assert monitor.is_alone


@pytest.mark.parametrize("size", [(40, 10), (30, 5), (80, 24), (200, 50)])
async def test_at_any_size_every_line_fits(size: tuple[int, int]) -> None:
    async with looking("enter", size=size, ascii_only=True) as (monitor, _):
        screen = opened(monitor)
        for line in screen.view.page.lines:
            assert sum(len(text) for text, _ in line) <= 10 * size[0]
        for key in ("l", "end", "home", "pagedown"):
            await monitor.press(key)
            assert all(len(line) == size[0] for line in monitor.lines)
            assert all(char.isascii() for line in monitor.lines for char in line)
        await monitor.resize(60, 12)
        assert len(monitor.lines) == 12


async def test_nothing_of_a_long_value_is_lost() -> None:
    async with looking("enter", size=(40, 10)) as (monitor, _):
        page = opened(monitor).view.page
        whole = "".join(
            "".join(text for text, _ in line).strip() for line in page.lines
        )
        assert "deep/" * 30 + "end" in whole
        assert ("/usr/local/sbin:/usr/local/bin:" * 6)[:-1] in whole


# --- columns --------------------------------------------------------------------------


async def test_sections_are_in_two_columns_where_there_is_room() -> None:
    async with looking("enter", size=(120, 40)) as (monitor, _):
        page = opened(monitor).view.page
        assert page.headings["process"] == page.headings["usage"]
        heading = monitor.lines[1 + page.headings["process"]]
        assert heading.startswith(" Process ──")
        assert heading.index("Use ──") == 61
        assert page.headings["files"] > page.headings["limits"]
        graphs = [monitor.lines[1].index(name) for name in ("CPU%", "Memory", "I/O")]
        assert graphs == [1, 41, 81]
        await monitor.resize(119, 40)
        page = opened(monitor).view.page
        assert page.headings["process"] < page.headings["usage"]


async def test_the_keys_of_a_page_work_in_two_columns() -> None:
    async with looking("enter", size=(120, 12)) as (monitor, _):
        page = opened(monitor).view.page
        assert [line for line, _ in page.texts] == sorted(it for it, _ in page.texts)
        await monitor.press("/")
        await monitor.type("user cpu")
        assert "User CPU" in monitor.text
        await monitor.press("enter", "home", "tab")
        assert top(monitor).startswith("Process")
        assert "Use" in top(monitor)
        await monitor.press("shift+tab", "tab", "tab")
        assert not top(monitor).startswith("Process")


async def test_the_key_bar_names_the_keys_of_sections_and_of_the_search() -> None:
    async with looking("enter") as (monitor, _):
        for key in ("/ Search", "l Files", "e Environment", "w Command", "x Locks"):
            assert key in monitor.lines[-1]
        assert monitor.lines[-1].rstrip().endswith("Esc Back")


async def test_values_that_one_looks_for_are_bold_and_labels_are_not() -> None:
    async with looking("enter", size=(120, 40)) as (monitor, _):
        lines = opened(monitor).view.page.lines
        line = next(it for it in lines if any("User CPU" in text for text, _ in it))
        at = next(at for at, (text, _) in enumerate(line) if "User CPU" in text)
        assert not line[at][1].bold
        assert line[at + 1][1].bold


async def test_no_value_of_the_left_column_reaches_into_the_right_one() -> None:
    async with looking("enter", size=(120, 40)) as (monitor, _):
        page = opened(monitor).view.page
        last = max(page.headings["limits"], page.headings["usage"])
        for line in page.lines[page.headings["process"] : last]:
            assert sum(cell_width(text) for text, _ in line) <= 118
            assert "".join(text for text, _ in line)[57:60].strip() == ""


def test_what_continues_on_another_line_is_below_its_start() -> None:
    """Also in one of two columns, beside the longest label."""
    reason = "needs CAP_SYS_PTRACE or the same user"
    data = (Datum("Involuntary switches", "1"), Datum("Read total", reason=reason))
    whose = Identity(7, 1)
    details = Details(whose, "x", 0, 0.0, (Section("usage", "Use", data),))
    theme = themes.load(themes.DEFAULT, themes.shipped())
    look = PageStyle(theme, ascii=False, width=50)
    page = lay_out(details, ProcessHistory(whose), look)
    lines = ["".join(text for text, _ in line) for line in page.lines]
    (first,) = (at for at, line in enumerate(lines) if "needs" in line)
    rest = lines[first + 1]
    assert rest.strip()
    assert len(rest) - len(rest.lstrip()) == lines[first].index("needs")
