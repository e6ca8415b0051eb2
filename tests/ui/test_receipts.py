"""The terminal's answers: they pace the pictures, and nobody else ever gets them."""

import asyncio
import os
import sys
import time
from itertools import pairwise
from typing import Final

import pytest
from textual import events

from montauk_tui.ui.terminal.keys import Keys
from montauk_tui.ui.terminal.line import Line
from montauk_tui.ui.terminal.receipts import LAST_QUERY, QUERY, Receipts
from tests.support.terminal import Terminal, read_all

ANSWER: Final = b"\x1b[0n"
LAST_ANSWER: Final = b"\x1b[?6c"
PICTURE: Final = b"x" * 2_000

ONE_PICTURE: Final = 12_000
"""More bytes than a whole screen of 80x24 takes, less than the kernel holds."""

PATIENT: Final = """
import sys
from montauk_tui import cli
from montauk_tui.ui import driver
from montauk_tui.ui.terminal import receipts

driver._LEAVE_S = 60.0
receipts._LONGEST_S = 600.0
sys.exit(cli.main(["--collector", "traditional", "-d", "0.1"]))
"""
"""The program, with time for a terminal that a busy machine takes care of."""

MONTAUK: Final = (sys.executable, "-c", PATIENT)

SHELL: Final = """
"$0" -c "$1"
echo "ended with $?"
read -r line
echo "read <$line>"
"""


