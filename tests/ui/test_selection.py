"""The selection: a process, not a line; and how one moves about."""

from typing import Any, Final

import pytest
from textual import events

from tests.support.crowd import COUNT, crowd, replay
from tests.support.monitor import Monitor, make_app, running

SIZE: Final = (80, 24)


def visible(monitor: Monitor) -> range:
    """Return the positions that are on the screen."""
    top = monitor.table.scroll_offset.y
    return range(top, top + monitor.table.size.height)


async def test_the_selection_rests_on_the_first_row_whatever_is_there() -> None:
    app = make_app(replay(crowd(2.0, busiest=120)))
    async with running(app, SIZE) as monitor:
        assert monitor.current_pid == 100
        assert monitor.selected is None
        await monitor.press("N", "I")
        assert monitor.current_pid == 159
        await monitor.press("P")
        await monitor.sample()
        assert monitor.current_pid == 120


async def test_the_selection_follows_its_process_through_sorts() -> None:
    async with running(make_app(replay()), SIZE) as monitor:
        await monitor.press("down", "down", "down")
        assert monitor.current_pid == 103
        for key in ("N", "I", "M", "t", "T", "t", "P", "K", "H"):
            await monitor.press(key)
            assert monitor.current_pid == 103, key
            assert monitor.shown_pids[monitor.table.position] == 103, key
            assert monitor.table.position in visible(monitor), key


async def test_the_selection_follows_its_process_through_frames() -> None:
    app = make_app(replay(crowd(2.0, busiest=159)))
    async with running(app, SIZE) as monitor:
        await monitor.press("end")
        assert (monitor.current_pid, monitor.table.position) == (159, COUNT - 1)
        await monitor.sample()
        assert (monitor.current_pid, monitor.table.position) == (159, 0)
        assert 0 in visible(monitor)


async def test_moving_line_by_line_and_page_by_page() -> None:
    async with running(make_app(replay()), SIZE) as monitor:
        page = monitor.table.size.height - 1
        moves = [
            ("down", 1), ("down", 2), ("up", 1), ("pagedown", 1 + page),
            ("pagedown", 1 + 2 * page), ("pageup", 1 + page), ("pageup", 1),
            ("pageup", 0), ("up", 0), ("end", COUNT - 1), ("down", COUNT - 1),
            ("pagedown", COUNT - 1), ("up", COUNT - 2), ("home", 0),
        ]  # fmt: skip
        for key, position in moves:
            await monitor.press(key)
            assert monitor.table.position == position, key
            assert position in visible(monitor), key


async def test_the_screen_scrolls_no_further_than_the_selection_needs() -> None:
    async with running(make_app(replay()), SIZE) as monitor:
        height = monitor.table.size.height
        await monitor.press(*["down"] * (height - 1))
        assert monitor.table.scroll_offset.y == 0
        await monitor.press("down")
        assert monitor.table.scroll_offset.y == 1
        await monitor.press("up")
        assert monitor.table.scroll_offset.y == 1


def wheel(kind: type[events.MouseEvent], x: int, y: int) -> events.MouseEvent:
    return kind(None, x, y, 0, 0, 0, False, False, False, x, y)  # noqa: FBT003


async def test_the_wheel_scrolls_and_leaves_the_selection() -> None:
    app = make_app(replay(crowd(2.0)))
    async with running(app, SIZE) as monitor:
        await monitor.press("down")
        for _ in range(5):
            app.post_message(wheel(events.MouseScrollDown, 10, 12))
        await monitor.until(lambda: monitor.table.scroll_offset.y > 5)
        await monitor.settle()
        top = monitor.table.scroll_offset.y
        assert monitor.current_pid == 101
        await monitor.sample()
        assert (monitor.table.scroll_offset.y, monitor.current_pid) == (top, 101)
        first = int(monitor.table.render_line(0).text.split()[0])
        assert first == monitor.shown_pids[top]
        app.post_message(wheel(events.MouseScrollUp, 10, 12))
        await monitor.until(lambda: monitor.table.scroll_offset.y < top)
        # A key brings the selection back on the screen.
        await monitor.press("down")
        assert monitor.current_pid == 102
        assert monitor.table.position in visible(monitor)


async def test_a_click_selects_a_row() -> None:
    async with running(make_app(replay()), SIZE) as monitor:
        await monitor.click("#table", 5, 4)
        assert monitor.current_pid == 104
        await monitor.press("end")
        top = monitor.table.scroll_offset.y
        await monitor.click("#table", 5, 2)
        assert monitor.table.position == top + 2


async def test_a_click_below_the_last_row_selects_nothing() -> None:
    async with running(make_app(replay()), SIZE) as monitor:
        await monitor.press("f4")
        await monitor.type("p12")
        await monitor.press("enter")
        assert len(monitor.shown_pids) == 10
        await monitor.press("down")
        await monitor.click("#table", 5, 11)
        assert monitor.table.position == 1


@pytest.mark.parametrize("typed", ["120", "159", "100"])
async def test_digits_jump_to_a_pid(typed: str) -> None:
    async with running(make_app(replay()), SIZE) as monitor:
        await monitor.press(*typed)
        assert monitor.current_pid == int(typed)
        assert monitor.table.position in visible(monitor)
        assert f"PID {typed}" in monitor.text


async def test_digits_after_a_pause_start_a_new_pid(clock: Any) -> None:
    async with running(make_app(replay()), SIZE) as monitor:
        await monitor.press(*"12")
        clock.now_s += 10.0
        await monitor.press(*"103")
        assert monitor.current_pid == 103
        clock.now_s += 10.0
        # A timer of 1.5 s takes the number off the screen.
        await monitor.until(lambda: "PID 103" not in monitor.text)


async def test_a_pid_that_does_not_exist_is_said_to_be_none() -> None:
    async with running(make_app(replay()), SIZE) as monitor:
        await monitor.press("down", *"15")
        assert "PID 15" in monitor.text
        assert "no such process" not in monitor.text
        await monitor.press("7")
        assert monitor.current_pid == 157
        await monitor.press("3")
        assert "PID 1573: no such process" in monitor.text
        assert monitor.current_pid == 101


async def test_a_pid_that_is_not_shown_is_not_said_to_be_none() -> None:
    async with running(make_app(replay()), SIZE) as monitor:
        await monitor.press("f4")
        await monitor.type("p12")
        await monitor.press("enter", *"103")
        assert "PID 103: not in this list" in monitor.text
