"""`montauk --json`: an object for each sample."""

import argparse
from functools import partial

from montauk_tui.cli.hosts import wanted_host
from montauk_tui.cli.settings import load_and_report
from montauk_tui.export import commands


def run(options: argparse.Namespace) -> int:
    """Print them and return the exit code."""
    settings = load_and_report(options, for_scripts=True)
    host = partial(wanted_host, options, settings, lead=1)
    return commands.json_lines(
        host, settings, options.samples, options.limit, options.lists
    )
