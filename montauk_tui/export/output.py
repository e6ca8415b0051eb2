"""Writing to stdout."""

import io
import os
import sys
from typing import TextIO

from montauk_tui.errors import MontaukError


def put(text: str) -> None:
    """Write a line at once; what the encoding of stdout lacks becomes an escape.

    Raises:
        BrokenPipeError: The reader had enough.
        MontaukError: Nothing can be written, as on a full disk.
    """
    if sys.stdout is None:
        raise MontaukError("stdout is closed", "point it at a file or a pipe")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        _write(sys.stdout, text + "\n")
    except BrokenPipeError:
        raise
    except OSError as error:
        # Python would complain once more about what it could not flush at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise MontaukError(f"cannot write to stdout: {error.strerror}") from error


def _write(stream: TextIO, text: str) -> None:
    """Write all of it: Python's own buffer loses the rest when a signal interrupts."""
    stream.flush()
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):
        stream.write(text)
        stream.flush()
        return
    left = memoryview(text.encode(stream.encoding or "utf-8", "backslashreplace"))
    while left:
        left = left[os.write(descriptor, left) :]
