"""A walk through every key of htop's help and manual page, in a real terminal.

Each key is pressed on processes of the test's own, and what it did is seen on the
screen or in the process.
"""

import fcntl
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from montauk_tui.actions import io_priority
from tests.support.children import child, with_room_above
from tests.support.patience import until
from tests.support.walking import Walk, is_there, walking

Step = Callable[[Walk], None]

UP, DOWN, RIGHT, LEFT = (f"\x1b[{letter}" for letter in "ABCD")
HOME, END, PAGE_UP, PAGE_DOWN = "\x1b[H", "\x1b[F", "\x1b[5~", "\x1b[6~"
ESCAPE, ENTER, SHIFT_TAB = "\x1b", "\r", "\x1b[Z"
F1, F2, F3, F4 = "\x1bOP", "\x1bOQ", "\x1bOR", "\x1bOS"
F5, F6, F7, F8, F9, F10 = (f"\x1b[{number}~" for number in (15, 17, 18, 19, 20, 21))
SHIFT_F7, SHIFT_F8 = "\x1b[18;2~", "\x1b[19;2~"

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

STEPS: dict[str, Step] = {}


def keys_in(listed: str) -> list[str]:
    return [entry.strip() for entry in re.split(r",\s", listed.strip())]


def key(keys: str) -> Callable[[Step], Step]:
    """Say which keys of the list a function presses."""

    def add(step: Step) -> Step:
        STEPS[keys] = step
        return step

    return add


# --- what is shown --------------------------------------------------------------------


@key("#")
def hide_and_show_header_meters(walk: Walk) -> None:
    walk.terminal.until_shown("Mem[")
    walk.close("Mem[", "#")
    walk.press("#", "Mem[")


@key("Tab")
def next_screen_tab(walk: Walk) -> None:
    walk.press("\t", "[I/O]")
    walk.press(SHIFT_TAB, "[Main]")


@key("S-Tab")
def previous_screen_tab(walk: Walk) -> None:
    walk.press(SHIFT_TAB, "[Events]")
    walk.press("\t", "[Main]")


@key("F5 t")
def tree_view(walk: Walk) -> None:
    walk.press(F5, "tree by", "F5List")
    walk.press("t", "F5Tree")
    walk.terminal.until_gone("tree by")


@key("p")
def program_path(walk: Walk) -> None:
    walk.select_worker()
    assert "/python" in walk.line_of(walk.one.pid)
    walk.terminal.type("p")
    walk.terminal.until(lambda: "/python" not in walk.line_of(walk.one.pid))
    assert "python" in walk.line_of(walk.one.pid)
    walk.terminal.type("p")
    walk.terminal.until(lambda: "/python" in walk.line_of(walk.one.pid))


@key("m")
def merged_command(walk: Walk) -> None:
    walk.select_worker()
    walk.press("m", "Command (merged)")
    walk.terminal.until(lambda: "walker │ /" in walk.line_of(walk.one.pid))
    walk.close("Command (merged)", "m")
    walk.terminal.until(lambda: "walker" not in walk.line_of(walk.one.pid))


@key("Z")
def pause(walk: Walk) -> None:
    walk.press("Z", "PAUSED")
    walk.close("PAUSED", "Z")


@key("u")
def one_user(walk: Walk) -> None:
    walk.press("u", "Processes of", "all users")
    walk.terminal.type(DOWN + ENTER)
    walk.terminal.until_shown("  user ")
    walk.press("u", "Processes of")
    walk.close("  user ", HOME + ENTER)


@key("H")
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


@key("K")
def kernel_threads(walk: Walk) -> None:
    if (
        Path("/proc/2/comm").exists()
        and Path("/proc/2/comm").read_text() != "kthreadd\n"
    ):
        pytest.skip("no kernel threads are to be seen from inside this container")
    walk.terminal.until_shown("kernel threads hidden")
    walk.close("kernel threads hidden", "K")
    walk.press("K", "kernel threads hidden")


@key("O")
def containers(walk: Walk) -> None:
    walk.press("O", "in containers hidden")
    walk.close("in containers hidden", "O")


