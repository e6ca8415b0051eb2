"""Response times: to the first rows, and from a key to its effect.

Wall clock in a real pty, read back through a terminal emulator. The blank app is the
lower bound of a Textual program; runs alternate, so that noise hits both.
"""

import os
import signal
import statistics
import sys
import time
from collections.abc import Callable
from typing import Final

from bench.crowd import crowd
from bench.terminal import Terminal
from montauk_tui.model.history import MOST_KEPT

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
    "by memory": "M", "by PID": "N", "by CPU": "P", "to tree": "t", "to list": "t",
    "kernel threads": "K", "scale": "%",
}  # fmt: skip
_TREE_KEYS: Final = {
    "to tree": "t", "down": "\x1b[B", "page down": "\x1b[6~", "end": "\x1b[F",
    "home": "\x1b[H", "fold": "-", "unfold": "-", "fold all": "*", "unfold all": "*",
    "by CPU": "P", "fold, by CPU": "*", "by memory": "M", "unfold, by memory": "*",
    "by start": "o", "to list": "t",
}  # fmt: skip
"""Pressed one after the other, the first branch selected."""

_TYPED: Final = "number"
"""A filter, key by key."""


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
    terminal.end(signal.SIGTERM)
    return taken


def key_ms(terminal: Terminal, key: str) -> float:
    """Return ms from writing a key to the first byte of the repaint."""
    while terminal.wait(0.05):
        terminal.drain()
    started = time.perf_counter()
    terminal.type(key)
    terminal.wait(5.0)
    return (time.perf_counter() - started) * 1000


def compare_start() -> None:
    """Print the time to the first frame beside that of a blank Textual app."""
    blank, ours = [], []
    for _ in range(_ROUNDS):
        blank.append(first_rows_s([sys.executable, "-c", _BLANK], "blank app is here"))
        ours.append(first_rows_s([sys.executable, "-m", "montauk_tui"], "Command"))
    low, high = statistics.median(blank), statistics.median(ours)
    print("first frame, seconds from start, median")
    print(f"  blank Textual app {low:.3f}")
    print(f"  montauk with rows {high:.3f}, {high / low:.2f} times that")


def press_keys() -> None:
    """Print the time from key to repaint with 10,000 processes."""
    with crowd(10_000) as count:
        terminal = Terminal([sys.executable, "-m", "montauk_tui"], 120, 40)
        terminal.read_for(4.0)
        in_list, in_tree = (_times(terminal, keys) for keys in (_KEYS, _TREE_KEYS))
        terminal.end(signal.SIGTERM)
    print(f"\nkey press to repaint at {count} processes, ms of wall clock")
    _print_times("in the list", in_list)
    _print_times("in the tree", in_tree)


def type_filters(living: int = 10_000, ended: int = MOST_KEPT) -> None:
    """Print the time of each key of a filter, with full lists of processes.

    As root, so that exits have their arguments.
    """
    with crowd(living) as count:
        terminal = Terminal([sys.executable, "-m", "montauk_tui"], 120, 40)
        terminal.read_for(8.0)
        end_many(ended, terminal)
        times = {}
        for tab, keys in (("Main", ""), ("Exited", "\t\t"), ("Events", "\t\t")):
            terminal.type(keys)
            terminal.read_for(2.0)
            terminal.type("\\")
            terminal.read_for(1.0)
            taken = [key_ms(terminal, key) for key in _TYPED]
            times[tab] = taken
            terminal.type("\x1b")
            terminal.read_for(1.0)
        terminal.end(signal.SIGTERM)
    print(
        f"\nfilter key to repaint, {count} processes, {ended} exited, ms of wall clock"
    )
    _print_times("in the tab", times)


def end_many(count: int, terminal: Terminal) -> None:
    """Start and end many processes, and read the screen meanwhile."""
    for at in range(count):
        os.waitpid(os.posix_spawn("/bin/true", ["true", f"--number={at}"], {}), 0)
        if terminal.wait(0.0):
            terminal.drain()
    terminal.read_for(3.0)


def _times(terminal: Terminal, keys: dict[str, str]) -> dict[str, list[float]]:
    """Return the ms of each key, all pressed in turn some times."""
    times: dict[str, list[float]] = {name: [] for name in keys}
    for _ in range(_ROUNDS):
        for name, key in keys.items():
            times[name].append(key_ms(terminal, key))
    return times


def _print_times(title: str, times: dict[str, list[float]]) -> None:
    print(f"{title:>18} {'median':>7} {'worst':>7}")
    for name, taken in times.items():
        print(f"{name:>18} {statistics.median(taken):>7.1f} {max(taken):>7.1f}")


def main() -> None:
    """Print the tables."""
    compare_start()
    press_keys()
    type_filters()


if __name__ == "__main__":
    main()
