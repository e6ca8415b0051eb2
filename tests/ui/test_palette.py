"""Colours of themes on terminals that have few: they mean the same, and can be read."""

from typing import Final

import pytest
from rich.color import Color
from rich.style import Style

from montauk_tui.ui import themes
from montauk_tui.ui.terminal import palette
from montauk_tui.ui.terminal.pen import PLAIN, Pen
from montauk_tui.ui.themes import ROLES, Theme
from tests.support.contrast import RGB, contrast, pairs, rgb

SHIPPED: Final = [
    it for it in themes.names(themes.shipped()) if it != themes.MONOCHROME
]
EVERY: Final = frozenset({1, 2, 3, 4, 5, 7})

OF_XTERM: Final = (
    (0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205),
    (0, 205, 205), (229, 229, 229), (127, 127, 127), (255, 0, 0), (0, 255, 0),
    (255, 255, 0), (92, 92, 255), (255, 0, 255), (0, 255, 255), (255, 255, 255),
)  # fmt: skip
OF_VGA: Final = (
    (0, 0, 0), (170, 0, 0), (0, 170, 0), (170, 85, 0), (0, 0, 170), (170, 0, 170),
    (0, 170, 170), (170, 170, 170), (85, 85, 85), (255, 85, 85), (85, 255, 85),
    (255, 255, 85), (85, 85, 255), (255, 85, 255), (85, 255, 255), (255, 255, 255),
)  # fmt: skip
"""Those of the Linux console."""

LEAST_OF_256: Final = {"tree": 2.0, "faint": 2.8}
"""Of roles that are no plain text; they are a little off the colours of the theme."""

GRAPHIC: Final = 2.8


def loaded(name: str) -> Theme:
    return themes.load(name, themes.shipped())


def test_a_colour_of_the_256_is_itself() -> None:
    for colour in palette.XTERM.values():
        assert palette.XTERM[palette.of_256(colour)] == colour


@pytest.mark.parametrize(
    ("colour", "number"),
    [("#262c38", 236), ("#f0e6cc", 254), ("#24476b", 24), ("#17502a", 22)],
)
def test_a_muted_colour_stays_muted_and_keeps_its_hue(colour: str, number: int) -> None:
    assert palette.of_256(rgb(colour)) == number


@pytest.mark.parametrize("name", SHIPPED)
def test_every_role_can_be_read_in_256_colours(name: str) -> None:
    theme = loaded(name)
    for role in ROLES:
        is_graphic = role.startswith(("bar_", "mem_", "swap_"))
        least = LEAST_OF_256.get(role, GRAPHIC if is_graphic else 4.1)
        for text, behind in pairs(theme, role):
            shown, around = (palette.XTERM[palette.of_256(it)] for it in (text, behind))
            assert contrast(shown, around) >= least, role


def few(text: RGB, behind: RGB, colors: int) -> tuple[int, int]:
    """Return the numbers that are sent for a text and its background."""
    color, bgcolor = (Color.from_rgb(*it) for it in (text, behind))
    ink = Pen(colors, EVERY).ink(Style(color=color, bgcolor=bgcolor))
    front, back = int(ink.foreground or ""), int(ink.background)
    bright = front >= 90 or (colors == 8 and 1 in ink.attributes)
    return front % 10 + 8 * bright, back % 10 + 8 * (back >= 100)


HARD: Final = {
    (palette.GREEN, palette.WHITE): 1.3, (palette.GREEN, palette.BRIGHT_WHITE): 2.0,
    (palette.MAGENTA, palette.WHITE): 2.7, (palette.GREY, palette.BLACK): 2.8,
}  # fmt: skip
"""What the 16 colours are worst at. Green keeps its meaning: it is no plain text."""


@pytest.mark.parametrize("colors", [8, 16])
@pytest.mark.parametrize("name", SHIPPED)
def test_every_role_can_be_read_in_few_colours(name: str, colors: int) -> None:
    theme = loaded(name)
    for role in ROLES:
        for text, behind in pairs(theme, role):
            front, back = few(text, behind, colors)
            for colours in (OF_XTERM, OF_VGA):
                least = HARD.get((front, back), 3.0)
                assert contrast(colours[front], colours[back]) >= least, role


@pytest.mark.parametrize("colors", [8, 16])
@pytest.mark.parametrize("name", SHIPPED)
def test_colours_that_mean_something_stay_different(name: str, colors: int) -> None:
    theme = loaded(name)
    meaning = [
        few(*pairs(theme, role)[0], colors)[0] for role in ("value", "warm", "hot")
    ]
    if name == "htop-like":
        # As in htop, what is high is as bright as the values.
        meaning.pop(1)
    assert len(set(meaning)) == len(meaning)


@pytest.mark.parametrize("colors", [8, 16])
@pytest.mark.parametrize("name", SHIPPED)
def test_titles_and_keys_are_marked_where_their_background_is_that_of_all(
    name: str, colors: int
) -> None:
    whole = loaded(name)
    theme = whole.limited_to(colors)
    _, screen = few(*pairs(theme, "arguments")[0], colors)
    for role, bearer, sign in (
        ("header", "header", Style(underline=True)),
        ("key_label", "key", Style(bold=True)),
    ):
        _, behind = few(*pairs(theme, role)[0], colors)
        before = whole.style(bearer)
        expected = before + sign if behind == screen else before
        assert theme.style(bearer) == expected


@pytest.mark.parametrize(
    ("colors", "style", "sequence"),
    [
        (8, "bright_black on white", "\x1b[30;47m"),
        (8, "#7e8792 on #fbfaf7", "\x1b[30;47m"),
        (8, "#5d6875 on #12161c", "\x1b[37;40m"),
        (16, "#5d6875 on #12161c", "\x1b[90;40m"),
        (8, "#e9c46a on #12161c", "\x1b[1;33;40m"),
        (16, "#e9c46a on #12161c", "\x1b[93;40m"),
        (16, "#945e00 on #fbfaf7", "\x1b[35;107m"),
        (16, "red on bright_blue", "\x1b[31;104m"),
        (16, "#12161c on #ff7b72", "\x1b[97;41m"),
        (16, "color(196)", "\x1b[91m"),
        (256, "color(196) on color(16)", "\x1b[38;5;196;48;5;16m"),
    ],
)
def test_what_is_sent_to_a_terminal_of_few_colours(
    colors: int, style: str, sequence: str
) -> None:
    pen = Pen(colors, EVERY)
    assert pen.change(PLAIN, pen.ink(Style.parse(style)))[0] == sequence
