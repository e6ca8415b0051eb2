"""Cells that differ: whatever was drawn before, the terminal shows the picture."""

import random
from typing import Final

import pyte
import pytest
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from montauk_tui.model.text import cell_width
from montauk_tui.ui.terminal.canvas import Canvas
from montauk_tui.ui.terminal.pen import PLAIN, Pen
from montauk_tui.ui.widgets.lines import bare_ended

EVERY: Final = frozenset({1, 2, 3, 4, 5, 7, 8, 9})

STYLES: Final = (
    None,
    Style(color="#ff7b72", bgcolor="#12161c", bold=True),
    Style(color="#ff7b72", bgcolor="#12161c"),
    Style(color="green"),
    Style(reverse=True),
    Style(bgcolor="#12161c"),
)

WORDS: Final = ("montauk", " ", "12.5", "日本", "ü", "      ", "-", "プロ", "a")


def canvas(
    colors: int = 1 << 24,
    *,
    unicode: bool = True,
    corner: bool = True,
    erases: bool = False,
) -> Canvas:
    pen = Pen(colors, EVERY)
    return Canvas(pen, unicode=unicode, corner=corner, erases=erases)


def strip(chance: random.Random, width: int) -> Strip:
    """Return a strip of random words in random styles, `width` cells wide."""
    segments: list[Segment] = []
    left = width
    while left:
        word = chance.choice(WORDS)
        if cell_width(word) > left:
            word = " " * left
        segments.append(Segment(word, chance.choice(STYLES)))
        left -= cell_width(word)
    return Strip(segments, width)


def whole(lines: list[Strip], width: int) -> LayoutUpdate:
    return LayoutUpdate([[line] for line in lines], Region(0, 0, width, len(lines)))


class Shown:
    """A terminal that gets what a canvas sends."""

    def __init__(self, width: int, height: int) -> None:
        self.screen = pyte.Screen(width, height)
        self.stream = pyte.Stream(self.screen)

    def cells(self) -> list[list[tuple[object, ...]]]:
        return [
            [seen(self.screen.buffer[y][x]) for x in range(self.screen.columns)]
            for y in range(self.screen.lines)
        ]


def seen(cell: pyte.screens.Char) -> tuple[object, ...]:
    """Return what can be seen of a cell: of a space not its colour."""
    is_plain = not (cell.underscore or cell.strikethrough or cell.reverse or cell.blink)
    return (" ", cell.bg) if cell.data == " " and is_plain else tuple(cell)


def drawn_at_once(lines: list[Strip], width: int) -> list[list[tuple[object, ...]]]:
    """Return what a terminal shows that gets the picture from nothing."""
    fresh, shown = canvas(), Shown(width, len(lines))
    fresh.take(whole(lines, width))
    shown.stream.feed(fresh.changes())
    return shown.cells()