@key("+ - *")
def fold(walk: Walk) -> None:
    walk.press(F5, "tree by")
    walk.select_worker()
    for keys in ("-+", "+-", "=="):
        walk.terminal.type(keys[0])
        walk.terminal.until(lambda: "[+1]" in walk.line_of(walk.one.pid))
        walk.terminal.type(keys[1])
        walk.terminal.until(lambda: "[+1]" not in walk.line_of(walk.one.pid))
    walk.press("*", "[+")
    walk.close("[+", "*")
    walk.press(F5, "F5Tree")


@key("Backspace")
def fold_into_parent(walk: Walk) -> None:
    walk.press(F5, "tree by")
    walk.select_worker()
    walk.terminal.type(DOWN)
    walk.terminal.until(lambda: walk.selected == walk.one.child)
    walk.terminal.type("\x7f")
    walk.terminal.until(lambda: "[+1]" in walk.line_of(walk.one.pid))
    assert walk.selected == walk.one.pid
    walk.close("[+1]", "+")
    walk.press(F5, "F5Tree")


# --- order ----------------------------------------------------------------------------


@key("N P M T")
def sort_columns(walk: Walk) -> None:
    for letter, title in {
        "N": "PID▲",
        "M": "RES▼",
        "T": "TIME+▼",
        "P": "CPU%▼",
    }.items():
        walk.terminal.type(letter)
        walk.terminal.until(lambda: title in walk.header)  # noqa: B023 - waits here


@key("I")
def invert(walk: Walk) -> None:
    walk.terminal.type("I")
    walk.terminal.until(lambda: "CPU%▲" in walk.header)
    walk.terminal.type("I")
    walk.terminal.until(lambda: "CPU%▼" in walk.header)


@key("F6 > .")
def select_sort_column(walk: Walk) -> None:
    for pressed in (F6, ">", ".", ","):
        walk.press(pressed, "Sort by")
        walk.close("Sort by")


@key("<")
def select_sort_column_too(walk: Walk) -> None:
    walk.press("<", "Sort by", "NLWP")
    walk.close("Sort by")


# --- moving and finding ---------------------------------------------------------------


@key("Arrows")
def scroll_the_list(walk: Walk) -> None:
    move(walk, DOWN, UP)
    shift(walk, RIGHT, LEFT)


@key("Alt-hjkl")
def scroll_the_list_by_letters(walk: Walk) -> None:
    move(walk, "\x1bj", "\x1bk")
    shift(walk, "\x1bl", "\x1bh")


def move(walk: Walk, down: str, up: str) -> None:
    walk.sort_by_pid()
    walk.select_worker()
    walk.terminal.type(down)
    walk.terminal.until(lambda: walk.selected != walk.one.pid)
    walk.terminal.type(up)
    walk.terminal.until(lambda: walk.selected == walk.one.pid)
    walk.press("P", "sort CPU%")


def shift(walk: Walk, right: str, left: str) -> None:
    at = walk.header.find("RES")
    walk.terminal.type(right)
    walk.terminal.until(lambda: 0 <= walk.header.find("RES") < at)
    walk.terminal.type(left)
    walk.terminal.until(lambda: walk.header.find("RES") == at)


@key("Ctrl-A ^ Ctrl-E $")
def ends_of_the_line(walk: Walk) -> None:
    for end, start in {"\x05": "\x01", "$": "^"}.items():
        walk.select_worker()
        walk.terminal.type(end)
        walk.terminal.until(lambda: not walk.header)
        walk.terminal.type(start)
        walk.terminal.until(lambda: walk.header)


@key("Home End")
def ends_of_the_list(walk: Walk) -> None:
    walk.sort_by_pid()
    walk.terminal.type(END)
    walk.terminal.until(lambda: walk.selected and walk.selected != walk.first_pid)
    walk.terminal.type(HOME)
    walk.terminal.until(lambda: walk.selected == walk.first_pid != 0)
    walk.press("P", "sort CPU%")


