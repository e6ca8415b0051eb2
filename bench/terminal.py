"""A program in a pty, and its screen."""

import fcntl
import os
import pty
import select
import struct
import termios
import time
from collections.abc import Callable

import pyte


class _Screen(pyte.Screen):
    """A screen that answers queries such as DSR."""

    answer: Callable[[str], None]

    def write_process_input(self, data: str) -> None:
        """Send an answer."""
        self.answer(data)


class Terminal:
    """A terminal of a given size with a program in it."""

    def __init__(self, command: list[str], columns: int, lines: int) -> None:
        """Start `command`."""
        self.screen = _Screen(columns, lines)
        self.screen.answer = self.type
        self.output = bytearray()
        self._stream = pyte.ByteStream(self.screen)
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            colours = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
            os.execvpe(command[0], command, {**os.environ, **colours})  # noqa: S606
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, size)

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
        self.output += data
        self._stream.feed(_without_key_protocol(data))
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

    def end(self, number: int) -> int:
        """End the program with a signal; return its exit code."""
        os.kill(self.pid, number)
        while self.wait(5.0) and self.take():
            pass
        status = os.waitpid(self.pid, 0)[1]
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)


def _without_key_protocol(data: bytes) -> bytes:
    """Drop the sequences of the kitty keyboard protocol, which pyte would print."""
    for sequence in (b"\x1b[>25u", b"\x1b[<u"):
        data = data.replace(sequence, b"")
    return data
