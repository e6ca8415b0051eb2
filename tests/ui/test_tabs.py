"""The tabs, the rows of what ended, and the way from one list to another."""

from functools import partial
from typing import Any

import pytest

from montauk_tui.config import Settings
from montauk_tui.engine.rows.kinds import kind_of
from montauk_tui.model.kinds import RowKind
from montauk_tui.model.schema import Need
from montauk_tui.pipeline.frames import FrameSource
from montauk_tui.session.tabs import BUILT_IN, LISTINGS, Tabs
from tests.support.churn import (
    LOOPS,
    MAKE,
    SHELL,
    churning_collector,
)
from tests.support.exits import make_exits
from tests.support.listing import end
from tests.support.monitor import Monitor, is_after, make_app, running
from tests.support.starts import make_starts

SIZE = (120, 40)
TITLES = ["Main", "I/O", "Exited", "Spawners", "Groups", "Events"]


def churning(size: tuple[int, int] = SIZE, **settings: Any) -> Any:
    return running(make_app(churning_collector(), Settings(**settings)), size)


def tab(monitor: Monitor) -> str:
    """Return the title of the tab that is marked."""
    line = monitor.app.controller.main.view_line.render_line(0).text
    return line.partition("[")[2].partition("]")[0]


def row_texts(monitor: Monitor) -> list[str]:
    """Return all rows of the table that are on the screen."""
    table = monitor.table
    shown = min(table.size.height, table.row_count)
    return [table.render_line(y).text for y in range(shown)]


def selected_row(monitor: Monitor) -> str:
    table = monitor.table
    return table.render_line(table.position - table.scroll_offset.y).text


def position(monitor: Monitor, text: str) -> int:
    return next(at for at, row in enumerate(row_texts(monitor)) if text in row)


async def select(monitor: Monitor, text: str) -> None:
    await monitor.select(position(monitor, text))


# --- which tab ------------------------------------------------------------------------


async def test_tab_goes_round_and_shift_tab_back() -> None:
    async with churning() as monitor:
        seen = [tab(monitor)]
        for _ in TITLES:
            await monitor.press("tab")
            seen.append(tab(monitor))
        assert seen == [*TITLES, "Main"]
        await monitor.press("shift+tab")
        assert tab(monitor) == "Events"


async def test_a_click_shows_a_tab() -> None:
    async with churning() as monitor:
        for title in (*TITLES[1:], "Main"):
            line = monitor.app.controller.main.view_line.render_line(0).text
            await monitor.click("#view", line.index(title) + 1)
            assert tab(monitor) == title
        await monitor.click("#view", 110)
        assert tab(monitor) == "Main"


async def test_each_tab_has_its_columns_and_its_own_order() -> None:
    async with churning() as monitor:
        await monitor.press("M", "tab")
        assert "DISK R/W▼" in monitor.text
        await monitor.press("N", "tab")
        assert "EXITED▼" in monitor.text
        assert "MAXRSS" in monitor.text
        await monitor.press("I", "tab")
        assert "EXITED%▼" in monitor.text
        await monitor.press("N", "tab")
        assert "CPU%▼" in monitor.text
        assert "PROCS" in monitor.text
        await monitor.press("tab")
        assert "AT▼" in monitor.text
        await monitor.press("tab")
        assert "RES▼" in monitor.text
        await monitor.press("tab")
        assert "PID▲" in monitor.text
        assert "DISK WRITE" in monitor.text
        await monitor.press("tab")
        assert "EXITED▲" in monitor.text
        await monitor.press("tab")
        assert "PID▲" in monitor.text


async def test_the_tree_is_one_of_the_main_tab_alone() -> None:
    async with churning(tree=True) as monitor:
        assert "└─" in monitor.text
        await monitor.press("tab", "tab")
        assert "└─" not in monitor.text
        assert "sort EXITED" in monitor.text
        await monitor.press("shift+tab", "shift+tab")
        assert "tree by START" in monitor.text


@pytest.mark.parametrize("title", [it for it in TITLES if it != "Groups"])
async def test_the_filter_and_its_text_apply_in_every_tab(title: str) -> None:
    async with churning(filter="bash|data.csv") as monitor:
        await monitor.press(*["tab"] * TITLES.index(title))
        assert tab(monitor) == title
        rows = row_texts(monitor)
        assert rows
        assert all("bash" in row or "awk" in row for row in rows)
        await monitor.press("escape")
        assert monitor.table.row_count > len(rows)


