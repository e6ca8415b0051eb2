"""The clipboard of a real terminal, and a file written from the screen."""

import base64
import re
import sys
from pathlib import Path
from typing import Final

from tests.support.children import child
from tests.support.terminal import Terminal

MONTAUK: Final = (sys.executable, "-m", "montauk_tui", "--collector=traditional")


def clipboard(terminal: Terminal) -> list[bytes]:
    """Return what the terminal was told to put on its clipboard."""
    found = re.findall(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\a", bytes(terminal.output))
    return [base64.b64decode(text) for text in found]


def test_the_pid_goes_to_the_clipboard_and_nothing_else() -> None:
    with child() as (process, _), Terminal([*MONTAUK]) as terminal:
        terminal.until_shown("F9 Kill", "CPU%")
        terminal.type(str(process.pid))
        terminal.until_shown(f"PID {process.pid}")
        terminal.type("y")
        terminal.until_shown("command line", "PID")
        assert clipboard(terminal) == []
        terminal.type("\x1b[B\r")
        terminal.until_shown("copied to the terminal's clipboard: PID")
        assert clipboard(terminal) == [str(process.pid).encode()]
        terminal.type("q")
        assert terminal.exit_code() == 0


def test_a_terminal_without_a_clipboard_is_sent_nothing() -> None:
    with Terminal([*MONTAUK], environment={"TERM": "vt100"}) as terminal:
        terminal.until_shown("F9 Kill", "CPU%")
        terminal.type("y")
        terminal.until_shown("command line")
        terminal.type("\r")
        terminal.until_shown("not copied: this terminal has no clipboard")
        assert b"\x1b]52" not in terminal.output


def name_it(terminal: Terminal, path: Path) -> None:
    """Type a name in place of the offered one."""
    terminal.type("\x15")
    terminal.until_shown("a new file for the rows of this tab")
    terminal.type(f"{path}\r")


def test_the_view_is_written_from_the_screen(tmp_path: Path) -> None:
    path = tmp_path / "view.txt"
    with Terminal([*MONTAUK]) as terminal:
        terminal.until_shown("F9 Kill", "CPU%")
        terminal.type("E")
        terminal.until_shown("Write", "montauk-")
        name_it(terminal, path)
        terminal.until_shown("wrote")
        assert "Command" in path.read_text()
        terminal.type("E")
        terminal.until_shown("Write", "montauk-")
        name_it(terminal, path)
        terminal.until_shown("exists;")
        terminal.type("\x1b")
        terminal.until_shown("F10 Quit")
        terminal.type("q")
        assert terminal.exit_code() == 0
