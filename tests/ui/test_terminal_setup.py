"""Setting up and saving in the real program, in a real terminal."""

import sys
from pathlib import Path

from tests.support.terminal import Terminal

MONTAUK = (sys.executable, "-m", "montauk_tui")

MOUSE = (1000, 1003)


def test_what_is_set_up_is_saved_and_counts_at_the_next_start(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('# mine\n[keys]\n"program.setup" = ["x"]\n')
    environment = {"MONTAUK_CONFIG": str(file)}
    with Terminal([*MONTAUK], environment=environment) as terminal:
        terminal.until_shown("x Setup")
        terminal.type("x")
        terminal.until_shown("[Pages]", "no unsaved changes")
        terminal.type("\x1b[C")
        terminal.until_shown("[Columns of Main]")
        terminal.type("\x1b[B[")
        terminal.until_shown("1 unsaved change")
        terminal.type("\x13")
        terminal.until_shown("no unsaved changes", "saved columns")
        terminal.type("\x1b")
        terminal.until_shown("F10 Quit")
        terminal.type("q")
        assert terminal.exit_code() == 0
    assert file.read_text().startswith('# mine\ncolumns = ["user", "pid", "priority"')
    assert file.read_text().endswith('[keys]\n"program.setup" = ["x"]\n')
    with Terminal([*MONTAUK], environment=environment) as terminal:
        titles = ["USER", "PID", "PRI"]
        terminal.until(lambda: any(it.split()[:3] == titles for it in terminal.lines))


def test_the_mouse_is_left_to_the_terminal_and_taken_again(tmp_path: Path) -> None:
    environment = {"MONTAUK_CONFIG": str(tmp_path / "config.toml")}
    with Terminal([*MONTAUK], environment=environment) as terminal:
        terminal.until_shown("F10 Quit")
        assert all(terminal.modes[mode] for mode in MOUSE)
        terminal.type("C")
        terminal.until_shown("[Pages]")
        terminal.type("\x1b[A" * 2 + "\x1b[C")
        terminal.until_shown("[Behaviour]")
        terminal.type("\x1b[A ")
        terminal.until_shown("[ ] Mouse")
        terminal.until(lambda: not any(terminal.modes[mode] for mode in MOUSE))
        terminal.type(" ")
        terminal.until_shown("[x] Mouse")
        terminal.until(lambda: all(terminal.modes[mode] for mode in MOUSE))
