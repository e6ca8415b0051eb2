"""`montauk replay`: the monitor on a recording."""

import argparse

from montauk_tui.cli.hosts import recorded_host
from montauk_tui.cli.monitor import show
from montauk_tui.cli.settings import load_settings


def run(options: argparse.Namespace) -> int:
    """Run the monitor until the user quits; return the exit code."""
    settings, warnings = load_settings(options)
    host = recorded_host(options.dir or "", options.host, options.at)
    return show(
        lambda: host, settings, warnings, strict_theme=options.theme is not None
    )
