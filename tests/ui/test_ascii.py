"""With ASCII alone: whatever opens, every character is one of ASCII."""

import pytest

from montauk_tui.config import Settings
from montauk_tui.ui.app import MontaukApp
from tests.support.builders import make_sample
from tests.support.monitor import Monitor, make_app, running
from tests.support.replay import ReplayCollector
from tests.support.scenes import scene_collector


def ascii_app(cpus: int = 8) -> MontaukApp:
    """Return the program on a scene without the hostile names."""
    settings = Settings(ascii=True, filter="e|s", tree=True)
    return make_app(scene_collector(cpus=cpus, processes=60), settings)


def foreign(monitor: Monitor) -> set[str]:
    """Return the characters on the screen that are not ASCII."""
    return {char for line in monitor.lines for char in line if ord(char) >= 0x80}


@pytest.mark.parametrize("cpus", [2, 256])
async def test_the_main_screen(cpus: int) -> None:
    async with running(ascii_app(cpus), (100, 24)) as monitor:
        assert "`- " in monitor.text
        assert foreign(monitor) == set()
        for key in ("I", "t", "I", "end", "Z", "K", "right"):
            await monitor.press(key)
            assert foreign(monitor) == set(), key


@pytest.mark.parametrize(
    "keys",
    [
        ("f1",), ("f1", "pagedown"), ("f1", "end"), ("f6",), ("f6", "end"),
        ("ctrl+t",), ("f3",), ("f3", "x"), ("f4",), ("d",),
        ("d", "x", "enter"), ("ctrl+p",), ("ctrl+p", "t", "r", "e"),
        ("ctrl+p", "~", "~"),
    ],
    ids=" ".join,
)  # fmt: skip
async def test_what_opens_over_it(keys: tuple[str, ...]) -> None:
    async with running(ascii_app(), (70, 20)) as monitor:
        await monitor.press(*keys)
        assert foreign(monitor) == set()


async def test_names_that_are_not_ascii_are_still_shown() -> None:
    rows = [{"pid": 7, "comm": "プロセス"}]
    app = make_app(ReplayCollector([make_sample(rows)] * 2), Settings(ascii=True))
    async with running(app, (70, 20)) as monitor:
        assert foreign(monitor) == set("プロセス")