@key("PgUp PgDn")
def pages(walk: Walk) -> None:
    walk.sort_by_pid()
    walk.terminal.type(HOME)
    walk.terminal.until(lambda: walk.selected == walk.first_pid != 0)
    first = walk.selected
    walk.terminal.type(PAGE_DOWN)
    walk.terminal.until(lambda: walk.selected not in (0, first))
    walk.terminal.type(PAGE_UP)
    walk.terminal.until(lambda: walk.selected == first)
    walk.press("P", "sort CPU%")


@key("Shift-Arrows")
def scroll_without_the_selection(walk: Walk) -> None:
    for down, up in (("\x1b[1;2B", "\x1b[1;2A"), ("\x1b[1;3B", "\x1b[1;3A")):
        scroll(walk, down, up)


def scroll(walk: Walk, down: str, up: str) -> None:
    with ExitStack() as stack:
        # More rows than the screen has.
        more = [stack.enter_context(child())[1].pid for _ in range(40)]
        walk.sort_by_pid()
        walk.press("Z", "PAUSED")
        walk.terminal.type("\x0c")

        def is_at_end() -> bool:
            # Not that of the list before, with processes that ended since.
            walk.terminal.type(END)
            has_come = any(walk.line_of(pid) for pid in more)
            return has_come and 0 < walk.last_pid == walk.selected

        walk.terminal.until(is_at_end)
        first = walk.first_pid
        walk.terminal.type(up)
        walk.terminal.until(lambda: 0 < walk.first_pid < first)
        walk.terminal.type(down)
        walk.terminal.until(lambda: walk.first_pid >= first)
    walk.close("PAUSED", "Z")
    walk.terminal.type(HOME)
    walk.press("P", "sort CPU%")


@key("Digits")
def pid_search(walk: Walk) -> None:
    walk.press(str(walk.other.pid), f"PID {walk.other.pid}")
    walk.terminal.until(lambda: walk.selected == walk.other.pid)
    walk.terminal.until_gone(f"PID {walk.other.pid}")


@key("F3 /")
def name_search(walk: Walk) -> None:
    for opened in (F3, "/"):
        walk.press(opened, "Search part of")
        walk.terminal.type(walk.one.mark[:-2])
        walk.terminal.until(lambda: walk.selected in (walk.one.pid, walk.other.pid))
        first = walk.selected
        second = walk.other.pid if first == walk.one.pid else walk.one.pid
        # In the words of xterm and in those of the kitty protocol.
        for shift_f3 in ("\x1b[1;2R", "\x1b[13;2~"):
            walk.terminal.type(F3)
            walk.terminal.until(lambda: walk.selected == second)  # noqa: B023
            walk.terminal.type(shift_f3)
            walk.terminal.until(lambda: walk.selected == first)  # noqa: B023
        walk.close("Search ")
        walk.terminal.until_shown("F10Quit")


@key("F4 \\")
def name_filter(walk: Walk) -> None:
    for opened in (F4, "\\"):
        walk.press(opened, "Filter text, a|b")
        walk.terminal.type(f"{walk.other.mark}|nothing-like-this")
        walk.terminal.until_shown(" 1 shown")
        assert walk.line_of(walk.other.pid)
        walk.close(" 1 shown")
        walk.terminal.until_shown("F10Quit")


@key("F")
def follow(walk: Walk) -> None:
    walk.select_worker()
    walk.press("F", f"following {walk.one.pid}")
    walk.close("follows", "F")


@key("Space")
def tag(walk: Walk) -> None:
    walk.select_worker()
    walk.press(" ", "1 tagged")
    walk.terminal.until(lambda: walk.line_of(walk.one.pid).startswith("*"))
    walk.close("1 tagged", "U")


@key("c")
def tag_children(walk: Walk) -> None:
    walk.select_worker()
    walk.press("c", "2 tagged")
    walk.close("2 tagged", "U")


@key("U")
def untag_all(walk: Walk) -> None:
    walk.select_worker()
    walk.press("  ", "2 tagged")
    walk.close("tagged", "U")


# --- acting ---------------------------------------------------------------------------


@key("F9 k")
def kill(walk: Walk) -> None:
    for pressed in (F9, "k"):
        with child("sleep", "599") as (process, _):
            walk.press("\\", "Filter text, a|b")
            walk.terminal.type("sleep 599")
            walk.terminal.until(lambda: walk.selected == process.pid)
            walk.press(ENTER, "F10Quit")
            walk.press(pressed, f"Send to sleep {process.pid}", "15 SIGTERM")
            walk.press(ENTER, "sent to")
            assert process.wait(20) == -signal.SIGTERM
        walk.close("  filter ")


