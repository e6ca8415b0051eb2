"""Lines drawn past Textual's compositor: the screen is what Textual would compose."""

import dataclasses
import random
from typing import Final

import pytest

from montauk_tui.model.frame import Frame
from montauk_tui.ui.messages import FrameReady
from tests.support.builders import make_frame
from tests.support.monitor import changed
from tests.support.real_screen import RealScreen, Work, on_real_screen
from tests.support.scenes import build_scene, scene_lookups

Patch = pytest.MonkeyPatch

SIZES: Final = ((80, 24), (120, 40), (200, 50))

KEYS: Final = (
    ("down", "up", "pagedown", "pageup", "end", "home", "right", "left"),
    ("t", "M", "P", "I", "m", "tab", "shift+tab", "space", "K", "H", "B"),
    ("f1", "escape"), ("f2", "escape"), ("f4", "1", "escape"), ("k", "escape"),
    ("i", "escape"), ("f6", "escape"), ("u", "escape"),
)  # fmt: skip


def some_frame(chance: random.Random, seq: int) -> Frame:
    """Return a frame in which processes came, went and changed since the others."""
    before, after = build_scene(8, chance.randint(20, 130))
    columns = {
        name: getattr(after.processes, name).copy() for name in ("rss_bytes", "utime")
    }
    for row in chance.sample(range(len(after.processes)), 12):
        columns["rss_bytes"][row] = chance.randrange(1 << 34)
        columns["utime"][row] += chance.randrange(1 << 30)
    table = after.processes.with_columns(columns)
    after = dataclasses.replace(after, processes=table)
    return dataclasses.replace(
        make_frame(before, after, scene_lookups([before, after])), seq=seq
    )


async def test_a_line_drawn_directly_is_as_textual_composes_it(
    monkeypatch: Patch,
) -> None:
    async with on_real_screen(monkeypatch) as screen:
        assert await screen.shown() == screen.composed
        pid = screen.shown_pids[5]
        await screen.draw(changed(screen.frame, pid, rss_bytes=77 << 20))
        assert await screen.shown() == screen.composed


async def test_rows_that_go_in_the_frame_after_a_resize_leave_no_line(
    monkeypatch: Patch,
) -> None:
    """The panel makes the table narrower after the frame was drawn."""
    scenes = [build_scene(8, rows) for rows in (25, 15)]
    many, few = (
        dataclasses.replace(make_frame(before, after), seq=1_000 + number)
        for number, (before, after) in enumerate(scenes)
    )
    async with on_real_screen(monkeypatch, size=(200, 50)) as screen:
        await screen.draw(many)
        await screen.press("v")
        await screen.shown()
        await screen.draw(few)
        shown = ["".join(str(cell[0]) for cell in row) for row in await screen.shown()]
        # Textual keeps lines, too: its own picture cannot tell.
        top = screen.table.region.y + screen.table.row_count
        assert screen.table.row_count > 0
        assert [line for line in shown[top:-2] if line.strip()] == []


def again(screen: RealScreen, **changes: object) -> Frame:
    """Return the frame as a new object, in which only what is given differs."""
    return dataclasses.replace(
        screen.frame,
        seq=screen.frame.seq + 1,
        **changes,  # type: ignore[arg-type]
    )


async def test_a_refresh_in_which_nothing_changed_does_nothing(
    monkeypatch: Patch,
) -> None:
    async with on_real_screen(monkeypatch, size=(200, 50)) as screen:
        work, rows = Work(monkeypatch), screen.table.rows_drawn
        panel = screen.app.controller.main.panel_made
        assert panel is not None
        items = panel.count
        for _ in range(3):
            await screen.draw(again(screen))
            await screen.shown()
        assert screen.table.rows_drawn == rows
        assert panel.count == items
        assert dict(work) == {}


async def test_a_refresh_is_one_write_and_composes_nothing(monkeypatch: Patch) -> None:
    async with on_real_screen(monkeypatch, size=(200, 50)) as screen:
        work, rows = Work(monkeypatch), screen.table.rows_drawn
        host = dataclasses.replace(screen.frame.sample.host, load=(9.0, 1.0, 1.0))
        for pid in screen.shown_pids[3:6]:
            frame = changed(again(screen), pid, rss_bytes=77 << 20)
            sample = dataclasses.replace(frame.sample, host=host)
            await screen.draw(dataclasses.replace(frame, sample=sample))
            await screen.shown()
        assert screen.table.rows_drawn == rows + 3
        assert dict(work) == {"writes": 3}


async def test_a_page_is_sent_before_textual_composes_the_scroll_bar(
    monkeypatch: Patch,
) -> None:
    async with on_real_screen(monkeypatch) as screen:
        await screen.shown()
        work = Work(monkeypatch)
        for key in ("pagedown", "home", "end", "home"):
            work.clear()
            await screen.press(key)
            await screen.shown()
            assert next(iter(work), "") == "writes", key
            assert await screen.shown() == screen.composed


