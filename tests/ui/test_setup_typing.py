"""Typing finds lines in the lists of the setup screen, and does nothing else."""

import pytest
from textual import events

from montauk_tui.config import Settings
from montauk_tui.session.effects import Choice
from montauk_tui.ui.setup.find import FIND_S, find_line
from tests.support.monitor import StandingClock, make_app, running
from tests.support.setting_up import line_at_hand, open_page, title_line


async def test_what_is_typed_finds_a_line_and_changes_nothing() -> None:
    async with running() as monitor:
        screen = await open_page(monitor, "Main")
        await monitor.press("right")
        await monitor.type("swap")
        assert line_at_hand(screen).startswith("SWAP ")
        assert monitor.lines[-2].strip() == "find: swap"
        assert title_line(monitor).endswith("no unsaved changes")
        await monitor.press("left")
        await monitor.type("qrs")
        assert monitor.lines[-2].strip() == "find: qrs  (no match)"
        assert not monitor.is_alone
        await monitor.press("backspace", "backspace", "backspace")
        assert line_at_hand(screen).startswith("PID ")


@pytest.mark.parametrize(
    ("page", "text", "expected"),
    [("Tabs", "SPAWN", "[ ] Spawners"), ("Tabs", "i/o", "[x] I/O"),
     ("Look", "dune", "( ) dune"), ("Behaviour", "interval", "Refresh interval"),
     ("Behaviour", "selects", "[x] Mouse"), ("Meters", "swap", "swap"),
     ("Keys", "kill", "Kill"), ("Keys", "palette", "Commands")],
)  # fmt: skip
async def test_every_list_finds_by_title_id_and_description(
    page: str, text: str, expected: str
) -> None:
    app = make_app(settings=Settings(tab_order=("main", "io", "exited", "events")))
    async with running(app) as monitor:
        screen = await open_page(monitor, page)
        await monitor.type(text)
        assert expected in line_at_hand(screen)


async def test_pages_are_found_and_shown() -> None:
    async with running() as monitor:
        await monitor.press("f2")
        await monitor.type("beh")
        assert " Behaviour " in monitor.lines[2]
        await monitor.type("x")
        assert " Behaviour " in monitor.lines[2]


async def test_what_was_typed_is_forgotten(clock: StandingClock) -> None:
    async with running() as monitor:
        screen = await open_page(monitor, "Main")
        for forgetting in ("escape", "up", "right"):
            await monitor.type("vi")
            assert "find: vi" in monitor.text
            await monitor.press(forgetting)
            assert "find:" not in monitor.text
        await monitor.press("left")
        await monitor.type("vi")
        clock.now_s += FIND_S
        await monitor.type("r")
        assert "find: r " in monitor.text
        assert line_at_hand(screen).startswith("RES ")
        await monitor.press("escape", "escape")
        assert monitor.is_alone


async def test_typing_and_other_keys_count_in_their_order() -> None:
    async with running() as monitor:
        await open_page(monitor, "Main")
        await monitor.press("right")
        keys = (*"nlwp", "enter", *"swap", "enter", "left", *"virt", "delete", *"pri")
        for key in keys:
            char = key if len(key) == 1 else None
            monitor.app.post_message(events.Key(key, char))
        await monitor.settle()
        shown = monitor.app.session.choices.shown_columns
        assert shown[:4] == ("pid", "threads", "swap_bytes", "user")
        assert "virt_bytes" not in shown
        assert "find: pri" in monitor.text


@pytest.mark.parametrize(
    ("text", "start", "expected"),
    [("swap", 0, 3), ("SWA", 2, 3), ("out", 0, 1), ("out", 2, 3), ("w", 4, 1),
     ("wap", 0, 1), ("wap", 2, 3), ("b", 0, 3), ("none", 0, None)],
)  # fmt: skip
def test_the_best_line_is_found_from_where_one_is(
    text: str, start: int, expected: int | None
) -> None:
    lines = (
        None,
        Choice("pss_wap", "WPSWAP", "swapped out"),
        Choice("rss", "RSS", "not to swap"),
        Choice("swap_bytes", "SWAP", "swapped out"),
        None,
    )
    assert find_line(lines, text, start) == expected
