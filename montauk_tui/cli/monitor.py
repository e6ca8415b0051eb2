"""`montauk`: the monitor."""

import argparse
import gc
import os
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace

from montauk_tui import shortage, streams
from montauk_tui.cli.recording_switch import RecordingSwitch
from montauk_tui.cli.settings import load_settings
from montauk_tui.collectors import registry
from montauk_tui.config import Settings
from montauk_tui.errors import MontaukError
from montauk_tui.export.waiting import Waiting
from montauk_tui.host.base import Host
from montauk_tui.host.local import LocalHost
from montauk_tui.host.remembering import RememberingHost


def run(options: argparse.Namespace) -> int:
    """Run the monitor until the user quits; return the exit code."""
    settings, warnings = load_settings(options)
    with closing(RecordingSwitch(options.record)) as switch:
        if options.record is not None:
            switch.turn()

        def opened() -> Host:
            waiting = Waiting(is_forced=True)
            host = _remembering(
                registry.open_quickly(settings.collector, waiting), settings
            )
            host.record, host.turn_recording = switch.take, switch.turn
            return host

        return show(opened, settings, warnings, strict_theme=options.theme is not None)


def _remembering(opened: registry.Opened, settings: Settings) -> LocalHost:
    if not settings.remember_s:
        return LocalHost(opened)
    return RememberingHost(opened, settings.remember_s, settings.remember_bytes)


def show(
    open_host: Callable[[], Host],
    settings: Settings,
    warnings: Sequence[str],
    *,
    strict_theme: bool,
) -> int:
    """Run the monitor on a host; with `strict_theme` the theme must load.

    In a browser it changes no processes, whatever the settings: who may look at it is
    not known here.
    """
    is_served = streams.is_served(os.environ)
    streams.forget_foreign(os.environ, None if is_served else streams.screen())
    if is_served:
        settings = replace(settings, read_only=True)
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
    if settings.no_color:
        os.environ["NO_COLOR"] = "1"
    shortage.try_threads()
    if os.environ.get("TERM", "dumb") in ("", "dumb", "unknown"):
        reason = "this terminal cannot place a cursor (TERM is unset or dumb)"
        raise MontaukError(reason, "set TERM, or use --once or --json")
    # Imported objects stay, and to open a host imports a collector: collecting garbage
    # meanwhile costs a twentieth of the start. Frozen, they are not scanned while the
    # monitor runs either.
    gc.disable()
    try:
        from montauk_tui.ui import app  # noqa: PLC0415 - see above

        host = open_host()
        gc.freeze()
    finally:
        gc.enable()
    try:
        return app.run(
            host, settings, warnings, strict_theme=strict_theme, served=is_served
        )
    finally:
        host.close()
