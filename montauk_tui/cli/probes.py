"""`montauk probes layout`: the kernel fields that the probes read."""

import argparse

from montauk_tui.errors import UsageError
from montauk_tui.export import probes


def run(options: argparse.Namespace) -> int:
    """Print them and return the exit code."""
    if options.command is None:
        raise UsageError("montauk probes needs a command", "choose one of: layout")
    return probes.layout()
