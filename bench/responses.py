"""How long a person waits: for the first rows, and for a key to show.

Wall clock in a real pty, read back through a terminal emulator. The blank app is the
least a Textual program can take; runs alternate, so that noise hits both.
"""

import os
import select
import signal
import statistics
import sys
import time
from collections.abc import Callable
from typing import Final

from bench.crowd import crowd
from bench.screenshot import Terminal

_BLANK: Final = """
from textual.app import App
from textual.widgets import Static
class Blank(App):
    def compose(self):
        yield Static("blank app is here")
Blank().run()
"""
_ROUNDS: Final = 7
_KEYS: Final = {
    "down": "\x1b[B", "page down": "\x1b[6~", "home": "\x1b[H", "invert": "I",
    "by memory": "M", "by CPU": "P", "tree": "t", "list": "t",
    "kernel threads": "K", "scale": "%",
}  # fmt: skip


def until(terminal: Terminal, seen: Callable[[], bool], limit_s: float = 20.0) -> float:
    """Return the seconds until the screen satisfies `seen`."""
    started = time.perf_counter()
    while not seen():
        if time.perf_counter() - started > limit_s:
            raise TimeoutError
        terminal.read_for(0.002)
    return time.perf_counter() - started


def first_rows_s(command: list[str], mark: str) -> float:
    """Return the seconds from starting a program to `mark` on its screen."""
    started = time.perf_counter()
    terminal = Terminal(command, 120, 40)
    until(terminal, lambda: any(mark in line for line in terminal.screen.display))
    taken = time.perf_counter() - started
    os.kill(terminal.pid, signal.SIGTERM)
    terminal.read_for(0.5)
    os.waitpid(terminal.pid, 0)
    return taken


def key_ms(terminal: Terminal, key: str) -> float:
    """Return ms from writing a key to the first byte of the repaint."""
    while select.select([terminal.fd], [], [], 0.05)[0]:
        terminal.read_for(0.001)
    started = time.perf_counter()
    terminal.type(key)
    select.select([terminal.fd], [], [], 5.0)
    taken = (time.perf_counter() - started) * 1000
    terminal.read_for(0.15)
    return taken


def main() -> None:
    """Print both tables."""
    python = sys.executable
    blank, ours = [], []
    for _ in range(_ROUNDS):
        blank.append(first_rows_s([python, "-c", _BLANK], "blank app is here"))
        ours.append(first_rows_s([python, "-m", "montauk_tui"], "Command"))
    low, high = statistics.median(blank), statistics.median(ours)
    print(
        f"first frame: blank Textual app {low:.3f} s, montauk with rows {high:.3f} s, ratio {high / low:.2f}"
    )
    with crowd(10_000) as count:
        terminal = Terminal([python, "-m", "montauk_tui"], 120, 40)
        terminal.read_for(4.0)
        print(f"\nkey press to repaint at {count} processes, ms of wall clock")
        print(f"{'key':>15} {'median':>7} {'worst':>7}")
        for name, key in _KEYS.items():
            times = [
                key_ms(terminal, key)
                for _ in range(2 * _ROUNDS if name not in ("tree", "list") else 1)
            ]
            print(f"{name:>15} {statistics.median(times):>7.1f} {max(times):>7.1f}")
        os.kill(terminal.pid, signal.SIGTERM)
        terminal.read_for(1.0)
        os.waitpid(terminal.pid, 0)


if __name__ == "__main__":
    main()
