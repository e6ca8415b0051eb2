"""A picture of the real program in a real terminal.

Run as `python -m bench.screenshot OUT.png 120x40 [key ...] [-- montauk options]`:
starts montauk in a pty of that size, types the keys, reads the screen back through a
terminal emulator and draws it. Keys are written as themselves or as F1, Esc, Enter,
Down ...; `~` waits a second. Needs Pillow and the DejaVu fonts.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Final

import pyte
from PIL import Image, ImageDraw, ImageFont

from bench.terminal import Terminal

_CELL: Final = (9, 19)
_FONT: Final = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono{}.ttf"
_KEYS: Final = {
    "F1": "\x1bOP", "F2": "\x1bOQ", "F3": "\x1bOR", "F4": "\x1bOS",
    "F5": "\x1b[15~", "F6": "\x1b[17~",
    "F10": "\x1b[21~", "Esc": "\x1b", "Enter": "\r", "Down": "\x1b[B", "Up": "\x1b[A",
    "Right": "\x1b[C", "Left": "\x1b[D", "PgDn": "\x1b[6~", "PgUp": "\x1b[5~",
    "Home": "\x1b[H", "End": "\x1b[F", "Ctrl-T": "\x14", "Ctrl-P": "\x10",
    "Tab": "\t", "F9": "\x1b[20~", "Space": " ",
    "Del": "\x1b[3~",
}  # fmt: skip
_BRAILLE: Final = 0x2800
_DOTS: Final = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
"""Column and row of each dot, by its bit."""
_ANSI: Final = {
    "black": "000000", "red": "cd0000", "green": "00cd00", "brown": "cdcd00",
    "blue": "0000ee", "magenta": "cd00cd", "cyan": "00cdcd", "white": "e5e5e5",
    "brightblack": "7f7f7f", "brightred": "ff0000", "brightgreen": "00ff00",
    "brightbrown": "ffff00", "brightyellow": "ffff00", "brightblue": "5c5cff",
    "brightmagenta": "ff00ff", "brightcyan": "00ffff", "brightwhite": "ffffff",
    "bfightmagenta": "ff00ff",
}  # fmt: skip


def draw(screen: pyte.Screen) -> Image.Image:
    """Return the screen as a picture."""
    width, height = _CELL
    image = Image.new("RGB", (screen.columns * width, screen.lines * height))
    pen = ImageDraw.Draw(image)
    plain, bold = (ImageFont.truetype(_FONT.format(kind), 15) for kind in ("", "-Bold"))
    for y in range(screen.lines):
        for x in range(screen.columns):
            left, top = x * width, y * height
            char = screen.buffer[y][x]
            fore, back = _colour(char.fg, "d0d0d0"), _colour(char.bg, "000000")
            if char.reverse:
                fore, back = back, fore
            pen.rectangle((left, top, left + width, top + height), fill=back)
            font = bold if char.bold else plain
            dots = ord(char.data) - _BRAILLE if len(char.data) == 1 else -1
            if 0 <= dots < 1 << len(_DOTS):
                _draw_dots(pen, dots, (left, top), fore)
            elif char.data.strip():
                pen.text((left, top + 1), char.data, fill=fore, font=font)
            if char.underscore:
                line = top + height - 2
                pen.line((left, line, left + width, line), fill=fore)
    return image


def _draw_dots(
    pen: ImageDraw.ImageDraw, dots: int, corner: tuple[int, int], colour: str
) -> None:
    """Draw a cell of braille, which the font lacks."""
    left, top = corner
    for bit, (column, row) in enumerate(_DOTS):
        if dots >> bit & 1:
            x, y = left + 1 + 4 * column, top + 2 + 4 * row
            pen.rectangle((x, y, x + 2, y + 2), fill=colour)


def _colour(name: str, default: str) -> str:
    if name == "default":
        return f"#{default}"
    return f"#{_ANSI.get(name, name)}"


def press(terminal: Terminal, keys: list[str]) -> None:
    """Press keys one after another, and wait until they are drawn."""
    for key in keys:
        if key != "~":
            terminal.type(_KEYS.get(key, key))
        terminal.read_for(1.0 if key == "~" else 0.3)
    terminal.read_for(0.5)


def main(arguments: list[str]) -> None:
    """Take a picture."""
    out, size, *rest = arguments
    cut = rest.index("--") if "--" in rest else len(rest)
    keys, options = rest[:cut], rest[cut + 1 :]
    columns, lines = map(int, size.split("x"))
    command = [os.path.relpath(sys.executable), "-m", "montauk_tui", *options]
    terminal = Terminal(command, columns, lines)
    terminal.read_for(2.5)
    press(terminal, keys)
    draw(terminal.screen).save(Path(out))
    terminal.end(signal.SIGTERM)


if __name__ == "__main__":
    main(sys.argv[1:])
