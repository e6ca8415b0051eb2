"""A moving picture: screens of one run, one after the other."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from PIL import Image

from bench.screenshot import draw, press
from bench.terminal import Terminal

TOUR: Final = (
    ("", 4),
    ("S", 4),
    ("Tab", 3),
    ("Tab F5", 3),
    ("F5 F3 S E L E C T Enter Enter", 4),
)
"""Keys, with blanks between, and how many seconds of screens follow them."""

_FRAME_S: Final = 1.0
_COLOURS: Final = 32
_LAST_S: Final = 3.0
"""How long the last screen stays before the picture begins again."""


def screens(terminal: Terminal) -> Iterator[Image.Image]:
    """Yield what the terminal shows while the keys of the tour are pressed."""
    for keys, seconds in TOUR:
        for key in keys.split():
            press(terminal, [key])
            yield draw(terminal.screen)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            terminal.read_for(_FRAME_S)
            yield draw(terminal.screen)


def record(terminal: Terminal, out: Path) -> None:
    """Write the tour as a GIF that repeats; equal screens are one frame."""
    frames: list[Image.Image] = []
    durations: list[float] = []
    for screen in screens(terminal):
        if frames and frames[-1].tobytes() == screen.tobytes():
            durations[-1] += _FRAME_S
        else:
            frames.append(screen)
            durations.append(_FRAME_S)
    durations[-1] += _LAST_S
    palette = frames[0].quantize(_COLOURS)
    first, *rest = [
        it.quantize(palette=palette, dither=Image.Dither.NONE) for it in frames
    ]
    first.save(
        out, save_all=True, append_images=rest, optimize=True, loop=0,
        duration=[round(1000 * it) for it in durations],
    )  # fmt: skip
