"""The real program in a real terminal: it starts, answers, and leaves no trace."""

import random
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from montauk_tui.ui.terminal import signals
from tests.support.terminal import Terminal

MONTAUK: Final = (sys.executable, "-m", "montauk_tui")

BROKEN: Final = """
import sys
from montauk_tui import cli
from montauk_tui.ui.widgets.row_cache import RowCache

lines = RowCache.lines

def broken(cache, maker, *rest):
    if maker.frame.seq >= 2:
        raise RuntimeError("drawing broke \\x1b[2J")
    return lines(cache, maker, *rest)

RowCache.lines = broken
sys.exit(cli.main(["-d", "0.1"]))
"""

NO_THREADS: Final = """
import sys, threading
from montauk_tui import cli

start = threading.Thread.start

def refuse(thread):
    if thread.name in {names}:
        raise RuntimeError("can't start new thread")
    start(thread)

threading.Thread.start = refuse
sys.exit(cli.main(["--collector", "traditional"]))
"""

LATE: Final = """
import os, signal, sys
from montauk_tui import cli
from montauk_tui.ui.app import MontaukApp

run = MontaukApp.run

def run_and_be_told(app, **options):
    run(app, **options)
    os.kill(os.getpid(), signal.SIGTERM)

MontaukApp.run = run_and_be_told
sys.exit(cli.main(["--collector", "traditional"]))
"""
"""It is told to end when it has left the screen."""

IGNORING: Final = ("/bin/sh", "-c", "trap '' HUP TERM; exec \"$@\"", "sh", *MONTAUK)

WRAP: Final = 7
CURSOR: Final = 25
ALTERNATE_SCREEN: Final = 1049
COLLECTORS: Final = tuple(
    f"collector {name} " for name in ("kernel", "netlink", "traditional")
)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """The program after its first screen."""
    with Terminal([*MONTAUK]) as terminal:
        terminal.until(lambda: is_whole(terminal))
        yield terminal


def is_whole(terminal: Terminal) -> bool:
    """Tell whether all parts of the main screen are in their places."""
    lines = terminal.lines
    titles = [
        at for at, line in enumerate(lines) if line.split()[:2] == ["PID", "USER"]
    ]
    return bool(
        titles
        and "Command" in lines[titles[0]]
        and lines[titles[0] + 1].split()[:1] != []
        and lines[0].startswith(" montauk")
        and "load" in lines[0]
        and has_status(lines[-2])
        and "F1 Help" in lines[-1]
        and "F10 Quit" in lines[-1]
        and sum("F10 Quit" in line for line in lines) == 1
    )


def has_status(line: str) -> bool:
    """Tell whether a line names the collector, or what it gives way to.

    What else runs on the machine may be killed.
    """
    return any(text in line for text in (*COLLECTORS, " killed: "))


def check_restored(terminal: Terminal) -> None:
    """Check that the shell would find its terminal as it left it."""
    assert terminal.is_restored
    modes = terminal.modes
    assert modes[ALTERNATE_SCREEN] is False
    assert modes.pop(CURSOR) is True
    # As a terminal starts, lines wrap at its edge.
    assert modes.pop(WRAP, True) is True
    # Mouse reports, bracketed paste, focus reports, and whatever else was set.
    assert not any(modes.values()), modes
    assert terminal.key_protocols == 0


def test_the_first_screen_tells_what_is_going_on() -> None:
    command = [*MONTAUK, "--sort", "start", "--filter", "montauk_tui"]
    with Terminal(command) as terminal:
        own = f"{terminal.pid} "
        terminal.until(
            lambda: any(line.lstrip().startswith(own) for line in terminal.lines)
        )
        assert "montauk" in terminal.lines[0]
        assert "load" in terminal.lines[0]
        titles = next(line for line in terminal.lines if "Command" in line)
        assert "PID USER" in titles
        assert has_status(terminal.lines[-2])
        row = next(line for line in terminal.lines if line.lstrip().startswith(own))
        assert "-m montauk_tui" in row


def test_a_forced_collector_is_named() -> None:
    with Terminal([*MONTAUK, "--collector", "traditional"]) as terminal:
        terminal.until_shown("collector traditional (")


def test_colours_are_used_unless_refused(terminal: Terminal) -> None:
    assert {38, 48} <= terminal.styles


def reversed_lines(terminal: Terminal) -> list[int]:
    """Return which lines have reversed text; a scroll bar ends in a part of a cell."""
    buffer, width = terminal.screen.buffer, terminal.screen.columns
    return [
        y
        for y in range(terminal.screen.lines)
        if any(
            buffer[y][x].reverse and buffer[y][x].data not in " ▁▂▃▄▅▆▇"
            for x in range(width)
        )
    ]


