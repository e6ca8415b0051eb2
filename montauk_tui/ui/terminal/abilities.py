"""Capabilities of the terminal and the locale, from terminfo(5) and setlocale(3).

Nothing is sent that the terminal's description does not have. A terminal without a
description is treated as an xterm, as nearly all of those are.
"""

import contextlib
import locale
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from montauk_tui import files

_TRUECOLOR: Final = 1 << 24

_CURSOR: Final = b"\x1b[%i%p1%d;%p2%dH"
"""The usual capability cup (cursor position): ECMA-48."""

_ATTRIBUTES: Final = {
    "bold": 1, "dim": 2, "sitm": 3, "smul": 4, "blink": 5, "rev": 7, "invis": 8,
    "smxx": 9,
}  # fmt: skip
"""Capabilities and the parameter of SGR that each stands for."""

_OWN_FONT: Final = re.compile(r"(linux|ansi|pcansi|cons25|vt\d+)(-|$)")
"""Terminals with one font of a few hundred characters, whatever the locale is."""

_PLACES: Final = ("TERMINFO", "TERMINFO_DIRS", "HOME")
"""Variables that give ncurses more folders of descriptions."""

_DELAY: Final = b"$<"
"""Padding in a description; today's terminals need none."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """The sequences that may be sent to the terminal."""

    colors: int = 256
    """0 if it has none."""
    attributes: frozenset[int] = frozenset({1, 2, 3, 4, 5, 7, 8, 9})
    """Parameters of SGR."""
    unicode: bool = True
    """Whether it takes UTF-8."""
    symbols: bool = True
    """Whether its font has braille and parts of blocks."""
    xterm: bool = True
    """Whether it knows xterm's private modes: mouse, pasting, queries."""
    corner: bool = True
    """Whether its last cell can be written without scrolling."""
    erases: bool = False
    """Whether it erases with the current background (bce)."""
    places_cursor: bool = True
    """Whether the cursor can be placed by ECMA-48."""
    enter: str = "\x1b[?1049h\x1b[?25l"
    """Enters an empty screen without a cursor."""
    leave: str = "\x1b[?1049l\x1b[?25h"
    """Leaves it."""

    @property
    def ascii_only(self) -> bool:
        """Whether to draw with ASCII only."""
        return not (self.unicode and self.symbols)


@contextlib.contextmanager
def _own_descriptions(environment: Mapping[str, str]) -> Iterator[None]:
    """Keep ncurses from using terminal descriptions that root must not trust.

    They determine what is sent to the terminal, and the environment determines their
    folders (terminfo(5)).
    """
    home = environment.get("HOME")
    places = [
        environment.get("TERMINFO", ""),
        *environment.get("TERMINFO_DIRS", "").split(":"),
        f"{home}/.terminfo" if home else "",
    ]
    if not any(files.distrust(place, environment) for place in places if place):
        yield
        return
    names = [name for name in _PLACES if name in os.environ]
    kept = {name: os.environ.pop(name) for name in names}
    try:
        yield
    finally:
        os.environ.update(kept)


def find(environment: Mapping[str, str], fd: int) -> Abilities:
    """Return the capabilities of the terminal `fd`, by TERM, and of the locale."""
    name = environment.get("TERM", "")
    unicode, symbols = _is_utf8(environment), not _OWN_FONT.match(name)
    try:
        import curses  # noqa: PLC0415 - some systems have Python without it
    except ImportError:
        return _unknown(environment, unicode=unicode)
    try:
        with _own_descriptions(environment):
            curses.setupterm(name, fd)
    except curses.error:
        return _unknown(environment, unicode=unicode)

    def text(capability: str) -> str:
        found = curses.tigetstr(capability) or b""
        return "" if _DELAY in found else found.decode("latin-1")

    colors = max(0, curses.tigetnum("colors"))
    if colors >= 256 and environment.get("COLORTERM") in ("truecolor", "24bit"):  # noqa: PLR2004
        colors = _TRUECOLOR
    xterm = symbols and colors > 0 and bool(curses.tigetstr("kmous"))
    clear = "\x1b[m\x1b[H\x1b[2J"
    return Abilities(
        colors=colors,
        attributes=frozenset(
            number for it, number in _ATTRIBUTES.items() if curses.tigetstr(it)
        ),
        unicode=unicode,
        symbols=symbols,
        xterm=xterm,
        corner=not curses.tigetflag("am") or bool(curses.tigetflag("xenl")),
        erases=bool(curses.tigetflag("bce")),
        places_cursor=(curses.tigetstr("cup") or b"").split(_DELAY)[0] == _CURSOR,
        enter=(text("smcup") or clear) + text("civis") + text("rmam"),
        leave="\x1b[m" + text("smam") + (text("rmcup") or clear) + text("cnorm"),
    )


def _unknown(environment: Mapping[str, str], *, unicode: bool) -> Abilities:
    truecolor = environment.get("COLORTERM") in ("truecolor", "24bit")
    return Abilities(unicode=unicode, colors=_TRUECOLOR if truecolor else 256)


def _is_utf8(environment: Mapping[str, str]) -> bool:
    """Tell whether the locale's encoding is UTF-8.

    Without a locale Python assumes UTF-8 (PEP 538), and so does this. Python then sets
    LC_CTYPE, also over an explicit C.
    """
    chosen = environment.get("LC_ALL") or _original("LC_CTYPE")
    if (chosen or environment.get("LANG")) in ("C", "POSIX"):
        return False
    with contextlib.suppress(locale.Error):
        locale.setlocale(locale.LC_CTYPE, "")
        return locale.nl_langinfo(locale.CODESET).upper().replace("-", "") == "UTF8"
    return False


def _original(name: str) -> str:
    """Return a variable as it was when the process started."""
    try:
        content = Path("/proc/self/environ").read_bytes()
    except OSError:
        return os.environ.get(name, "")
    start = name.encode() + b"="
    found = [it for it in content.split(b"\0") if it.startswith(start)]
    return found[0][len(start) :].decode("latin-1") if found else ""
