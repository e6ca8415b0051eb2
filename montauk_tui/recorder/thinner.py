"""Thins one segment: a program that `retention` runs.

    thinner.py MONTAUK FOLDER SEGMENT

with the PID of montauk and the descriptor of the folder. An interpreter of its own does
not hold that of the recorder, and what it needs of memory is free again a moment later.
It is run by path, and finds modules where montauk does.
"""

import os
import signal
import sys
from typing import Final

PATHS: Final = "MONTAUK_MODULES"
"""Variable of the environment with the folders of modules."""

NO_ROOM: Final = os.EX_IOERR
"""Exit code where the disk took no more; others that are not 0 are for good."""

_NICE: Final = 19


def main(arguments: list[str]) -> int:
    """Write the small form beside the segment; return the exit code."""
    sys.path.extend(os.environ.get(PATHS, "").split(os.pathsep))
    # ruff: noqa: PLC0415 - they are found from here on
    from pathlib import Path

    from montauk_tui import children
    from montauk_tui.errors import MontaukError
    from montauk_tui.recorder.folder import Folder
    from montauk_tui.recorder.thinning import thin

    montauk, descriptor, name = int(arguments[0]), int(arguments[1]), arguments[2]
    children.clean_signals()
    if not children.end_with(montauk, signal.SIGKILL):
        return os.EX_UNAVAILABLE
    os.nice(_NICE)
    try:
        thin(Folder(Path("/"), descriptor), name)
    except OSError:
        return NO_ROOM
    except MontaukError:
        return os.EX_DATAERR
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
