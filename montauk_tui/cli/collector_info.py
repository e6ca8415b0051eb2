"""`montauk --collector-info`: the collectors."""

import argparse

from montauk_tui.cli.settings import load_and_report
from montauk_tui.export.collector_info import collector_info


def run(options: argparse.Namespace) -> int:
    """List them and return the exit code."""
    return collector_info(load_and_report(options).collector)
