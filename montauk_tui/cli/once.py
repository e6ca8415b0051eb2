"""`montauk --once`: one table."""

import argparse
from functools import partial

from montauk_tui.cli.hosts import wanted_host
from montauk_tui.cli.settings import load_and_report
from montauk_tui.export import commands


def run(options: argparse.Namespace) -> int:
    """Print it and return the exit code."""
    settings = load_and_report(options)
    host, width = partial(wanted_host, options, settings, lead=1), options.width
    return commands.tables(host, settings, 1, options.limit, width)
