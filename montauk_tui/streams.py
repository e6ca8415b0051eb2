"""The standard streams: which ones are open, and the terminal to draw on."""

import io
import os
import re
import stat
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from typing import Final, TextIO

from montauk_tui.errors import LONGEST_LINE, MontaukError, shortened

_STDIN: Final = 0
_STDOUT: Final = 1
_STDERR: Final = 2

_LARGEST: Final = (2_000, 1_000)
"""Most columns and lines to draw; no screen has more."""

_WEB_DRIVER: Final = "textual.drivers.web_driver:WebDriver"

_SIZES: Final = ("COLUMNS", "LINES")
_USUAL: Final = (80, 24)
_SIZE: Final = re.compile("[0-9]{1,4}")


def hold_closed() -> None:
    """Open closed ones of the first three descriptors on /dev/null.

    Otherwise the next opened file would receive output meant for the user.
    """
    for descriptor in (_STDIN, _STDOUT, _STDERR):
        try:
            os.fstat(descriptor)
        except OSError:
            # open(2) returns the lowest free descriptor: the closed one.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # noqa: FBT003


def tell(line: str) -> None:
    """Write a line to stderr, if it can be written."""
    # print() would write to stdout if stderr is closed.
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def complain(line: str) -> None:
    """Write a line with the program's name to stderr, shortened if very long."""
    tell(f"montauk: {shortened(line, LONGEST_LINE)}")


def screen() -> io.TextIOWrapper:
    """Return the terminal to draw on: that of stdout, else that of stderr.

    Keys come from stdin. A stdout that is a pipe or a file expects data, not a
    drawing.

    Raises:
        MontaukError: There is none.
    """
    reason = "the monitor needs a terminal"
    remedy = "use --once or --json for a pipe or a file"
    if not os.isatty(_STDIN):
        raise MontaukError(f"{reason}: stdin is not one", remedy)
    is_data = not stat.S_ISCHR(os.fstat(_STDOUT).st_mode)
    streams = ((_STDOUT, sys.__stdout__), (_STDERR, sys.__stderr__))
    for descriptor, stream in streams:
        is_terminal = not is_data and os.isatty(descriptor)
        if is_terminal and isinstance(stream, io.TextIOWrapper):
            # stdout would reject characters outside its encoding.
            stream.reconfigure(errors="backslashreplace")
            return stream
    if is_data:
        raise MontaukError(f"{reason}, and stdout is not one", remedy)
    raise MontaukError(f"{reason}: neither stdout nor stderr is one", remedy)


def is_served(environment: Mapping[str, str]) -> bool:
    """Tell whether textual-serve started the program, to show it in a browser.

    It names a driver of Textual, and takes the screen from a pipe.
    """
    is_asked = environment.get("TEXTUAL_DRIVER") == _WEB_DRIVER
    return is_asked and sys.__stdout__ is not None and not os.isatty(_STDIN)


def is_same(one: int, other: int) -> bool:
    """Tell whether two descriptors certainly refer to the same terminal."""
    # /dev/tty has a different device number.
    return os.fstat(one).st_rdev == os.fstat(other).st_rdev


def forget_foreign(
    environment: MutableMapping[str, str], terminal: TextIO | None
) -> None:
    """Remove variables that would change the behaviour of the drawing libraries.

    Textual's developer variables write files, press keys and open ports; Rich fails on
    invalid sizes, and allocates memory for huge ones. `terminal` is None in a browser.
    """
    for name in [*environment]:
        if name == "TEXTUAL" or name.startswith("TEXTUAL_"):
            del environment[name]
    for told, name in zip(_told_by(terminal), _SIZES, strict=True):
        if told or not _number(environment.get(name)):
            environment.pop(name, None)


def bounded(columns: object, lines: object) -> tuple[int, int]:
    """Return a size that a browser claims, 80 by 24 where it claims nonsense."""
    given = (_number(str(columns)), _number(str(lines)))
    return (
        min(given[0] or _USUAL[0], _LARGEST[0]),
        min(given[1] or _USUAL[1], _LARGEST[1]),
    )


def size_of(terminal: TextIO) -> tuple[int, int]:
    """Return columns and lines of a terminal.

    A terminal of unknown size reports 0 (a serial line): then COLUMNS and LINES apply.
    """
    told = zip(_told_by(terminal), _SIZES, strict=True)
    return bounded(*(size or os.environ.get(name) for size, name in told))


def _told_by(terminal: TextIO | None) -> tuple[int, int]:
    """Return the size of a terminal, 0 by 0 if unknown."""
    if terminal is None:
        return 0, 0
    try:
        columns, lines = os.get_terminal_size(terminal.fileno())
    except (OSError, ValueError):
        return 0, 0
    return columns, lines


def _number(text: str | None) -> int:
    """Return a valid size, 0 for everything else."""
    return int(text) if text and _SIZE.fullmatch(text) else 0
