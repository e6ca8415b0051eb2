"""Processes under hostile names beside the real program in a real terminal."""

import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.support.terminal import Terminal

CLIPBOARD: Final = b"\x1b]52;c;cm0gLXJmIH4=\x07"

NAMES: Final = (
    b"[/foo]",
    b"[@click=app.quit]x",
    CLIPBOARD,
    b"\x1b[2J\x1b[H\x1b[31mred",
    b"\x9b31m",
    b"\x9d0;title\x9c",
    "\u009b31m".encode(),
    b"x" * 4_000,
    b"\xff\xfe\xc3(\xed\xa0\x80",
    "e\u0301\u0302\u20dd".encode(),
    "日本語".encode() * 30,
    "\u202egnp.exe\u2067".encode(),
    "\u200b\u200d\ufeff".encode(),
    b"a\r\nb\tc\x08d",
)

COMMS: Final = (CLIPBOARD[:15], b"\x1b[31m[/x]", b"\x9b31m", "\u202eevil".encode())

_SLEEP: Final = b'printf %s "$2" >/proc/$$/comm; echo; read line'
"""Runs until its input ends, so that it ends with the test whatever happens."""

_OWN: Final = re.compile(
    rb"\x1b\[[<=>?]?[0-9;:]*\$?[a-zA-Z]"  # CSI
    rb"|\x1b[()][0-9A-B]|\x1b[=>78]"  # character sets, keypad, cursor
    rb"|\x1b\](?:0|22);[^\x07\x1b]*(?:\x07|\x1b\\)"  # title, pointer
    rb"|\x1bP[^\x1b]*\x1b\\"  # queries
)
"""What a program that draws may write beside text."""


def start(name: bytes, comm: bytes, marker: str) -> subprocess.Popen[bytes]:
    """Start a process of a name, its argv[0], that also has an argument with it."""
    # An argv[0] that starts with a dash would make it a login shell.
    process = subprocess.Popen(
        [name, b"-c", _SLEEP, marker.encode(), name, comm],
        executable="/bin/sh",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    # It has its name once it says so.
    process.stdout.readline()
    return process


@pytest.fixture
def marker(tmp_path: Path) -> Iterator[str]:
    """Start the processes; return what all of their command lines hold."""
    text = f"hostile-{os.getpid()}-{tmp_path.name[-6:]}"
    started: list[subprocess.Popen[bytes]] = []
    try:
        for at, name in enumerate(NAMES):
            started.append(start(name, COMMS[at % len(COMMS)], text))
        yield text
    finally:
        for process in started:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.close()
            process.stdout.close()
        for process in started:
            process.kill()
            process.wait()


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """Show the names of the processes as well as their command lines."""
    file = tmp_path / "config.toml"
    file.write_text('columns = ["pid", "comm", "command"]\nsort = "pid"\n')
    return {"MONTAUK_CONFIG": str(file)}


def check_harmless(output: bytes) -> None:
    """Check that the program wrote nothing but its own sequences and visible text."""
    text = _OWN.sub(b"", output).decode()
    for char in set(text) - set("\r\n"):
        assert char.isprintable(), ascii(char)
        assert unicodedata.category(char)[0] in "LNPSZ", ascii(char)
        assert unicodedata.bidirectional(char) not in ("RLO", "LRO", "RLI", "LRI")


def test_nothing_of_their_names_reaches_the_terminal(
    marker: str, settings: dict[str, str]
) -> None:
    command = [sys.executable, "-m", "montauk_tui", "--filter", marker]
    with Terminal(command, (160, 50), settings) as terminal:
        # The program itself has the filter among its arguments.
        terminal.until_shown(f"{len(NAMES) + 1} shown", r"\x1b]52;c;")
        terminal.until_shown("[/foo]", "[@click=app.quit]x", r"\x9b31m", r"\u009b31m")
        terminal.until_shown(r"\u202e", "日本語", r"\xff\xfe", r"a\r\nb\tc\x08d")
        for keys, shown in (
            ("t", "tree by"), ("\x1b[C\x1b[C", "tree by"), ("\x05", "tree by"),
            ("\x01", "PID"), ("H", "shown"), ("\x1b[F\x1b[A", "shown"),
            ("\x1bOR", "F3 next"), ("x", "Search x"), ("\x1bOR\r", "F10 Quit"),
            ("t", "sort PID"), ("\x1b[17~", "Sort by"), ("\x1b[F\r", "sort CWD"),
        ):  # fmt: skip
            terminal.type(keys)
            terminal.until_shown(shown)
        terminal.until(
            lambda: any("@click=app.quit" in line for line in terminal.lines)
        )
        # As markup, the name would make this quit.
        row = next(at for at, line in enumerate(terminal.lines) if "@click" in line)
        column = terminal.lines[row].index("app.quit")
        for letter in "Mm":
            terminal.type(f"\x1b[<0;{column + 1};{row + 1}{letter}")
        terminal.type("d")
        terminal.until_shown("Interval ")
        terminal.type("\x03")
        assert terminal.exit_code() == 0
        output = bytes(terminal.output)
        for evil in (
            b"\x1b]52", b"\x9b31m", b"\x9d0;", b"\xc2\x9b", b"\xe2\x80\xae",
            b"\xe2\x80\x8b", b"\xff", b"\xcc\x81", b"\x08",
        ):  # fmt: skip
            assert evil not in output, evil
        check_harmless(output)
