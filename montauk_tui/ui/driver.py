"""The terminal driver: Textual's, but it survives a terminal that goes away or stalls.

Textual's writer thread ends at the first write error, after which the program waits for
it for ever, deaf to signals. Here output that cannot be written is thrown away and the
program told that its terminal hung up.
"""

import asyncio
import contextlib
import os
import queue
import signal
import termios
import threading
from functools import partial
from types import FrameType
from typing import IO, Any, Final

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from montauk_tui import streams

_MOST_QUEUED: Final = 30
"""Writes that may wait for a slow terminal before the program waits too."""

_STALL_S: Final = 2.0
"""How long leaving may take before the terminal counts as stalled."""

_RESTORE: Final = (
    b"\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?2004l"  # mouse and paste reports off
    b"\x1b[<u\x1b[?1049l\x1b[?25h"  # key protocol and alternate screen off, cursor on
)


class _Output(threading.Thread):
    """Writes in the background, in order."""

    def __init__(self, file: IO[str]) -> None:
        super().__init__(daemon=True, name="montauk-output")
        self._file = file
        self._queue: queue.Queue[str | None] = queue.Queue(_MOST_QUEUED)
        self._is_gone = threading.Event()

    def write(self, text: str | None) -> None:
        """Queue text, or None to end; drop it where the terminal is gone."""
        while not self._is_gone.is_set():
            try:
                self._queue.put(text, timeout=0.1)
            except queue.Full:
                continue
            return

    def run(self) -> None:
        """Write until the end, or until the terminal is gone."""
        try:
            while (text := self._queue.get()) is not None:
                self._file.write(text)
                if self._queue.empty():
                    self._file.flush()
            self._file.flush()
        except (OSError, ValueError):
            self._is_gone.set()
            self._discard_rest()
            os.kill(os.getpid(), signal.SIGHUP)

    def _discard_rest(self) -> None:
        """Let what is buffered go nowhere: else Python fails on it when it ends."""
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._file.fileno())
            os.close(nowhere)


class TerminalDriver(LinuxDriver):
    """Draws on the terminal the program was started from."""

    _output: _Output | None = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Draw on the terminal that `streams.screen` finds; Textual takes stderr."""
        super().__init__(*arguments, **options)
        self._screen = self._file = streams.screen()

    def _get_terminal_size(self) -> tuple[int, int]:
        return streams.size_of(self._screen)

    def write(self, data: str) -> None:
        """Write in the background."""
        if self._output is None and self._file is not None:
            self._output = _Output(self._file)
            self._output.start()
        if self._output is not None:
            self._output.write(data)

    def close(self) -> None:
        """Write what is left."""
        if self._output is not None:
            self._output.write(None)
            self._output.join()
            self._output = None
        super().close()

    def use_mouse(self, *, wanted: bool) -> None:
        """Have the terminal tell of the mouse, or no longer."""
        if wanted:
            self._mouse = True
            self._enable_mouse_support()
        else:
            self._disable_mouse_support()
            self._mouse = False

    def leave_by_force(self, exit_code: int) -> None:
        """End the process soon, unless it has ended in order by then.

        For a terminal that takes no output (stopped with Ctrl-S, a dead connection):
        everything that waits for it would wait for ever.
        """

        def leave() -> None:
            if self.attrs_before is not None:
                try:
                    termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
                    os.set_blocking(self.fileno, False)
                    os.write(self.fileno, _RESTORE)
                except (OSError, termios.error):
                    pass
            os._exit(exit_code)

        timer = threading.Timer(_STALL_S, leave)
        timer.daemon = True
        timer.start()


def watch_signals(app: App[Any]) -> None:
    """Let signals end the app in order, even while the terminal takes no output."""
    loop = asyncio.get_running_loop()

    def leave(number: int, _frame: FrameType | None) -> None:
        exit_code = 128 + number
        if isinstance(app._driver, TerminalDriver):  # noqa: SLF001 - no public way
            app._driver.leave_by_force(exit_code)  # noqa: SLF001
        loop.call_soon_threadsafe(partial(app.exit, return_code=exit_code))

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, leave)