class Asked:
    """Keys of a terminal that is asked, and its answers."""

    def __init__(self, expected: int) -> None:
        self.expected = expected
        self.keys = Keys(lambda: self.expected, self._note)

    def _note(self) -> None:
        self.expected = max(0, self.expected - 1)

    def type(self, *pieces: bytes) -> list[str]:
        found = [key for piece in pieces for key in self.keys.feed(piece)]
        return [key.key for key in found if isinstance(key, events.Key)]

    def tick(self) -> list[str]:
        return [it.key for it in self.keys.tick() if isinstance(it, events.Key)]


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that receipts see, to be changed."""
    now_s = [1_000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now_s[0])
    return now_s


# --- keys -----------------------------------------------------------------------------


@pytest.mark.parametrize("cuts", range(8), ids=lambda it: f"{it:03b}")
def test_an_answer_is_no_key_however_it_is_cut(cuts: int) -> None:
    places = [0, *(at + 1 for at in range(3) if cuts >> at & 1), len(ANSWER)]
    pieces = [ANSWER[start:end] for start, end in pairwise(places)]
    asked = Asked(1)
    typed = asked.type(b"a")
    for piece in pieces:
        typed += asked.type(piece) + asked.tick()
    assert typed + asked.type(b"b") == ["a", "b"]
    assert asked.expected == 0


def test_an_answer_among_keys_is_none() -> None:
    asked = Asked(2)
    keys = asked.type(b"ab" + ANSWER + b"\x1b[A" + ANSWER + b"c")
    assert keys == ["a", "b", "up", "c"]


def test_an_answer_that_nobody_waits_for_any_more_is_no_key() -> None:
    assert Asked(0).type(b"a" + ANSWER + b"b") == ["a", "b"]


def test_an_answer_in_a_paste_is_no_part_of_it() -> None:
    asked = Asked(1)
    pieces = (b"\x1b[200~one ", ANSWER, b"two\x1b[201~")
    found = [it for piece in pieces for it in asked.keys.feed(piece)]
    assert [it.text for it in found if isinstance(it, events.Paste)] == ["one two"]


def test_esc_before_an_answer_is_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Keys, "_is_late", True)
    asked = Asked(1)
    assert asked.type(b"\x1b") == []
    assert asked.type(ANSWER) == ["escape"]


def test_esc_is_a_key_when_another_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Keys, "_is_late", True)
    asked = Asked(1)
    assert asked.type(b"\x1b") + asked.tick() == []
    assert asked.type(b"j") == ["escape", "j"]


def test_esc_is_a_key_when_no_answer_is_expected_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Keys, "_is_late", True)
    asked = Asked(1)
    assert asked.type(b"\x1b") + asked.tick() == []
    assert asked.keys.is_waiting
    asked.expected = 0
    assert asked.tick() == ["escape"]
    assert not asked.keys.is_waiting


# --- pictures -------------------------------------------------------------------------


def test_a_terminal_that_never_answered_is_not_waited_for() -> None:
    receipts = Receipts(can_ask=True)
    asked = [receipts.ask(len(PICTURE)) for _ in range(10)]
    assert asked.count(QUERY) == 2
    assert receipts.is_clear


def test_a_terminal_whose_answers_go_elsewhere_is_not_asked() -> None:
    receipts = Receipts(can_ask=False)
    assert receipts.ask(len(PICTURE)) == b""
    assert receipts.expected == 0


def test_a_terminal_that_falls_silent_is_drawn_on_again(now: list[float]) -> None:
    receipts = Receipts(can_ask=True)
    receipts.ask(100)
    receipts.came()
    for _ in range(3):
        assert receipts.ask(20_000) == QUERY
        now[0] += 20.0
        assert not receipts.is_clear
        now[0] += 10.0
        assert receipts.is_clear
    assert receipts.ask(100) == QUERY
    assert receipts.ask(100) == b""
    assert receipts.is_clear
    receipts.came()
    assert receipts.ask(100) == QUERY


def test_a_new_window_does_not_wait_for_the_answers_of_the_old(
    now: list[float],
) -> None:
    receipts = Receipts(can_ask=True)
    receipts.ask(100)
    receipts.came()
    receipts.ask(2_000)
    now[0] += 2.0
    receipts.give_up_late()
    assert not receipts.is_clear
    now[0] += 2.0
    receipts.give_up_late()
    assert receipts.is_clear


async def test_a_picture_waits_for_the_answer_to_the_one_before(
    ends: tuple[int, int],
) -> None:
    master, slave = ends
    told = asyncio.Event()
    line = Line(slave, told.set, lambda: None, can_ask=True)
    line.write(PICTURE, asks=True)
    assert read_all(master) == PICTURE + QUERY
    assert line.is_clear
    line.answered()
    line.write(PICTURE, asks=True)
    assert not line.is_clear
    await told.wait()
    told.clear()
    line.answered()
    assert told.is_set()
    assert line.is_clear
    line.release()


async def test_a_few_bytes_on_their_way_hold_up_nothing(ends: tuple[int, int]) -> None:
    _, slave = ends
    line = Line(slave, lambda: None, lambda: None, can_ask=True)
    line.write(b"x", asks=True)
    line.answered()
    line.write(b"x" * 200, asks=True)
    assert line.expected == 1
    assert line.is_clear
    line.release()


async def test_leaving_takes_the_answers_that_are_due(ends: tuple[int, int]) -> None:
    master, slave = ends
    line = Line(slave, lambda: None, lambda: None, can_ask=True)
    line.write(b"x", asks=True)
    line.answered()
    line.write(PICTURE, asks=True)
    os.write(master, b"key" + ANSWER + LAST_ANSWER + b"later")
    line.leave(b"restored", slave, 60.0)
    os.set_blocking(slave, False)
    assert b"n" not in read_all(slave)
    assert read_all(master).endswith(b"restored" + LAST_QUERY)
    line.release()


async def test_leaving_asks_nothing_where_no_answer_is_due(
    ends: tuple[int, int],
) -> None:
    master, slave = ends
    line = Line(slave, lambda: None, lambda: None, can_ask=True)
    line.write(b"x", asks=True)
    line.answered()
    line.leave(b"restored", slave, 60.0)
    assert read_all(master).endswith(b"restored")
    line.release()


# --- the program ----------------------------------------------------------------------


def test_a_terminal_that_takes_nothing_has_no_backlog() -> None:
    with Terminal([*MONTAUK], (80, 24)) as terminal:
        terminal.until_shown("F10 Quit", "CPU%")
        # From here on nobody reads, for refreshes that would fill what the kernel has.
        terminal.refresh_unread(6_000)
        before = len(terminal.output)
        terminal.screen.answer = None
        terminal.until(lambda: QUERY in terminal.output[before:])
        assert len(terminal.output) - before < ONE_PICTURE


def test_a_terminal_that_never_answers_is_drawn_on_as_ever() -> None:
    with Terminal([*MONTAUK], (80, 24), answers=False) as terminal:
        terminal.until_shown("F10 Quit", "CPU%")
        for _ in range(2):
            terminal.type("t")
            terminal.until_shown("tree by")
            terminal.type("t")
            terminal.until_gone("tree by")
        assert terminal.output.count(QUERY) == 2
        terminal.type("q")
        assert terminal.exit_code() == 0


def test_an_answer_that_is_late_is_not_for_the_shell() -> None:
    command = ["/bin/sh", "-c", SHELL, sys.executable, PATIENT]
    with Terminal(command, (80, 24)) as terminal:
        terminal.until_shown("F10 Quit", "CPU%")
        late: list[str] = []
        terminal.screen.answer = late.append
        terminal.until(lambda: late)
        terminal.type("q")
        terminal.until(lambda: late[-1].endswith("c"))
        terminal.type("".join(late))
        terminal.until_shown("ended with 0")
        terminal.type("typed\r")
        terminal.until_shown("read <typed>")
        assert "[0n" not in terminal.text
        assert terminal.is_restored
