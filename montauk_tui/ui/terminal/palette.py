"""The colours of a terminal that has few of them, for those of a theme.

rich takes the nearest one too, but by its own measure: dark blue for a dark grey, and
one grey for all muted colours. Of 256 colours this takes the one that looks nearest. Of
16 it takes the hue, because that has a meaning, and what can be read on the background.
"""

import colorsys
from functools import lru_cache
from typing import Final

RGB = tuple[int, int, int]

_LEVELS: Final = (0, 95, 135, 175, 215, 255)
_GREY_STEPS: Final = 24

XTERM: Final = {
    16 + 36 * red + 6 * green + blue: (_LEVELS[red], _LEVELS[green], _LEVELS[blue])
    for red in range(6)
    for green in range(6)
    for blue in range(6)
} | {232 + step: (8 + 10 * step,) * 3 for step in range(_GREY_STEPS)}
"""The colours of xterm that are the same everywhere: a cube, and greys."""

BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE = range(8)
GREY, BRIGHT_WHITE = 8, 15
"""The names of ECMA-48; the colours of numbers from 8 on are bright."""

_BRIGHT: Final = 8

LIGHT: Final = frozenset((GREEN, YELLOW, CYAN, WHITE, *range(9, 16)))
"""Backgrounds on which black is easier to read than white."""

_HUES: Final = (
    (20, RED), (70, YELLOW), (165, GREEN), (220, CYAN), (265, BLUE), (345, MAGENTA),
    (360, RED),
)  # fmt: skip
"""Where each hue ends, in degrees."""

_ON_LIGHT: Final = {YELLOW: MAGENTA, CYAN: BLUE}
"""Hues that are hard to read on white, and what stands for them there."""

_LEAST_CHROMA: Final = 56
_LEAST_CHROMA_BEHIND: Final = 64
"""Less is a grey; a background has more of a tint."""


_HUE_WEIGHT: Final = 2
"""How much more a difference of hue is than one of lightness."""


@lru_cache(maxsize=4096)
def of_256(colour: RGB) -> int:
    """Return the number of the colour of xterm that looks nearest."""
    light, *hue = _seen(colour)

    def distance(number: int) -> float:
        other, *its = _PLACES[number]
        differ = sum((a - b) ** 2 for a, b in zip(hue, its, strict=True))
        return (light - other) ** 2 + _HUE_WEIGHT * differ

    return min(_PLACES, key=distance)


def _seen(colour: RGB) -> tuple[float, float, float]:
    """Return a colour as people see it: Oklab, by Björn Ottosson."""
    red, green, blue = map(_linear, colour)
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    mid = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * mid - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * mid + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * mid - 0.8086757660 * short,
    )


def _linear(part: int) -> float:
    """Return one of red, green and blue as the amount of light (sRGB)."""
    share = part / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4  # noqa: PLR2004


_PLACES: Final = {number: _seen(colour) for number, colour in XTERM.items()}


def background_of_16(colour: RGB) -> int:
    """Return the number of a background."""
    if max(colour) - min(colour) >= _LEAST_CHROMA_BEHIND:
        return _hue(colour)
    light = luminance(colour)
    return BLACK if light < 0.18 else WHITE if light < 0.8 else BRIGHT_WHITE  # noqa: PLR2004


def text_of_16(colour: RGB, background: int) -> int:
    """Return the number of a text colour on a background."""
    is_grey = max(colour) - min(colour) < _LEAST_CHROMA
    light = luminance(colour)
    if background in LIGHT:
        if is_grey:
            return BLACK if light < 0.18 or light > 0.5 else GREY  # noqa: PLR2004
        hue = _hue(colour)
        return BLACK if background != BRIGHT_WHITE else _ON_LIGHT.get(hue, hue)
    if is_grey:
        # Black was meant for a brighter background than there is.
        levels = ((0.03, BRIGHT_WHITE), (0.22, GREY), (0.8, WHITE), (2.0, BRIGHT_WHITE))
        return next(number for most, number in levels if light < most)
    hue = _hue(colour)
    is_bright = light > 0.5 or hue in (RED, BLUE)  # noqa: PLR2004
    return hue + _BRIGHT if is_bright else hue


def _hue(colour: RGB) -> int:
    degrees = colorsys.rgb_to_hls(*(part / 255 for part in colour))[0] * 360
    return next(number for end, number in _HUES if degrees <= end)


def luminance(colour: RGB) -> float:
    """Return the relative luminance (WCAG 2), 0 to 1."""
    red, green, blue = map(_linear, colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
