import subprocess
import sys
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len
from wcwidth import wcwidth

from montauk_tui.model import text as module
from montauk_tui.model.names import state_letter
from montauk_tui.model.text import (
    cell_width,
    clean,
    clean_text,
    drop_cells,
    fit,
    quoted,
    split_at,
)

FORBIDDEN_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Mn", "Mc", "Me"}

TRICKY = [
    b"\x1b]52;c;cm0gLXJmIH4=\x07",
    b"\x9b31m",
    "\u009b31m".encode(),
    "a\u202eb\u200ec\u2066d".encode(),
    "👩\u200d💻 👍🏽 🇩🇪 ❤\ufe0f".encode(),
    "\ufeffx\u00a0y\u3164z\u00adw".encode(),
    "\u1100\u1161\u11a8 \uac00\u11a8 e\u0301 x\u0301\u0302".encode(),
    b"\xed\xa0\x80\xed\xb0\x80",
    "日本語 한국어 \uff46\uff55".encode(),
    "\u2028\u2029\U000e0041\ue000\uffff".encode(),
    b"",
]

NASTY_TEXT = st.text(
    st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from(
            "\x1b\x07\u009b\u202e\u200d\ufeff\u3164\u0301\u1160\u1161\ufe0f"
        ),
        st.sampled_from("日本👩🏽🇩/ae=-"),
    ),
    max_size=40,
)
RAW = st.one_of(
    st.binary(max_size=60),
    NASTY_TEXT.map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from(TRICKY),
)
CLEAN = RAW.map(clean)


@given(RAW)
@example(b"".join(TRICKY))
def test_nothing_invisible_or_joining_is_left(raw: bytes) -> None:
    for char in clean(raw):
        assert unicodedata.category(char) not in FORBIDDEN_CATEGORIES, ascii(char)
        assert cell_len(char) in (1, 2), ascii(char)


@pytest.mark.exhaustive
def test_every_character_of_unicode_alone_is_safe() -> None:
    """All of the older scripts, and every 7th code point of the others."""
    for code in (*range(0x3200), *range(0x3200, 0x110000, 7)):
        raw = chr(code).encode("utf-8", "surrogatepass")
        text = clean(raw)
        assert text
        categories = {unicodedata.category(char) for char in text}
        assert not categories & FORBIDDEN_CATEGORIES, hex(code)
        assert cell_width(text) == cell_len(text), hex(code)
        assert all(cell_len(char) in (1, 2) for char in text), hex(code)


@given(CLEAN)
def test_the_width_is_what_the_terminal_library_draws(text: str) -> None:
    assert cell_width(text) == cell_len(text)


@given(RAW)
def test_cleaning_twice_changes_nothing(raw: bytes) -> None:
    once = clean(raw)
    assert clean(once.encode()) == once


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_printable_ascii_is_left_as_it_is(text: str) -> None:
    assert clean(text.encode()) == text


@given(CLEAN, st.integers(0, 60))
def test_fit_gives_exactly_the_width(text: str, width: int) -> None:
    fitted = fit(text, width)
    assert cell_len(fitted) == width
    assert text.startswith(fitted.rstrip(" ")) or fitted.isspace()


@given(CLEAN, st.integers(0, 60))
def test_fit_cuts_no_more_than_it_must(text: str, width: int) -> None:
    """What is left of the text plus one more character would not have fitted."""
    kept = 0
    while kept < len(text) and cell_len(text[: kept + 1]) <= width:
        kept += 1
    assert fit(text, width).startswith(text[:kept])


@given(CLEAN, st.integers(0, 60))
def test_dropping_cells_leaves_the_other_cells(text: str, count: int) -> None:
    """The first cells and what is left after them are as wide as the whole."""
    rest = drop_cells(text, count)
    assert cell_len(rest) == max(0, cell_len(text) - count)
    assert text.endswith(rest.lstrip(" "))


@pytest.mark.parametrize(
    ("count", "rest"), [(1, " 本x"), (2, "本x"), (3, " x"), (5, "")]
)
def test_a_wide_character_cut_in_two_leaves_a_space(count: int, rest: str) -> None:
    assert drop_cells("日本x", count) == rest


