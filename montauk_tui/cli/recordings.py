"""`montauk recordings`: recordings for other programs."""

import argparse
import os
from contextlib import closing
from pathlib import Path
from typing import Final

from montauk_tui import streams
from montauk_tui.engine.units import counted
from montauk_tui.errors import UsageError, few
from montauk_tui.export.fleet.exporting import export
from montauk_tui.model.text import named
from montauk_tui.recorder.folder import Folder, path_to_read

_NICE: Final = 19
"""An export is never urgent."""


def run(options: argparse.Namespace) -> int:
    """Export a recording and return the exit code."""
    if options.command is None:
        raise UsageError("montauk recordings needs a command", "montauk recordings -h")
    os.nice(_NICE)
    out = Path(options.parquet)
    folder = Folder.opened(Path(options.dir) if options.dir else path_to_read())
    with closing(folder):
        done = export(folder, out)
    for line in few(done.complaints):
        streams.complain(line)
    still = f", {done.open} still being written" if done.open else ""
    streams.complain(
        f"{counted(done.now, 'segment')} exported to {named(out)}, "
        f"{done.before:,} before{still}"
    )
    return 0
