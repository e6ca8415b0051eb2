"""Writing to stdout."""

import io
import os
import sys
from typing import TextIO

from montauk_tui.errors import MontaukError


def write_stdout(text: str) -> None:
    """Write a line; characters outside the encoding of stdout become escapes.

    Raises:
        BrokenPipeError: The reader closed the pipe.
        MontaukError: stdout cannot be written, as on a full disk.
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
        # At exit Python would complain again about what it could not flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise MontaukError(f"cannot write to stdout: {error.strerror}") from error


def _write(stream: TextIO, text: str) -> None:
    """Write everything: Python's buffer loses the rest when a signal interrupts."""
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
