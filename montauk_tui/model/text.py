r"""Text that came from a process, made safe to draw.

A process chooses its own name and arguments, so every byte of them is an attacker's.
`clean` leaves only characters that occupy one or two cells, stand alone and are
visible; everything else becomes a backslash escape: `\x1b` for a control byte or a byte
of invalid UTF-8, `\u202e` for a bidi control, a combining mark or an invisible sign.
"""

import unicodedata
from functools import lru_cache
from typing import Final

from montauk_tui.errors import shortened

_SHORT_ESCAPES: Final = {"\n": r"\n", "\t": r"\t", "\r": r"\r"}

_JOINING: Final = frozenset(
    map(chr, (*range(0x1F1E6, 0x1F200), *range(0x1F3FB, 0x1F400)))
)
"""Regional indicators and skin tones: they merge with a neighbour into one glyph."""

_OF_ONE_CELL: Final = frozenset(
    code
    for first, last in (
        (0x20, 0x7E), (0xA1, 0xAC), (0xAE, 0xFF), (0x2010, 0x2027), (0x2190, 0x2199),
        (0x2500, 0x25FC), (0x2800, 0x28FF),
    )
    for code in range(first, last + 1)
)  # fmt: skip
"""Code points of letters, dashes, arrows, lines, blocks, shapes and graphs."""

_QUOTED: Final = 60
_PATH: Final = 200

_BLANK: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0\U0001d159")
"""Letters and symbols that are drawn blank."""


def clean(raw: bytes) -> str:
    """Return `raw` as text that cannot change the screen around it."""
    text = raw.decode("utf-8", "backslashreplace")
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_visible, unicodedata.normalize("NFC", text)))


def clean_text(text: object) -> str:
    """Return text from the command line, a path or a file as `clean` does bytes."""
    try:
        raw = str(text).encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = str(text).encode("utf-8", "surrogatepass")
    return clean(raw)


def quoted(text: str) -> str:
    """Return a name as a message quotes it, without the middle of one that is long."""
    return f"'{clean_text(shortened(text, _QUOTED))}'"


def named(path: object) -> str:
    """Return a path as a message names it: one line, the middle of a long one cut."""
    return clean_text(shortened(" ".join(str(path).split()), _PATH))


@lru_cache(maxsize=4096)
def _visible(char: str) -> str:
    if char.isascii() and char.isprintable():
        return char
    stands_alone = char not in _JOINING and unicodedata.category(char)[0] != "M"
    is_visible = char.isprintable() and char not in _BLANK and _char_width(char) > 0
    if stands_alone and is_visible:
        return char
    code = ord(char)
    if char in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[char]
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


@lru_cache(maxsize=4096)
def _char_width(char: str) -> int:
    if ord(char) in _OF_ONE_CELL:
        return 1
    # 12 ms of start-up and 2 MiB (it imports OpenSSL) that most screens do not need.
    from wcwidth import wcwidth  # noqa: PLC0415

    return wcwidth(char)


def cell_width(text: str) -> int:
    """Return how many terminal cells cleaned text occupies."""
    if text.isascii():
        return len(text)
    return sum(map(_char_width, text))


def are_single(text: str) -> bool:
    """Tell whether each character of a text occupies one cell."""
    return set(map(_char_width, text)) <= {1}


def fit(text: str, width: int) -> str:
    """Return cleaned text cropped and padded to exactly `width` cells."""
    if text.isascii():
        return text[:width].ljust(width)
    cells = 0
    for index, char in enumerate(text):
        step = _char_width(char)
        if cells + step > width:
            return text[:index] + " " * (width - cells)
        cells += step
    return text + " " * (width - cells)


def split_at(text: str, width: int) -> tuple[str, str]:
    """Return what of cleaned text fits into `width` cells, and the rest.

    It is cut at a space in the second half where there is one, which is left out then.
    At least one character fits.
    """
    if not text or cell_width(text) <= width:
        return text, ""
    cells = count = 0
    while (cells := cells + _char_width(text[count])) <= width:
        count += 1
    count = max(1, count)
    # One character alone may be wider than that.
    if text[count : count + 1] == " ":
        return text[:count], text[count + 1 :]
    cut = text.rfind(" ", count // 2, count)
    if cut > 0:
        return text[:cut], text[cut + 1 :]
    return text[:count], text[count:]


def drop_cells(text: str, count: int) -> str:
    """Return cleaned text without its first `count` cells.

    A wide character that is cut in half leaves a space.
    """
    if text.isascii():
        return text[count:]
    cells = 0
    for index, char in enumerate(text):
        if cells >= count:
            return " " * (cells - count) + text[index:]
        cells += _char_width(char)
    return " " * max(0, cells - count)
