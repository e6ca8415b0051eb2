"""The one sampling thread."""

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final, Protocol

from montauk_tui import shortage
from montauk_tui.errors import CollectorFailed, MontaukError, RecordingEnded
from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import Need

_FIRST_INTERVAL_S = 0.25
"""The second frame comes soon: before it there are no rates."""

_AT_ONCE: Final = -math.inf
_NEVER: Final = math.inf


class Source(Protocol):
    """A source of frames."""

    @property
    def for_rates(self) -> Need:
        """The needs of two frames before a value can be shown."""
        ...

    def next_frame(self, needs: Need) -> Frame:
        """Return the processes now, with the rates since the previous call.

        Raises:
            CollectorFailed: Nothing can be had any more.
            RecordingEnded: There is no later one; the last stays valid.
        """
        ...

    def upgrades(self) -> Iterator[bool]:
        """Look for better sources from a second thread; tell whenever there is one."""
        ...

    def close(self) -> None:
        """Release everything; harmless when closed already."""
        ...


class Sampler:
    """The one sampling thread: publishes a frame per interval until it is stopped."""

    def __init__(
        self,
        source: Source,
        interval_s: float,
        publish: Callable[[Frame], None],
        fail: Callable[[MontaukError], None],
    ) -> None:
        """Prepare; `publish` and `fail` are called in the sampling thread."""
        self._source = source
        self._publish = publish
        self._fail = fail
        self._interval_s = interval_s
        self._needs = Need.NONE
        self._paused = False
        self._stopped = False
        self._changed = threading.Condition()
        self._due_s = _AT_ONCE
        """When the next sample is taken, by CLOCK_MONOTONIC."""
        self._sampled_s = _NEVER
        self._most_s = _NEVER
        """The longest time after the last one, whatever the interval."""
        self._soon = True
        """Whether the sample after the next comes soon."""
        self._look: Callable[[Need], Frame] | None = None
        """What takes a frame without a sample, if one was asked for."""
        self._thread = threading.Thread(
            target=self._run, name="montauk-sampler", daemon=True
        )

    def start(self) -> None:
        """Start sampling, the first frame at once; open what is better meanwhile.

        Raises:
            MontaukError: There is no memory, or no process left, for a thread.
        """
        try:
            self._thread.start()
        except RuntimeError as error:
            raise MontaukError(
                f"sampling needs a thread: {error}",
                "raise the limits on memory and processes (ulimit -v, ulimit -u)",
            ) from error
        upgrade = threading.Thread(
            target=self._upgrade, name="montauk-upgrade", daemon=True
        )
        # Without it the collector at hand goes on.
        with contextlib.suppress(RuntimeError):
            upgrade.start()

    def _upgrade(self) -> None:
        for has_opened in self._source.upgrades():
            if has_opened and not self._paused:
                self.sample_now()

    def stop(self) -> None:
        """End the thread and wait for it."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join()
        self._source.close()

    def configure(
        self,
        *,
        interval_s: float | None = None,
        needs: Need | None = None,
        paused: bool | None = None,
    ) -> None:
        """Change how to go on; a new interval counts from the last sample.

        What is newly needed is sampled at once, and again soon for its rates, which
        command lines have not. While paused rates would stay unknown, so nothing is
        sampled for them.
        """
        with self._changed:
            if interval_s is not None:
                self._interval_s = interval_s
            if needs is not None:
                new = needs - self._needs
                if new - self._source.for_rates if self._paused else new:
                    self._due_s = _AT_ONCE
                    self._soon |= new != Need.CMDLINE
                self._needs = needs
            if paused is not None:
                self._paused = paused
            self._plan()
            self._changed.notify()

    def sample_now(self) -> None:
        """Sample at once, paused or not."""
        with self._changed:
            self._due_s = _AT_ONCE
            self._changed.notify()

    def look(self, take: Callable[[Need], Frame]) -> None:
        """Publish at once what `take` returns; the next sample stays due when it is."""
        with self._changed:
            self._look = take
            self._changed.notify()

    def _plan(self) -> None:
        """Set when the next sample is due, unless one was asked for at once.

        That is one interval after the last sample, however late that came.
        """
        if self._due_s > _AT_ONCE:
            interval_s = min(self._interval_s, self._most_s)
            self._due_s = _NEVER if self._paused else self._sampled_s + interval_s

    def _run(self) -> None:
        while self._wait_until_due():
            try:
                self._take()
            except RecordingEnded:
                # The screen keeps the last frame until it asks again.
                continue
            except MontaukError as error:
                self._fail(error)
                return
            except Exception as error:  # noqa: BLE001
                # The one place that catches everything: a thread that died unnoticed
                # would leave a screen that looks alive.
                reason = f"sampling broke: {type(error).__name__}: {error}"
                failure = shortage.of(error) or CollectorFailed(
                    reason, "please report it"
                )
                failure.__cause__ = error
                self._fail(failure)
                return

    def _take(self) -> None:
        """Publish a frame: one that was asked for, or else a sample."""
        with self._changed:
            needs, look, self._look = self._needs, self._look, None
        if look is not None:
            self._publish(look(needs))
            return
        started = time.monotonic()
        with self._changed:
            self._due_s = _NEVER
            self._most_s = _FIRST_INTERVAL_S if self._soon else _NEVER
            self._soon = False
        frame = self._source.next_frame(needs)
        # Between the two something may have stopped the program. What is played back
        # has moments of its own.
        read_s = frame.sample.monotonic_s
        sampled_s = min(max(started, read_s), time.monotonic())
        self._publish(frame)
        with self._changed:
            self._sampled_s = sampled_s
            self._plan()

    def _wait_until_due(self) -> bool:
        """Wait for the next due time; tell whether to sample, or else to end."""
        with self._changed:
            while not self._stopped:
                left_s = self._due_s - time.monotonic()
                if left_s <= 0 or self._look is not None:
                    return True
                self._changed.wait(None if left_s == _NEVER else left_s)
        return False