def nice_of(pid: int) -> int:
    return os.getpriority(os.PRIO_PROCESS, pid)


@key("F8 [")
def lower_priority(walk: Walk) -> None:
    walk.select_worker()
    before = with_room_above(walk.one.pid)
    walk.terminal.type(F8)
    walk.terminal.until(lambda: nice_of(walk.one.pid) == before + 1)
    walk.terminal.type("[")
    walk.terminal.until(lambda: nice_of(walk.one.pid) == before + 2)


@key("F7 ]")
def higher_priority(walk: Walk) -> None:
    walk.select(walk.other.pid, walk.other.mark)
    expected = nice_of(walk.other.pid)
    for pressed in (F7, "]"):
        expected -= may_lower()
        said = f"now {expected}" if may_lower() else "not permitted"
        walk.press(pressed, "nice -1", said)
        assert nice_of(walk.other.pid) == expected


def may_lower() -> bool:
    """Tell whether nice values may be lowered, by doing it to a process."""
    with child() as (process, _):
        try:
            os.setpriority(os.PRIO_PROCESS, process.pid, -2)
        except PermissionError:
            return False
    return True


@key("Shift-F7 } Shift-F8 {")
def autogroups(walk: Walk) -> None:
    file = Path(f"/proc/{walk.one.pid}/autogroup")
    walk.select_worker()
    if not file.exists() or not file.read_text():
        walk.press("{", "autogroup nice +1: ")
        return
    higher = [(SHIFT_F8, 1), ("{", 1)]
    changes = [*higher, (SHIFT_F7, -1), ("}", -1)] if may_lower() else higher
    if Path("/proc/sys/kernel/sched_autogroup_enabled").read_text() == "0\n":
        walk.press("{", "autogroups are off")
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


@key("a")
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


@key("i")
def io_priority_of_a_process(walk: Walk) -> None:
    walk.select_worker()
    walk.press("i", f"I/O priority of walker {walk.one.pid}")
    walk.terminal.type("idle" + ENTER)
    walk.terminal.until(lambda: io_priority.current(walk.one.pid)[0] == "idle")
    walk.terminal.until_gone("I/O priority of")


@key("Y")
def scheduling_policy(walk: Walk) -> None:
    walk.select_worker()
    walk.press("Y", f"Scheduling policy of walker {walk.one.pid}")
    walk.terminal.type("batch" + ENTER)
    walk.terminal.until(lambda: os.sched_getscheduler(walk.one.pid) == os.SCHED_BATCH)
    walk.terminal.until_gone("Scheduling policy of")


# --- looking --------------------------------------------------------------------------


def look(walk: Walk, pressed: str, *shown: str) -> None:
    walk.select_worker()
    walk.press(pressed, "EscBack", *shown)
    walk.close("EscBack")
    walk.terminal.until_shown("F10Quit")


@key("e")
def environment(walk: Walk) -> None:
    walk.select_worker()
    walk.press("e", "EscBack", "as the program was started")
    walk.press(END, "WALK_SIGN", f"sign-of-{walk.one.mark}")
    walk.close("EscBack")
    walk.terminal.until_shown("F10Quit")


@key("l")
def open_files(walk: Walk) -> None:
    look(walk, "l", "Open files", walk.one.lock.name)


@key("x")
def file_locks(walk: Walk) -> None:
    look(walk, "x", "File locks", "FLOCK  write  held", walk.one.lock.name)
    with walk.one.lock.open() as file, pytest.raises(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)


@key("w")
def wrapped_command(walk: Walk) -> None:
    look(walk, "w", "Command line", "fcntl.flock(lock, fcntl.LOCK_EX)", walk.one.mark)


