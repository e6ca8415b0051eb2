"""The terminal driver: reads keys and draws, all within the event loop.

It has no thread, so none can fail to start, hang on a terminal that accepts nothing, or
die at an error. Only known sequences are sent (`terminal.abilities`), only changed
cells (`terminal.canvas`), and not before earlier output was sent (`terminal.line`).
"""

import asyncio
import base64
import contextlib
import os
import signal
import termios
import tty
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from textual import constants, events
from textual._compositor import CompositorUpdate
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Offset, Size

from montauk_tui import streams
from montauk_tui.ui.terminal import signals
from montauk_tui.ui.terminal.abilities import Abilities
from montauk_tui.ui.terminal.canvas import Canvas
from montauk_tui.ui.terminal.keys import Keys
from montauk_tui.ui.terminal.line import Line
from montauk_tui.ui.terminal.pen import Ink, Pen

_LAYOUT_S: Final = 0.01
"""Between two looks whether a layout is still due; Textual makes 60 a second."""

_LEAVE_S: Final = 2.0
"""How long exit waits for a terminal that accepts nothing."""

_TICK_S: Final = constants.ESCAPE_DELAY + 0.01
"""Delay after which a single Esc is a key."""

_MOUSE: Final = "\x1b[?1000{0}\x1b[?1003{0}\x1b[?1015{0}\x1b[?1006{0}"
_ENTER_XTERM: Final = "\x1b[?1004h\x1b[>25u\x1b[?2026$p\x1b[?2004h"
"""Reports of focus, keyboard protocol, query for whole frames, bracketed paste."""
_POP_KEYS: Final = "\x1b[<u"
_LEAVE_XTERM: Final = f"\x1b[?2004l{_POP_KEYS}\x1b[?1004l"
_FRAME: Final = ("\x1b[?2026h", "\x1b[?2026l")


