"""`montauk`: the monitor."""

import argparse
import gc
import os
from collections.abc import Callable, Sequence

from montauk_tui import shortage, streams
from montauk_tui.cli.settings import load_settings
from montauk_tui.collectors import registry
from montauk_tui.config import Settings
from montauk_tui.errors import MontaukError
from montauk_tui.export.waiting import Waiting
from montauk_tui.host.base import Host
from montauk_tui.host.local import LocalHost


def run(options: argparse.Namespace) -> int:
    """Run the monitor until the user quits; return the exit code."""
    settings, warnings = load_settings(options)
    return monitor(settings, warnings, strict_theme=options.theme is not None)


def monitor(settings: Settings, warnings: Sequence[str], *, strict_theme: bool) -> int:
    """Run the monitor on this machine, with the best collector that opens."""

    def opened() -> Host:
        waiting = Waiting(is_forced=True)
        return LocalHost(registry.open_quickly(settings.collector, waiting))

    return show(opened, settings, warnings, strict_theme=strict_theme)


def show(
    open_host: Callable[[], Host],
    settings: Settings,
    warnings: Sequence[str],
    *,
    strict_theme: bool,
) -> int:
    """Run the monitor on a host; with `strict_theme` the theme must load."""
    streams.forget_foreign(os.environ, streams.screen())
    if settings.no_color:
        os.environ["NO_COLOR"] = "1"
    shortage.try_threads()
    if os.environ.get("TERM", "dumb") in ("", "dumb", "unknown"):
        reason = "this terminal cannot place a cursor (TERM is unset or dumb)"
        raise MontaukError(reason, "set TERM, or use --once or --json")
    # Imported objects stay: collecting garbage meanwhile costs a twentieth of the
    # start. Frozen, they are not scanned while the monitor runs either.
    gc.disable()
    from montauk_tui.ui import app  # noqa: PLC0415 - see above

    gc.freeze()
    gc.enable()
    host = open_host()
    try:
        return app.run(host, settings, warnings, strict_theme=strict_theme)
    finally:
        host.close()
