"""The setup screen as a test goes through it."""

from typing import Final

from montauk_tui.ui.screens.setup import SetupScreen
from tests.support.monitor import Monitor

TABS: Final = (
    "Main", "I/O", "Exited", "Spawners", "Groups", "Events",
    "Disks", "Interfaces", "File systems",
)  # fmt: skip
PAGES: Final = (*TABS, "Meters", "Tabs", "Look", "Behaviour", "Keys")


async def open_page(monitor: Monitor, title: str) -> SetupScreen:
    """Open the setup screen, and go into one of its pages."""
    await monitor.press("f2", *["down"] * PAGES.index(title), "right")
    assert isinstance(monitor.app.screen, SetupScreen)
    return monitor.app.screen


def title_line(monitor: Monitor) -> str:
    """Return the first line."""
    return monitor.lines[0].rstrip()


async def select(monitor: Monitor, text: str) -> None:
    """Go down to the line of the list that has the keys which begins with a text."""
    screen = monitor.app.screen
    assert isinstance(screen, SetupScreen)
    items = screen.page.panel.list
    lines = [
        str(items.get_option_at_index(i).prompt) for i in range(items.option_count)
    ]
    items.select(next(i for i, line in enumerate(lines) if text in line))
    await monitor.settle()


def line_at_hand(screen: SetupScreen) -> str:
    """Return the line that is selected in the list that has the keys."""
    items = screen.page.panel.list
    return str(items.get_option_at_index(screen.page.at).prompt)
