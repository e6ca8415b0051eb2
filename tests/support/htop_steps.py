"""Steps of the walk through htop's keys: a key pressed, and what must be seen then.

In all texts `<one>` and `<other>` stand for the PIDs of the workers, `<mark>` and
`<other mark>` for what only their command lines have, `<lock>` for a locked file.
"""

import fcntl
import os
import re
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from tests.support.children import child, ended_by, with_room_above
from tests.support.patience import until
from tests.support.walking import Walk, is_there

Step = Callable[[Walk], object]
Steps = tuple[Step, ...]

UP, DOWN, RIGHT, LEFT = (f"\x1b[{letter}" for letter in "ABCD")
HOME, END, PAGE_UP, PAGE_DOWN = "\x1b[H", "\x1b[F", "\x1b[5~", "\x1b[6~"
ESCAPE, ENTER, SHIFT_TAB = "\x1b", "\r", "\x1b[Z"
F1, F2, F3, F4 = "\x1bOP", "\x1bOQ", "\x1bOR", "\x1bOS"
F5, F6, F7, F8, F9, F10 = (f"\x1b[{number}~" for number in (15, 17, 18, 19, 20, 21))
SHIFT_F7, SHIFT_F8 = "\x1b[18;2~", "\x1b[19;2~"
WHEEL_DOWN: Final = "\x1b[<65;20;20M"
MORE: Final = 40
"""More rows than the screen has."""


def named(walk: Walk, text: str) -> str:
    """Return a text with the names of this walk."""
    names = {
        "<one>": walk.one.pid, "<other>": walk.other.pid, "<mark>": walk.one.mark,
        "<other mark>": walk.other.mark, "<lock>": walk.one.lock.name,
    }  # fmt: skip
    for name, value in names.items():
        text = text.replace(name, str(value))
    return text


# --- one step -------------------------------------------------------------------------


def shows(keys: str, *texts: str) -> Step:
    """Press keys; all of the texts appear."""
    return lambda walk: walk.press(
        named(walk, keys), *(named(walk, text) for text in texts)
    )


def hides(keys: str, text: str) -> Step:
    """Press keys; the text disappears."""
    return lambda walk: walk.close(named(walk, text), keys)


def sees(keys: str, seen: Step) -> Step:
    """Press keys; something becomes true."""

    def step(walk: Walk) -> None:
        walk.terminal.type(keys)
        walk.terminal.until(lambda: seen(walk))

    return step


def row(keys: str, text: str) -> Step:
    """Press keys; the row of the first worker has a text."""
    return sees(keys, lambda walk: text in walk.line_of(walk.one.pid))


def no_row(keys: str, text: str) -> Step:
    """Press keys; the row of the first worker has no such text."""
    return sees(keys, lambda walk: text not in walk.line_of(walk.one.pid))


def title(keys: str, text: str) -> Step:
    """Press keys; the line of the titles has a text."""
    return sees(keys, lambda walk: text in walk.header)


def folds(key: str) -> Step:
    return row(key, "[+1]")


def unfolds(key: str) -> Step:
    return no_row(key, "[+1]")


WORKER: Final = Walk.select_worker
BY_PID: Final = Walk.sort_by_pid
BY_CPU: Final = shows("P", "sort CPU%")
TREE: Final = shows(F5, "tree by")
LIST: Final = shows(F5, "F5 Tree")
AT_TOP: Final = sees(HOME, lambda walk: walk.selected == walk.first_pid != 0)
BACK: Final = (hides(ESCAPE, "Esc Back"), shows("", "F10 Quit"))


# --- several --------------------------------------------------------------------------


def there_and_back(keys: str, *texts: str) -> Steps:
    """Press a key; the texts appear, and Esc leaves the first."""
    return shows(keys, *texts), hides(ESCAPE, texts[0])


def moves(down: str, up: str) -> Steps:
    """Move the selection off the worker and back."""
    return (
        BY_PID, WORKER,
        sees(down, lambda walk: walk.selected != walk.one.pid),
        sees(up, lambda walk: walk.selected == walk.one.pid),
        BY_CPU,
    )  # fmt: skip


def ends(end: str, start: str) -> Steps:
    """Scroll to the end of the lines and back."""
    return (
        WORKER,
        sees(end, lambda walk: not walk.header),
        sees(start, lambda walk: walk.header),
    )


def looks(key: str, *texts: str) -> Steps:
    """Look at a page about the worker."""
    return WORKER, shows(key, "Esc Back", *texts), *BACK


