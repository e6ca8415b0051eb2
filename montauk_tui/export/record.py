"""`montauk record`: samples to disk, without a screen, until stopped."""

import gc
import time
from contextlib import closing
from typing import Final

from montauk_tui import streams
from montauk_tui.errors import MontaukError
from montauk_tui.export.stopping import Stop
from montauk_tui.host.local import LocalHost
from montauk_tui.model.frame import Frame
from montauk_tui.pipeline.sampler import Sampler
from montauk_tui.recorder.writer import Writer

_GARBAGE: Final = 20_000
"""Objects between two collections: some seconds of samples."""

_COMPLAINTS_S: Final = 600.0
"""A disk that stays full is reported so often."""


class _Reports:
    """Tells on stderr when recording fails, and when it goes on."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._failure = ""
        self._told_s = -_COMPLAINTS_S

    def look(self, _frame: Frame) -> None:
        """Compare with the last time."""
        failure, now_s = self._writer.failure, time.monotonic()
        if failure and (not self._failure or now_s >= self._told_s + _COMPLAINTS_S):
            streams.complain(f"{failure}; it is tried again every 10 s")
            self._told_s = now_s
        elif self._failure and not failure:
            streams.complain(f"recording again; {self._writer.missed:,} samples missed")
        self._failure = failure


def record(
    host: LocalHost,
    writer: Writer,
    interval_s: float,
    stop: Stop,
    duration_s: float | None = None,
) -> None:
    """Record until it is stopped, or for `duration_s`.

    Args:
        host: This machine; it is closed.
        writer: Where the samples go; it is closed.
        interval_s: Time between them.
        stop: What is waited for.
        duration_s: None for no limit.

    Raises:
        MontaukError: Nothing can be sampled any more.
    """
    failures: list[MontaukError] = []

    def fail(error: MontaukError) -> None:
        failures.append(error)
        stop.set()

    # What was imported stays, and few cycles are made.
    gc.freeze()
    gc.set_threshold(_GARBAGE)
    host.record = writer.take
    sampler = Sampler(host, interval_s, _Reports(writer).look, fail)
    with closing(writer):
        sampler.start()
        try:
            stop.wait(duration_s)
        finally:
            sampler.stop()
    if failures:
        raise failures[0]
