"""Bytes of a terminal become keys, wherever they are cut."""

import pytest
from textual.events import Key, Paste

from montauk_tui.ui.terminal.keys import Keys


def typed(*pieces: bytes) -> list[str | None]:
    """Return the characters of the keys that some pieces make."""
    keys = Keys()
    messages = [message for piece in pieces for message in keys.feed(piece)]
    return [message.character for message in messages if isinstance(message, Key)]


@pytest.mark.parametrize("text", ["ä", "€", "😀"])
def test_a_character_may_come_byte_by_byte(text: str) -> None:
    pieces = [bytes([byte]) for byte in text.encode()]
    assert typed(*pieces, b"q") == [text, "q"]


@pytest.mark.parametrize("stray", [b"\xe4", b"\xc3", b"\xf0\x9f", b"\x80", b"\xff"])
def test_what_is_no_utf_8_ends_no_keyboard(stray: bytes) -> None:
    """As `ä` of a terminal that writes Latin-1."""
    assert typed(stray, b"q", b"t") == ["\ufffd", "q", "t"]


def test_a_paste_may_be_cut_within_a_character() -> None:
    keys = Keys()
    data = "\x1b[200~aäb\x1b[201~".encode()
    cut = data.index(b"\xa4")
    pieces = [data[: cut - 1], data[cut - 1 : cut], data[cut:]]
    messages = [message for piece in pieces for message in keys.feed(piece)]
    assert [it.text for it in messages if isinstance(it, Paste)] == ["aäb"]
