"""Stopped with Ctrl-Z or a signal, and continued: a job of a shell."""

import signal
import sys
from collections.abc import Iterator
from typing import Final

import pytest

from tests.support.terminal import Terminal
from tests.ui.test_terminal import is_whole

SHELL: Final = """
import os, signal, subprocess, sys, termios

def front(group):
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.tcsetpgrp(0, group)
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)

# It is in front before it begins: in the background it would be stopped.
job = subprocess.Popen(
    [sys.executable, "-m", "montauk_tui"],
    process_group=0, preexec_fn=lambda: front(os.getpgrp()),
)
while True:
    _, status = os.waitpid(job.pid, os.WUNTRACED)
    front(os.getpgrp())
    if not os.WIFSTOPPED(status):
        sys.exit(os.waitstatus_to_exitcode(status))
    is_raw = not termios.tcgetattr(0)[3] & termios.ICANON
    print("stopped by", os.WSTOPSIG(status), "raw" if is_raw else "as before")
    sys.stdin.readline()
    front(job.pid)
    os.killpg(job.pid, signal.SIGCONT)
"""
"""A shell of one job: it says when the job stopped, and Enter continues it."""


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """The program as a job, after its first screen."""
    with Terminal([sys.executable, "-c", SHELL]) as terminal:
        terminal.until(lambda: is_whole(terminal))
        yield terminal


def test_ctrl_z_stops_and_the_shell_continues(terminal: Terminal) -> None:
    for _ in range(2):
        terminal.type("\x1a")
        terminal.until_shown(f"stopped by {signal.SIGTSTP.value} as before")
        assert not any(on for mode, on in terminal.modes.items() if mode not in (7, 25))
        assert terminal.modes[25] is True
        assert terminal.key_protocols == 0
        terminal.type("\r")
        terminal.until_gone("stopped by")
        terminal.until(lambda: is_whole(terminal))
    terminal.type("t")
    terminal.until_shown("tree by")
    terminal.type("q")
    assert terminal.exit_code() == 0
    assert terminal.is_restored
    assert terminal.key_protocols == 0


def test_a_size_that_changed_meanwhile_counts(terminal: Terminal) -> None:
    terminal.type("?\x1a")
    terminal.until_shown("stopped by")
    terminal.resize(100, 30)
    terminal.type("\r")
    terminal.until_shown("The first minute")
    terminal.type("\x1b")
    terminal.until_gone("The first minute")
    terminal.until(lambda: is_whole(terminal))