class TerminalDriver(LinuxDriver):
    """Draws on the terminal the program was started from."""

    abilities = Abilities()
    """The terminal's capabilities; set before the driver is created."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        """Make the driver of an app."""
        super().__init__(app, **options)
        # Textual's own handlers do not resume from a stop as needed.
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        signal.signal(signal.SIGCONT, signal.SIG_DFL)
        self._screen = self._file = streams.screen()
        # Otherwise Textual trusts any value of COLUMNS and LINES.
        self._size = self._get_terminal_size()
        able = self.abilities
        self.pen = Pen(able.colors, able.attributes)
        """Writes styles on this terminal."""
        self._canvas = Canvas(
            self.pen, unicode=able.unicode, corner=able.corner, erases=able.erases
        )
        self._cursor = Offset(0, 0)
        self._line: Line | None = None
        self._is_taken = False
        self._is_reading = False
        self._tick: asyncio.TimerHandle | None = None
        self._is_due = False
        """Whether the picture is about to be sent."""
        self._draw_later: Callable[[], object] | None = None

    # --- drawing ----------------------------------------------------------------------

    def draw(self, update: CompositorUpdate, cursor: Offset) -> None:
        """Show a picture as soon as earlier output was sent.

        Of several pictures meanwhile only the last is sent.
        """
        self._canvas.take(update)
        self._cursor = cursor
        self._send_picture()

    @property
    def picture_size(self) -> tuple[int, int]:
        """Cells and lines of the picture; (0, 0) before the first."""
        return self._canvas.size

    def put(self, y: int, x: int, runs: Iterable[tuple[str, Ink]], last: int) -> None:
        """Put texts into a line of the picture, and show it soon.

        What is put before control returns to the event loop is sent together.

        Args:
            y: The line.
            x: The first cell.
            runs: Texts and inks.
            last: The first cell that is left as it is.
        """
        self._canvas.put(y, x, runs, last)
        if not self._is_due:
            self._is_due = True
            self._loop.call_soon(self._send_soon)

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        """Send what is put within it at its end, without a turn of the event loop."""
        self._is_due = True
        try:
            yield
        finally:
            self._send_soon()

    def _send_soon(self) -> None:
        # After a layout Textual draws all that changed its place.
        stack = self._app.screen_stack
        if stack and stack[-1]._layout_required:  # noqa: SLF001 - no public way
            self._loop.call_later(_LAYOUT_S, self._send_soon)
            return
        self._is_due = False
        self._send_picture()

    def draw_anew(self) -> None:
        """Send the whole picture, whatever the terminal shows."""
        if self._line is not None:
            self._line.give_up_late()
        self._canvas.forget()
        self._send_picture()

    @property
    def is_drained(self) -> bool:
        """Whether the terminal has taken what was sent, as far as known."""
        return self._line is None or self._line.is_clear

    def when_drained(self, draw: Callable[[], object]) -> None:
        """Call `draw` once when the terminal has taken what was sent; the last counts.

        To draw before would be in vain.
        """
        self._draw_later = draw

    def _send_picture(self) -> None:
        """Send the differences if the line is clear, else when it is."""
        if self._line is None or not self._line.is_clear:
            return
        draw, self._draw_later = self._draw_later, None
        if draw is not None:
            draw()
        if not self._canvas.is_due:
            return
        if (size := self._get_terminal_size()) != self._canvas.size:
            # A size may change without a signal, as while the program is stopped.
            self._tell_size(size)
        changes = self._canvas.changes()
        if not changes:
            return
        x, y = self._cursor
        changes += f"\x1b[{y + 1};{x + 1}H"
        if self._app._sync_available:  # noqa: SLF001 - no public way
            changes = changes.join(_FRAME)
        self._line.write(changes.encode(errors="replace"), asks=True)

    def write(self, data: str) -> None:
        """Send other output: bells, titles, pointers."""
        is_plain = not data.startswith("\x1b")
        if self._line is not None and (is_plain or self.abilities.xterm):
            self._line.write(data.encode(errors="replace"))

    def copy(self, text: str) -> bool:
        """Put a text on the clipboard, with OSC 52; False where there is none."""
        if self._line is None or not self.abilities.xterm:
            return False
        data = base64.b64encode(text.encode(errors="backslashreplace"))
        self._line.write(b"\x1b]52;c;" + data + b"\a")
        return True

    # --- sizes ------------------------------------------------------------------------

    def _get_terminal_size(self) -> tuple[int, int]:
        return streams.size_of(self._screen)

    def _tell_size(self, size: tuple[int, int]) -> None:
        resized = Size(*size)
        self.send_message(events.Resize(resized, resized))

    def _on_resize(self) -> None:
        """Lay out for another size, and draw everything.

        A size that changes back at once is no change for Textual, but the terminal may
        have cut or moved lines.
        """
        self._tell_size(self._get_terminal_size())
        self.draw_anew()

    # --- life cycle -------------------------------------------------------------------

    def start_application_mode(self) -> None:
        """Take the terminal over."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(termios.error):
            self.attrs_before = termios.tcgetattr(self.fileno)
        self._line = Line(
            self._screen.fileno(),
            self._send_picture,
            self._hang_up,
            can_ask=streams.is_same(self.fileno, self._screen.fileno()),
        )
        self._tell_size(self._get_terminal_size())
        loop.add_signal_handler(signal.SIGWINCH, self._on_resize)
        loop.add_signal_handler(signal.SIGCONT, self._come_back)
        loop.add_signal_handler(signal.SIGTSTP, self.suspend)
        self._leave = signals.watch(self._app, self.restore)
        self._take_over()
        self._start_reading()

    def _take_over(self) -> None:
        """Set the modes of the terminal, and draw from nothing."""
        if self.attrs_before is not None:
            attributes = list(self.attrs_before)
            attributes[tty.CC] = list(attributes[tty.CC])
            attributes[tty.LFLAG] = self._patch_lflag(attributes[tty.LFLAG])
            attributes[tty.IFLAG] = self._patch_iflag(attributes[tty.IFLAG])
            attributes[tty.CC][termios.VMIN] = 1
            # In the background this stops the program (SIGTTOU).
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, attributes)
        sequences = self.abilities.enter
        if self.abilities.xterm:
            if self._is_taken:
                # Each push of the keyboard protocol needs a pop.
                sequences = _POP_KEYS + sequences
            sequences += _ENTER_XTERM
            if self._mouse:
                sequences += _MOUSE.format("h")
        if self._line is not None:
            self._line.ask_anew()
            self._line.write(sequences.encode("latin-1"), asks=True)
        self._is_taken = True
        self._canvas.forget()

    def _give_back(self, patience_s: float) -> None:
        """Restore the terminal; pending output is dropped."""
        sequences = self.abilities.leave
        if self.abilities.xterm:
            sequences = _MOUSE.format("l") + _LEAVE_XTERM + sequences
        self._is_taken = False
        if self._line is not None:
            self._line.leave(sequences.encode("latin-1"), self.fileno, patience_s)
        with contextlib.suppress(termios.error):
            # Unread keys and answers must not reach the shell.
            termios.tcflush(self.fileno, termios.TCIFLUSH)
            if self.attrs_before is not None:
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)

    def disable_input(self) -> None:
        """Stop reading."""
        if self._is_reading:
            self._is_reading = False
            self._loop.remove_reader(self.fileno)
        if self._tick is not None:
            self._tick.cancel()

    def stop_application_mode(self) -> None:
        """Give the terminal back."""
        self.disable_input()
        for number in (signal.SIGWINCH, signal.SIGCONT, signal.SIGTSTP):
            self._loop.remove_signal_handler(number)
        self._give_back(_LEAVE_S)
        if self._line is not None:
            self._line.release()
            self._line = None

    def close(self) -> None:
        """Do nothing: there is nothing to close."""

    def restore(self) -> None:
        """Restore the terminal from anywhere, to exit at once."""
        with contextlib.suppress(OSError):
            self._give_back(0.1)

    def use_mouse(self, *, wanted: bool) -> None:
        """Enable or disable mouse reports."""
        self._mouse = wanted
        self.write(_MOUSE.format("h" if wanted else "l"))

    def _hang_up(self) -> None:
        """Exit as on a hangup, under nohup as well."""
        self._leave(signal.SIGHUP)

    # --- stopping ---------------------------------------------------------------------

    def suspend(self) -> None:
        """Suspend like any program at Ctrl-Z, with the terminal restored, until `fg`.

        Without a shell nobody could resume it, and the kernel does not stop it then: it
        continues.
        """
        self._give_back(_LEAVE_S)
        self._loop.remove_signal_handler(signal.SIGTSTP)
        signal.raise_signal(signal.SIGTSTP)
        self._loop.add_signal_handler(signal.SIGTSTP, self.suspend)
        self._come_back()

    def suspend_job(self) -> None:
        """Stop the whole job, as the terminal does when it handles Ctrl-Z."""
        os.killpg(os.getpgrp(), signal.SIGTSTP)

    def _come_back(self) -> None:
        """Take the terminal over after a stop, which may come unannounced."""
        self._take_over()
        self._tell_size(self._get_terminal_size())
        self._send_picture()

    # --- keys -------------------------------------------------------------------------

    def _start_reading(self) -> None:
        self._keys = Keys(self._expected, self._answered, debug=self._debug)
        self._loop.add_reader(self.fileno, self._read)
        self._is_reading = True

    def _read(self) -> None:
        try:
            data = os.read(self.fileno, 4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.disable_input()
            self._hang_up()
            return
        for message in self._keys.feed(data):
            self.process_message(message)
        self._wait_for_more()

    def _expected(self) -> int:
        return self._line.expected if self._line is not None else 0

    def _answered(self) -> None:
        if self._line is not None:
            self._line.answered()

    def _wait_for_more(self) -> None:
        """Check later whether an Esc stayed alone, if anything may follow at all."""
        if self._tick is not None:
            self._tick.cancel()
            self._tick = None
        if self._keys.is_waiting:
            self._tick = self._loop.call_later(_TICK_S, self._parse_what_is_left)

    def _parse_what_is_left(self) -> None:
        self._tick = None
        for message in self._keys.tick():
            self.process_message(message)
        self._wait_for_more()
