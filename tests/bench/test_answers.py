"""What a terminal answers to queries."""

import sys

import pytest

from bench.answers import Answers
from bench.terminal import Terminal
from tests.support.patience import until


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        (b"\x1b[5n", b"\x1b[0n"),
        (b"\x1b[6n", b"\x1b[4;8R"),
        (b"\x1b[c", b"\x1b[?62;22c"),
        (b"\x1b[0c", b"\x1b[?62;22c"),
        (b"\x1b[>c", b"\x1b[>0;10;1c"),
        (b"\x1b[?2026$p", b"\x1b[?2026;2$y"),
        (b"\x1b[?2048$p", b"\x1b[?2048;0$y"),
        (b"\x1b[?2026h\x1b[?25l\x1b[5;6H5n\x1b[1m", b""),
    ],
)
def test_each_query_has_its_answer(query: bytes, answer: bytes) -> None:
    assert Answers().to(b"abc" + query + b"def", (3, 7)) == answer


def test_queries_are_answered_in_their_order() -> None:
    assert Answers().to(b"\x1b[c.\x1b[5n") == b"\x1b[?62;22c\x1b[0n"


@pytest.mark.parametrize("query", [b"\x1b[5n", b"\x1b[>0c", b"\x1b[?2026$p"])
def test_a_query_in_two_pieces_is_answered_once(query: bytes) -> None:
    whole = Answers().to(query)
    for cut in range(1, len(query)):
        answers = Answers()
        pieces = (b"x" + query[:cut], query[cut:] + b"y", b"z")
        assert [answers.to(piece) for piece in pieces] == [b"", whole, b""]


_ASK = """
import os, sys, tty
tty.setraw(0)
os.write(1, b"\\x1b[3;5H\\x1b[6n")
answer = b""
while not answer.endswith(b"R"):
    answer += os.read(0, 1)
os.write(1, b"(" + answer[1:] + b")")
os.read(0, 1)
"""


@pytest.mark.parametrize(("draws", "shown"), [(True, b"([3;5R)"), (False, b"([1;1R)")])
def test_a_program_gets_answers_whether_or_not_it_is_drawn(
    *, draws: bool, shown: bytes
) -> None:
    terminal = Terminal([sys.executable, "-c", _ASK], 40, 10)
    written = bytearray()

    def answered() -> bool:
        if terminal.wait(0.05):
            written.extend(terminal.show() if draws else terminal.drain())
        return shown in written

    until(answered)
    assert terminal.end(9) == -9
