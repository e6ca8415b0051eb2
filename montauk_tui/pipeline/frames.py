"""Frames from samples: rates, ledger and history as a fold over any source of them."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from montauk_tui.collectors.procfs.enrich.listed import FOR_RATES
from montauk_tui.collectors.registry import Opened
from montauk_tui.engine.history.update import remember, remember_moment
from montauk_tui.engine.interval.cgroup_rates import cgroup_rates
from montauk_tui.engine.interval.ledger import close_ledger
from montauk_tui.engine.interval.rates import host_rates, process_rates
from montauk_tui.model.frame import Frame, HostRates, Rates
from montauk_tui.model.history import MOST_KEPT, History
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import Need
from montauk_tui.pipeline.chain import CollectorChain, Reading


class FramePipeline:
    """A fold over samples: reads nothing, and knows no collector."""

    def __init__(self, most_kept: int = MOST_KEPT) -> None:
        """Start without a sample; history keeps so many exits and starts.

        With 0 frames have an empty history, and of rates CPU times only.
        """
        self._seq = 0
        self._most_kept = most_kept
        self._previous: Sample | None = None
        self._opening: int | None = None
        self._rates: Rates | None = None
        self._history = History()

    def frame(self, reading: Reading) -> Frame:
        """Return the frame of a sample, with the rates since the previous sample."""
        sample, previous = reading.sample, self._previous
        is_shown = bool(self._most_kept)
        self._rates = rates = process_rates(
            previous, sample, self._rates, counters=is_shown
        )
        host = previous.host if previous and is_shown else None
        of_host = host_rates(host, sample.host)
        frame = Frame(
            seq=self._seq,
            sample=sample,
            interval_s=sample.monotonic_s - previous.monotonic_s if previous else None,
            rates=rates,
            host_rates=of_host,
            ledger=close_ledger(previous, sample, rates) if previous else None,
            collector=reading.status,
            lookups=reading.lookups,
            history=self._remember(reading, rates, of_host),
            cgroups=cgroup_rates(
                previous.cgroups if previous else None, sample.cgroups
            ),
            cpu_s=0.0,
        )
        self._previous = sample
        self._seq += 1
        return frame

    def is_followed_by(self, sample: Sample) -> bool:
        """Tell whether a sample may follow the last one: it is of the same boot."""
        before = self._previous
        return before is None or before.monotonic_s <= sample.monotonic_s

    def _remember(self, reading: Reading, rates: Rates, of_host: HostRates) -> History:
        if not self._most_kept:
            return self._history
        # Another collector counts from its own start.
        previous = self._previous if self._opening == reading.opening else None
        history = remember(
            self._history, previous, reading.sample, rates, self._most_kept
        )
        if self._previous is not None:
            history = remember_moment(history, reading.sample.host, of_host)
        self._history, self._opening = history, reading.opening
        return history


class FrameSource:
    """Frames of this machine, from the collectors of a chain."""

    for_rates: Final = FOR_RATES
    """The needs of two frames before a value can be shown."""

    def __init__(self, opened: Opened, *, is_shown: bool = True) -> None:
        """Take an open collector; frames that are only recorded need no history."""
        self._chain = CollectorChain(opened)
        self._pipeline = FramePipeline(MOST_KEPT if is_shown else 0)
        self.record: Callable[[Frame, int], str] = lambda *_: ""
        """Gets each frame, with the number of its collector among those opened, and
        returns `Frame.recording`."""

    @property
    def failure(self) -> str:
        """Why the last collector failed, in one line; empty if none did."""
        return self._chain.failure

    def upgrades(self) -> Iterator[bool]:
        """Open better collectors, from another thread; tell each time if one opened."""
        return self._chain.upgrades()

    def close(self) -> None:
        """Close the collectors."""
        self._chain.close()

    def next_frame(self, needs: Need) -> Frame:
        """Sample now and return the frame with the rates since the previous call.

        Raises:
            CollectorFailed: The collector can no longer sample, nor can another.
        """
        started = time.thread_time()
        reading = self.read(needs)
        frame = self._pipeline.frame(reading)
        recording = self._keep(frame, reading.opening)
        cost_s = time.thread_time() - started
        return replace(frame, cpu_s=cost_s, recording=recording)

    def _keep(self, frame: Frame, opening: int) -> str:
        """Keep a frame for later; return `Frame.recording`."""
        return self.record(frame, opening)

    def read(self, needs: Need) -> Reading:
        """Sample now, with the collector that serves.

        Raises:
            CollectorFailed: It can no longer sample, nor can another.
        """
        return self._chain.next_reading(needs)