async def test_a_filter_that_nothing_matches_says_so() -> None:
    async with churning(filter="no such thing") as monitor:
        said_of_processes = ["no process matches"] * 2
        for said in (*said_of_processes, *["nothing matches the filter"] * 4):
            assert said in monitor.text
            await monitor.press("tab")


async def test_search_jumps_and_marks_in_events() -> None:
    async with churning() as monitor:
        await monitor.press("shift+tab", "f3")
        await monitor.type("--noEmit app/3")
        assert "app/3.ts" in selected_row(monitor)
        first = monitor.table.position
        await monitor.press("f3")
        assert "app/3.ts" in selected_row(monitor)
        assert monitor.table.position != first


async def test_a_pid_is_typed_in_exited() -> None:
    async with churning() as monitor:
        await monitor.press("tab", "tab")
        await monitor.type("22002")
        assert "git" in selected_row(monitor)


async def test_pause_holds_every_tab() -> None:
    async with churning() as monitor:
        await monitor.press("Z")
        for _ in TITLES:
            before = row_texts(monitor)
            assert "PAUSED" in monitor.text
            await monitor.press("ctrl+t", "escape")
            assert row_texts(monitor) == before
            seq, had = monitor.frame.seq, monitor.app.session.choices.needs
            await monitor.press("tab")
            if monitor.app.session.choices.needs - had - FrameSource.for_rates:
                # What needs no rates is read once, paused or not.
                await monitor.until(partial(is_after, monitor, seq))


@pytest.mark.parametrize("size", [(1, 1), (20, 8), (40, 10), (300, 60)])
async def test_tabs_work_at_every_size(size: tuple[int, int]) -> None:
    async with churning(size) as monitor:
        for _ in range(6):
            await monitor.press("tab", "down", "enter", "S", "X", "X")
            await monitor.sample()
        assert len(monitor.lines) == size[1]


async def test_on_a_narrow_screen_alerts_come_before_the_other_tabs() -> None:
    async with churning((40, 12)) as monitor:
        await monitor.press("Z")
        assert "[Main]" in monitor.text
        assert "PAUSED" in monitor.text
        line = monitor.app.controller.main.view_line.render_line(0).text
        await monitor.press("tab")
        assert tab(monitor) == "I/O"
        assert "Spawners" not in line


async def test_where_the_collector_is_blind_the_tabs_say_so() -> None:
    async with running(size=(120, 20)) as monitor:
        await monitor.press("tab")
        for title in TITLES[2:]:
            await monitor.press("tab")
            assert tab(monitor) == title
            if title == "Groups":
                # Live processes are known.
                assert row_texts(monitor)
                continue
            assert "collector replay does not report" in monitor.text


async def test_where_nothing_happened_they_say_that() -> None:
    collector = churning_collector(exits=make_exits([]), starts=make_starts([]))
    async with running(make_app(collector), SIZE) as monitor:
        await monitor.press("tab")
        for title in Tabs.from_settings(Settings()).order[2:]:
            await monitor.press("tab")
            if title == "groups":
                continue
            assert LISTINGS[BUILT_IN[title].rows].nothing in monitor.text


# --- what is read and written ---------------------------------------------------------


async def test_io_lists_the_rows_of_main_by_what_they_read_and_write() -> None:
    async with churning() as monitor:
        assert not monitor.app.session.choices.needs & Need.IO
        await monitor.press("tab")
        assert monitor.app.session.choices.needs & Need.IO
        await monitor.sample()
        await monitor.sample()
        postgres, rsync = row_texts(monitor)[:2]
        assert [postgres.split()[0], rsync.split()[0]] == ["4402", "4501"]
        assert postgres.split()[3:6] == ["114M/s", "1.1M/s", "113M/s"]
        assert rsync.split()[3:6] == ["39M/s", "38M/s", "410K/s"]
        assert "x build " in monitor.text
        await monitor.press("home")
        assert monitor.current_pid == 4402
        in_io = monitor.table.row_count
        await monitor.press("shift+tab")
        assert monitor.table.row_count == in_io
        assert not monitor.app.session.choices.needs & Need.IO


async def test_enter_looks_into_a_process_of_io_and_opens_a_row_of_many() -> None:
    async with churning(filter="awk") as monitor:
        # Paused, so that nobody joins them.
        await monitor.press("Z", "tab")
        count = int(selected_row(monitor).partition("x")[0])
        assert monitor.table.row_count == 1
        await monitor.press("enter")
        assert monitor.table.row_count == 1 + count
        assert tab(monitor) == "I/O"


