"""Pictures of the screen; `make snapshots` draws them anew.

They depend on the releases of Textual (pinned) and rich, not on the time, the place or
the speed of the machine.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

import pytest
from textual.pilot import Pilot

from montauk_tui.config import Settings
from montauk_tui.ui import themes
from montauk_tui.ui.screens.details import DetailsScreen
from tests.support.churn import churning_collector
from tests.support.details import LOOKED_INTO, looking_collector
from tests.support.monitor import Monitor, make_app
from tests.support.scenes import scene_collector

SIZES: Final = ((80, 24), (120, 40), (200, 50))


class Compare(Protocol):
    """The fixture `snap_compare`."""

    def __call__(
        self,
        app: Any,
        *,
        terminal_size: tuple[int, int],
        run_before: Callable[[Pilot[Any]], Awaitable[None]],
    ) -> bool: ...


@pytest.fixture
def looks_as_before(snap_compare: Compare) -> Callable[..., bool]:
    """Compare the screen after some keys with its picture."""

    def looks(
        size: tuple[int, int],
        *keys: str,
        text: str = "",
        theme: str = themes.DEFAULT,
        cpus: int = 8,
        churn: int = 0,
        looking: bool = False,
        **settings: Any,
    ) -> bool:
        collector = churning_collector(cpus) if churn else scene_collector(cpus)
        if looking:
            collector, _ = looking_collector()
        app = make_app(collector, Settings(**settings), theme)

        async def drive(pilot: Pilot[Any]) -> None:
            monitor = Monitor(app, pilot)
            await monitor.begin()
            for _ in range(churn):
                await monitor.sample()
            if churn:
                # Once more, so that the cost of the frame shows.
                await monitor.draw(monitor.frame)
            if looking:
                await look_into(monitor)
            await monitor.press_for_needs(*keys)
            await monitor.type(text)
            await monitor.settle()

        if not snap_compare(app, terminal_size=size, run_before=drive):
            pytest.fail("see snapshot_report.html; if it is intended: make snapshots")
        return True

    return looks


async def look_into(monitor: Monitor) -> None:
    """Open the closer look at the compiler of the scene, and wait until it was read."""
    await monitor.type(str(LOOKED_INTO))
    await monitor.press("enter")
    screen = monitor.app.screen
    assert isinstance(screen, DetailsScreen)
    await monitor.until(lambda: screen.details is not None)
    await monitor.settle()


def name(value: object) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)


Looks = Callable[..., bool]


@pytest.mark.parametrize("theme", ["montauk-dark", "montauk-light"])
@pytest.mark.parametrize("size", SIZES, ids=name)
def test_list(looks_as_before: Looks, size: tuple[int, int], theme: str) -> None:
    assert looks_as_before(size, "down", "down", theme=theme)


@pytest.mark.parametrize(
    "theme",
    [
        "monochrome", "high-contrast", "colour-blind-safe", "htop-like", "dune",
        "fjord", "phosphor",
    ],
)  # fmt: skip
def test_themes(looks_as_before: Looks, theme: str) -> None:
    assert looks_as_before((100, 30), "down", "down", theme=theme)


def test_tree(looks_as_before: Looks) -> None:
    assert looks_as_before((120, 40), "down", tree=True)


def test_folded_tree(looks_as_before: Looks) -> None:
    keys = ["asterisk", "down", "down", "down", "minus", "P"]
    assert looks_as_before((120, 40), *keys, tree=True)


def test_ascii_tree(looks_as_before: Looks) -> None:
    assert looks_as_before((80, 24), tree=True, ascii=True, filter="postgres")


def test_small(looks_as_before: Looks) -> None:
    assert looks_as_before((40, 10))


def test_small_help(looks_as_before: Looks) -> None:
    assert looks_as_before((40, 10), "f1")


def test_small_tree(looks_as_before: Looks) -> None:
    assert looks_as_before((40, 10), "down", "down", "down", "minus", tree=True)


def test_many_cpus(looks_as_before: Looks) -> None:
    assert looks_as_before((120, 20), cpus=128)


METERS: Final = (
    "cpu:graph", "memory", "swap:text", "network:graph", "disk:graph", "temperature",
    "frequency:graph", "load", "tasks", "clock",
)  # fmt: skip


@pytest.mark.parametrize("theme", ["montauk-dark", "montauk-light"])
@pytest.mark.parametrize("size", SIZES, ids=name)
def test_chosen_meters(
    looks_as_before: Looks, size: tuple[int, int], theme: str
) -> None:
    assert looks_as_before(size, churn=12, meters=METERS, theme=theme)


def test_chosen_meters_in_ascii(looks_as_before: Looks) -> None:
    assert looks_as_before((80, 24), churn=12, meters=METERS, ascii=True)


def test_help(looks_as_before: Looks) -> None:
    assert looks_as_before((80, 24), "f1")


def test_sort_chooser(looks_as_before: Looks) -> None:
    assert looks_as_before((80, 24), "f6", "down")


def test_theme_chooser(looks_as_before: Looks) -> None:
    assert looks_as_before((80, 24), "ctrl+t", "end")


def test_signal_menu(looks_as_before: Looks) -> None:
    assert looks_as_before((80, 24), "down", "space", "space", "f9", "9")


def test_tagged_rows(looks_as_before: Looks) -> None:
    keys = ("t", "down", "down", "c")
    assert looks_as_before((80, 24), *keys, filter="make", read_only=True)


def test_filter_prompt(looks_as_before: Looks) -> None:
    assert looks_as_before((80, 24), "f4", text="nginx|cc1")


def test_filter_mistake(looks_as_before: Looks) -> None:
    assert looks_as_before((80, 24), "f4", text="nginx and cpu > ten or state = S")


def test_filter_names(looks_as_before: Looks) -> None:
    assert looks_as_before((80, 24), "f4", text="nginx and s")


def test_search(looks_as_before: Looks) -> None:
    assert looks_as_before((80, 24), "f3", text="src/")


def test_paused_machine_scale(looks_as_before: Looks) -> None:
    assert looks_as_before((80, 24), "Z", "%", "M", "I", "K")


def test_bad_interval(looks_as_before: Looks) -> None:
    assert looks_as_before((80, 24), "d", "x", "enter")


# --- the panel ------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["montauk-dark", "montauk-light"])
def test_panel(looks_as_before: Looks, theme: str) -> None:
    keys = ("down", "down", "down")
    settings = {"filter": "make", "ascii": theme == "montauk-light"}
    assert looks_as_before((160, 40), *keys, theme=theme, churn=12, **settings)


# --- the closer look ------------------------------------------------------------------


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=name)
def test_details(looks_as_before: Looks, size: tuple[int, int]) -> None:
    assert looks_as_before(size, looking=True)


def test_details_found_in_light(looks_as_before: Looks) -> None:
    assert looks_as_before(
        (80, 24), "/", "l", "i", "b", "enter", looking=True, theme="montauk-light"
    )


def test_small_details_in_ascii(looks_as_before: Looks) -> None:
    assert looks_as_before((40, 10), "l", looking=True, ascii=True)


# --- processes that come and go -------------------------------------------------------

CHURN: Final = ((80, 24), (200, 50))


@pytest.mark.parametrize("size", CHURN, ids=name)
def test_main_under_churn(looks_as_before: Looks, size: tuple[int, int]) -> None:
    assert looks_as_before(size, churn=12)


@pytest.mark.parametrize("size", CHURN, ids=name)
def test_exited(looks_as_before: Looks, size: tuple[int, int]) -> None:
    assert looks_as_before(size, *["shift+tab"] * 4, "down", churn=2)


@pytest.mark.parametrize("size", [(40, 10), *CHURN], ids=name)
def test_io(looks_as_before: Looks, size: tuple[int, int]) -> None:
    assert looks_as_before(size, "tab", churn=6)


@pytest.mark.parametrize("size", CHURN, ids=name)
def test_spawners(looks_as_before: Looks, size: tuple[int, int]) -> None:
    assert looks_as_before(size, *["shift+tab"] * 3, churn=6)


@pytest.mark.parametrize("size", CHURN, ids=name)
def test_groups(looks_as_before: Looks, size: tuple[int, int]) -> None:
    assert looks_as_before(size, "g", "g", "g", "g", "g", churn=6)


@pytest.mark.parametrize("size", CHURN, ids=name)
def test_tree_of_groups(looks_as_before: Looks, size: tuple[int, int]) -> None:
    assert looks_as_before(size, "g", "t", "down", churn=6)


@pytest.mark.parametrize("keys", ["D", "DD", "DDD"])
@pytest.mark.parametrize("size", SIZES, ids=name)
def test_devices(looks_as_before: Looks, size: tuple[int, int], keys: str) -> None:
    assert looks_as_before(size, *keys)


def test_devices_in_light_and_ascii(looks_as_before: Looks) -> None:
    keys = ("D", "D", "D", "down", "down")
    assert looks_as_before((120, 40), *keys, theme="montauk-light", ascii=True)


@pytest.mark.parametrize("size", CHURN, ids=name)
def test_events(looks_as_before: Looks, size: tuple[int, int]) -> None:
    assert looks_as_before(size, "shift+tab", "down", churn=2)


def test_main_under_churn_in_light_and_opened(looks_as_before: Looks) -> None:
    assert looks_as_before(
        (120, 40), "X", "X", "f4", "enter", "down", "enter",
        theme="montauk-light", churn=3, sort="count", filter="awk|sh|git|crash",
    )  # fmt: skip


def test_ascii_under_churn(looks_as_before: Looks) -> None:
    assert looks_as_before((120, 40), "shift+tab", "shift+tab", churn=12, ascii=True)


# --- the setup screen -----------------------------------------------------------------

SETUP_PAGES: Final = {
    "columns": 0, "meters": 5, "tabs": 6, "look": 7, "behaviour": 8, "keys": 9,
}  # fmt: skip


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the settings file in a place of which the path is always the same."""
    monkeypatch.setenv("MONTAUK_CONFIG", "/home/ann/.config/montauk/config.toml")
    monkeypatch.setenv("HOME", "/home/ann")


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("page", SETUP_PAGES)
@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=name)
def test_setup(looks_as_before: Looks, size: tuple[int, int], page: str) -> None:
    keys = ["f2", *["down"] * SETUP_PAGES[page], "right", "down"]
    assert looks_as_before(size, *keys)


@pytest.mark.usefixtures("home")
def test_setup_in_light_and_changed(looks_as_before: Looks) -> None:
    keys = ["f2", "right", "down", "]", ">", "right", "down", "down", "enter"]
    assert looks_as_before((80, 24), *keys, theme="montauk-light")


@pytest.mark.usefixtures("home")
def test_small_setup_in_ascii(looks_as_before: Looks) -> None:
    assert looks_as_before((40, 10), "f2", "right", "down", ascii=True)


@pytest.mark.usefixtures("home")
def test_setup_in_monochrome(looks_as_before: Looks) -> None:
    assert looks_as_before((80, 24), "f2", "right", "down", theme="monochrome")


@pytest.mark.usefixtures("home")
def test_a_key_is_asked_for(looks_as_before: Looks) -> None:
    keys = ["f2", *["down"] * SETUP_PAGES["keys"], "right", *["down"] * 12, "enter"]
    assert looks_as_before((80, 24), *keys)
