"""Take the pictures of the documentation: `python -m bench.pictures [NAME ...]`.

They are written to docs/img. Needs root, cc, top, Pillow, the DejaVu fonts, and for the
page of a report chromium. Use a quiet machine: on a busy one the processes of the scene
wait, and `top` sees them.
"""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Final, NamedTuple

from PIL import Image

from bench.pictures.movie import record
from bench.pictures.paper import REPORT, photograph
from bench.pictures.scenes import SHOP, TROUBLE, Scene
from bench.pictures.stage import Stage
from bench.screenshot import draw, press
from bench.terminal import Terminal

_OUT: Final = Path("docs/img")


MONTAUK: Final = (
    "env", "MONTAUK_CONFIG=/srv/montauk.toml",
    os.path.relpath(sys.executable), "-m", "montauk_tui",
)  # fmt: skip


class Picture(NamedTuple):
    """One screen: its size, the keys that open it, and options of its program."""

    size: str
    keys: str = ""
    options: tuple[str, ...] = ()
    program: tuple[str, ...] = MONTAUK


_SIZES: Final = ("80x24", "120x40", "200x50")

_PICTURES: Final = {
    "main-dark": Picture("120x32"),
    "main-light": Picture("120x32", options=("--theme", "montauk-light")),
    "main-80x24": Picture("80x24"),
    "main-ascii": Picture("80x24", options=("--ascii", "--theme", "monochrome")),
    "top": Picture("120x32", options=("-d", "1"), program=("top",)),
    "panel": Picture("180x40", "Down Down"),
    "tree": Picture("120x32", "F5 Down Down Down"),
    "filter": Picture("120x32", "F4 c p u Space > Space 5 Space a n"),
    "io": Picture("120x32", "Tab ~ ~"),
    "exited": Picture("120x32", "Tab Tab ~"),
    "spawners": Picture("120x32", "Tab Tab Tab ~"),
    "groups": Picture("120x32", "Tab Tab Tab Tab g g g g ~ ~"),
    "events": Picture("120x32", "Tab Tab Tab Tab Tab ~"),
    "process": Picture("120x40", "F3 S E L E C T Enter Enter ~ ~"),
    "files": Picture("120x32", "F3 1 6 / m Enter l ~ ~"),
    "signals": Picture("120x32", "F3 S E L E C T Enter F9"),
    "setup-columns": Picture("120x32", "F2 Right Down Down"),
    "setup-meters": Picture("120x32", "F2 Down Down Down Down Down Right > > > >"),
    "help": Picture("120x40", "F1"),
    "themes": Picture("120x32", "Ctrl-T Down Down"),
}
"""The first scene, by the name of the file.

Keys are those of bench.screenshot, with blanks between.
"""

_BACK: Final = " ".join([*"~" * 20, *"[" * 6, "~"])
"""Six seconds back, after twenty."""

_TROUBLE: Final = {
    f"trouble-{name}-{size}": Picture(size, program=program)
    for name, program in (
        ("montauk", MONTAUK),
        ("htop", ("htop", "-d", "10")),
        ("btop", ("btop",)),
    )
    for size in _SIZES
} | {
    "trouble-groups": Picture("120x32", "Tab Tab Tab Tab g g g g ~ ~"),
    **{f"past-{size}": Picture(size, _BACK) for size in _SIZES},
    "sum": Picture("120x40", f"{_BACK} ( ] ] ] ] ) ~"),
    "trouble-process": Picture("120x40", "F3 b i l l Enter Enter ~ ~"),
}
"""The second scene, beside other monitors."""

_MOVING: Final = "tour"
"""The name of the moving picture, which takes half a minute."""

_COLOURS: Final = 192

_WARM_UP_S: Final = 12.0
"""Exited processes linger, and the history of the ledger line fills."""


def start(stage: Stage, picture: Picture) -> Terminal:
    """Return a terminal in which the program of a picture has run for a while."""
    columns, lines = map(int, picture.size.split("x"))
    command = stage.command([*picture.program, *picture.options])
    terminal = Terminal(command, columns, lines)
    terminal.read_for(_WARM_UP_S)
    return terminal


def take(stage: Stage, name: str) -> None:
    """Take one picture, or the moving one."""
    if name == REPORT:
        photograph(stage, _OUT / f"{name}.png", [*MONTAUK])
        return
    if name == _MOVING:
        terminal = start(stage, Picture("100x28"))
        record(terminal, _OUT / f"{name}.gif")
    else:
        picture = (_PICTURES | _TROUBLE)[name]
        terminal = start(stage, picture)
        press(terminal, picture.keys.split())
        # A third of the size; rare colours, which warn, are kept.
        image = draw(terminal.screen).quantize(
            _COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
        )
        image.save(_OUT / f"{name}.png", optimize=True)
    terminal.end(signal.SIGTERM)


def main(names: list[str]) -> None:
    """Take all pictures, or those named."""
    # SIGTERM ends the stage with its processes, like Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    scenes: tuple[tuple[Scene, list[str]], ...] = (
        (SHOP, [*_PICTURES, _MOVING]),
        (TROUBLE, [*_TROUBLE, REPORT]),
    )
    for scene, known in scenes:
        wanted = [name for name in known if name in (names or known)]
        if not wanted:
            continue
        with Stage(scene) as stage:
            time.sleep(1.0)
            for name in wanted:
                print(name, flush=True)
                take(stage, name)


if __name__ == "__main__":
    main(sys.argv[1:])
