"""The standard streams: which of them there are, and the terminal to draw on."""

import io
import os
import re
import stat
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Final, TextIO

from montauk_tui.errors import LONGEST_LINE, MontaukError, shortened

_STDIN: Final = 0
_STDOUT: Final = 1
_STDERR: Final = 2

_LARGEST: Final = (2_000, 1_000)
"""Columns and lines that are drawn; no screen has more."""

_SIZES: Final = ("COLUMNS", "LINES")
_USUAL: Final = (80, 24)
_SIZE: Final = re.compile("[0-9]{1,4}")


def hold_closed() -> None:
    """Open what is closed of the first three descriptors on /dev/null.

    Else the next file that is opened, whichever it is, gets what is meant for people.
    """
    for descriptor in (_STDIN, _STDOUT, _STDERR):
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest that is free is the one which is closed (open(2)).
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # noqa: FBT003


def tell(line: str) -> None:
    """Write a line for people to stderr, where there is one that takes it."""
    # print() would write to stdout where stderr is closed.
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def complain(line: str) -> None:
    """Say who says it as well; nothing is told that nobody would read to its end."""
    tell(f"montauk: {shortened(line, LONGEST_LINE)}")


def screen() -> io.TextIOWrapper:
    """Return the terminal to draw on: that of stdout, else that of stderr.

    Keys come from stdin. A stdout that is a pipe or a file waits for data, which a
    drawing is not.

    Raises:
        MontaukError: There is none.
    """
    reason = "the monitor needs a terminal"
    remedy = "use --once or --json for a pipe or a file"
    if not os.isatty(_STDIN):
        raise MontaukError(f"{reason}: its keys are read from stdin", remedy)
    is_data = not stat.S_ISCHR(os.fstat(_STDOUT).st_mode)
    streams = ((_STDOUT, sys.__stdout__), (_STDERR, sys.__stderr__))
    for descriptor, stream in streams:
        is_terminal = not is_data and os.isatty(descriptor)
        if is_terminal and isinstance(stream, io.TextIOWrapper):
            # stdout would refuse what its encoding lacks.
            stream.reconfigure(errors="backslashreplace")
            return stream
    if is_data:
        raise MontaukError(f"{reason}, and stdout is none", remedy)
    raise MontaukError(f"{reason}: neither stdout nor stderr is one", remedy)


def is_same(one: int, other: int) -> bool:
    """Tell whether two descriptors are certainly of one terminal."""
    # /dev/tty has a number of its own.
    return os.fstat(one).st_rdev == os.fstat(other).st_rdev


def forget_foreign(environment: MutableMapping[str, str], terminal: TextIO) -> None:
    """Take out what would change what the libraries that draw do.

    Variables for developers of Textual write files, press keys and open ports; Rich
    fails on sizes that are none, and reserves room for those that are too large.
    """
    for name in [*environment]:
        if name == "TEXTUAL" or name.startswith("TEXTUAL_"):
            del environment[name]
    for told, name in zip(_told_by(terminal), _SIZES, strict=True):
        if told or not _number(environment.get(name)):
            environment.pop(name, None)


def size_of(terminal: TextIO) -> tuple[int, int]:
    """Return columns and lines of a terminal.

    One that does not know them says 0 (a serial line): then COLUMNS and LINES count.
    """
    columns, lines = (
        min(told or _number(os.environ.get(name)) or usual, most)
        for told, name, usual, most in zip(
            _told_by(terminal), _SIZES, _USUAL, _LARGEST, strict=True
        )
    )
    return columns, lines


def _told_by(terminal: TextIO) -> tuple[int, int]:
    """Return the size that a terminal has, 0 by 0 where it does not know."""
    try:
        columns, lines = os.get_terminal_size(terminal.fileno())
    except (OSError, ValueError):
        return 0, 0
    return columns, lines


def _number(text: str | None) -> int:
    """Return a number that a size may be, and 0 for all else."""
    return int(text) if text and _SIZE.fullmatch(text) else 0
