"""Writing to stdout."""

import io
import os
import sys
from typing import Final, TextIO

from montauk_tui.errors import MontaukError
from montauk_tui.model.text import cell_width, fit

CUT: Final = "+"
"""The last cell of what is cut."""


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


def terminal_width() -> int | None:
    """Return the cells of a line of stdout; None if it is no terminal."""
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    # A terminal of unknown size reports 0.
    return os.get_terminal_size().columns or None


def cut_at(line: str, width: int | None) -> str:
    """Return a line of at most so many cells; `+` is its last one if it is cut."""
    if width is None or cell_width(line) <= width:
        return line
    return f"{fit(line, width - 1).rstrip()}{CUT}"


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
