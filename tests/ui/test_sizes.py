"""The screen at every size, and while the size changes."""

import itertools
import random
from typing import Final

import pytest

from montauk_tui.config import Settings
from tests.support.monitor import Monitor, make_app, running
from tests.support.scenes import scene_collector

SIZES: Final = (
    (1, 1),
    (2, 1),
    (1, 5),
    (4, 8),
    (6, 24),
    (10, 3),
    (20, 5),
    (40, 10),
    (80, 24),
    (160, 12),
    (200, 10),
    (150, 16),
    (300, 100),
)

KEYS: Final = (
    "f1", "end", "escape", "f6", "down", "escape", "ctrl+t", "escape", "f3", "x", "f3",
    "enter", "f4", "n", "escape", "d", "escape", "t", "end", "home", "pagedown",
    "right", "ctrl+e", "ctrl+a", "K", "#", "#", "%", "Z", "Z", "1", "tab", "end",
    "tab", "enter", "S", "shift+tab", "tab", "tab", "home", "enter", "tab", "X", "X",
    "f9", "tab", "9", "escape", "i", "escape", "a", "escape", "Y", "escape", "space",
    "c", "U", "u", "escape", "F", "F", "v", "down", "v",
    "ctrl+p", "pagedown", "pageup", "s", "pageup", "down", "up", "escape",
)  # fmt: skip


def check_screen(monitor: Monitor, width: int, height: int) -> None:
    """Check that the parts share the screen and the table got what was left."""
    main = monitor.app.controller.main
    assert [len(line) for line in monitor.lines if line.isascii()] == [
        width for line in monitor.lines if line.isascii()
    ]
    assert len(monitor.lines) == height
    others = (main.meters, main.view_line, main.header, main.status, main.keys)
    taken = sum(part.outer_size.height for part in others if part.display)
    assert main.table.outer_size.height == height - taken > 0
    beside = main.panel.outer_size.width if main.panel.display else 0
    assert main.table.outer_size.width == width - beside


@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_the_table_gets_what_is_left(width: int, height: int) -> None:
    async with running(size=(width, height)) as monitor:
        check_screen(monitor, width, height)
        if width >= 20:
            assert "4131" in monitor.table.render_line(0).text
        await monitor.sample()
        check_screen(monitor, width, height)


@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_every_key_works(width: int, height: int) -> None:
    async with running(size=(width, height)) as monitor:
        await monitor.press(*KEYS)
        assert monitor.is_alone
        check_screen(monitor, width, height)


@pytest.mark.parametrize(
    ("height", "parts"),
    [
        (2, ()),
        (3, ("header",)),
        (6, ("header", "keys")),
        (8, ("view", "header", "keys")),
        (10, ("meters", "view", "header", "keys")),
        (12, ("meters", "view", "header", "status", "keys")),
    ],
)
async def test_parts_come_in_the_order_of_their_worth(
    height: int, parts: tuple[str, ...]
) -> None:
    async with running(size=(80, height)) as monitor:
        main = monitor.app.controller.main
        others = (main.meters, main.view_line, main.header, main.status, main.keys)
        assert tuple(part.id for part in others if part.display) == parts


async def test_more_room_shows_more_columns() -> None:
    async with running(size=(40, 24)) as monitor:
        seen: list[set[str]] = []
        for width in (40, 60, 80, 100, 120, 200):
            await monitor.resize(width, 24)
            titles = monitor.app.controller.main.header.render_line(0).text.replace(
                "▼", " "
            )
            seen.append(set(titles.split()))
        assert all(less <= more for less, more in itertools.pairwise(seen))
        assert {"PID", "RES", "S", "CPU%", "Command"} <= seen[0]
        assert "USER" in seen[1]
        assert {"PRI", "NI", "VIRT", "SHR", "MEM%", "TIME+"} <= seen[-1]


async def test_the_selection_stays_in_sight_when_the_screen_shrinks() -> None:
    async with running(size=(120, 60)) as monitor:
        await monitor.press(*["down"] * 40)
        pid = monitor.current_pid
        for height in (30, 12, 5, 60, 8):
            await monitor.resize(100, height)
            table = monitor.table
            assert monitor.current_pid == pid
            y = table.position - table.scroll_offset.y
            assert 0 <= y < table.size.height, height
            assert str(pid) in table.render_line(y).text


async def test_a_hundred_sizes_in_a_row() -> None:
    chance = random.Random(20)  # noqa: S311 - the same sizes every time
    async with running() as monitor:
        for count in range(100):
            width, height = chance.randint(1, 200), chance.randint(1, 70)
            if count % 3:
                monitor.resize_soon(width, height)
                continue
            await monitor.resize(width, height)
            if count % 10 == 0:
                await monitor.press(chance.choice(("t", "end", "f1", "f4", "escape")))
        await monitor.press("escape", "escape")
        await monitor.resize(80, 24)
        check_screen(monitor, 80, 24)


@pytest.mark.parametrize("cpus", [1, 8, 64, 256])
@pytest.mark.parametrize("size", [(5, 24), (40, 10), (40, 24), (80, 24), (120, 12)])
async def test_many_cpus_leave_room_for_processes(
    cpus: int, size: tuple[int, int]
) -> None:
    app = make_app(scene_collector(cpus=cpus))
    async with running(app, size) as monitor:
        check_screen(monitor, *size)
        assert monitor.table.size.height >= 3


async def test_a_table_without_processes() -> None:
    app = make_app(settings=Settings(filter="no such command"))
    async with running(app, (40, 10)) as monitor:
        check_screen(monitor, 40, 10)
        assert "no process matches" in monitor.text
