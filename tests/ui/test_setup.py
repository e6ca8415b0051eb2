"""The setup screen: what is chosen counts at once, and is saved when asked for."""

import dataclasses

import pytest
from textual import events

from montauk_tui.config import Preferences, Settings, TabSettings
from montauk_tui.config.options import OPTIONS
from montauk_tui.ui.screens.setup import SetupScreen
from montauk_tui.ui.setup.lists import CHANGES, stepped
from montauk_tui.ui.setup.page import cut, moved
from tests.support.monitor import make_app, running
from tests.support.setting_up import (
    PAGES,
    TABS,
    open_page,
    select,
    title_line,
)

# --- the screen -----------------------------------------------------------------------


@pytest.mark.parametrize("key", ["f2", "C"])
async def test_it_opens_at_the_columns_of_the_tab_and_closes(key: str) -> None:
    async with running() as monitor:
        await monitor.press("tab", "tab")
        for closing in ("escape", "f2"):
            await monitor.press(key)
            assert "Columns of Exited" in monitor.text
            await monitor.press(closing)
            assert monitor.is_alone


async def test_every_page_is_there_and_says_what_its_lines_are_about() -> None:
    async with running() as monitor:
        await monitor.press("f2")
        for title in PAGES:
            heading = f"Columns of {title}" if title in TABS else title
            # A long heading is cut.
            assert f" {heading} "[:20] in monitor.lines[2]
            await monitor.press("right")
            assert f"[{heading}]"[:20] in monitor.lines[2]
            assert monitor.lines[-2].strip()
            assert monitor.lines[-1].rstrip().endswith("F10 Save Esc Back")
            await monitor.press("left", "down")


async def test_it_says_which_file_and_how_much_is_not_saved() -> None:
    async with running(size=(200, 50)) as monitor:
        await open_page(monitor, "Behaviour")
        assert title_line(monitor).endswith("no unsaved changes")
        assert "montauk/config.toml" in title_line(monitor)
        await monitor.press("down", "down", "space")
        assert title_line(monitor).endswith("1 unsaved change")
        await monitor.press("down", "space")
        assert title_line(monitor).endswith("2 unsaved changes")
        await monitor.press("space", "up", "space")
        assert title_line(monitor).endswith("no unsaved changes")


@pytest.mark.parametrize("size", [(1, 1), (20, 5), (40, 10), (120, 40)])
@pytest.mark.parametrize("ascii_only", [False, True])
async def test_it_works_at_every_size(
    size: tuple[int, int], ascii_only: object
) -> None:
    app = make_app(settings=Settings(ascii=bool(ascii_only)))
    async with running(app, size) as monitor:
        await monitor.press("f2")
        for _ in PAGES:
            await monitor.press("right", "down", "plus", "[", ">", "delete", "left")
            await monitor.press("left", "down")
            assert len(monitor.lines) == size[1]
            if ascii_only:
                assert monitor.text.isascii()
        await monitor.press("escape")
        assert monitor.is_alone


async def test_on_a_narrow_screen_the_pages_give_way_to_what_is_on_one() -> None:
    async with running(size=(40, 10)) as monitor:
        await monitor.press("f2")
        assert "Pages" in monitor.lines[2]
        await monitor.press("right")
        assert "Pages" not in monitor.lines[2]
        assert monitor.lines[2].split() == ["[Columns", "of", "Main]", "Available"]
        await monitor.press("left")
        assert "[Pages]" in monitor.lines[2]


async def test_keys_may_come_faster_than_pages() -> None:
    async with running() as monitor:
        await monitor.press("f2")
        for key in ("up", "up", "right", "up", "enter"):
            monitor.app.post_message(events.Key(key, None))
        await monitor.settle()
        assert "[Behaviour]" in monitor.lines[2]
        assert "[ ] Mouse" in monitor.text


async def test_a_line_is_changed_however_soon_another_is_gone_to() -> None:
    async with running() as monitor:
        await open_page(monitor, "Behaviour")
        for key in ("down", "down", "enter", "down", "down", "enter", "down"):
            monitor.app.post_message(events.Key(key, None))
        await monitor.settle()
        choices = monitor.app.session.choices
        assert choices.machine_scale
        assert choices.user_threads
        assert not choices.kernel_threads
        assert choices.paths


async def test_another_tab_begins_at_its_first_column() -> None:
    async with running() as monitor:
        screen = await open_page(monitor, "Exited")
        await monitor.press("down", "down", "right", "down", "left", "left", "down")
        await monitor.press("right")
        assert [panel.list.highlighted for panel in screen.page.panels] == [0, 0]