def test_no_color_sets_no_colour() -> None:
    with Terminal([*MONTAUK], environment={"NO_COLOR": "1"}) as terminal:
        terminal.until_shown("F10 Quit", "CPU%")
        terminal.until(lambda: len(reversed_lines(terminal)) == 1)
        for keys, shown in (("?", "The first minute"), ("\x1b[17~", "Sort by")):
            terminal.type(keys)
            terminal.until_shown(shown)
            if keys == "?":
                terminal.until(lambda: not reversed_lines(terminal))
            terminal.type("\x1b")
            terminal.until_gone(shown)
        for keys, shown in (
            ("d", "Interval 1"), ("x\r", "not a duration"), ("\x1b", "F10 Quit"),
            ("t", "tree by"), ("Z", "PAUSED"), ("\x14", "montauk-light"),
        ):  # fmt: skip
            terminal.type(keys)
            terminal.until_shown(shown)
        # To wear a theme with colours makes none: its selection is not reversed.
        titles = next(at for at, line in enumerate(terminal.lines) if "PID" in line)
        terminal.until(lambda: terminal.screen.buffer[titles + 1][0].reverse)
        terminal.type("\x1b[F")
        terminal.until(lambda: not terminal.screen.buffer[titles + 1][0].reverse)
        terminal.type("\x03")
        assert terminal.exit_code() == 0
        # 39 and 49 are the terminal's own colours.
        colours = {*range(30, 39), *range(40, 49), *range(90, 98), *range(100, 108)}
        assert terminal.styles & colours == set()
        assert {1, 7} <= terminal.styles


@pytest.mark.parametrize(
    "keys", ["q", "\x1b[21~", "\x03", "?\x03"], ids=["q", "F10", "^C", "help ^C"]
)
def test_keys_that_leave_restore_the_terminal(terminal: Terminal, keys: str) -> None:
    assert not terminal.is_restored
    terminal.type(keys)
    assert terminal.exit_code() == 0
    check_restored(terminal)


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1,
        signal.SIGALRM, signal.SIGABRT, signal.SIGPROF, signal.SIGRTMIN,
    ],
    ids=lambda it: it.name,
)  # fmt: skip
def test_signals_that_leave_restore_the_terminal(
    terminal: Terminal, number: signal.Signals
) -> None:
    terminal.kill(number)
    assert terminal.exit_code() == 128 + number
    check_restored(terminal)


def test_a_signal_after_the_screen_was_left_ends_it_without_a_word() -> None:
    with Terminal([sys.executable, "-c", LATE]) as terminal:
        terminal.until_shown("F10 Quit", "CPU%")
        terminal.type("q")
        assert terminal.exit_code() == 128 + signal.SIGTERM
        check_restored(terminal)
        assert b"Traceback" not in terminal.output


def test_what_the_parent_ignores_stays_ignored() -> None:
    with Terminal(IGNORING) as terminal:
        terminal.until_shown("F10 Quit", "CPU%")
        terminal.kill(signal.SIGTERM)
        # Of two that wait, the lower number is delivered first (signal(7)).
        terminal.kill(signal.SIGVTALRM)
        assert terminal.exit_code() == 128 + signal.SIGVTALRM
        check_restored(terminal)


def test_a_terminal_that_is_closed_ends_it_under_nohup() -> None:
    with Terminal(IGNORING) as terminal:
        terminal.until_shown("F10 Quit", "CPU%")
        terminal.hang_up()
        assert terminal.code_unread() == 128 + signal.SIGHUP


def test_every_signal_that_ends_a_program_is_one_of_those() -> None:
    """Those of the table in signal(7) that end it, but for faults and broken pipes."""
    fatal = (
        "ABRT", "ALRM", "HUP", "INT", "POLL", "PROF", "PWR", "QUIT", "SYS", "TERM",
        "TRAP", "USR1", "USR2", "VTALRM", "XCPU", "RTMIN", "RTMAX",
    )  # fmt: skip
    assert {getattr(signal, f"SIG{name}") for name in fatal} <= set(signals.endings())


def test_a_bug_in_drawing_restores_the_terminal_and_is_told_of() -> None:
    with Terminal([sys.executable, "-c", BROKEN]) as terminal:
        assert terminal.exit_code() == 1
        check_restored(terminal)
        after = terminal.output.rpartition(b"\x1b[?1049l")[2]
        assert b"Traceback (most recent call last)" in after
        assert rb"drawing broke \x1b[2J" in after
        assert b"this is a bug in montauk" in after
        # Local variables are megabytes, with the arguments of every process.
        assert len(after) < 20_000


def test_without_a_thread_for_sampling_the_reason_is_told() -> None:
    script = NO_THREADS.format(names=["montauk-sampler"])
    with Terminal([sys.executable, "-c", script]) as terminal:
        assert terminal.exit_code() == 1
        check_restored(terminal)
        after = terminal.output.rpartition(b"\x1b[?1049l")[2]
        assert b"sampling needs a thread" in after
        assert b"ulimit" in after
        assert b"Traceback" not in after


