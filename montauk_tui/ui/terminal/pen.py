"""How styles are said to a terminal: escape sequences for what it can do, no others."""

from typing import Final, NamedTuple

from rich.color import Color, ColorSystem
from rich.style import Style

_SYSTEMS: Final = (
    (1 << 24, ColorSystem.TRUECOLOR),
    (256, ColorSystem.EIGHT_BIT),
    (8, ColorSystem.STANDARD),
)
"""The colours that a terminal has at least for a colour system."""

_BRIGHT: Final = 16
"""Colours that a terminal needs for the bright ones of the first sixteen."""

_GREY: Final = 90
"""The parameter of bright black."""

ATTRIBUTES: Final = (
    ("bold", 1), ("dim", 2), ("italic", 3), ("underline", 4), ("blink", 5),
    ("reverse", 7), ("conceal", 8), ("strike", 9),
)  # fmt: skip
"""Attributes of styles and the parameter (SGR) that sets each."""


class Ink(NamedTuple):
    """One style as parameters of SGR."""

    attributes: str
    foreground: str
    background: str


PLAIN: Final = Ink("", "", "")


class Pen:
    """Turns styles into sequences, and remembers what it said."""

    def __init__(self, colors: int, attributes: frozenset[int]) -> None:
        """Write for a terminal.

        Args:
            colors: How many it has; none below 8.
            attributes: The parameters of SGR that it knows.
        """
        self._colors = colors
        self._system = next((it for count, it in _SYSTEMS if colors >= count), None)
        self._attributes = attributes
        self._inks: dict[Style, Ink] = {}
        self._changes: dict[tuple[Ink, Ink], str] = {}

    def ink(self, style: Style | None) -> Ink:
        """Return what a style looks like here."""
        if style is None:
            return PLAIN
        found = self._inks.get(style)
        if found is None:
            found = self._inks[style] = self._make(style)
        return found

    def change(self, old: Ink, new: Ink) -> str:
        """Return the sequence that leads from one to the other."""
        if old == new:
            return ""
        found = self._changes.get((old, new))
        if found is None:
            found = self._changes[old, new] = _sequence(old, new)
        return found

    def _make(self, style: Style) -> Ink:
        numbers = [
            number
            for name, number in ATTRIBUTES
            if getattr(style, name) and number in self._attributes
        ]
        foreground, bold = self._colour(style.color, is_foreground=True)
        if bold and 1 in self._attributes and 1 not in numbers:
            numbers.insert(0, 1)
        background, _ = self._colour(style.bgcolor, is_foreground=False)
        return Ink(";".join(map(str, numbers)), foreground, background)

    def _colour(self, color: Color | None, *, is_foreground: bool) -> tuple[str, bool]:
        """Return the parameters of a colour, and whether bold makes it bright."""
        if color is None or color.is_default or self._system is None:
            return "", False
        codes = color.downgrade(self._system).get_ansi_codes(foreground=is_foreground)
        first = int(codes[0])
        is_bright = first >= 90 and len(codes) == 1  # noqa: PLR2004 - SGR 90 to 107
        if first == _GREY and self._colors < _BRIGHT:
            # Bold black is black on many of these.
            return "37", False
        if is_bright and self._colors < _BRIGHT:
            return str(first - 60), is_foreground
        return ";".join(codes), False


def _sequence(old: Ink, new: Ink) -> str:
    if new == PLAIN:
        return "\x1b[m"
    parts: tuple[str, ...]
    if old.attributes != new.attributes:
        parts = ("0" if old != PLAIN else "", *new)
    else:
        parts = (
            "" if old.foreground == new.foreground else new.foreground or "39",
            "" if old.background == new.background else new.background or "49",
        )
    return f"\x1b[{';'.join(part for part in parts if part)}m"
