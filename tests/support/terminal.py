"""The real program in a real pty, and what a terminal would show of it."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Self

import pyte

from montauk_tui.model.text import cell_width
from tests.support.patience import Patience, until

_PAUSE_S: Final = 0.005
"""What comes later is no longer the same picture."""

_TAKE_TERMINAL: Final = 'exec "$@" <"$0" >"$0" 2>&1'
"""The first terminal that a leader of a session opens becomes its own (tty(4))."""

_FRESH: Final = ("env", "--default-signal", "/bin/sh", "-c")
"""Who runs the tests may ignore signals, as nohup does, and a shell would keep that."""

_PRIVATE: Final = re.compile(rb"\x1b\[[<=>][0-9;]*[a-zA-Z]")
"""The kitty keyboard protocol, which pyte would print."""

_UNFINISHED: Final = re.compile(rb"\x1b(\[[<=>?0-9;$]*)?\Z")

_MODES: Final = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")

_STYLES: Final = re.compile(rb"\x1b\[([0-9;:]*)m")


class _Screen(pyte.Screen):
    """A screen that may answer what it is asked, such as DSR and DA1."""

    answer: Callable[[str], None] | None = None

    def write_process_input(self, data: str) -> None:
        """Send an answer."""
        if self.answer is not None:
            self.answer(data)


class Terminal:
    """A terminal of a given size with a program in it."""

    def __init__(
        self,
        command: Sequence[str | bytes],
        size: tuple[int, int] = (120, 40),
        environment: dict[str, str] | None = None,
        *,
        answers: bool = True,
    ) -> None:
        self._master, self._slave = pty.openpty()
        self.screen = _Screen(*size)
        self.screen.answer = self.type if answers else None
        self.output = bytearray()
        """Everything that was written so far."""
        self._stream = pyte.ByteStream(self.screen)
        self._held = b""
        self.resize(*size)
        self.attributes = self._attributes()
        """What tcgetattr(3) says before the program starts."""
        self.process = subprocess.Popen(
            [*_FRESH, _TAKE_TERMINAL, os.ttyname(self._slave), *command],
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End the program, whatever it does."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.hang_up()
        os.close(self._slave)

    # --- the program ------------------------------------------------------------------

    @property
    def pid(self) -> int:
        """The program's process id."""
        return self.process.pid

    def until(self, seen: Callable[[], object]) -> None:
        """Show what the program writes until `seen` returns something true."""
        patience = Patience()
        while not seen():
            assert not patience.is_over(), self.text
            if select.select([self._master], [], [], 0.05)[0]:
                self._take_picture()

    def until_shown(self, *texts: str) -> None:
        """Wait until all of some texts are on the screen."""
        self.until(lambda: all(text in self.text for text in texts))

    def until_gone(self, text: str) -> None:
        """Wait until a text is no longer on the screen."""
        self.until(lambda: text not in self.text)

    def refresh_unread(self, reads: int) -> None:
        """Read nothing until the program has made so many reads, for its refreshes."""
        end = self._reads() + reads
        while self._reads() < end:
            time.sleep(0.005)

    def _reads(self) -> int:
        assert self.process.poll() is None
        lines = Path(f"/proc/{self.pid}/io").read_text().splitlines()
        return int(dict(line.split(": ") for line in lines)["syscr"])

    def code_unread(self) -> int:
        """Wait for the end, as a terminal that takes nothing; return the exit code."""
        until(lambda: self.process.poll() is not None)
        return self.process.returncode

    def exit_unread(self) -> bytes:
        """Wait for the end in the same way; return what is left."""
        self.code_unread()
        before = len(self.output)
        while select.select([self._master], [], [], 0)[0]:
            self._take()
        return bytes(self.output[before:])

    def exit_code(self) -> int:
        """Wait for the end; return the exit code and take the last output."""
        self.until(lambda: self.process.poll() is not None)
        while select.select([self._master], [], [], 0)[0]:
            self._take()
        return self.process.returncode

    def _take_picture(self) -> None:
        """Take all that comes at once: half of a picture has half of its digits."""
        self._take()
        while select.select([self._master], [], [], _PAUSE_S)[0]:
            self._take()

    def _take(self) -> None:
        data = os.read(self._master, 65536)
        self.output += data
        data = self._held + data
        unfinished = _UNFINISHED.search(data)
        cut = unfinished.start() if unfinished else len(data)
        data, self._held = data[:cut], data[cut:]
        self._stream.feed(_PRIVATE.sub(b"", data))

    # --- the terminal -----------------------------------------------------------------

    def type(self, keys: str) -> None:
        """Press keys, as the bytes that a terminal sends for them."""
        os.write(self._master, keys.encode())

    def kill(self, number: signal.Signals) -> None:
        """Send the program a signal."""
        self.process.send_signal(number)

    def resize(self, columns: int, lines: int) -> None:
        """Change the size, which the program is told of."""
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)
        self.screen.resize(lines, columns)

    def hang_up(self) -> None:
        """Close the window."""
        if self._master >= 0:
            os.close(self._master)
        self._master = -1

    @property
    def lines(self) -> list[str]:
        """What the screen shows."""
        return [self._line(y) for y in range(self.screen.lines)]

    def _line(self, y: int) -> str:
        """Return a line; what is left of a wide character cut in two is a space.

        pyte's own `display` fails where the left half was overwritten.
        """
        text, is_wide = "", False
        for x in range(self.screen.columns):
            data = self.screen.buffer[y][x].data
            text += data or ("" if is_wide else " ")
            is_wide = cell_width(data) == 2
        return text

    @property
    def text(self) -> str:
        """What the screen shows, as one text."""
        return "\n".join(self.lines)

    @property
    def is_restored(self) -> bool:
        """Whether the terminal is as it was before the program."""
        return self._attributes() == self.attributes

    def _attributes(self) -> list[Any]:
        attributes: list[Any] = termios.tcgetattr(self._slave)
        return attributes

    @property
    def modes(self) -> dict[int, bool]:
        """The private modes (DECSET) that were touched, and whether they are set."""
        found = {}
        for numbers, letter in _MODES.findall(bytes(self.output)):
            for number in numbers.split(b";"):
                found[int(number)] = letter == b"h"
        return found

    @property
    def key_protocols(self) -> int:
        """How many more keyboard protocols were pushed than popped."""
        pushed = re.findall(rb"\x1b\[>[0-9;]*u", self.output)
        popped = re.findall(rb"\x1b\[<[0-9;]*u", self.output)
        return len(pushed) - len(popped)

    @property
    def styles(self) -> set[int]:
        """The parameters of every style (SGR) that was set."""
        found = set()
        for parameters in _STYLES.findall(bytes(self.output)):
            numbers = [int(number or 0) for number in re.split(rb"[;:]", parameters)]
            while numbers:
                found.add(number := numbers.pop(0))
                if number in (38, 48):
                    del numbers[: 4 if numbers[0] == 2 else 2]
        return found


def read_all(fd: int) -> bytes:
    """Return all that there is to read now."""
    found = bytearray()
    with contextlib.suppress(BlockingIOError):
        while True:
            found += os.read(fd, 65536)
    return bytes(found)
