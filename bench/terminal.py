"""A program in a pty, and its screen."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import pyte

from bench.answers import Answers

_PRIVATE: Final = re.compile(rb"\x1b\[[<=>][0-9;]*[a-zA-Z]")
"""Such as the kitty keyboard protocol, which pyte would print."""

_PATIENCE_S: Final = 5.0
"""A program that takes longer to exit is killed."""


class Terminal:
    """A terminal of a given size with a program in it."""

    def __init__(
        self,
        command: list[str],
        columns: int,
        lines: int,
        environment: Mapping[str, str] | None = None,
        cgroup: Path | None = None,
    ) -> None:
        """Start `command`.

        Args:
            command: Program and arguments.
            columns: Width in cells.
            lines: Height in cells.
            environment: Variables to set in addition to the inherited ones.
            cgroup: The folder of the cgroup that it starts in.
        """
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self._answers = Answers()
        colours = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        everything = {**os.environ, **colours, **(environment or {})}
        size = struct.pack("HHHH", lines, columns, 0, 0)
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, size)
            if cgroup:
                (cgroup / "cgroup.procs").write_text("0", "ascii")
            os.execvpe(command[0], command, everything)  # noqa: S606

    def read_for(self, seconds: float) -> None:
        """Draw the output of a period."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self.wait(left) and not self.show():
                return

    def wait(self, seconds: float) -> bool:
        """Tell whether the program writes within a period."""
        return bool(select.select([self.fd], [], [], seconds)[0])

    def show(self, most: int = 65536) -> bytes:
        """Draw the output, answer queries, and return the output."""
        data = self.take(most)
        self.draw(data)
        self._answer(data)
        return data

    def draw(self, data: bytes) -> None:
        """Draw output that was taken before."""
        self._stream.feed(_PRIVATE.sub(b"", data))

    def drain(self, most: int = 65536) -> bytes:
        """Return the output without drawing it, and answer queries."""
        data = self.take(most)
        self._answer(data)
        return data

    def take(self, most: int = 65536) -> bytes:
        """Return the output without drawing it; empty once the program exited."""
        try:
            return os.read(self.fd, most)
        except OSError:
            return b""

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self.fd, text.encode())

    @property
    def lines(self) -> list[str]:
        """The text of the screen; a wide character cut in two is missing."""
        columns = range(self.screen.columns)
        buffer = self.screen.buffer
        return [
            "".join(buffer[y][x].data for x in columns)
            for y in range(self.screen.lines)
        ]

    def end(self, number: int) -> int:
        """End the program with a signal, or kill it; return its exit code."""
        os.kill(self.pid, number)
        end = time.monotonic() + _PATIENCE_S
        while (left := end - time.monotonic()) > 0:
            if self.wait(left) and not self.drain():
                break
        else:
            os.kill(self.pid, signal.SIGKILL)
        status = os.waitpid(self.pid, 0)[1]
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)

    def _answer(self, data: bytes) -> None:
        cursor = self.screen.cursor
        if answers := self._answers.to(data, (cursor.y, cursor.x)):
            with suppress(OSError):
                os.write(self.fd, answers)
