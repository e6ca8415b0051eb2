"""Lines drawn past Textual's compositor: the screen is what Textual would compose."""

import dataclasses
import random
from typing import Final

import pytest

from montauk_tui.model.frame import Frame
from tests.support.builders import make_frame
from tests.support.monitor import changed
from tests.support.real_screen import RealScreen, on_real_screen
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
