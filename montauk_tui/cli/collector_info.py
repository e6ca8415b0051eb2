"""`montauk --collector-info`: the collectors."""

import argparse

from montauk_tui.cli.settings import told
from montauk_tui.export import commands


def run(options: argparse.Namespace) -> int:
    """List them and return the exit code."""
    return commands.collector_info(told(options).collector)