async def test_the_list_of_actions_leads_there_too() -> None:
    async with running() as monitor:
        await monitor.press("ctrl+p")
        await monitor.type("columns, tabs, colours")
        await monitor.until(lambda: "Setup (F2)" in " ".join(monitor.text.split()))
        await monitor.press("down", "enter")
        await monitor.until(lambda: isinstance(monitor.app.screen, SetupScreen))


async def test_its_keys_can_be_clicked() -> None:
    async with running() as monitor:
        await open_page(monitor, "Main")
        await monitor.press("down")
        screen = monitor.app.screen
        bar = monitor.lines[-1]
        keys = screen.query_one("KeyBar")
        await monitor.pilot.click(keys, offset=(bar.index("Remove"), 0))
        await monitor.settle()
        assert "user" not in monitor.app.session.choices.shown_columns
        await monitor.pilot.click(keys, offset=(bar.index("Back"), 0))
        await monitor.settle()
        assert monitor.is_alone


async def test_lines_can_be_clicked() -> None:
    async with running() as monitor:
        await monitor.press("f2")
        for text in ("Behaviour", "Kernel threads"):
            y = next(y for y, line in enumerate(monitor.lines) if text in line)
            x = monitor.lines[y].index(text)
            await monitor.pilot.click(offset=(x, y))
            await monitor.settle()
        assert monitor.app.session.choices.kernel_threads


# --- columns --------------------------------------------------------------------------


async def test_columns_are_moved_widened_taken_out_and_added() -> None:
    async with running() as monitor:
        await open_page(monitor, "Main")
        app = monitor.app

        def shown() -> tuple[str, ...]:
            return app.session.choices.shown_columns

        assert shown()[:3] == ("pid", "user", "priority")
        await monitor.press("down", "[")
        assert shown()[:3] == ("user", "pid", "priority")
        await monitor.press(">", ">", "<")
        assert shown()[:2] == ("user:10", "pid")
        await monitor.press("f8", "]")
        assert shown()[:3] == ("pid", "priority", "user:10")
        await monitor.press("delete", "f9")
        assert shown()[:3] == ("pid", "priority", "virt_bytes")
        await monitor.press("right")
        await select(monitor, "NLWP")
        assert "threads in the process" in monitor.lines[-2]
        await monitor.press("enter")
        assert "threads" in shown()
        await monitor.press("escape")
        assert "NLWP" in monitor.app.controller.main.header.render_line(0).text


async def test_it_says_where_a_column_would_come() -> None:
    async with running() as monitor:
        await open_page(monitor, "Main")
        await monitor.press("right")
        await select(monitor, "NLWP")
        said = "threads in the process; Enter adds it after PID"
        assert monitor.lines[-2].strip() == said
        await select(monitor, "SWAP")
        await monitor.press("left")
        await select(monitor, "Command")
        await monitor.press("right")
        assert monitor.lines[-2].rstrip().endswith("; Enter adds it after TIME+")
        await monitor.press("enter")
        assert monitor.app.session.choices.shown_columns[-2:] == (
            "swap_bytes",
            "command",
        )


async def test_a_long_description_gives_way_to_where_a_column_would_come() -> None:
    for ascii_only in (False, True):
        app = make_app(settings=Settings(ascii=ascii_only))
        async with running(app) as monitor:
            await open_page(monitor, "Main")
            await monitor.press("right")
            await select(monitor, "VCSW/s")
            line = monitor.lines[-2]
            mark = "..." if ascii_only else "…"
            assert line.rstrip().endswith(f"{mark}; Enter adds it after PID")
            assert len(line) == 80


def test_what_is_cut_is_marked() -> None:
    assert cut("abcdef", 6, ascii_only=False) == "abcdef"
    assert cut("abc ef", 5, ascii_only=False) == "abc…"
    assert cut("abcdef", 5, ascii_only=True) == "ab..."
    assert cut("abcdef", 2, ascii_only=True) == ""


async def test_the_command_stays_last_and_one_column_stays_at_all() -> None:
    async with running() as monitor:
        await open_page(monitor, "Events")
        await select(monitor, "Command")
        await monitor.press("[", "<", ">")
        columns = monitor.app.session.choices.tabs.every["events"].columns
        assert columns[-1] == "command"
        await monitor.press(*["delete"] * 20)
        assert len(monitor.app.session.choices.tabs.every["events"].columns) == 1


async def test_a_column_is_no_narrower_than_its_numbers() -> None:
    async with running() as monitor:
        await open_page(monitor, "Main")
        await monitor.press("<", "<")
        assert monitor.app.session.choices.shown_columns[0] == "pid"


