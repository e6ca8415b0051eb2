"""A walk through every key of htop's help and manual page, in a real terminal.

Each key is pressed on processes of the test's own, and what it did is seen on the
screen or in the process.
"""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from montauk_tui.actions import io_priority
from tests.support.htop_steps import (
    AT_TOP,
    BACK,
    BY_CPU,
    BY_PID,
    DOWN,
    END,
    ENTER,
    F1,
    F2,
    F3,
    F4,
    F5,
    F6,
    F9,
    F10,
    HOME,
    LEFT,
    LIST,
    RIGHT,
    SHIFT_TAB,
    TREE,
    UP,
    WHEEL_DOWN,
    WORKER,
    Step,
    Steps,
    autogroups,
    clicks,
    cpu_affinity,
    ends,
    filters,
    folds,
    hides,
    higher_priority,
    kills,
    leaves,
    lock_is_held,
    looks,
    lower_priority,
    moves,
    needs_kernel_threads,
    no_row,
    pages,
    recompute,
    row,
    scrolls,
    searches,
    sees,
    shifts,
    shows,
    system_calls,
    there_and_back,
    title,
    unfolds,
    user_threads,
)
from tests.support.walking import Walk, walking

HELP: Final = """
#, Tab, Arrows, Digits, F3 /, F4 \\, F5 t, p, m, Z, u, H, K, O, F, + - *, N P M T, I,
F6 > ., S-Tab, Space, c, U, F9 k, F7 ], F8 [, a, b, e, i, l, x, s, w, Y, F2 C S, F1 h ?,
F10 q
"""
"""What F1 of htop 3.5 lists, in its order."""

MANUAL: Final = """
PgUp PgDn, Home End, Ctrl-A ^ Ctrl-E $, Alt-hjkl, Shift-Arrows, Shift-F7 } Shift-F8 {,
Ctrl-L, <, Backspace, mouse
"""
"""What its manual page and its source have beside these."""

