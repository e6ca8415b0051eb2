"""The line to a terminal: takes bytes without waiting, and tracks the backlog.

A line may be slow, such as a serial one or one to a far host. Drawing waits until
everything written before has been sent, so no backlog builds up, and input is handled
between two pieces.
"""

import asyncio
import contextlib
import os
import select
import termios
import time
from collections.abc import Callable
from typing import Final

from montauk_tui.ui.terminal.receipts import LAST_QUERY, Receipts, take_answers

_PIECE: Final = 4096
"""Bytes for one write."""

_SMALL_PIECE: Final = 64
"""The same if the rest may wait for room."""

_ROOM: Final = 20_512
"""The kernel's buffer of a pseudo-terminal (16 KiB and the reader's 4 KiB).

TIOCOUTQ reports 0 for it, so the fill is known only once the line was full.
"""

_FAST: Final = 200_000.0
"""Bytes per second of a line that is considered fast."""

_LEAST_RATE: Final = 1_000.0
"""Least assumed rate of a line in bytes per second: 9,600 baud."""

_LONGEST_WAIT_S: Final = 8.0
"""Delay before a stalled line is tried again."""

_FIRST_TO_TRUST: Final = 2
"""Times that a line must have been full before its rate is estimated."""

_GROWTH: Final = 1.02
"""Growth of the assumed rate per picture: the line may have become faster."""


