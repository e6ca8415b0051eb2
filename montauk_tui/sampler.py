"""Frames from a collector: one at a time, or one after another in a thread."""

import contextlib
import itertools
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final, NamedTuple

from montauk_tui import shortage
from montauk_tui.collectors import registry
from montauk_tui.collectors.base import Collector
from montauk_tui.collectors.registry import Opened
from montauk_tui.engine.ledger import close_books
from montauk_tui.engine.rates import host_rates, process_rates
from montauk_tui.engine.recent import remember, remember_moment
from montauk_tui.errors import CollectorFailed, CollectorUnavailable, MontaukError
from montauk_tui.model.frame import CollectorStatus, Frame, HostRates, Rates
from montauk_tui.model.recent import Recent
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import FOR_RATES, Need

_FRAMES_IN_USE = 3
"""One on the screen, one on its way there, one that is being made."""

_FIRST_INTERVAL_S = 0.25
"""The second frame comes soon: only then rates exist."""

_RETRIES_S: Final = (5.0, 15.0, 30.0)
_LATER_S: Final = 60.0
"""How long after a failure that may pass an upgrade is tried again; then each time."""


class _Upgrade(NamedTuple):
    """What came of trying the better collectors."""

    opened: Opened | None
    refusals: tuple[str, ...]
    """One line for each better one that did not open."""


class FrameSource:
    """Turns the samples of one collector after another into frames.

    When a better collector becomes ready it takes over, when the present one fails the
    next best does; the previous sample stays, so that rates go on. But for `close` and
    `upgrade`, for use from one thread.
    """

    def __init__(self, opened: Opened) -> None:
        """Take an open collector."""
        self._opened = opened
        self._retired: dict[Collector, int] = {}
        self._upgrades: queue.SimpleQueue[_Upgrade] = queue.SimpleQueue()
        self._lock = threading.Lock()
        """Over what `close` and `upgrade` share: who comes second closes."""
        self._closed = threading.Event()
        self._opening: Collector | None = None
        self._progress: dict[str, str] = {}
        self._previous: Sample | None = None
        self._rates: Rates | None = None
        self._recent = Recent()
        self._remembered: Collector | None = None
        self._seq = 0

    def upgrade(self) -> bool:
        """Open the better collectors that are worth trying; tell whether one opened.

        It takes over with the next frame. What failed in a way that may pass is tried
        again, until this is closed.
        """
        better = self._opened.better
        for wait_s in itertools.chain(_RETRIES_S, itertools.repeat(_LATER_S)):
            refusals, may_pass = [], False
            for name in better:
                try:
                    opened = self._open(name)
                except MontaukError as refusal:
                    line = refusal.line.removeprefix("collector ")
                    refusals.append(line)
                    if isinstance(refusal, CollectorUnavailable) and refusal.may_pass:
                        may_pass = True
                        reason = line.removeprefix(f"{name}: unavailable: ")
                        self._progress[name] = f"{name}: trying again soon: {reason}"
                    continue
                return self._hand_over(_Upgrade(opened, tuple(refusals)))
            if not may_pass or self._closed.wait(wait_s):
                break
        self._hand_over(_Upgrade(None, tuple(refusals)))
        return False

    def _open(self, name: str) -> Opened:
        """Open a collector, which `close` may have given up meanwhile.

        Raises:
            MontaukError: It does not open.
        """
        collector = registry.load(name)
        with self._lock:
            if self._closed.is_set():
                raise CollectorUnavailable("montauk is leaving")
            self._opening = collector
        try:
            return registry.open_loaded(collector, self._tell)
        except MontaukError:
            raise
        except Exception as error:
            # A thread that died unseen would leave a screen that waits for ever.
            if lack := shortage.of(error):
                raise CollectorUnavailable(
                    f"{name}: unavailable: {lack.reason}", lack.remedy, may_pass=True
                ) from error
            reason = f"{name}: unavailable: it broke: {type(error).__name__}: {error}"
            raise CollectorUnavailable(reason, "please report it") from error
        finally:
            with self._lock:
                self._opening = None

    def _tell(self, name: str, seconds: float) -> None:
        self._progress[name] = f"{name}: loading for {seconds:.0f} s"

    def _hand_over(self, upgrade: _Upgrade) -> bool:
        """Leave it for the next frame; tell whether there may be one."""
        with self._lock:
            if not self._closed.is_set():
                self._upgrades.put(upgrade)
                return True
        if upgrade.opened is not None:
            upgrade.opened.collector.close()
        return False

    def close(self) -> None:
        """Close every collector there was, and give up the one that is opening."""
        with self._lock:
            self._closed.set()
            opening = self._opening
        if opening is not None:
            opening.give_up()
        self._take_upgrades()
        for collector in (*self._retired, self._opened.collector):
            collector.close()

    def next_frame(self, needs: Need) -> Frame:
        """Sample now and return the frame with the rates since the previous call.

        Raises:
            CollectorFailed: The collector can no longer sample, nor can another.
        """
        started = time.thread_time()
        self._take_upgrades()
        sample = self._sample(needs)
        previous = self._previous
        self._rates = rates = process_rates(previous, sample, self._rates)
        collector = self._opened.collector
        waiting = tuple(
            self._progress.get(name, f"{name}: loading") for name in self._opened.better
        )
        of_host = host_rates(previous.host if previous else None, sample.host)
        frame = Frame(
            seq=self._seq,
            sample=sample,
            interval_s=sample.monotonic_s - previous.monotonic_s if previous else None,
            rates=rates,
            host_rates=of_host,
            ledger=close_books(previous, sample, rates) if previous else None,
            collector=CollectorStatus(
                collector.name, collector.detail, (*waiting, *self._opened.refusals)
            ),
            lookups=collector.lookups,
            recent=self._remember(sample, rates, of_host),
            cpu_s=time.thread_time() - started,
        )
        self._previous = sample
        self._seq += 1
        self._close_retired()
        return frame

    def _remember(self, sample: Sample, rates: Rates, of_host: HostRates) -> Recent:
        # Another collector counts from its own start.
        is_same = self._remembered is self._opened.collector
        previous = self._previous if is_same else None
        recent = remember(self._recent, previous, sample, rates)
        if self._previous is not None:
            recent = remember_moment(recent, sample.host, of_host)
        self._recent = recent
        self._remembered = self._opened.collector
        return self._recent

    def _close_retired(self) -> None:
        """Close the collectors whose frames nobody shows any more."""
        for collector, since in list(self._retired.items()):
            if self._seq - since >= _FRAMES_IN_USE:
                del self._retired[collector]
                collector.close()

    def _take_upgrades(self) -> None:
        while not self._upgrades.empty():
            before, (opened, refusals) = self._opened, self._upgrades.get()
            if opened is None:
                refusals = (*refusals, *before.refusals)
                self._opened = replace(before, refusals=refusals, better=())
            else:
                # Kept open: the frame on the screen still looks things up in it.
                self._retired[before.collector] = self._seq
                self._opened = replace(opened, refusals=refusals, is_forced=False)

    def _sample(self, needs: Need) -> Sample:
        while True:
            collector = self._opened.collector
            try:
                return collector.sample(needs | collector.free)
            except CollectorFailed as failure:
                failed = self._opened
                failed.collector.close()
                try:
                    self._opened = registry.open_next(failed, str(failure))
                except CollectorUnavailable as nothing_left:
                    raise failure from nothing_left


