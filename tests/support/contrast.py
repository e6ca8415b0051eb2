"""How well the colours of a theme can be read (WCAG 2, 1.4.3)."""

from typing import Final

from rich.color import Color

from montauk_tui.ui.themes import Theme

RGB = tuple[int, int, int]

_ON_PANEL: Final = ("title", "label", "value", "faint", "warm", "hot")
"""Roles in lines that have the background of a panel."""


def luminance(colour: RGB) -> float:
    """Return the relative luminance."""
    parts = [part / 255 for part in colour]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    ]
    return sum(
        map(lambda part, weight: part * weight, linear, (0.2126, 0.7152, 0.0722))
    )


def contrast(one: RGB, other: RGB) -> float:
    """Return the ratio of two colours: 1 to 21."""
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def rgb(color: Color | str) -> RGB:
    """Return a colour as numbers."""
    found = Color.parse(color) if isinstance(color, str) else color
    red, green, blue = found.get_truecolor()
    return red, green, blue


def pairs(theme: Theme, role: str) -> list[tuple[RGB, RGB]]:
    """Return the colour of a role with each background that it has."""
    style = theme.style(role)
    text = rgb(style.color or theme.surface["foreground"])
    if style.bgcolor:
        return [(text, rgb(style.bgcolor))]
    surfaces = ("background", "panel") if role in _ON_PANEL else ("background",)
    return [(text, rgb(theme.surface[it])) for it in surfaces]
