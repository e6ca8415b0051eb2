"""From one list to another: the selection stays on its process."""

from typing import Any, Final

from montauk_tui.config import Settings, TabSettings
from tests.support.churn import churning_collector
from tests.support.monitor import Monitor, make_app, running
from tests.ui.test_tabs import tab

SIZE: Final = (120, 40)
POSTGRES: Final = 4402
"""Living, and no first row."""
COMPILER: Final = 4131
"""A child of a g++ that make started."""
FURTHER: Final = TabSettings("Web", columns=("pid", "command"), filter="postgres")


def churning(size: tuple[int, int] = SIZE, **settings: Any) -> Any:
    return running(make_app(churning_collector(), Settings(**settings)), size)


async def choose(monitor: Monitor, pid: int) -> None:
    """Select a process of the tab that is shown."""
    await monitor.select(monitor.shown_pids.index(pid))


async def test_a_click_on_a_tab_keeps_the_selection_as_well() -> None:
    async with churning() as monitor:
        await choose(monitor, POSTGRES)
        for title in ("Events", "I/O", "Main"):
            line = monitor.app.controller.main.view_line.render_line(0).text
            await monitor.click("#view", line.index(title) + 1)
            assert tab(monitor) == title
            assert (monitor.selected is None) == (title == "Events")
        assert monitor.current_pid == POSTGRES