class Line:
    """Writes to a terminal from the event loop, in order, without blocking."""

    def __init__(
        self,
        fd: int,
        on_clear: Callable[[], None],
        on_gone: Callable[[], None],
        *,
        can_ask: bool = False,
    ) -> None:
        """Write to the terminal `fd`.

        Args:
            fd: Where to write; it stays open and in blocking mode.
            on_clear: Called when a backlog has been sent.
            on_gone: Called once, when the terminal no longer exists.
            can_ask: Whether the reader of the terminal reports its answers.
        """
        self._loop = asyncio.get_running_loop()
        self._fd, self._is_own = _reopened(fd)
        self._on_clear, self._on_gone = on_clear, on_gone
        self._waiting = bytearray()
        self._is_watched = False
        self._is_gone = False
        self._can_ask = can_ask
        self._receipts = Receipts(can_ask=can_ask)
        self._silence: asyncio.TimerHandle | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._rate: float | None = None
        """Rate of a line that was full, in bytes per second; None if it never was."""
        self._held = 0.0
        """Bytes that the kernel probably holds, at `_held_at_s`."""
        self._held_at_s = time.monotonic()
        self._full_at_s: list[float] = []
        """When the line was full, while its rate is unknown."""
        self._taken = 0
        """Bytes that the kernel accepted since then."""

    @property
    def is_clear(self) -> bool:
        """Whether everything written before has been sent, as far as known."""
        if self._waiting or not self._receipts.is_clear:
            return False
        return self._receipts.is_trusted or self._still_held() == 0

    @property
    def waiting(self) -> int:
        """Bytes that the kernel has not accepted yet."""
        return len(self._waiting)

    @property
    def expected(self) -> int:
        """Number of outstanding answers."""
        return self._receipts.expected

    def ask_anew(self) -> None:
        """Treat the terminal as a new one: outstanding queries may be lost."""
        self._receipts = Receipts(can_ask=self._can_ask)

    def give_up_late(self) -> None:
        """Stop waiting for overdue answers: it may be another terminal."""
        self._receipts.give_up_late()

    def answered(self) -> None:
        """Note that the terminal answered a query."""
        self._receipts.came()
        if not self._waiting:
            self._on_clear()

    def write(self, data: bytes, *, asks: bool = False) -> None:
        """Write what the line accepts now, and the rest as soon as possible.

        Args:
            data: What to write.
            asks: Whether to request an answer when the terminal reaches the end.
        """
        if self._is_gone:
            return
        self._waiting += data
        if asks and (query := self._receipts.ask(len(data))):
            self._waiting += query
            self._end_of_patience()
        if not self._is_watched:
            self._push()

    def leave(self, last: bytes, keys: int, patience_s: float) -> None:
        """Drop the backlog, here and in the kernel, and write `last`.

        Waits at most `patience_s` for a terminal that accepts nothing, or has answers
        outstanding: the next reader of the terminal must not get them.
        """
        expected, answers_s = self._receipts.expected, self._receipts.left_s
        self.close()
        if self._is_gone:
            return
        if expected:
            last += LAST_QUERY
        with contextlib.suppress(termios.error):
            termios.tcflush(self._fd, termios.TCOFLUSH)
        now_s = time.monotonic()
        end_s = now_s + patience_s
        try:
            while last and (left_s := end_s - time.monotonic()) > 0:
                select.select([], [self._fd], [], left_s)
                with contextlib.suppress(BlockingIOError):
                    last = last[os.write(self._fd, last) :]
            if expected and not last:
                take_answers(keys, min(end_s, now_s + answers_s))
        except OSError:
            self._is_gone = True

    def close(self) -> None:
        """Drop the backlog, and call nobody any more."""
        self._waiting.clear()
        self._watch(wanted=False)
        for timer in (self._timer, self._silence):
            if timer is not None:
                timer.cancel()
        self._timer = self._silence = None

    def release(self) -> None:
        """Close the descriptor."""
        self.close()
        if self._is_own:
            os.close(self._fd)
            self._is_own, self._is_gone = False, True

    # --- writing ----------------------------------------------------------------------

    def _push(self) -> None:
        """Write until the line is full or the backlog is empty."""
        try:
            while self._waiting:
                count = os.write(self._fd, self._waiting[: self._piece()])
                del self._waiting[:count]
                self._held = self._still_held() + count
                self._taken += count
        except BlockingIOError:
            self._note_full()
        except OSError:
            self._lose()
            return
        self._watch(wanted=bool(self._waiting))
        if not self._waiting:
            self._tell_when_clear()

    def _piece(self) -> int:
        """Return how much to write at once.

        Raises:
            BlockingIOError: It would block; a blocking descriptor does not report that.
        """
        if self._is_own:
            return _PIECE
        if not select.select([], [self._fd], [], 0)[1]:
            raise BlockingIOError
        return _SMALL_PIECE

    def _watch(self, *, wanted: bool) -> None:
        if wanted and not self._is_watched:
            self._loop.add_writer(self._fd, self._push)
        elif self._is_watched and not wanted:
            self._loop.remove_writer(self._fd)
        self._is_watched = wanted

    def _lose(self) -> None:
        self._is_gone = True
        self.close()
        self._on_gone()

    # --- bytes in transit -------------------------------------------------------------

    def _still_held(self) -> float:
        """Return the bytes probably in the kernel's buffer; 0 on a fast line."""
        now_s = time.monotonic()
        passed_s, self._held_at_s = now_s - self._held_at_s, now_s
        gone = self._held if self._rate is None else self._rate * passed_s
        self._held = max(0.0, self._held - gone)
        return self._held

    def _note_full(self) -> None:
        """Estimate the rate of a line that stays full.

        Between two moments at which it is full, as much was sent as accepted. Before
        the first of them it may have stalled.
        """
        now_s = time.monotonic()
        if self._full_at_s and now_s - self._full_at_s[-1] > _LONGEST_WAIT_S:
            self._full_at_s.clear()
        self._full_at_s.append(now_s)
        if len(self._full_at_s) > _FIRST_TO_TRUST:
            rate = self._taken / max(now_s - self._full_at_s[-2], 1e-6)
            self._rate = max(_LEAST_RATE, rate) if rate < _FAST else None
            self._held, self._held_at_s = float(_ROOM), now_s
            self._full_at_s.clear()
        self._taken = 0

    def _tell_when_clear(self) -> None:
        """Call `on_clear` when the kernel has sent its buffer."""
        if self._rate is None:
            self._loop.call_soon(self._clear)
        elif self._timer is None:
            self._rate *= _GROWTH
            wait_s = min(self._still_held() / self._rate, _LONGEST_WAIT_S)
            self._timer = self._loop.call_later(wait_s, self._clear)

    def _end_of_patience(self) -> None:
        """Schedule a redraw in case the terminal stays silent."""
        if self._silence is not None:
            self._silence.cancel()
        wait_s = self._receipts.left_s
        self._silence = self._loop.call_later(wait_s, self._on_clear)

    def _clear(self) -> None:
        self._timer = None
        if not self._waiting:
            self._held = 0.0
            self._on_clear()


def _reopened(fd: int) -> tuple[int, bool]:
    """Return a non-blocking descriptor of the same terminal, and whether it is new.

    O_NONBLOCK on the given one would apply to everyone sharing it, such as the shell.
    If the terminal cannot be opened again, the given one is used.
    """
    flags = os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC
    for path in (f"/proc/self/fd/{fd}", "/dev/tty"):
        with contextlib.suppress(OSError):
            if path == "/dev/tty":
                # ENOTTY: not the controlling terminal of the session.
                os.tcgetpgrp(fd)
            own = os.open(path, flags)
            if os.isatty(own):
                return own, True
            os.close(own)
    return fd, False
