"""`montauk --json`: an object for each sample."""

import argparse

from montauk_tui.cli.settings import load_and_report
from montauk_tui.export import commands


def run(options: argparse.Namespace) -> int:
    """Print them and return the exit code."""
    settings = load_and_report(options, for_scripts=True)
    return commands.json_lines(settings, options.samples, options.limit)
