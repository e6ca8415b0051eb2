"""`montauk --sort help`: the columns."""

import argparse

from montauk_tui.export.sort_keys import sort_keys


def run(_options: argparse.Namespace) -> int:
    """List them and return the exit code."""
    return sort_keys()