def filters(key: str) -> Steps:
    return (
        shows(key, "Filter text, a|b"),
        shows("<other mark>|nothing-like-this", " 1 shown"),
        sees("", lambda walk: walk.line_of(walk.other.pid)),
        hides(ESCAPE, " 1 shown"),
        shows("", "F10 Quit"),
    )


# --- with what was before -------------------------------------------------------------


def shifts(right: str, left: str) -> Step:
    """Scroll sideways and back."""

    def step(walk: Walk) -> None:
        at = walk.header.find("RES")
        walk.terminal.type(right)
        walk.terminal.until(lambda: 0 <= walk.header.find("RES") < at)
        walk.terminal.type(left)
        walk.terminal.until(lambda: walk.header.find("RES") == at)

    return step


def scrolls(down: str, up: str) -> Step:
    """Scroll without moving the selection."""
    return lambda walk: _scroll(walk, down, up)


def _scroll(walk: Walk, down: str, up: str) -> None:
    mark = f"0.{walk.one.pid}"
    with ExitStack() as stack:
        # None of others, which come and go: a sample that was taken before the keys may
        # be shown after them, even while it is paused.
        more = [
            stack.enter_context(child("sleep", "600", mark))[1].pid for _ in range(MORE)
        ]
        walk.press("N", "sort PID")
        walk.press("\\", "Filter text, a|b")
        walk.terminal.type(mark)
        walk.press(ENTER, "F10 Quit", f" {MORE} shown")
        walk.terminal.type(END)
        walk.terminal.until(lambda: walk.last_pid == walk.selected == max(more))
        first = sorted(more)[-walk.row_count]
        walk.terminal.until(lambda: walk.first_pid == first)
        walk.terminal.type(up)
        walk.terminal.until(lambda: 0 < walk.first_pid < first)
        walk.terminal.type(down)
        walk.terminal.until(lambda: walk.first_pid == first)
    walk.close("  filter ")
    walk.terminal.type(HOME)
    walk.press("P", "sort CPU%")


def searches(opened: str) -> Step:
    """Search for both workers, forth and back."""

    def step(walk: Walk) -> None:
        walk.press(opened, "Search part of")
        walk.terminal.type(walk.one.mark[:-2])
        walk.terminal.until(lambda: walk.selected in (walk.one.pid, walk.other.pid))
        first = walk.selected
        second = walk.other.pid if first == walk.one.pid else walk.one.pid
        # In the words of xterm and in those of the kitty protocol.
        for shift_f3 in ("\x1b[1;2R", "\x1b[13;2~"):
            walk.terminal.type(F3)
            walk.terminal.until(lambda: walk.selected == second)
            walk.terminal.type(shift_f3)
            walk.terminal.until(lambda: walk.selected == first)
        walk.close(f"Search {walk.one.mark[:-2]}")
        walk.terminal.until_shown("F10 Quit")

    return step


def kills(pressed: str) -> Step:
    """Send SIGTERM to a process."""

    def step(walk: Walk) -> None:
        with child("sleep", "599") as (process, _):
            walk.press("\\", "Filter text, a|b")
            walk.terminal.type("sleep 599")
            walk.terminal.until(lambda: walk.selected == process.pid)
            walk.press(ENTER, "F10 Quit")
            walk.press(pressed, f"Send to sleep {process.pid}", "15 SIGTERM")
            walk.terminal.type(ENTER)
            # Not the message of the signal before.
            said = re.compile(rf"sent to \w+ {process.pid}\b")
            walk.terminal.until(lambda: said.search(walk.terminal.text))
            assert ended_by(process) is signal.SIGTERM
        # The list that closes may still hide it when the answer is there.
        walk.terminal.until_shown("  filter ")
        walk.close("  filter ")

    return step


def user_threads(walk: Walk) -> None:
    before = walk.shown
    walk.terminal.type("H")
    # Montauk's own threads alone are more.
    walk.terminal.until(lambda: walk.shown > before + 2)
    # It may be out of sight.
    walk.terminal.type(str(walk.one.thread))
    walk.terminal.until(lambda: walk.selected == walk.one.thread)
    walk.terminal.type("H")
    walk.terminal.until(lambda: not walk.line_of(walk.one.thread))
    walk.terminal.type(HOME)


def nice_of(pid: int) -> int:
    return os.getpriority(os.PRIO_PROCESS, pid)


def lower_priority(walk: Walk) -> None:
    walk.select_worker()
    before = with_room_above(walk.one.pid)
    walk.terminal.type(F8)
    walk.terminal.until(lambda: nice_of(walk.one.pid) == before + 1)


