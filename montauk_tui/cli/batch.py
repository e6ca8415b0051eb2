"""`montauk --batch`: tables one after the other, as `top -b`."""

import argparse
from functools import partial

from montauk_tui.cli.hosts import wanted_host
from montauk_tui.cli.settings import load_and_report
from montauk_tui.export import commands


def run(options: argparse.Namespace) -> int:
    """Print them and return the exit code."""
    settings = load_and_report(options)
    host = partial(wanted_host, options, settings, lead=1)
    samples, width = options.samples, options.width
    return commands.tables(host, settings, samples, options.limit, width)
