"""`montauk --collector-info`: the collectors."""

import argparse

from montauk_tui.cli.settings import load_and_report
from montauk_tui.export import commands


def run(options: argparse.Namespace) -> int:
    """List them and return the exit code."""
    return commands.collector_info(load_and_report(options).collector)
