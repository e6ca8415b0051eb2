"""`montauk query`: SQL over recordings and exports of them."""

import argparse
from pathlib import Path

from montauk_tui.export.fleet.asking import Part, ask
from montauk_tui.recorder.folder import path_to_read


def run(options: argparse.Namespace) -> int:
    """Print the answer and return the exit code."""
    folders = [Path(one) for one in options.dirs] or [path_to_read()]
    ask(options.sql, folders, options.form, Part(options.begin, options.end))
    return 0
