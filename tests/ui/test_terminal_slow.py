"""A terminal that is slow or takes nothing: no backlog, and keys count at once."""

import asyncio
import os
import pty
import sys
from typing import Final

import pytest

from montauk_tui.ui.terminal import line as line_module
from montauk_tui.ui.terminal.line import Line
from tests.support.terminal import Terminal, read_all

MONTAUK: Final = (
    sys.executable, "-m", "montauk_tui", "--collector", "traditional", "-d", "0.1",
)  # fmt: skip

IN_THE_READER: Final = 4_095
"""Bytes that the kernel keeps for who reads a pseudo-terminal, whatever is flushed."""

LEAVING: Final = 300
"""More bytes than restore any terminal."""

OTHER: Final = """
import os, sys
from montauk_tui.ui.terminal.line import _reopened

given, other = os.open, os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)

def not_again(path, *rest):
    if path.startswith("/proc/"):
        raise PermissionError
    return given(path, *rest)

os.open = not_again
print("other:", _reopened(other)[1], "own:", _reopened(1)[1])
"""


def test_leaving_waits_for_no_terminal() -> None:
    with Terminal([*MONTAUK]) as terminal:
        terminal.until_shown("F10 Quit", "CPU%")
        # From here on nobody reads, for refreshes that would fill any buffer.
        terminal.refresh_unread(20_000)
        terminal.type("q")
        left = terminal.exit_unread()
        assert terminal.process.returncode == 0
        assert terminal.is_restored
        assert len(left) <= IN_THE_READER + LEAVING
        assert terminal.modes[1049] is False


async def test_a_full_line_takes_no_more_than_one_picture(
    ends: tuple[int, int],
) -> None:
    master, slave = ends
    told = asyncio.Event()
    line = Line(slave, told.set, lambda: None)
    assert line.is_clear
    picture = b"x" * 100_000
    line.write(picture)
    assert not line.is_clear
    waiting = line.waiting
    assert 0 < waiting < len(picture)
    got = read_all(master)
    while line.waiting:
        await asyncio.sleep(0)
        got += read_all(master)
    line.close()
    got += read_all(master)
    assert got == picture
    line.release()


async def test_a_line_that_was_never_full_is_clear_at_once(
    ends: tuple[int, int],
) -> None:
    master, slave = ends
    told = asyncio.Event()
    line = Line(slave, told.set, lambda: None)
    line.write(b"one picture")
    assert line.is_clear
    await told.wait()
    assert read_all(master) == b"one picture"
    line.release()


async def test_leaving_drops_what_waits(ends: tuple[int, int]) -> None:
    master, slave = ends
    line = Line(slave, lambda: None, lambda: None)
    line.write(b"x" * 100_000)
    line.leave(b"restored", slave, 5.0)
    got = read_all(master)
    assert got.endswith(b"restored")
    assert len(got) <= IN_THE_READER + len(b"restored")
    line.release()


async def test_the_descriptor_of_the_shell_stays_blocking(
    ends: tuple[int, int],
) -> None:
    _, slave = ends
    line = Line(slave, lambda: None, lambda: None)
    line.write(b"x")
    assert os.get_blocking(slave)
    line.release()
    assert os.isatty(slave)


async def test_a_terminal_that_cannot_be_opened_again_does_not_wait_either(
    ends: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As that of another user, after su."""
    master, slave = ends
    monkeypatch.setattr(line_module, "_reopened", lambda fd: (fd, False))
    line = Line(slave, lambda: None, lambda: None)
    picture = b"x" * 100_000
    line.write(picture)
    assert 0 < line.waiting < len(picture)
    got = read_all(master)
    while line.waiting:
        await asyncio.sleep(0)
        got += read_all(master)
    assert got + read_all(master) == picture
    line.release()
    assert os.isatty(slave)


def test_no_other_terminal_is_drawn_on_than_the_one_at_hand() -> None:
    """Where it cannot be opened again, the session's own may be another one."""
    other, other_end = pty.openpty()
    with Terminal([sys.executable, "-c", OTHER, os.ttyname(other_end)]) as terminal:
        terminal.until_shown("other: False", "own: True")
        assert terminal.exit_code() == 0
    os.close(other)
    os.close(other_end)


async def test_a_terminal_that_is_gone_is_told_of_once() -> None:
    master, slave = pty.openpty()
    gone: list[bool] = []
    line = Line(slave, lambda: None, lambda: gone.append(True))
    os.close(master)
    line.write(b"x")
    line.write(b"x")
    line.leave(b"restored", slave, 0.0)
    assert gone == [True]
    line.release()
    os.close(slave)
