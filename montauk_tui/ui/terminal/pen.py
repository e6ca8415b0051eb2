"""Escape sequences for styles, limited to the terminal's capabilities."""

from typing import Final, NamedTuple

from rich.color import Color, ColorType
from rich.style import Style

from montauk_tui.ui.terminal import palette

_LEAST: Final = 8
"""Colours that a terminal needs for any."""
_BRIGHT: Final = 16
"""Colours that a terminal needs for the bright eight."""
_MANY: Final = 256
_TRUE: Final = 1 << 24

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
            found = _sequence(old, reached, ends=self._colors >= _LEAST), reached
            self._changes[old, new] = found
        return found

    def _make(self, style: Style) -> Ink:
        numbers = [
            number
            for name, number in ATTRIBUTES
            if getattr(style, name) and number in self._attributes
        ]
        foreground, bold = self._foreground(style.color, style.bgcolor)
        if bold and 1 in self._attributes and 1 not in numbers:
            numbers.insert(0, 1)
        return Ink(tuple(numbers), foreground, self._background(style.bgcolor))

    def _drawn(self, color: Color | None) -> Color | None:
        """Return a colour that is sent, None if it is not."""
        is_sent = color and not color.is_default and self._colors >= _LEAST
        return color if is_sent else None

    def _background(self, color: Color | None) -> str:
        """Return the parameters of a background."""
        color = self._drawn(color)
        if color is None:
            return ""
        if self._colors >= _MANY:
            return self._codes(color, is_foreground=False)
        number = _background_number(color)
        # Eight colours have no bright backgrounds.
        return _code(number if self._colors >= _BRIGHT else number % _LEAST, 40)

    def _foreground(
        self, color: Color | None, behind: Color | None
    ) -> tuple[str, bool]:
        """Return the parameters of a text, and whether bold makes it bright."""
        color = self._drawn(color)
        if color is None:
            return "", False
        if self._colors >= _MANY:
            return self._codes(color, is_foreground=True), False
        background, number = _background_number(behind), _own_number(color)
        if number is None:
            number = palette.text_of_16(color.get_truecolor(), background)
        if number < _LEAST or self._colors >= _BRIGHT:
            return _code(number, 30), False
        if number == palette.GREY:
            # Bold black is black on many such terminals.
            is_light = background in palette.LIGHT
            return _code(palette.BLACK if is_light else palette.WHITE, 30), False
        return _code(number - _LEAST, 30), True

    def _codes(self, color: Color, *, is_foreground: bool) -> str:
        """Return the parameters of one of very many colours."""
        if self._colors < _TRUE and color.triplet is not None:
            number = palette.of_256(color.triplet)
            return f"{38 if is_foreground else 48};5;{number}"
        return ";".join(color.get_ansi_codes(foreground=is_foreground))


def _own_number(color: Color) -> int | None:
    """Return the number of a colour that is one of the 16 by its name."""
    return color.number if color.type is ColorType.STANDARD else None


def _background_number(color: Color | None) -> int:
    """Return the number of a background among the 16, black if it has none."""
    if color is None or color.is_default:
        return palette.BLACK
    number = _own_number(color)
    return palette.background_of_16(color.get_truecolor()) if number is None else number


def _code(number: int, first: int) -> str:
    """Return the parameter of one of the 16; the bright ones come 60 later."""
    return str(first + number if number < _LEAST else first + 60 + number - _LEAST)


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
