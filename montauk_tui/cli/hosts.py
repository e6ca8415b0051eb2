"""The host of the commands that print and exit."""

from montauk_tui.collectors import registry
from montauk_tui.config import Settings
from montauk_tui.export.waiting import Waiting
from montauk_tui.host.local import LocalHost


def this_machine(
    settings: Settings, on_wait: registry.OnWait | None = None
) -> LocalHost:
    """Open the collector that the user wants, or else the best one.

    `on_wait` is called about every second meanwhile; without it, a report goes to
    stderr now and then.

    Raises:
        MontaukError: It does not open.
    """
    if on_wait is None:
        on_wait = Waiting(is_forced=settings.collector is not None)
    return LocalHost(registry.open_collector(settings.collector, on_wait))
