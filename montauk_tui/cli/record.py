"""`montauk record`: all processes to disk."""

import argparse
from contextlib import closing
from pathlib import Path

from montauk_tui import streams
from montauk_tui.cli.hosts import this_machine
from montauk_tui.cli.settings import load_and_report
from montauk_tui.export.record import record
from montauk_tui.export.stopping import Stop
from montauk_tui.model.text import named
from montauk_tui.recorder.folder import Folder, default_path
from montauk_tui.recorder.retention import Limits
from montauk_tui.recorder.writer import Writer


def run(options: argparse.Namespace) -> int:
    """Record until a signal stops it, and return the exit code."""
    settings = load_and_report(options, for_scripts=True)
    path = Path(options.dir) if options.dir else default_path()
    folder = Folder.made(path)
    usual = Limits()
    limits = Limits(
        options.keep or usual.age_s,
        options.size or usual.size_bytes,
        options.full or usual.full_s,
    )
    writer = Writer(folder, limits, arguments=not options.no_arguments)
    with closing(Stop()) as stop, stop.on_signals():
        host = this_machine(settings, is_shown=False)
        streams.complain(f"recording to {named(path)} until stopped")
        record(host, writer, settings.interval_s, stop, options.duration)
    lost = f", {writer.missed:,} missed" if writer.missed else ""
    streams.complain(
        f"{writer.taken:,} samples recorded{lost}, {writer.bytes / 1024:,.0f} KiB"
    )
    return 0