def higher_priority(walk: Walk) -> None:
    walk.select(walk.other.pid, walk.other.mark)
    expected = nice_of(walk.other.pid)
    expected -= may_lower()
    said = f"now {expected}" if may_lower() else "not permitted"
    walk.press(F7, "nice -1", said)
    assert nice_of(walk.other.pid) == expected


def may_lower() -> bool:
    """Tell whether nice values may be lowered, by doing it to a process."""
    with child() as (process, _):
        try:
            os.setpriority(os.PRIO_PROCESS, process.pid, -2)
        except PermissionError:
            return False
    return True


def autogroups(walk: Walk) -> None:
    file = Path(f"/proc/{walk.one.pid}/autogroup")
    walk.select_worker()
    if not file.exists() or not file.read_text():
        walk.press(SHIFT_F8, "autogroup nice +1: ")
        return
    higher = [(SHIFT_F8, 1)]
    changes = [*higher, (SHIFT_F7, -1)] if may_lower() else higher
    if Path("/proc/sys/kernel/sched_autogroup_enabled").read_text() == "0\n":
        walk.press(SHIFT_F8, "autogroups are off")
        return
    expected = 0
    for pressed, step in changes:
        expected += step
        walk.terminal.type(pressed)
        walk.terminal.until(lambda: group_nice(file) == expected)  # noqa: B023
        if not may_lower():
            # Others than root may change it ten times a second: the clock is theirs.
            time.sleep(0.2)


def group_nice(file: Path) -> int:
    return int(file.read_text().split()[-1])


def cpu_affinity(walk: Walk) -> None:
    walk.select_worker()
    before = os.sched_getaffinity(walk.one.pid)
    walk.press("a", f"CPUs for walker {walk.one.pid}")
    if len(before) == 1:
        walk.close("CPUs for")
        return
    walk.press(" ", "[ ] CPU")
    walk.terminal.type(ENTER)
    walk.terminal.until(lambda: os.sched_getaffinity(walk.one.pid) != before)
    os.sched_setaffinity(walk.one.pid, before)
    walk.terminal.until_gone("CPUs for")


def system_calls(walk: Walk) -> None:
    walk.select_worker()
    walk.press("s", f"strace says -f -s 256 -p {walk.one.pid}", "its number is")
    # What the program says cannot change the screen.
    walk.terminal.until_shown("\\x1b[31mred", "\\u009b hostile")
    number = number_in(walk)
    assert is_there(number)
    walk.press(F8, "PAUSED")
    walk.close("PAUSED", "f")
    walk.close("Esc Back")
    walk.terminal.until_shown("F10 Quit")
    until(lambda: not is_there(number))
    assert is_there(walk.one.pid)


def number_in(walk: Walk) -> int:
    found = re.search(r"its number is (\d+)\.", walk.terminal.text)
    assert found
    return int(found[1])


def recompute(walk: Walk) -> None:
    walk.sort_by_pid()
    walk.press("Z", "PAUSED")
    with child() as (process, _):
        walk.terminal.type(END)
        walk.press("\x0c", "PAUSED")

        def is_at_end() -> bool:
            # Not that of the list before.
            walk.terminal.type(END)
            return bool(walk.line_of(process.pid))

        walk.terminal.until(is_at_end)
    walk.close("PAUSED", "Z")
    walk.terminal.type(HOME)
    walk.press("P", "sort CPU%")


def pages(walk: Walk) -> None:
    first = walk.selected
    walk.terminal.type(PAGE_DOWN)
    walk.terminal.until(lambda: walk.selected not in (0, first))
    walk.terminal.type(PAGE_UP)
    walk.terminal.until(lambda: walk.selected == first)


def needs_kernel_threads(_: Walk) -> None:
    second = Path("/proc/2/comm")
    if second.exists() and second.read_text() != "kthreadd\n":
        pytest.skip("no kernel threads are to be seen from inside this container")


def lock_is_held(walk: Walk) -> None:
    with walk.one.lock.open() as file, pytest.raises(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)


def clicks(text: str) -> Step:
    """Press and release the left button on a text in the worker's row."""

    def step(walk: Walk) -> None:
        pid = walk.one.pid
        walk.terminal.until(lambda: text in walk.line_of(pid))
        x, y = walk.line_of(pid).index(text) + 2, walk.y_of(pid) + 1
        walk.terminal.type(f"\x1b[<0;{x};{y}M\x1b[<0;{x};{y}m")

    return step


def leaves(key: str) -> Step:
    """Press a key; the program exits and restores the terminal."""

    def step(walk: Walk) -> None:
        walk.terminal.type(key)
        assert walk.terminal.exit_code() == 0
        assert walk.terminal.is_restored

    return step
