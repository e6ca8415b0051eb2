"""The line to a terminal: takes bytes without waiting, and knows what it still holds.

A line may be slow, as a serial one or a far host's is. Whoever draws asks first whether
everything written before is gone, so that no backlog can build up, and what is typed is
answered between two pieces.
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
"""The same where the line may wait for room for the rest of it."""

_ROOM: Final = 20_512
"""What the kernel holds of a pseudo-terminal at most (16 KiB and the reader's 4 KiB).

TIOCOUTQ says 0 of it, so it is known only once the line was full.
"""

_FAST: Final = 200_000.0
"""Bytes a second of a line on which nothing has to wait."""

_LEAST_RATE: Final = 1_000.0
"""Bytes a second that a line is taken for at least, as of 9,600 baud."""

_LONGEST_WAIT_S: Final = 8.0
"""A line that stood still, and does no longer, is tried again after this."""

_FIRST_TO_TRUST: Final = 2
"""Times that a line must have been full before how long that took tells its rate."""

_GROWTH: Final = 1.02
"""A line may have become faster: what it is taken for grows with each picture."""


class Line:
    """Writes to a terminal from within the event loop, in order, and never waits."""

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
            fd: Where to write; it stays open, and it stays a blocking one.
            on_clear: Called when everything is gone after something had to wait.
            on_gone: Called once, when the terminal does not exist any more.
            can_ask: Whether whoever reads the terminal's answers tells of them.
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
        """Bytes a second of a line that was full; None of one that never was."""
        self._held = 0.0
        """Bytes that the kernel probably holds, at `_held_at_s`."""
        self._held_at_s = time.monotonic()
        self._full_at_s: list[float] = []
        """When the line was full, as long as its rate is not known."""
        self._taken = 0
        """Bytes that the kernel took since the last of these."""

    @property
    def is_clear(self) -> bool:
        """Whether what was written before is gone, as far as can be known."""
        if self._waiting or not self._receipts.is_clear:
            return False
        return self._receipts.is_trusted or self._still_held() == 0

    @property
    def waiting(self) -> int:
        """Bytes that the kernel did not take yet."""
        return len(self._waiting)

    @property
    def expected(self) -> int:
        """Answers that are on their way."""
        return self._receipts.expected

    def ask_anew(self) -> None:
        """Take the terminal for another: who knows what became of the queries."""
        self._receipts = Receipts(can_ask=self._can_ask)

    def give_up_late(self) -> None:
        """Wait no more for answers that should be here: it may be another terminal."""
        self._receipts.give_up_late()

    def answered(self) -> None:
        """Take note that the terminal has come to a query."""
        self._receipts.came()
        if not self._waiting:
            self._on_clear()

    def write(self, data: bytes, *, asks: bool = False) -> None:
        """Write now what the line takes, and the rest as soon as it does.

        Args:
            data: What to write.
            asks: Whether to have the terminal say when it has come to the end of it.
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
        """Drop what waits, here and in the kernel, and write `last`.

        Waits `patience_s` at most for a terminal that takes nothing, or that has still
        to answer: whoever reads from `keys` afterwards must not get its answers.
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
        """Forget what waits, and tell nobody any more."""
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
        """Write until the line is full or nothing waits."""
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
            BlockingIOError: It would wait; a descriptor that blocks does not say so.
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

    # --- what is on the way -----------------------------------------------------------

    def _still_held(self) -> float:
        """Return the bytes that the kernel probably holds now; 0 on a fast line."""
        now_s = time.monotonic()
        passed_s, self._held_at_s = now_s - self._held_at_s, now_s
        gone = self._held if self._rate is None else self._rate * passed_s
        self._held = max(0.0, self._held - gone)
        return self._held

    def _note_full(self) -> None:
        """Learn from a line that stays full how fast it is.

        Between two moments at which it is full, as much went as came. Before the first
        of them it may have stood still.
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
        """Say so when the kernel has passed on what it took."""
        if self._rate is None:
            self._loop.call_soon(self._clear)
        elif self._timer is None:
            self._rate *= _GROWTH
            wait_s = min(self._still_held() / self._rate, _LONGEST_WAIT_S)
            self._timer = self._loop.call_later(wait_s, self._clear)

    def _end_of_patience(self) -> None:
        """See to it that a terminal that is silent from now on is drawn on again."""
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
    """Return a descriptor of the same terminal that never waits, and if it is new.

    O_NONBLOCK on the one at hand would be set for everybody who shares it, such as the
    shell. Where the terminal may not be opened again, the one at hand has to do.
    """
    flags = os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC
    for path in (f"/proc/self/fd/{fd}", "/dev/tty"):
        with contextlib.suppress(OSError):
            if path == "/dev/tty":
                # ENOTTY where it is another terminal than that of the session.
                os.tcgetpgrp(fd)
            own = os.open(path, flags)
            if os.isatty(own):
                return own, True
            os.close(own)
    return fd, False
