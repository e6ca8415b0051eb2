"""Terminals and locales of all kinds get nothing that they cannot show."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.terminal import Terminal

MONTAUK: Final = (sys.executable, "-m", "montauk_tui", "--collector", "traditional")

COLOURS: Final = {*range(30, 39), *range(40, 49), *range(90, 98), *range(100, 108)}

ASK: Final = """
import dataclasses, json, os
from montauk_tui.ui.terminal import abilities
found = dataclasses.asdict(abilities.find(os.environ, 1))
print(json.dumps({**found, "attributes": sorted(found["attributes"])}))
"""


def abilities(**environment: str) -> dict[str, Any]:
    """Return what is found in a process of its own: setupterm(3) works once."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("LC_") and name not in ("LANG", "COLORTERM")
    }
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        env={**clean, **environment},
        capture_output=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def shown_with(terminal: Terminal) -> bytes:
    """Return what the program writes for screens of many kinds."""
    terminal.until_shown("F10 Quit", "CPU%")
    for keys, shown in (("t", "tree by"), ("?", "The first minute"), ("\x03", "")):
        terminal.type(keys)
        terminal.until_shown(shown)
    assert terminal.exit_code() == 0
    assert terminal.is_restored
    return bytes(terminal.output)


@pytest.mark.parametrize("name", ["vt100", "xterm-mono"])
def test_without_colours_and_mouse_none_are_sent(name: str) -> None:
    environment = {"TERM": name, "COLORTERM": "truecolor"}
    with Terminal([*MONTAUK], environment=environment) as terminal:
        shown_with(terminal)
        assert terminal.styles & COLOURS == set()
        assert 7 in terminal.styles
        assert not {1000, 1002, 1003, 1006, 1049, 2004, 2026} & set(terminal.modes)
        assert not any(on for mode, on in terminal.modes.items() if mode != 7)


def test_the_linux_console_gets_ascii_and_eight_colours() -> None:
    environment = {"TERM": "linux", "LC_ALL": "C.UTF-8"}
    with Terminal([*MONTAUK], (160, 40), environment) as terminal:
        output = shown_with(terminal)
        drawn = {char for line in terminal.lines for char in line}
        assert not {char for char in drawn if 0x2500 <= ord(char) <= 0x28FF}
        assert terminal.styles & COLOURS
        assert terminal.styles & COLOURS <= {*range(30, 38), *range(40, 48)}
        assert set(terminal.modes) <= {7, 25}
        assert b"\x1b[>" not in output


def test_without_utf_8_every_byte_is_ascii() -> None:
    environment = {"LC_ALL": "C", "TERM": "xterm-256color"}
    with Terminal([*MONTAUK], (160, 40), environment) as terminal:
        assert shown_with(terminal).isascii()


def test_a_terminal_without_ansi_is_refused() -> None:
    with Terminal([*MONTAUK], environment={"TERM": "vt52"}) as terminal:
        assert terminal.exit_code() == 1
        assert b"cannot place a cursor" in terminal.output
        assert b"--once" in terminal.output
        assert terminal.modes == {}


@pytest.mark.parametrize(
    ("name", "colorterm", "colors", "xterm", "symbols"),
    [
        ("xterm-256color", "", 256, True, True),
        ("xterm-256color", "truecolor", 1 << 24, True, True),
        ("screen", "truecolor", 8, True, True),
        ("vt100", "truecolor", 0, False, False),
        ("linux", "truecolor", 8, False, False),
        ("nobody-knows-this", "", 256, True, True),
    ],
)
def test_the_description_counts(
    name: str, colorterm: str, colors: int, *, xterm: bool, symbols: bool
) -> None:
    found = abilities(TERM=name, COLORTERM=colorterm)
    assert (found["colors"], found["xterm"]) == (colors, xterm)
    assert found["symbols"] is symbols
    assert found["places_cursor"]


@pytest.mark.parametrize(
    ("variables", "unicode"),
    [
        ({"LC_ALL": "C"}, False),
        ({"LC_ALL": "POSIX", "LANG": "C.UTF-8"}, False),
        ({"LC_CTYPE": "C"}, False),
        ({"LANG": "C"}, False),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),
        ({"LANG": "C.UTF-8"}, True),
        ({"LC_ALL": "no_SUCH"}, False),
        ({}, True),
    ],
    ids=str,
)
def test_the_locale_counts(variables: dict[str, str], *, unicode: bool) -> None:
    assert abilities(TERM="xterm-256color", **variables)["unicode"] is unicode


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has others to distrust")
@pytest.mark.skipif(shutil.which("tic") is None, reason="tic is not installed")
@pytest.mark.parametrize("variable", ["TERMINFO", "TERMINFO_DIRS", "HOME"])
def test_root_does_not_follow_descriptions_that_others_may_write(
    tmp_path: Path, variable: str
) -> None:
    places = {"HOME": tmp_path / ".terminfo"}
    folder = places.get(variable, tmp_path)
    source = tmp_path / "evil.ti"
    source.write_text("xterm-256color|evil,\n\tcols#80, smcup=EVIL, clear=EVIL,\n")
    folder.mkdir(exist_ok=True)
    subprocess.run(["tic", "-o", folder, source], check=True)
    environment = {"TERM": "xterm-256color", variable: str(tmp_path)}
    assert "EVIL" in abilities(**environment)["enter"]
    os.chown(folder, 65534, 65534)
    assert "EVIL" not in abilities(**environment)["enter"]