async def test_rows_are_sent_before_the_scroll_bar_that_appears_or_goes(
    monkeypatch: Patch,
) -> None:
    async with on_real_screen(monkeypatch) as screen:
        await screen.press("t")
        await screen.shown()
        work = Work(monkeypatch)
        for has_bar in (False, True):
            work.clear()
            await screen.press("*")
            await screen.shown()
            assert [*work][:2] == ["writes", "layouts"]
            assert screen.table.show_vertical_scrollbar is has_bar
            assert await screen.shown() == screen.composed


async def test_a_picture_is_sent_when_it_has_been_drawn(monkeypatch: Patch) -> None:
    async with on_real_screen(monkeypatch) as screen:
        await screen.shown()
        work = Work(monkeypatch)
        frame = changed(screen.frame, screen.shown_pids[3], rss_bytes=77 << 20)
        await screen.app.on_frame_ready(FrameReady(frame))
        # Without a turn of the event loop.
        assert dict(work) == {"writes": 1}
        assert await screen.shown() == screen.composed


async def test_other_rows_are_no_layout(monkeypatch: Patch) -> None:
    chance = random.Random(1)  # noqa: S311 - the same every time
    async with on_real_screen(monkeypatch) as screen:
        frames = [some_frame(chance, seq) for seq in range(40)]
        frames = [it for it in frames if len(it.sample.processes) > 80]
        await screen.draw(frames[0])
        await screen.shown()
        work = Work(monkeypatch)
        for frame in frames[1:]:
            await screen.draw(frame)
            assert screen.table.max_scroll_y == len(screen.shown_pids) - 30
        await screen.shown()
        assert work["layouts"] == 0
        assert len({len(frame.sample.processes) for frame in frames}) > 5


async def test_a_scroll_bar_appears_and_goes(monkeypatch: Patch) -> None:
    async with on_real_screen(monkeypatch) as screen:
        for count in (20, 100, 25, 500, 30):
            before, after = build_scene(8, count)
            lookups = scene_lookups([before, after])
            await screen.draw(make_frame(before, after, lookups))
            await screen.press("end")
            assert await screen.shown() == screen.composed
            assert screen.table.show_vertical_scrollbar == (count > 40)


async def test_what_nobody_reads_is_not_drawn(monkeypatch: Patch) -> None:
    chance = random.Random(3)  # noqa: S311 - the same every time
    async with on_real_screen(monkeypatch) as screen:
        screen.terminal.is_read = False
        await screen.draw(some_frame(chance, 10))
        work, rows = Work(monkeypatch), screen.table.rows_drawn
        for seq in range(11, 20):
            last = some_frame(chance, seq)
            screen.app.post_message(FrameReady(last))
            await screen.settle()
        assert dict(work) == {}
        assert screen.table.rows_drawn == rows
        screen.terminal.is_read = True
        # Of all frames the last one is drawn.
        await screen.until(lambda: screen.frame is last)
        assert await screen.shown() == screen.composed
        assert screen.table.rows_drawn - rows <= screen.table.size.height


async def test_whatever_is_drawn_anew_is_the_same(monkeypatch: Patch) -> None:
    chance = random.Random(2)  # noqa: S311 - the same every time
    async with on_real_screen(monkeypatch) as screen:
        for turn in range(6):
            await screen.draw(some_frame(chance, turn + 10))
        shown = await screen.shown()
        screen.driver.draw_anew()
        assert await screen.shown() == shown


@pytest.mark.parametrize("size", SIZES)
async def test_no_stale_cell_is_left_by_any_number_of_refreshes(
    monkeypatch: Patch, size: tuple[int, int]
) -> None:
    chance = random.Random(size[0])  # noqa: S311 - the same every time
    async with on_real_screen(monkeypatch, size=size) as screen:
        for turn in range(12):
            done = await _something(screen, chance, turn + 10)
            assert await screen.shown() == screen.composed, (turn, done)


async def _something(screen: RealScreen, chance: random.Random, seq: int) -> object:
    """Do something that changes the screen; return what."""
    await screen.draw(some_frame(chance, seq))
    what = chance.randrange(5)
    if what == 0:
        size = chance.choice(SIZES)
        await screen.resize(*size)
        return size
    if what == 1:
        # Textual itself draws a second toast late.
        screen.app.clear_notifications()
        await screen.settle()
        screen.app.notify("something was done", timeout=3_600)
        await screen.draw(some_frame(chance, seq))
        assert await screen.shown() == screen.composed
        screen.app.clear_notifications()
        return "toast"
    keys = chance.choice(KEYS)
    for key in keys if len(keys) < 5 else [chance.choice(keys)]:
        await screen.press(key)
        if chance.randrange(2):
            await screen.draw(some_frame(chance, seq))
    return keys
