"""A picture of the real program in a real terminal.

Run as `python -m bench.screenshot OUT.png 120x40 [key ...] [-- montauk options]`: starts
montauk in a pty of that size, types the keys, reads the screen back through a terminal
emulator and draws it. Keys are written as themselves or as F1, Esc, Enter, Down ...;
`~` waits a second.
"""

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time
from pathlib import Path
from typing import Final

import pyte
from PIL import Image, ImageDraw, ImageFont

_CELL: Final = (9, 19)
_FONT: Final = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono{}.ttf"
_KEYS: Final = {
    "F1": "\x1bOP", "F3": "\x1bOR", "F4": "\x1bOS", "F5": "\x1b[15~", "F6": "\x1b[17~",
    "F10": "\x1b[21~", "Esc": "\x1b", "Enter": "\r", "Down": "\x1b[B", "Up": "\x1b[A",
    "Right": "\x1b[C", "Left": "\x1b[D", "PgDn": "\x1b[6~", "PgUp": "\x1b[5~",
    "Home": "\x1b[H", "End": "\x1b[F", "Ctrl-T": "\x14", "Ctrl-P": "\x10",
}  # fmt: skip
_ANSI: Final = {
    "black": "000000", "red": "cd0000", "green": "00cd00", "brown": "cdcd00",
    "blue": "0000ee", "magenta": "cd00cd", "cyan": "00cdcd", "white": "e5e5e5",
}  # fmt: skip


class Terminal:
    """A program in a pty, and what its screen shows."""

    def __init__(self, command: list[str], columns: int, lines: int) -> None:
        """Start `command` in a terminal of that size."""
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.output = bytearray()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            environment = {
                **os.environ,
                "TERM": "xterm-256color",
                "COLORTERM": "truecolor",
            }
            os.execvpe(command[0], command, environment)
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, size)

    def read_for(self, seconds: float) -> None:
        """Take what the program writes for a while."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.fd], [], [], left)[0]:
                try:
                    data = os.read(self.fd, 65536)
                except OSError:
                    return
                self.output += data
                self._stream.feed(_without_private(data))

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self.fd, text.encode())

    def end(self) -> int:
        """Leave the program; return its wait status."""
        self.type("q")
        self.read_for(1.0)
        return os.waitpid(self.pid, 0)[1]


def _without_private(data: bytes) -> bytes:
    """Drop the kitty keyboard sequences, which pyte would print."""
    for sequence in (b"\x1b[>25u", b"\x1b[<u", b"\x1b[>1u"):
        data = data.replace(sequence, b"")
    return data


def draw(screen: pyte.Screen) -> Image.Image:
    """Return the screen as a picture."""
    width, height = _CELL
    image = Image.new("RGB", (screen.columns * width, screen.lines * height))
    pen = ImageDraw.Draw(image)
    fonts = {
        bold: ImageFont.truetype(_FONT.format("-Bold" if bold else ""), 15)
        for bold in (False, True)
    }
    for y in range(screen.lines):
        for x in range(screen.columns):
            char = screen.buffer[y][x]
            fore, back = _colour(char.fg, "d0d0d0"), _colour(char.bg, "000000")
            if char.reverse:
                fore, back = back, fore
            box = (x * width, y * height, (x + 1) * width, (y + 1) * height)
            pen.rectangle(box, fill=back)
        for x in range(screen.columns):
            char = screen.buffer[y][x]
            fore, back = _colour(char.fg, "d0d0d0"), _colour(char.bg, "000000")
            if char.reverse:
                fore, back = back, fore
            if char.data.strip():
                pen.text(
                    (x * width, y * height + 1),
                    char.data,
                    fill=fore,
                    font=fonts[char.bold],
                )
            if char.underscore:
                pen.line(
                    (
                        x * width,
                        (y + 1) * height - 2,
                        (x + 1) * width,
                        (y + 1) * height - 2,
                    ),
                    fill=fore,
                )
    return image


def _colour(name: str, default: str) -> str:
    if name == "default":
        return f"#{default}"
    return f"#{_ANSI.get(name, name)}"


def main(arguments: list[str]) -> None:
    """Take a picture."""
    out, size, *rest = arguments
    cut = rest.index("--") if "--" in rest else len(rest)
    keys, options = rest[:cut], rest[cut + 1 :]
    columns, lines = map(int, size.split("x"))
    terminal = Terminal([sys.executable, "-m", "montauk_tui", *options], columns, lines)
    terminal.read_for(2.5)
    for key in keys:
        if key != "~":
            terminal.type(_KEYS.get(key, key))
        terminal.read_for(1.0 if key == "~" else 0.3)
    terminal.read_for(0.5)
    draw(terminal.screen).save(Path(out))
    terminal.type("\x1b")
    terminal.read_for(0.3)
    terminal.end()


if __name__ == "__main__":
    main(sys.argv[1:])
