"""`montauk`: the monitor."""

import argparse
import gc
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from montauk_tui import shortage, streams
from montauk_tui.cli.settings import load_settings
from montauk_tui.collectors import registry
from montauk_tui.config import Settings
from montauk_tui.errors import MontaukError
from montauk_tui.export.waiting import Waiting
from montauk_tui.host.base import Host
from montauk_tui.host.local import LocalHost
from montauk_tui.model.frame import Frame


def run(options: argparse.Namespace) -> int:
    """Run the monitor until the user quits; return the exit code."""
    settings, warnings = load_settings(options)
    with recording_to(options.record) as record:

        def opened() -> Host:
            waiting = Waiting(is_forced=True)
            host = LocalHost(registry.open_quickly(settings.collector, waiting))
            host.record = record
            return host

        return show(opened, settings, warnings, strict_theme=options.theme is not None)


@contextmanager
def recording_to(folder: str | None) -> Iterator[Callable[[Frame, int], str]]:
    """Yield what records each frame in a folder; empty for the usual one, None: none.

    Raises:
        CannotRecord: The folder cannot take recordings.
    """
    if folder is None:
        yield lambda *_: ""
        return
    # Only some want that.
    from montauk_tui.recorder.folder import Folder, default_path  # noqa: PLC0415
    from montauk_tui.recorder.retention import Limits  # noqa: PLC0415
    from montauk_tui.recorder.writer import Writer  # noqa: PLC0415

    path = Path(folder) if folder else default_path()
    with closing(Writer(Folder.made(path), Limits())) as writer:
        yield writer.take


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
    # Imported objects stay: collecting garbage meanwhile costs a twentieth of the
    # start. Frozen, they are not scanned while the monitor runs either.
    gc.disable()
    from montauk_tui.ui import app  # noqa: PLC0415 - see above

    gc.freeze()
    gc.enable()
    host = open_host()
    try:
        return app.run(
            host, settings, warnings, strict_theme=strict_theme, served=is_served
        )
    finally:
        host.close()