@key("s")
def system_calls(walk: Walk) -> None:
    walk.select_worker()
    walk.press("s", f"strace says -f -s 256 -p {walk.one.pid}", "its number is")
    # What the program says cannot change the screen.
    walk.terminal.until_shown("\\x1b[31mred", "\\u009b hostile")
    number = number_in(walk)
    assert is_there(number)
    walk.press(F8, "PAUSED")
    walk.close("PAUSED", "f")
    walk.close("EscBack")
    walk.terminal.until_shown("F10Quit")
    until(lambda: not is_there(number))
    assert is_there(walk.one.pid)


def number_in(walk: Walk) -> int:
    found = re.search(r"its number is (\d+)\.", walk.terminal.text)
    assert found
    return int(found[1])


@key("b")
def backtrace(walk: Walk) -> None:
    walk.select_worker()
    walk.press("b", f"eu-stack says -p {walk.one.pid}", " done ")
    walk.close("EscBack")
    walk.terminal.until_shown("F10Quit")


# --- program --------------------------------------------------------------------------


@key("Ctrl-L")
def recompute(walk: Walk) -> None:
    walk.sort_by_pid()
    walk.press("Z", "PAUSED")
    with child() as (process, _):
        walk.terminal.type(END)
        walk.press("\x0c", "PAUSED")
        walk.terminal.type(END)
        walk.terminal.until(lambda: walk.line_of(process.pid))
    walk.close("PAUSED", "Z")
    walk.terminal.type(HOME)
    walk.press("P", "sort CPU%")


@key("F1 h ?")
def help_screen(walk: Walk) -> None:
    for pressed in (F1, "h", "?"):
        walk.press(pressed, "Esc closes", "Select the row above")
        walk.close("Esc closes")


@key("F2 C S")
def setup(walk: Walk) -> None:
    for pressed in (F2, "C"):
        walk.press(pressed, "Pages", "Behaviour")
        walk.close("Behaviour")
        walk.terminal.until_shown("F10Quit")
    # Another meaning here, and docs/keys.md tells why: this collector sees nobody start
    # another, so one line tells who did.
    walk.select_worker()
    walk.terminal.type("S")
    walk.terminal.until_shown("started by")
    walk.terminal.until_gone("started by")


@key("mouse")
def mouse(walk: Walk) -> None:
    walk.press(F5, "tree by")
    walk.select_worker()
    walk.terminal.type("-")
    walk.terminal.until(lambda: "[+1]" in walk.line_of(walk.one.pid))
    click(walk, walk.one.pid, "[+1]")
    walk.terminal.until(lambda: "[+1]" not in walk.line_of(walk.one.pid))
    walk.press(F5, "F5Tree")
    walk.select_worker()
    click(walk, walk.one.pid, "python")
    click(walk, walk.one.pid, "python")
    walk.terminal.until_shown("EscBack", "Lineage")
    walk.press("\x1b[<65;20;20M" * 3, "Use")
    walk.close("Lineage", "\x1b[<65;20;20M" * 20)
    walk.close("EscBack")
    walk.terminal.until_shown("F10Quit")


def click(walk: Walk, pid: int, text: str) -> None:
    """Press and release the left button on a text in a row, once that is drawn."""
    walk.terminal.until(lambda: text in walk.line_of(pid))
    x, y = walk.line_of(pid).index(text) + 2, walk.y_of(pid) + 1
    walk.terminal.type(f"\x1b[<0;{x};{y}M\x1b[<0;{x};{y}m")


@key("F10 q")
def quit_program(walk: Walk) -> None:
    walk.terminal.type("q")
    assert walk.terminal.exit_code() == 0
    assert walk.terminal.is_restored


# --- the walk -------------------------------------------------------------------------


class Route:
    """One program for all keys, and another where one went wrong."""

    def __init__(self, tmp: pytest.TempPathFactory) -> None:
        self._tmp = tmp
        self._stack = ExitStack()
        self._walk: Walk | None = None

    def go(self, step: Step) -> None:
        if self._walk is None or self._walk.terminal.process.poll() is not None:
            self.close()
            folder = self._tmp.mktemp("walk")
            self._walk = self._stack.enter_context(walking(folder))
        try:
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
    def leave(walk: Walk) -> None:
        walk.terminal.type(F10)
        assert walk.terminal.exit_code() == 0

    route.go(leave)


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
