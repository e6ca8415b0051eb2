"""The active collector: a better one takes over, on failure the next best one."""

import itertools
import queue
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from montauk_tui import shortage
from montauk_tui.collectors import registry
from montauk_tui.collectors.base import Collector
from montauk_tui.collectors.registry import Opened
from montauk_tui.errors import CollectorFailed, CollectorUnavailable, MontaukError
from montauk_tui.model.frame import CollectorStatus
from montauk_tui.model.lookups import Lookups
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import Need

_RETRIES_S: Final = (5.0, 15.0, 30.0)
_LATER_S: Final = 60.0
"""How long after its n-th failure a collector is tried again, whether it could not be
opened for a passing reason or failed in use; the last value repeats."""


class Reading(NamedTuple):
    """One sample and its source."""

    sample: Sample
    status: CollectorStatus
    lookups: Lookups
    """Of the collector; valid also after it is closed."""
    opening: int
    """Number of the collector among those opened one after the other."""


class _Upgrade(NamedTuple):
    """The result of trying to open better collectors."""

    opened: Opened | None
    refusals: tuple[str, ...]
    """One line for each better one that did not open."""
    tried: Sequence[str]


class CollectorChain:
    """Samples from one collector after another.

    When a better collector becomes ready it takes over; on failure the next best one
    does. For use from one thread, except for `close` and `upgrades`.
    """

    def __init__(self, opened: Opened) -> None:
        """Take an open collector."""
        self._opened = opened
        self._opening_number = 0
        self._upgrades: queue.SimpleQueue[_Upgrade] = queue.SimpleQueue()
        self._lock = threading.Lock()
        """Guards what `close` and `upgrades` share: whichever is second closes."""
        self._closed = threading.Event()
        self._failed: queue.SimpleQueue[tuple[str, bool] | None] = queue.SimpleQueue()
        """Collectors that failed in use and are tried again, and whether until they
        open; None ends the thread."""
        self._recovers = False
        self._being_opened: Collector | None = None
        self._progress: dict[str, str] = {}
        self.failure = ""
        """Why the last collector failed, in one line."""

    @property
    def status(self) -> CollectorStatus:
        """The active collector, and why it is not a better one."""
        waiting = tuple(
            self._progress.get(name, f"{name}: loading") for name in self._opened.better
        )
        collector = self._opened.collector
        refusals = (*waiting, *self._opened.refusals)
        return CollectorStatus(collector.name, collector.detail, refusals)

    def next_reading(self, needs: Need) -> Reading:
        """Sample now.

        Raises:
            CollectorFailed: The collector can no longer sample, nor can another.
        """
        self._take_upgrades()
        sample = self._sample(needs)
        lookups = self._opened.collector.lookups
        return Reading(sample, self.status, lookups, self._opening_number)

    def close(self) -> None:
        """Close every collector, and abandon the one that is being opened."""
        with self._lock:
            self._closed.set()
            opening = self._being_opened
        self._failed.put(None)
        if opening is not None:
            opening.give_up()
        self._take_upgrades()
        self._opened.collector.close()

    def upgrades(self) -> Iterator[bool]:
        """Open better collectors, then those that fail; tell each time if one opened.

        It takes over with the next sample. What failed in a way that may pass is tried
        again, until this is closed.
        """
        self._recovers = True
        yield self._try(self._opened.better, _waits_s(0))
        failures: Counter[str] = Counter()
        while (failed := self._failed.get()) is not None:
            name, returns = failed
            waits_s = _waits_s(failures[name])
            failures[name] += 1
            if not self._closed.wait(next(waits_s)) and self._is_better(name):
                yield self._try((name,), waits_s, returns=returns)

    def _try(
        self,
        better: Sequence[str],
        waits_s: Iterator[float],
        *,
        returns: bool = False,
    ) -> bool:
        """Open one of these; try again where that may help, or if they `return`."""
        for wait_s in waits_s:
            refusals, may_pass = [], returns
            for name in better:
                try:
                    opened = self._open(name)
                except MontaukError as refusal:
                    line = refusal.line.removeprefix("collector ")
                    refusals.append(line)
                    if returns or getattr(refusal, "may_pass", False):
                        may_pass = True
                        reason = line.removeprefix(f"{name}: unavailable: ")
                        self._progress[name] = f"{name}: trying again soon: {reason}"
                    continue
                return self._hand_over(_Upgrade(opened, tuple(refusals), better))
            if not may_pass or self._closed.wait(wait_s):
                break
        self._hand_over(_Upgrade(None, tuple(refusals), better))
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
            self._being_opened = collector
        try:
            return registry.open_loaded(collector, self._tell)
        except MontaukError:
            raise
        except Exception as error:
            # A thread that died unnoticed would leave a screen that waits for ever.
            if lack := shortage.of(error):
                raise CollectorUnavailable(
                    f"{name}: unavailable: {lack.reason}", lack.remedy, may_pass=True
                ) from error
            reason = f"{name}: unavailable: it broke: {type(error).__name__}: {error}"
            raise CollectorUnavailable(reason, "please report it") from error
        finally:
            with self._lock:
                self._being_opened = None

    def _tell(self, name: str, seconds: float) -> None:
        self._progress[name] = f"{name}: loading for {seconds:.0f} s"

    def _hand_over(self, upgrade: _Upgrade) -> bool:
        """Hand it over for the next sample; tell whether there will be one."""
        with self._lock:
            if not self._closed.is_set():
                self._upgrades.put(upgrade)
                return True
        if upgrade.opened is not None:
            upgrade.opened.collector.close()
        return False

    def _take_upgrades(self) -> None:
        while not self._upgrades.empty():
            before, (opened, refusals, tried) = self._opened, self._upgrades.get()
            others = {
                name: line
                for line in before.refusals
                if (name := line.partition(":")[0]) not in tried
            }
            if opened is None:
                refusals = (*refusals, *others.values())
                self._opened = replace(before, refusals=refusals, better=())
            elif self._is_better(opened.collector.name):
                before.collector.close()
                present = opened.collector.name
                refusals += tuple(
                    line
                    for name, line in others.items()
                    if registry.is_better(name, present)
                )
                self._serve(replace(opened, refusals=refusals, is_forced=False))
            else:
                # One that failed opened again after a better one had taken over.
                opened.collector.close()

    def _is_better(self, name: str) -> bool:
        """Tell whether the collector called `name` is better than the present one."""
        return registry.is_better(name, self._opened.collector.name)

    def _serve(self, opened: Opened) -> None:
        self._opened = opened
        self._opening_number += 1

    def _sample(self, needs: Need) -> Sample:
        while True:
            collector = self._opened.collector
            try:
                return collector.sample(needs | collector.free)
            except CollectorFailed as failure:
                failed = self._opened
                failed.collector.close()
                self.failure = f"collector {collector.name} failed: {failure.reason}"
                try:
                    below = registry.open_next(
                        failed, str(failure), again=self._recovers
                    )
                except CollectorUnavailable as nothing_left:
                    raise failure from nothing_left
                self._serve(below)
                self._failed.put((collector.name, failure.returns))


def _waits_s(failures: int) -> Iterator[float]:
    """Yield how long to wait each time, after a number of earlier failures."""
    return itertools.chain(_RETRIES_S[failures:], itertools.repeat(_LATER_S))
