"""The host of the commands that print and exit."""

from montauk_tui.collectors import registry
from montauk_tui.config import Settings
from montauk_tui.export.waiting import Waiting
from montauk_tui.host.local import LocalHost


def this_machine(settings: Settings) -> LocalHost:
    """Open the collector that the user wants, or else the best one.

    Raises:
        MontaukError: It does not open.
    """
    waiting = Waiting(is_forced=settings.collector is not None)
    return LocalHost(registry.open_collector(settings.collector, waiting))
