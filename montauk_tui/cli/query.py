"""`montauk query`: SQL over recordings and exports of them."""

import argparse
from pathlib import Path

from montauk_tui.export.fleet.asking import ask
from montauk_tui.recorder.folder import default_path


def run(options: argparse.Namespace) -> int:
    """Print the answer and return the exit code."""
    folders = [Path(one) for one in options.dirs] or [default_path()]
    ask(options.sql, folders, options.form)
    return 0
