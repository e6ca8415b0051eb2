"""Acting in a real terminal, on a real process."""

import signal
import sys
from typing import Final

from tests.support.children import child, ended_by
from tests.support.terminal import Terminal

MONTAUK: Final = (sys.executable, "-m", "montauk_tui")

F9: Final = "\x1b[20~"


def test_f9_and_enter_end_a_real_process() -> None:
    with child() as (process, _), Terminal([*MONTAUK]) as terminal:
        terminal.until_shown("F9 Kill", "CPU%")
        terminal.type(str(process.pid))
        terminal.until_shown(f"PID {process.pid}")
        terminal.type(F9)
        terminal.until_shown(f"Send to sleep {process.pid}", "15 SIGTERM")
        terminal.type("\r")
        terminal.until_shown(f"SIGTERM sent to PID {process.pid}")
        assert ended_by(process) is signal.SIGTERM
        terminal.type("q")
        assert terminal.exit_code() == 0


def test_read_only_ends_nobody() -> None:
    with child() as (process, _):
        with Terminal([*MONTAUK, "--read-only"]) as terminal:
            terminal.until_shown("F10 Quit", "read-only")
            assert "F9" not in terminal.text
            terminal.type(F9)
            terminal.until_shown("processes cannot be changed")
        assert process.poll() is None
