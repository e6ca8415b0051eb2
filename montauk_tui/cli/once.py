"""`montauk --once`: one table."""

import argparse

from montauk_tui.cli.settings import load_and_report
from montauk_tui.export import commands


def run(options: argparse.Namespace) -> int:
    """Print it and return the exit code."""
    return commands.once(load_and_report(options), options.limit)
