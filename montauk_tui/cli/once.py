"""`montauk --once`: one table."""

import argparse

from montauk_tui.cli.settings import told
from montauk_tui.export import commands


def run(options: argparse.Namespace) -> int:
    """Print it and return the exit code."""
    return commands.once(told(options), options.limit)