# --- tabs -----------------------------------------------------------------------------


async def test_tabs_are_hidden_shown_and_moved() -> None:
    app = make_app(settings=Settings(tabs=(TabSettings("Web", filter="nginx"),)))

    def order() -> str:
        return " ".join(app.session.choices.tabs.order)

    async with running(app) as monitor:
        await monitor.press("f2", *["down"] * 11, "right")
        assert "[Tabs]" in monitor.lines[2]
        await select(monitor, "Web")
        assert "nginx" in monitor.lines[-2]
        await monitor.press("[", "[", "[")
        assert order() == "main io exited web spawners groups events"
        await select(monitor, "Spawners")
        await monitor.press("space")
        assert order() == "main io exited web groups events"
        assert "[ ] Spawners" in monitor.text
        await monitor.press("enter")
        assert order() == "main io exited web groups events spawners"
        await select(monitor, "Main")
        await monitor.press("space")
        assert "main" in order()
        await monitor.press("escape")
        assert "[Main] I/O  Exited  Web  Groups  Events  Spawners" in monitor.text


# --- meters ---------------------------------------------------------------------------


async def test_meters_are_chosen_put_in_order_and_given_a_style() -> None:
    async with running() as monitor:

        def meters() -> tuple[str, ...]:
            return monitor.app.session.settings_now.meters

        screen = await open_page(monitor, "Meters")
        await monitor.press(">", ">", ">", ">")
        assert meters()[0] == "cpu:graph"
        assert "graph" in monitor.text
        await monitor.press(">", "]")
        assert meters()[:2] == ("memory", "cpu")
        await monitor.press("delete", "right", "end", "enter")
        assert meters() == ("memory", "swap", "clock", "pressure", "network", "disk")
        assert screen.monitor.session.unsaved


# --- look and behaviour ---------------------------------------------------------------


async def test_the_theme_and_ascii_count_at_once() -> None:
    async with running() as monitor:
        await open_page(monitor, "Look")
        await select(monitor, "dune")
        await monitor.press("enter")
        assert monitor.app.controller.theme.name == monitor.app.theme == "dune"
        assert "(*) dune" in monitor.text
        await select(monitor, "ASCII")
        await monitor.press("space")
        assert monitor.app.session.choices.ascii
        assert monitor.app.has_class("ascii")


async def test_behaviour_counts_at_once() -> None:
    async with running() as monitor:
        await open_page(monitor, "Behaviour")
        await monitor.press("+", "+", "-")
        assert monitor.app.session.choices.interval_s == 1.5
        assert monitor.app._sampler._interval_s == 1.5  # noqa: SLF001 - what counts
        await monitor.press("down", *["minus"] * 9)
        assert monitor.app.session.choices.linger_s == 0.0
        for text in (
            "machine",
            "Kernel",
            "Process threads",
            "Program paths",
            "Tree",
            "Read-only",
        ):
            await select(monitor, text)
            await monitor.press("enter")
        choices = monitor.app.session.choices
        assert choices.machine_scale
        assert choices.kernel_threads
        assert choices.user_threads
        assert not choices.paths
        assert choices.in_tree
        assert choices.read_only
        await select(monitor, "Mouse")
        await monitor.press("enter")
        assert not monitor.app.session.settings.mouse
        assert "[ ] Mouse" in monitor.text


def test_every_setting_of_a_page_can_be_changed_there() -> None:
    preferences = {one.name for one in dataclasses.fields(Preferences)}
    offered = {option.attribute for option in OPTIONS if option.title}
    assert offered <= preferences | set(CHANGES)


async def test_read_only_from_the_start_cannot_be_left() -> None:
    async with running(make_app(settings=Settings(read_only=True))) as monitor:
        await open_page(monitor, "Behaviour")
        await select(monitor, "Read-only")
        await monitor.press("enter")
        assert monitor.app.session.choices.read_only
        assert "stays on" in monitor.lines[-2]


@pytest.mark.parametrize(
    ("now", "step", "expected"),
    [(1, 1, 2), (2, -1, 1), (5, 1, 5), (5, 0, 1), (1, -1, 1), (3, 1, 5), (3, -1, 2),
     (9, 1, 9), (9, 0, 1)],
)  # fmt: skip
def test_steps(now: float, step: int, expected: float) -> None:
    assert stepped((1, 2, 5), now, step) == expected


def test_moving_ends_at_the_ends() -> None:
    assert moved("abc", 0, 1) == ("b", "a", "c")
    assert moved("abc", 2, -1) == ("a", "c", "b")
    assert moved("abc", 0, -1) is None
    assert moved("abc", 2, 1) is None