def test_a_wide_character_that_does_not_fit_leaves_a_space() -> None:
    assert fit("日本", 3) == "日 "


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"\x1b]52;c;aGk=\x07", r"\x1b]52;c;aGk=\x07"),
        (b"\x9b31m", r"\x9b31m"),
        ("\u009b31m".encode(), r"\u009b31m"),
        ("a\u202eb".encode(), r"a\u202eb"),
        ("\u200e\u200f\u2066\u2069".encode(), r"\u200e\u200f\u2066\u2069"),
        ("a\u200db".encode(), r"a\u200db"),
        (b"\xef\xbb\xbfsh", r"\ufeffsh"),
        ("a\u00a0b".encode(), r"a\u00a0b"),
        ("\u3164\u115f\u1160\uffa0".encode(), r"\u3164\u115f\u1160\uffa0"),
        ("\u2800".encode(), r"\u2800"),
        (b"\xed\xa0\x80", r"\xed\xa0\x80"),
        (b"\xff\xfe", r"\xff\xfe"),
        (b"a\nb\tc\rd", r"a\nb\tc\rd"),
        (b"\0\x7f", r"\x00\x7f"),
        ("\u0080".encode(), r"\u0080"),
        ("\uffff\U0010ffff".encode(), r"\uffff\U0010ffff"),
        ("\u0301".encode(), r"\u0301"),
        ("e\u0301".encode(), "é"),
        ("x\u0301".encode(), r"x\u0301"),
        ("\u1112\u1161\u11ab".encode(), "한"),
        ("\U0001f44d\U0001f3fd".encode(), "👍" + r"\U0001f3fd"),
        ("\U0001f1e9\U0001f1ea".encode(), r"\U0001f1e9\U0001f1ea"),
        ("\U0001f1e6\U0001f1ff".encode(), r"\U0001f1e6\U0001f1ff"),
        ("\U0001f3fb\U0001f3ff".encode(), r"\U0001f3fb\U0001f3ff"),
        ("\U0001f200\U0001f3fa\U0001f400".encode(), "🈀🏺🐀"),
        ("\U000e0041".encode(), r"\U000e0041"),
        ("日本".encode(), "日本"),
        (b"[/foo]", "[/foo]"),
        (b"", ""),
    ],
)
def test_named_cases(raw: bytes, expected: str) -> None:
    assert clean(raw) == expected


def test_a_name_of_4_kib_stays_whole() -> None:
    assert clean(b"x" * 4_095 + b"\x1b") == "x" * 4_095 + r"\x1b"


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("\u1100", 1, ("\u1100", "")),
        ("\u1100b", 1, ("\u1100", "b")),
        ("\u1100 b", 1, ("\u1100", "b")),
        ("\u1100\u1100", 0, ("\u1100", "\u1100")),
    ],
)
def test_a_character_wider_than_the_line_stands_alone(
    text: str, width: int, expected: tuple[str, str]
) -> None:
    assert split_at(text, width) == expected


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\udcff", r"a\xff"),
        ("\ud800", r"\xed\xa0\x80"),
        ("\x1b[2J", r"\x1b[2J"),
        ("plain", "plain"),
    ],
)
def test_text_of_the_command_line_is_cleaned_as_its_bytes(
    text: str, shown: str
) -> None:
    assert clean_text(text) == shown
    assert quoted(text) == f"'{shown}'"


def test_a_long_name_is_quoted_in_part() -> None:
    assert quoted("x" * 60) == f"'{'x' * 60}'"
    assert quoted("x" * 1_000_000) == f"'{'x' * 37}...{'x' * 20}'"


@pytest.mark.parametrize(
    ("code", "letter"),
    [(ord("R"), "R"), (ord("t"), "t"), (0x7F, ""), (0x9B, ""), (-1, ""), (0xAA, "")],
)
def test_a_state_is_a_letter_or_nothing(code: int, letter: str) -> None:
    assert state_letter(code) == letter


@pytest.mark.parametrize(
    ("text", "width", "parts"),
    [
        ("日本語", 4, ("日本", "語")),
        ("日本 語", 4, ("日本", "語")),
        ("ab cd 語", 5, ("ab cd", "語")),
        ("ab cdefg", 6, ("ab cde", "fg")),
        ("abcd efg", 6, ("abcd", "efg")),
        ("日", 1, ("日", "")),
        ("ab cd", 5, ("ab cd", "")),
        ("", 0, ("", "")),
    ],
)
def test_a_text_is_cut_at_a_late_space_or_at_the_width(
    text: str, width: int, parts: tuple[str, str]
) -> None:
    assert split_at(text, width) == parts


def test_half_of_a_wide_character_is_a_space() -> None:
    assert [drop_cells("日本", count) for count in range(4)] == [
        "日本",
        " 本",
        "本",
        " ",
    ]
    assert drop_cells("日", 5) == ""
    assert drop_cells("abc", 2) == "c"


@pytest.mark.parametrize(
    ("char", "seen"),
    [("a", "a"), ("\n", r"\n"), ("\x1b", r"\x1b"), ("\u202e", r"\u202e"),
     ("\U000e0001", r"\U000e0001")],
)  # fmt: skip
def test_what_is_not_visible_is_an_escape(char: str, seen: str) -> None:
    module._visible.cache_clear()  # noqa: SLF001 - as in a new process
    assert module._visible(char) == seen  # noqa: SLF001


def test_what_the_screen_is_made_of_has_one_cell_without_wcwidth() -> None:
    drawn = "".join(map(chr, sorted(module._OF_ONE_CELL)))  # noqa: SLF001
    assert {*map(wcwidth, drawn)} == {1}
    script = (
        "import sys; from montauk_tui.model.text import cell_width; "
        f"print(cell_width({drawn!r}), 'wcwidth' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [str(len(drawn)), "False"]
    assert cell_width("\u4e2d\u0301") == 2


def test_characters_of_one_cell_are_told_from_others() -> None:
    module._char_width.cache_clear()  # noqa: SLF001 - as in a new process
    assert module.are_single("a\u2500\u28ff")
    assert not module.are_single("a\u4e2d")
