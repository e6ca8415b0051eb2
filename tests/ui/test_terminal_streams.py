"""The real program where standard streams lead elsewhere, or nowhere."""

import sys
from pathlib import Path
from typing import Final

import pytest

from tests.support.terminal import Terminal

MONTAUK: Final = (sys.executable, "-m", "montauk_tui", "--collector", "traditional")


def redirected(redirection: str) -> list[str]:
    """Return the command that starts the program below a shell's redirection."""
    return ["/bin/sh", "-c", f'exec "$0" "$@" {redirection}', *MONTAUK]


@pytest.mark.parametrize(
    "redirection",
    ["2>/dev/null", "2>&-", "2>/dev/full", "2>FILE", "1>/dev/null", "1>&-"],
)
def test_it_draws_on_the_terminal_there_is(redirection: str, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.touch()
    command = redirected(redirection.replace("FILE", str(other)))
    with Terminal(command, size=(90, 30)) as terminal:
        terminal.until_shown("F10 Quit", "CPU%")
        keys = next(at for at, line in enumerate(terminal.lines) if "F10 Quit" in line)
        assert keys == 29, "it has the size of that terminal"
        terminal.resize(100, 20)
        terminal.until(lambda: "F10 Quit" in terminal.lines[19])
        terminal.type("q")
        assert terminal.exit_code() == 0
        assert terminal.is_restored
    assert other.read_bytes() == b""


@pytest.mark.parametrize(
    ("redirection", "hint"),
    [
        ("<&-", "stdin is not one"),
        ("</dev/null", "stdin is not one"),
        ("1>FILE", "stdout is not one"),
        ("1>/dev/null 2>FILE", None),
        ("1>&- 2>&-", None),
        ("<&- 1>&- 2>&-", None),
    ],
)
def test_without_one_it_says_in_one_line_what_to_do(
    redirection: str, hint: str | None, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.touch()
    command = redirected(redirection.replace("FILE", str(other)))
    with Terminal(command) as terminal:
        assert terminal.exit_code() == 1
        said = terminal.text.split("\n")[0]
        assert "Traceback" not in terminal.text
        if hint is not None:
            assert said.startswith("montauk: the monitor needs a terminal")
            assert hint in said
            assert "--once or --json" in terminal.text.replace("\n", "")
            assert other.read_bytes() == b""
        elif "FILE" in redirection:
            assert b"neither stdout nor stderr" in other.read_bytes()


def test_what_its_encoding_lacks_becomes_an_escape() -> None:
    environment = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    with Terminal(MONTAUK, environment=environment) as terminal:
        terminal.until_shown("F10 Quit", "CPU%")


@pytest.mark.parametrize(
    "size", ["100000", "0", "-5", "wide", "²", "9" * 5000], ids=len
)
def test_an_absurd_size_in_the_environment_does_not_count(size: str) -> None:
    environment = {"COLUMNS": size, "LINES": size}
    with Terminal(MONTAUK, size=(90, 30), environment=environment) as terminal:
        terminal.until_shown("F10 Quit", "CPU%")
        assert "F10 Quit" in terminal.lines[29]
        terminal.type("q")
        assert terminal.exit_code() == 0


def test_variables_of_the_library_that_draws_have_no_effect(tmp_path: Path) -> None:
    log = tmp_path / "log"
    environment = {
        "TEXTUAL_LOG": str(log), "TEXTUAL_PRESS": "q", "TEXTUAL_COLOR_SYSTEM": "zz",
        "TEXTUAL_SCREENSHOT": "0", "TEXTUAL_SCREENSHOT_LOCATION": str(tmp_path),
        "TEXTUAL_DRIVER": "nowhere:Nothing", "TEXTUAL": "devtools,debug",
        "TEXTUAL_FILTERS": "dim,monochrome", "TEXTUAL_ALLOW_SIGNALS": "1",
    }  # fmt: skip
    with Terminal(MONTAUK, environment=environment) as terminal:
        terminal.until_shown("F10 Quit", "every 1 s")
        terminal.type("?")
        terminal.until_shown("The first minute")
        terminal.type("\x03")
        assert terminal.exit_code() == 0
        assert terminal.is_restored
    assert not list(tmp_path.iterdir())