class Sampler:
    """The one sampling thread: publishes a frame per interval until it is stopped."""

    def __init__(
        self,
        source: FrameSource,
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
        self._at_once = False
        self._soon = True
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
        if self._source.upgrade() and not self._paused:
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

        What is newly needed is sampled at once, and again soon for its rates. While
        paused these would stay unknown, so nothing is sampled for them.
        """
        with self._changed:
            if interval_s is not None:
                self._interval_s = interval_s
            if needs is not None:
                new = needs & ~self._needs
                if new & ~FOR_RATES if self._paused else new:
                    self._at_once = self._soon = True
                self._needs = needs
            if paused is not None:
                self._paused = paused
            self._changed.notify()

    def sample_now(self) -> None:
        """Sample at once, paused or not."""
        with self._changed:
            self._at_once = True
            self._changed.notify()

    def _run(self) -> None:
        while not self._stopped:
            started = time.monotonic()
            with self._changed:
                needs, self._at_once = self._needs, False
                soon, self._soon = self._soon, False
            try:
                frame = self._source.next_frame(needs)
                # Between the two something may have stopped the program. What is
                # played back has moments of its own.
                read_s = frame.sample.monotonic_s
                taken_s = min(max(started, read_s), time.monotonic())
                self._publish(frame)
            except MontaukError as error:
                self._fail(error)
                return
            except Exception as error:  # noqa: BLE001
                # The one place that catches everything: a thread that died unseen
                # would leave a screen that looks alive.
                reason = f"sampling broke: {type(error).__name__}: {error}"
                failure = shortage.of(error) or CollectorFailed(
                    reason, "please report it"
                )
                failure.__cause__ = error
                self._fail(failure)
                return
            self._wait(taken_s, soon=soon)

    def _wait(self, taken_s: float, *, soon: bool) -> None:
        """Wait until one interval after the last sample, however late that came."""
        with self._changed:
            while not (self._stopped or self._at_once):
                interval_s = (
                    min(self._interval_s, _FIRST_INTERVAL_S)
                    if soon
                    else self._interval_s
                )
                left_s = taken_s + interval_s - time.monotonic()
                if self._paused:
                    self._changed.wait()
                elif left_s <= 0:
                    return
                else:
                    self._changed.wait(left_s)