# --- what ended, in the main tab ------------------------------------------------------


async def test_what_ended_is_marked_and_folded() -> None:
    async with churning(filter="awk|git") as monitor:
        rows = row_texts(monitor)
        assert len(rows) == 2
        assert f"{LOOPS}x" in rows[position(monitor, "awk")]
        assert f"3 failed, by bash {SHELL}" in rows[position(monitor, "awk")]
        assert " X " in rows[position(monitor, "git")]
        assert "[exit 128, 11.7ms] git" in rows[position(monitor, "git")]


async def test_x_hides_what_ended() -> None:
    async with churning() as monitor:
        everything = set(monitor.shown_pids)
        await monitor.press("X")
        living = set(monitor.shown_pids)
        assert living < everything
        assert min(living) > 0
        await monitor.press("X")
        assert set(monitor.shown_pids) == everything


async def test_a_name_that_is_not_known_is_a_dash_in_its_row() -> None:
    ends = [end(100 + at, b"", ppid=1, uid=None) for at in range(3)]
    app = make_app(
        churning_collector(exits=make_exits(ends)), Settings(filter="count > 1")
    )
    async with running(app, SIZE) as monitor:
        (row,) = row_texts(monitor)
        assert "6x - " in row
        assert " -  3.0/s by systemd 1 " in row


async def test_a_linger_time_of_0_shows_nothing_that_ended() -> None:
    async with churning(linger_s=0.0) as monitor:
        assert min(monitor.shown_pids) > 0
        await monitor.press("tab", "tab")
        assert monitor.table.row_count > LOOPS


async def test_enter_opens_and_closes_a_fold_and_the_selection_stays() -> None:
    async with churning(filter="awk", sort="count") as monitor:
        await select(monitor, f"{LOOPS}x")
        fold = monitor.current_pid
        assert fold is not None
        listed = monitor.listed
        row = monitor.app.session.place
        assert kind_of(listed, row) is RowKind.EXITED_GROUP
        await monitor.press("enter")
        assert monitor.current_pid == fold
        assert monitor.table.row_count == 1 + LOOPS
        assert sum("data.csv" in row for row in row_texts(monitor)) >= LOOPS - 2
        await monitor.sample()
        assert monitor.current_pid == fold
        assert monitor.table.row_count == 1 + 2 * LOOPS
        await monitor.press("enter")
        assert monitor.current_pid == fold
        assert monitor.table.row_count == 1


# --- from one list to another ---------------------------------------------------------


async def test_s_leads_from_a_fold_to_its_spawner() -> None:
    async with churning() as monitor:
        await select(monitor, f"{LOOPS}x")
        await monitor.press("S")
        assert tab(monitor) == "Spawners"
        assert monitor.current_pid == SHELL
        assert " 24 " in selected_row(monitor)
        assert "← tmux 2160 ← bash 2052" in selected_row(monitor)


async def test_two_keys_from_the_start_name_the_spawner() -> None:
    async with churning((80, 24)) as monitor:
        await monitor.press("tab", "tab", "tab")
        heaviest, second = row_texts(monitor)[:2]
        assert f"{MAKE} build" in heaviest
        assert "make" in heaviest
        assert f"{SHELL} build" in second
        assert "bash" in second


async def test_long_pids_line_up_with_their_titles() -> None:
    async with churning() as monitor:
        await monitor.press("tab", "tab")
        header = monitor.app.controller.main.header.render_line(0).text
        row = row_texts(monitor)[position(monitor, "git push")]
        assert header.index("PID") + 3 == row.index("22002") + 5
        assert header.index(" EXIT ") + 1 == row.index("128")
        assert header.index("Command") == row.index("git push")


async def test_g_groups_the_spawners_by_other_things_and_back() -> None:
    async with churning() as monitor:
        await monitor.press_for_needs("shift+tab", "shift+tab", "shift+tab")
        by_parent = row_texts(monitor)
        seen = []
        for _ in range(3):
            await monitor.press("g")
            seen.append(monitor.app.session.choices.grouping)
            assert f"by {seen[-1]}" in monitor.text
        assert seen == ["executable", "cgroup", "parent"]
        assert row_texts(monitor) == by_parent