@pytest.mark.parametrize("seed", range(8))
def test_changes_lead_from_any_picture_to_any_other(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same pictures every time
    width, height = chance.randint(1, 40), chance.randint(1, 8)
    one, shown = canvas(erases=seed % 2 == 1), Shown(width, height)
    lines = [strip(chance, width) for _ in range(height)]
    one.take(whole(lines, width))
    for turn in range(6):
        shown.stream.feed(one.changes())
        assert shown.cells() == drawn_at_once(lines, width), turn
        assert one.changes() == ""
        for _ in range(chance.randint(0, 3)):
            # A piece of a line, as of a widget beside another.
            y, start = chance.randrange(height), chance.randrange(width)
            piece = strip(chance, width - start)
            head, _ = lines[y].divide([start, width])
            lines[y] = Strip.join([head, piece])
            chops = [{0: None} for _ in range(height)]
            chops[y] = {0: head, start: piece} if start else {0: piece}  # type: ignore[dict-item]
            ends = [[start, width] if start else [width]] * height
            one.take(ChopsUpdate(chops, [(y, 0, width)], ends))


def test_text_that_stands_still_is_not_sent_again() -> None:
    one = canvas()
    text = "process 4131 uses {:5.1f} of a CPU " + "x" * 60
    one.take(whole([Strip([Segment(text.format(12.5))])] * 10, 94))
    first = one.changes()
    one.take(whole([Strip([Segment(text.format(12.6))])] * 10, 94))
    second = one.changes()
    assert first.count("process") == 10
    # Where to, and the digit.
    assert len(second) == 10 * len("\x1b[1;22H6") + 1


def test_pictures_that_nobody_saw_are_not_sent() -> None:
    one = canvas()
    for picture in ("first", "later", "last "):
        one.take(whole([Strip([Segment(picture)])], 5))
    assert "first" not in (sent := one.changes())
    assert "later" not in sent
    assert "last" in sent


def test_all_is_sent_again_when_nothing_is_known() -> None:
    one, shown = canvas(), Shown(8, 1)
    one.take(whole([Strip([Segment("montauk ")])], 8))
    one.changes()
    shown.stream.feed("garbage\x1b[31m")
    one.forget()
    shown.stream.feed(one.changes())
    assert shown.screen.display == ["montauk "]
    assert shown.screen.buffer[0][0].fg == "default"


def test_half_a_wide_character_is_a_space() -> None:
    one, shown = canvas(), Shown(6, 1)
    one.take(whole([Strip([Segment("日本語")])], 6))
    one.take(ChopsUpdate([{1: Strip([Segment("ab")])}], [(0, 1, 3)], [[3]]))
    shown.stream.feed(one.changes())
    assert shown.screen.display[0].startswith(" ab 語")


def test_without_utf_8_other_characters_are_question_marks_of_their_width() -> None:
    one = canvas(unicode=False)
    one.take(whole([Strip([Segment("aü日│b")])], 6))
    assert one.changes().endswith("a????b")


def test_the_last_cell_is_left_where_it_would_scroll() -> None:
    one = canvas(corner=False)
    one.take(whole([Strip([Segment("abc")]), Strip([Segment("def")])], 3))
    sent = one.changes()
    assert "abc" in sent
    assert "de" in sent
    assert "def" not in sent


@pytest.mark.parametrize(
    ("colors", "style", "sequence"),
    [
        (0, Style(color="#ff7b72", bgcolor="red"), ""),
        (0, Style(color="red", bold=True), "\x1b[1m"),
        (8, Style(color="bright_red", bgcolor="bright_blue"), "\x1b[1;31;44m"),
        (8, Style(color="bright_black"), "\x1b[37m"),
        (16, Style(color="bright_red"), "\x1b[91m"),
        (256, Style(color="#ff0000"), "\x1b[38;5;196m"),
        (1 << 24, Style(color="#ff7b72"), "\x1b[38;2;255;123;114m"),
    ],
)
def test_a_style_is_said_in_what_the_terminal_has(
    colors: int, style: Style, sequence: str
) -> None:
    pen = Pen(colors, EVERY)
    assert pen.change(PLAIN, pen.ink(style))[0] == sequence


def test_attributes_that_the_terminal_lacks_are_left_out() -> None:
    pen = Pen(0, frozenset({1, 4, 7}))
    ink = pen.ink(Style(bold=True, dim=True, italic=True, reverse=True))
    assert pen.change(PLAIN, ink) == ("\x1b[1;7m", ink)
    assert pen.change(ink, PLAIN) == ("\x1b[m", PLAIN)
    # A VT100 has no end of one attribute.
    assert pen.change(ink, pen.ink(Style(bold=True)))[0] == "\x1b[0;1m"


def test_only_what_differs_of_a_style_is_said() -> None:
    pen = Pen(256, EVERY)
    name = pen.ink(Style(color="#ff0000", bgcolor="#000000", bold=True))
    plain = pen.ink(Style(color="#ff0000", bgcolor="#000000"))
    assert pen.change(name, plain)[0] == "\x1b[22m"
    assert pen.change(plain, name)[0] == "\x1b[1m"
    dim = pen.ink(Style(color="#ff0000", bgcolor="#000000", bold=True, dim=True))
    assert pen.change(dim, name)[0] == "\x1b[22;1m"


def test_the_colour_of_a_space_is_not_said() -> None:
    pen = Pen(256, EVERY)
    red = pen.ink(Style(color="#ff0000", bgcolor="#000000", bold=True))
    space = pen.blank(Style(color="#00ff00", bgcolor="#000000"))
    assert pen.change(red, space) == ("", red)
    assert pen.change(pen.ink(Style(reverse=True)), PLAIN)[0] == "\x1b[m"
    marked = pen.blank(Style(color="#00ff00", reverse=True))
    assert marked.foreground


def sent(before: list[Segment], after: list[Segment]) -> str:
    """Return what is sent for a line that was another before."""
    picture = canvas()
    for segments in (before, after):
        line = Strip(segments)
        picture.take(whole([line], line.cell_length))
        out = picture.changes()
    return out


def test_each_ink_of_a_line_is_said_once() -> None:
    red, green = Style(color="#ff0000"), Style(color="#00ff00")
    before = [Segment("1.0", red), Segment("  2.0", green)] * 4
    after = [Segment("7.5", red), Segment("  8.5", green)] * 4
    # The line before ended in green.
    assert sent(before, after).count("m") == 1


def test_the_colour_of_a_space_is_not_sent() -> None:
    red, green = Style(color="#ff0000"), Style(color="#00ff00")
    assert sent([Segment("     ab", red)], [Segment("     ab", green)]).count(" ") == 0
    underlined = Style(color="#00ff00", underline=True)
    assert " " in sent([Segment("a b", red)], [Segment("a b", underlined)])


def test_no_blank_at_the_end_of_a_run_is_underlined() -> None:
    line, bold = Style(underline=True, bold=True), Style(bold=True)
    runs = [("  96.8%  ", line), ("mem", bold), ("a b", line), ("   ", line)]
    bare = bare_ended(runs)
    assert [(text, bool(style.underline)) for text, style in bare] == [
        ("  ", False), ("96.8%", True), ("  ", False), ("mem", False), ("a b", True),
        ("   ", False),
    ]  # fmt: skip
    assert all(style.bold for _, style in bare)
    plain = [(" a ", bold)]
    assert bare_ended(plain) is plain
