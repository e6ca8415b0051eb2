"""The program in a terminal, and processes of a test's own to try its keys on."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.support.patience import until
from tests.support.terminal import Terminal

SIZE: Final = (160, 45)

WORKER: Final = """
import fcntl, json, os, signal, subprocess, sys, threading, time
with open("/proc/self/comm", "w") as comm:
    comm.write("walker")
lock = open(sys.argv[1], "w")
fcntl.flock(lock, fcntl.LOCK_EX)
ready = threading.Event()
thread = threading.Thread(target=lambda: (ready.set(), time.sleep(600)), daemon=True)
thread.start()
ready.wait()
child = subprocess.Popen(["sleep", "600"])
print(json.dumps({"child": child.pid, "thread": thread.native_id}), flush=True)
sys.stdin.read()
child.kill()
"""

TOOL: Final = """#!/bin/sh
echo "$0 says $*"
printf '\\033[31mred\\tand \\302\\233 hostile\\n'
echo "its number is $$."
{last}
"""


class Worker:
    """A process with a name, a lock, a thread and a child of its own.

    It has a session of its own and so an autogroup, and ends with its input.
    """

    def __init__(self, folder: Path, mark: str) -> None:
        self.mark = mark
        self.lock = folder / f"{mark}.lock"
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(self.lock), mark],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, "WALK_SIGN": f"sign-of-{mark}"},
        )
        assert self.process.stdout is not None
        told: dict[str, Any] = json.loads(self.process.stdout.readline())
        self.child = int(told["child"])
        self.thread = int(told["thread"])

    @property
    def pid(self) -> int:
        return self.process.pid

    def end(self) -> None:
        """End it and its child."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        try:
            until(lambda: self.process.poll() is not None, "the end of a process")
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()


def make_tools(folder: Path) -> None:
    """Put programs into a folder that say how they were called.

    They take the place of those that may not be installed.
    """
    for name, last in {"strace": "exec sleep 600", "eu-stack": ""}.items():
        file = folder / name
        file.write_text(TOOL.format(last=last))
        file.chmod(0o755)


class Walk:
    """The program, two workers, and how to tell what a key did."""

    def __init__(self, terminal: Terminal, workers: list[Worker]) -> None:
        self.terminal = terminal
        self.one, self.other = workers

    def press(self, keys: str, *shown: str) -> None:
        """Press keys, and wait until all of some texts are there."""
        self.terminal.type(keys)
        self.terminal.until_shown(*shown)

    def close(self, text: str, keys: str = "\x1b") -> None:
        """Press keys until a text is gone: the last of an escape may come late."""
        self.terminal.type(keys)
        self.terminal.until_gone(text)

    def select(self, pid: int, text: str) -> None:
        """Find a process by a text in its command."""
        self.press("/", "Search part of")
        self.terminal.type(text)
        self.terminal.until(lambda: self.selected == pid)
        self.terminal.type("\r")
        self.terminal.until_shown("F10 Quit")

    def select_worker(self) -> None:
        self.select(self.one.pid, self.one.mark)

    @property
    def header(self) -> str:
        """The line of the titles."""
        return next((line for line in self.terminal.lines if " VIRT " in line), "")

    @property
    def shown(self) -> int:
        """How many rows the screen says that there are."""
        found = re.search(r"(\d+) shown", self.terminal.text)
        return int(found[1]) if found else 0

    def line_of(self, pid: int) -> str:
        """Return the row of a process, nothing where it is not in sight."""
        return next((line for _, line in self._rows() if _pid(line) == pid), "")

    def y_of(self, pid: int) -> int:
        return next((y for y, line in self._rows() if _pid(line) == pid), -1)

    def _rows(self) -> list[tuple[int, str]]:
        lines = self.terminal.lines
        titles = (y for y, line in enumerate(lines) if " PID" in line and "S " in line)
        top = next(titles, len(lines))
        return list(enumerate(lines))[top + 1 : -2]

    @property
    def first_pid(self) -> int:
        rows = self._rows()
        return _pid(rows[0][1]) if rows else 0

    @property
    def row_count(self) -> int:
        """How many rows the screen has room for."""
        return len(self._rows())

    @property
    def last_pid(self) -> int:
        """The PID in the last row that is shown."""
        rows = self._rows()
        return _pid(rows[-1][1]) if rows else 0

    def sort_by_pid(self) -> None:
        """Sort by PID, and wait until the rows are."""
        self.press("N", "sort PID")
        self.terminal.until(self._are_sorted)

    def _are_sorted(self) -> bool:
        pids = [pid for _, line in self._rows() if (pid := _pid(line))]
        return len(pids) > 1 and pids == sorted(pids)

    @property
    def selected(self) -> int:
        """The PID in the row with another background than the others."""
        buffer, rows = self.terminal.screen.buffer, self._rows()
        usual = Counter(buffer[y][0].bg for y, _ in rows).most_common(1)
        found = [line for y, line in rows if buffer[y][0].bg != usual[0][0]]
        return _pid(found[0]) if found else 0


def _pid(line: str) -> int:
    words = line.lstrip(" *+").split(None, 1)
    return int(words[0]) if words and words[0].isdigit() else 0


@contextmanager
def walking(folder: Path) -> Iterator[Walk]:
    """Start the program and what to walk through."""
    make_tools(folder)
    workers: list[Worker] = []
    path = f"{folder}:{os.environ['PATH']}"
    command = [sys.executable, "-m", "montauk_tui", "--collector", "traditional"]
    try:
        workers += [Worker(folder, f"walk-{folder.name}-{n}") for n in "ab"]
        with Terminal(command, SIZE, {"PATH": path}) as terminal:
            walk = Walk(terminal, workers)
            terminal.until_shown("F10 Quit", "CPU%")
            # Then all command lines were read, and a search finds them at once.
            walk.press("\\", "Filter text, a|b")
            terminal.type(workers[0].mark)
            terminal.until(lambda: walk.line_of(workers[0].pid))
            walk.close(f"Filter {workers[0].mark}")
            terminal.until_shown("F10 Quit")
            yield walk
    finally:
        for worker in workers:
            worker.end()


def is_there(pid: int) -> bool:
    """Tell whether a process lives; one that ended and waits does not."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("ascii", "replace")
    except OSError:
        return False
    return text.rpartition(") ")[2][:1] not in "ZX"
