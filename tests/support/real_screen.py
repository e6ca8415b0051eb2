"""The program on a real terminal within the test's process: what it shows, and how.

What is on the screen can be compared with what Textual would compose now, and what it
took to get there can be counted.
"""

import asyncio
import fcntl
import os
import pty
import struct
import termios
import tty
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final

import pyte
import pytest
from textual._compositor import Compositor, LayoutUpdate
from textual._context import visible_screen_stack
from textual.app import App
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip

from montauk_tui import streams
from montauk_tui.ui.app import MontaukApp
from montauk_tui.ui.driver import TerminalDriver
from montauk_tui.ui.terminal import signals
from montauk_tui.ui.terminal.canvas import Canvas
from montauk_tui.ui.terminal.line import Line
from tests.support.monitor import Monitor, make_app

Cells = list[list[tuple[object, ...]]]

_QUERY: Final = b"\x1b[5n"
_ANSWER: Final = b"\x1b[0n"


class _Driver(TerminalDriver):
    """Reads keys from the terminal it draws on."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self.fileno = self._screen.fileno()


class RealScreen(Monitor):
    """The running program and the terminal it draws on."""

    def __init__(self, app: MontaukApp, pilot: Any, terminal: "_Terminal") -> None:
        super().__init__(app, pilot)
        self.terminal = terminal

    @property
    def driver(self) -> TerminalDriver:
        """The driver of the terminal."""
        driver = self.app._driver  # noqa: SLF001 - no public way
        assert isinstance(driver, TerminalDriver)
        return driver

    async def resize(self, width: int, height: int) -> None:
        """Give the terminal another size, and the program the news of it."""
        self.terminal.resize(width, height)
        self.driver._on_resize()  # noqa: SLF001 - as at SIGWINCH
        compositor = self.app.screen._compositor  # noqa: SLF001 - what is laid out
        await self.until(lambda: compositor.size == (width, height))
        await self.settle()

    async def shown(self) -> Cells:
        """Return what the terminal shows when everything has been sent."""
        await self.settle()
        await self.until(lambda: self._is_sent)
        return self.terminal.cells

    @property
    def _is_sent(self) -> bool:
        driver = self.driver
        line = driver._line  # noqa: SLF001 - the way to the terminal
        assert line is not None
        canvas = driver._canvas  # noqa: SLF001 - the cells that are to be sent
        return not (canvas.is_due or line.waiting or line.expected)

    @property
    def composed(self) -> Cells:
        """What a terminal would show that gets Textual's whole picture from nothing."""
        compositor = self.app.screen._compositor  # noqa: SLF001 - there is no other
        width, height = compositor.size
        # A modal screen shows those below it.
        visible_screen_stack.set(self.app._background_screens)  # noqa: SLF001
        lines: list[Iterable[Strip]] = [[it] for it in compositor.render_strips()]
        picture = Canvas(self.driver.pen, unicode=True, corner=True)
        picture.take(LayoutUpdate(lines, Region(0, 0, width, height)))
        terminal = pyte.Screen(width, height)
        pyte.Stream(terminal).feed(picture.changes())
        return _cells(terminal)


class _Terminal:
    """A terminal that answers, fed whenever the event loop runs."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self.screen)
        self.is_read = True
        """Whether anybody reads what it gets."""
        self.resize(*size)

    def resize(self, width: int, height: int) -> None:
        size = struct.pack("HHHH", height, width, 0, 0)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, size)
        self.screen.resize(height, width)

    def take(self) -> None:
        """Show what was written."""
        if not self.is_read:
            return
        data = os.read(self.master, 1 << 16)
        # What pyte would print, and what it must not answer itself.
        for control in (b"\x1b[>25u", b"\x1b[<u", b"\x1b[?2026$p"):
            data = data.replace(control, b"")
        for _ in range(data.count(_QUERY)):
            os.write(self.master, _ANSWER)
        self._stream.feed(data.replace(_QUERY, b""))

    @property
    def cells(self) -> Cells:
        return _cells(self.screen)


def _cells(screen: pyte.Screen) -> Cells:
    return [
        [_seen(screen.buffer[y][x]) for x in range(screen.columns)]
        for y in range(screen.lines)
    ]


def _seen(cell: pyte.screens.Char) -> tuple[object, ...]:
    """Return what can be seen of a cell: of a space not its colour."""
    is_plain = not (cell.underscore or cell.strikethrough or cell.reverse or cell.blink)
    return (" ", cell.bg) if cell.data == " " and is_plain else tuple(cell)


@asynccontextmanager
async def on_real_screen(
    monkeypatch: pytest.MonkeyPatch,
    app: MontaukApp | None = None,
    size: tuple[int, int] = (120, 40),
) -> AsyncIterator[RealScreen]:
    """Run the program on a terminal of `size`, its second frame drawn."""
    terminal = _Terminal(size)
    stream = os.fdopen(terminal.slave, "w")
    monkeypatch.setattr(streams, "screen", lambda: stream)
    # The signals of the test's process are not the program's.
    monkeypatch.setattr(signals, "watch", lambda *_: lambda _number: None)
    app = app or make_app()
    app.driver_class = _Driver
    loop = asyncio.get_running_loop()
    loop.add_reader(terminal.master, terminal.take)
    try:
        async with app.run_test(headless=False, size=None, notifications=True) as pilot:
            screen = RealScreen(app, pilot, terminal)
            await screen.begin()
            await screen.shown()
            yield screen
    finally:
        loop.remove_reader(terminal.master)
        os.close(terminal.master)
        stream.close()


class Work(Counter[str]):
    """What was done since the last `clear`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        for owner, name, what in (
            (Screen, "_refresh_layout", "layouts"),
            (Compositor, "render_update", "compositions"),
            (Compositor, "_render_chops", "compositions of lines"),
            (Line, "write", "writes"),
        ):
            monkeypatch.setattr(owner, name, self._counting(getattr(owner, name), what))

    def _counting(self, real: Callable[..., Any], what: str) -> Callable[..., Any]:
        def counting(*args: Any, **options: Any) -> Any:
            self[what] += 1
            return real(*args, **options)

        return counting