def test_no_other_thread_is_needed_to_draw_and_to_leave() -> None:
    names = ["montauk-upgrade", "montauk-output", "textual-input"]
    script = NO_THREADS.format(names=names)
    with Terminal([sys.executable, "-c", script]) as terminal:
        terminal.until_shown("F10 Quit", "CPU%")
        terminal.type("q")
        assert terminal.exit_code() == 0
        check_restored(terminal)


def test_a_terminal_that_is_closed_ends_the_program(terminal: Terminal) -> None:
    terminal.hang_up()
    assert terminal.code_unread() == 128 + signal.SIGHUP


def test_a_hundred_sizes_in_a_row(terminal: Terminal) -> None:
    chance = random.Random(7)  # noqa: S311 - the same sizes every time
    for count in range(100):
        tiny = count % 10 == 0
        terminal.resize(*(10, 3) if tiny else (chance.randint(1, 300), count + 1))
        if count % 20 == 0:
            terminal.type("\x1b[B")
    terminal.resize(100, 30)
    terminal.until(lambda: is_whole(terminal))
    terminal.type("q")
    assert terminal.exit_code() == 0
    check_restored(terminal)


def test_ctrl_l_draws_over_what_others_wrote(terminal: Terminal) -> None:
    terminal.type("Z")
    terminal.until_shown("PAUSED")
    terminal.until(lambda: is_whole(terminal))
    # As wall(1) does, which the program cannot notice.
    terminal.screen.reset()
    assert not is_whole(terminal)
    terminal.type("\x0c")
    terminal.until(lambda: is_whole(terminal))


def test_a_size_that_comes_back_at_once_is_drawn_anew(terminal: Terminal) -> None:
    """The program finds the size that it knows; the terminal has cut its lines."""
    terminal.type("Z")
    terminal.until_shown("PAUSED")
    terminal.until(lambda: is_whole(terminal))
    terminal.resize(40, 8)
    terminal.resize(120, 40)
    assert not is_whole(terminal)
    terminal.until(lambda: is_whole(terminal))


def test_a_size_of_the_environment_is_no_larger_than_the_terminal() -> None:
    huge = {"COLUMNS": "100000", "LINES": "2000"}
    with Terminal([*MONTAUK], environment=huge) as terminal:
        terminal.until(lambda: "F10 Quit" in terminal.lines[39])
        terminal.type("q")
        assert terminal.exit_code() == 0


def test_keys_change_what_is_shown(terminal: Terminal) -> None:
    for keys, shown in (
        ("\x1b[15~", "tree by"), ("t", "sort CPU%"), ("M", "sort RES"),
        ("%", "machine of"), ("Z", "PAUSED"), ("Z", "Z Pause"),
        ("\x1bOS", "Esc clears"), ("montauk_tui", "filter montauk_tui"),
        ("\r", "F10 Quit"), ("d", "Interval 1"), ("\x7f", "500ms"),
        ("0.5", "Interval 0.5"), ("\r", "F10 Quit"), ("d", "Interval 0.5"),
        ("\x1b", "F10 Quit"), ("\x1bOP", "The first minute"),
    ):  # fmt: skip
        terminal.type(keys)
        terminal.until_shown(shown)
    terminal.type("\x1b")
    terminal.until_gone("The first minute")


def test_the_first_picture_has_every_part_in_its_place(terminal: Terminal) -> None:
    assert is_whole(terminal)


def test_a_click_selects_and_a_click_on_a_title_sorts(terminal: Terminal) -> None:
    titles = next(at for at, line in enumerate(terminal.lines) if "Command" in line)
    column = terminal.lines[titles].index("MEM%") + 1
    for letter in "Mm":
        terminal.type(f"\x1b[<0;{column + 1};{titles + 1}{letter}")
    terminal.until_shown("sort MEM%")


def test_what_is_wrong_with_the_settings_is_told_before_and_on_the_screen(
    tmp_path: Path,
) -> None:
    file = tmp_path / "config.toml"
    file.write_text("frobnicate = 1\n")
    environment = {"MONTAUK_CONFIG": str(file)}
    with Terminal([*MONTAUK], environment=environment) as terminal:
        terminal.until_shown("F10 Quit", "frobnicate")
        before = terminal.output.partition(b"\x1b[?1049h")[0]
        assert b"config.toml: unknown key 'frobnicate'" in before
        terminal.type("q")
        assert terminal.exit_code() == 0


def test_the_mouse_can_be_left_to_the_terminal(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("mouse = false\n")
    with Terminal([*MONTAUK], environment={"MONTAUK_CONFIG": str(file)}) as terminal:
        terminal.until_shown("F10 Quit")
        assert not {1000, 1002, 1003} & set(terminal.modes)
