"""Which argument of an interpreter is the script or module that it runs."""

import re
from typing import Final, NamedTuple

_INTERPRETER: Final = re.compile(
    rb"(?:.*/)?-?(?:python|pypy|perl|ruby|node|nodejs|php|lua|luajit|tclsh|wish|guile"
    rb"|Rscript|bash|dash|ash|zsh|ksh|mksh|fish|sh)[\d.]*\Z"
)
_INLINE: Final = frozenset((b"-c", b"-e", b"-E", b"-s", b"--eval", b"--print"))
"""Options after which the program is text or standard input."""

_TAKES_VALUE: Final = frozenset(
    (
        b"-W",
        b"-X",
        b"-O",
        b"+O",
        b"-o",
        b"-r",
        b"--require",
        b"--rcfile",
        b"--init-file",
    )
)


class Script(NamedTuple):
    """Where a script stands in an argument vector, in bytes."""

    start: int
    """Of its path."""
    name: int
    """Of its name behind the last `/`."""
    end: int


def script_of(raw: bytes) -> Script | None:
    """Return the script of a NUL-separated argument vector, None if there is none.

    The program is known by its name. `-m` names a module (python); after `-c` and the
    like there is no script.
    """
    program, _, rest = raw.partition(b"\0")
    if not rest or not _INTERPRETER.match(program):
        return None
    start = len(program) + 1
    is_value = False
    for argument in rest.split(b"\0"):
        is_option = is_value or argument[:1] in (b"-", b"+", b"")
        if not is_option:
            name = start + argument.rfind(b"/") + 1
            return Script(start, name, start + len(argument))
        if argument in _INLINE and not is_value:
            return None
        is_value = not is_value and argument in _TAKES_VALUE
        start += len(argument) + 1
    return None