STEPS: Final[dict[str, Steps]] = {
    # What is shown.
    "#": (shows("", "Mem["), hides("#", "Mem["), shows("#", "Mem[")),
    "Tab": (shows("\t", "[I/O]"), shows(SHIFT_TAB, "[Main]")),
    "S-Tab": (shows(SHIFT_TAB, "[Events]"), shows("\t", "[Main]")),
    "F5 t": (
        shows(F5, "tree by", "F5 List"), shows("t", "F5 Tree"), hides("", "tree by"),
    ),
    "p": (
        WORKER, row("", "/python"), no_row("p", "/python"), row("", "python"),
        row("p", "/python"),
    ),
    "m": (
        WORKER, shows("m", "Command (merged)"), row("", "walker │ /"),
        hides("m", "Command (merged)"), no_row("", "walker"),
    ),
    "Z": (shows("Z", "PAUSED"), hides("Z", "PAUSED")),
    "u": (
        shows("u", "Processes of", "all users"), shows(DOWN + ENTER, "  user "),
        shows("u", "Processes of"), hides(HOME + ENTER, "  user "),
    ),
    "H": (user_threads,),
    "K": (
        needs_kernel_threads, shows("", "kernel threads hidden"),
        hides("K", "kernel threads hidden"), shows("K", "kernel threads hidden"),
    ),
    "O": (shows("O", "in containers hidden"), hides("O", "in containers hidden")),
    "+ - *": (
        TREE, WORKER,
        *(step for keys in ("-+", "+-", "==")
          for step in (folds(keys[0]), unfolds(keys[1]))),
        shows("*", "[+"), hides("*", "[+"), LIST,
    ),
    "Backspace": (
        TREE, WORKER, sees(DOWN, lambda walk: walk.selected == walk.one.child),
        folds("\x7f"), sees("", lambda walk: walk.selected == walk.one.pid),
        hides("+", "[+1]"), LIST,
    ),
    # Order.
    "N P M T": (
        title("N", "PID▲"), title("M", "RES▼"), title("T", "TIME+▼"),
        title("P", "CPU%▼"),
    ),
    "I": (title("I", "CPU%▲"), title("I", "CPU%▼")),
    "F6 > .": tuple(
        step for key in (F6, ">", ".", ",") for step in there_and_back(key, "Sort by")
    ),
    "<": there_and_back("<", "Sort by", "TGID"),
    # Moving and finding.
    "Arrows": (*moves(DOWN, UP), shifts(RIGHT, LEFT)),
    "Alt-hjkl": (*moves("\x1bj", "\x1bk"), shifts("\x1bl", "\x1bh")),
    "Ctrl-A ^ Ctrl-E $": (*ends("\x05", "\x01"), *ends("$", "^")),
    "Home End": (
        BY_PID, sees(END, lambda walk: walk.selected not in (0, walk.first_pid)),
        AT_TOP, BY_CPU,
    ),
    "PgUp PgDn": (BY_PID, AT_TOP, pages, BY_CPU),
    "Shift-Arrows": (
        scrolls("\x1b[1;2B", "\x1b[1;2A"), scrolls("\x1b[1;3B", "\x1b[1;3A"),
    ),
    "Digits": (
        shows("<other>", "PID <other>"),
        sees("", lambda walk: walk.selected == walk.other.pid),
        hides("", "PID <other>"),
    ),
    "F3 /": (searches(F3), searches("/")),
    "F4 \\": (*filters(F4), *filters("\\")),
    "F": (WORKER, shows("F", "following <one>"), hides("F", "following <one>")),
    # Tagging and acting.
    "Space": (
        WORKER, shows(" ", "1 tagged"),
        sees("", lambda walk: walk.line_of(walk.one.pid).startswith("*")),
        hides("U", "1 tagged"),
    ),
    "c": (WORKER, shows("c", "2 tagged"), hides("U", "2 tagged")),
    "U": (WORKER, shows("  ", "2 tagged"), hides("U", "tagged")),
    "F9 k": (kills(F9), kills("k")),
    # [ ] { } and b go through time; docs/keys.md compares them.
    "F8 [": (lower_priority,),
    "F7 ]": (higher_priority,),
    "Shift-F7 } Shift-F8 {": (autogroups,),
    "a": (cpu_affinity,),
    "i": (
        WORKER, shows("i", "I/O priority of walker <one>"),
        sees("idle" + ENTER, lambda it: io_priority.current(it.one.pid)[0] == "idle"),
        hides("", "I/O priority of"),
    ),
    "Y": (
        WORKER, shows("Y", "Scheduling policy of walker <one>"),
        sees("batch" + ENTER,
             lambda walk: os.sched_getscheduler(walk.one.pid) == os.SCHED_BATCH),
        hides("", "Scheduling policy of"),
    ),
    # Looking.
    "e": (
        WORKER, shows("e", "Esc Back", "as the program was started"),
        shows(END, "WALK_SIGN", "sign-of-<mark>"), *BACK,
    ),
    "l": looks("l", "Open files", "<lock>"),
    "x": (*looks("x", "File locks", "FLOCK  write  held", "<lock>"), lock_is_held),
    "w": looks("w", "Command line", "fcntl.flock(lock, fcntl.LOCK_EX)", "<mark>"),
    "s": (system_calls,),
    "b": looks("B", "eu-stack says -p <one>", " done "),
    # The program.
    "Ctrl-L": (recompute,),
    "F1 h ?": tuple(
        step for key in (F1, "h", "?")
        for step in there_and_back(key, "The first minute", "Select the row above")
    ),
    # S has another meaning here, and docs/keys.md tells why: this collector sees nobody
    # start another, so one line tells who did.
    "F2 C S": (
        *there_and_back(F2, "Behaviour", "Pages"), shows("", "F10 Quit"),
        *there_and_back("C", "Behaviour", "Pages"), shows("", "F10 Quit"),
        WORKER, shows("S", "started by"), hides("", "started by"),
    ),
    # A row that moves would not be where it was seen.
    "mouse": (
        shows("Z", "PAUSED"),
        TREE, WORKER, folds("-"), clicks("[+1]"), unfolds(""), LIST,
        WORKER, clicks("python"), clicks("python"), shows("", "Esc Back", "Parents"),
        shows(WHEEL_DOWN * 3, "Use"), hides(WHEEL_DOWN * 20, "Parents"), *BACK,
        hides("Z", "PAUSED"),
    ),
    "F10 q": (leaves("q"),),
}  # fmt: skip
"""What each entry of these lists does."""


def keys_in(listed: str) -> list[str]:
    return [entry.strip() for entry in re.split(r",\s", listed.strip())]


class Route:
    """One program for all keys, and another where one went wrong."""

    def __init__(self, tmp: pytest.TempPathFactory) -> None:
        self._tmp = tmp
        self._stack = ExitStack()
        self._walk: Walk | None = None

    def go(self, steps: Iterable[Step]) -> None:
        if self._walk is None or self._walk.terminal.process.poll() is not None:
            self.close()
            folder = self._tmp.mktemp("walk")
            self._walk = self._stack.enter_context(walking(folder))
        try:
            for step in steps:
                step(self._walk)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._walk = None
        self._stack.close()


@pytest.fixture(scope="module")
def route(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Route]:
    taken = Route(tmp_path_factory)
    yield taken
    taken.close()


@pytest.mark.parametrize("keys", [*keys_in(HELP), *keys_in(MANUAL)])
def test_a_key_of_htop_does_what_it_does_there(keys: str, route: Route) -> None:
    route.go(STEPS[keys])


def test_f10_leaves(route: Route) -> None:
    route.go([leaves(F10)])


def test_every_key_is_pressed_and_compared_in_the_document() -> None:
    listed = [*keys_in(HELP), *keys_in(MANUAL)]
    assert sorted(listed) == sorted(STEPS)
    page = (Path(__file__).parents[2] / "docs" / "keys.md").read_text("utf-8")
    compared = set(re.findall(r"`([^`\n]+)`", page.replace("\\|", "|")))
    spelled = {
        "S-Tab": "Shift-Tab", "Arrows": "Up", "Alt-hjkl": "Alt-h",
        "Shift-Arrows": "Shift-Up",
    }  # fmt: skip
    for entry in listed:
        for name in entry.split():
            if name not in ("Digits", "mouse"):
                assert spelled.get(name, name) in compared, name
    assert "digits" in page
