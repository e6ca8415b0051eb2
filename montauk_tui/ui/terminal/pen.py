"""Escape sequences for styles, limited to the terminal's capabilities."""

from typing import Final, NamedTuple

from rich.color import Color, ColorSystem
from rich.style import Style

_SYSTEMS: Final = (
    (1 << 24, ColorSystem.TRUECOLOR),
    (256, ColorSystem.EIGHT_BIT),
    (8, ColorSystem.STANDARD),
)
"""Least number of colours of a colour system."""

_BRIGHT: Final = 16
"""Colours that a terminal needs for the bright eight."""

_GREY: Final = 90
"""The parameter of bright black."""

ATTRIBUTES: Final = (
    ("bold", 1), ("dim", 2), ("italic", 3), ("underline", 4), ("blink", 5),
    ("reverse", 7), ("conceal", 8), ("strike", 9),
)  # fmt: skip
"""Attributes of styles and the parameter (SGR) that sets each."""


_ENDS: Final = {1: 22, 2: 22, 3: 23, 4: 24, 5: 25, 7: 27, 8: 28, 9: 29}
"""Parameters that reset one attribute (ECMA-48); a VT100 can only reset all."""

ON_BLANKS: Final = frozenset({4, 5, 7, 9})
"""Attributes visible on a space."""


class Ink(NamedTuple):
    """One style as parameters of SGR."""

    attributes: tuple[int, ...] = ()
    foreground: str | None = ""
    """None if invisible, as on a space."""
    background: str = ""


PLAIN: Final = Ink()


class Pen:
    """Converts styles to sequences, and caches them."""

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
        self._changes: dict[tuple[Ink, Ink], tuple[str, Ink]] = {}

    def ink(self, style: Style | None) -> Ink:
        """Return the ink of a style on this terminal."""
        if style is None:
            return PLAIN
        found = self._inks.get(style)
        if found is None:
            found = self._inks[style] = self._make(style)
        return found

    def blank(self, style: Style | None) -> Ink:
        """Return the ink of spaces in a style."""
        ink = self.ink(style)
        seen = tuple(it for it in ink.attributes if it in ON_BLANKS)
        return ink if seen else Ink((), None, ink.background)

    def change(self, old: Ink, new: Ink) -> tuple[str, Ink]:
        """Return the sequence from one ink to another, and the resulting ink."""
        if old == new:
            return "", old
        found = self._changes.get((old, new))
        if found is None:
            reached = new
            if new.foreground is None:
                kept = () if ON_BLANKS & set(old.attributes) else old.attributes
                reached = Ink(kept, old.foreground, new.background)
            found = _sequence(old, reached, ends=self._system is not None), reached
            self._changes[old, new] = found
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
        return Ink(tuple(numbers), foreground, background)

    def _colour(self, color: Color | None, *, is_foreground: bool) -> tuple[str, bool]:
        """Return the parameters of a colour, and whether bold makes it bright."""
        if color is None or color.is_default or self._system is None:
            return "", False
        codes = color.downgrade(self._system).get_ansi_codes(foreground=is_foreground)
        first = int(codes[0])
        is_bright = first >= 90 and len(codes) == 1  # noqa: PLR2004 - SGR 90 to 107
        if first == _GREY and self._colors < _BRIGHT:
            # Bold black is black on many such terminals.
            return "37", False
        if is_bright and self._colors < _BRIGHT:
            return str(first - 60), is_foreground
        return ";".join(codes), False


def _sequence(old: Ink, new: Ink, *, ends: bool) -> str:
    if old == new:
        return ""
    if new == PLAIN:
        return "\x1b[m"
    gone = set(old.attributes) - set(new.attributes)
    begun = [it for it in new.attributes if it not in old.attributes]
    if gone and not ends:
        parts = ["0", *map(str, new.attributes)]
        old = PLAIN
    else:
        stopped = {_ENDS[it] for it in gone}
        # Bold and dim have one end.
        begun += [it for it in new.attributes if _ENDS[it] in stopped]
        parts = [str(it) for it in (*sorted(stopped), *begun)]
    if old.foreground != new.foreground:
        parts.append(new.foreground or "39")
    if old.background != new.background:
        parts.append(new.background or "49")
    return f"\x1b[{';'.join(parts)}m"
