"""The samples and counts of `montauk events`."""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, fields
from typing import Final

from montauk_tui import streams
from montauk_tui.engine.history.takeover import Reported
from montauk_tui.engine.interval.events import EXIT, events_of
from montauk_tui.errors import CollectorFailed, MontaukError
from montauk_tui.host.base import Host
from montauk_tui.model.frame import CollectorStatus
from montauk_tui.model.lookups import Lookups
from montauk_tui.model.sample import Counters, Sample
from montauk_tui.model.schema import Need
from montauk_tui.model.starts import EXEC, FORK

OnWait = Callable[[str, float], None]
"""Given the name of a collector that is opening, and the seconds it took so far."""

_REMEDY: Final = "leave --collector out, or use kernel or netlink"


@dataclass
class Totals:
    """Events counted and lost, summed over successive collectors."""

    forks: int = 0
    execs: int = 0
    exits: int = 0
    lost: int = 0
    lost_exits: int = 0
    lost_cpu_times: int = 0
    lost_signals: int = 0
    lost_failed_execs: int = 0

    def add(self, counters: "Counters | Totals", times: int = 1) -> None:
        """Add the counts of a collector since it was opened, or subtract them (-1)."""
        for field in fields(self):
            more = times * (getattr(counters, field.name) or 0)
            setattr(self, field.name, getattr(self, field.name) + more)


def _counted_before(first: Sample) -> Totals:
    """Return what was counted before the events of the first sample of a recording.

    An exit that is not complete there is reported later.
    """
    found = events_of(first)
    happened = Counter(() if found is None else found.kind.tolist())
    ending = 0 if first.ending is None else len(first.ending)
    totals = Totals()
    totals.add(first.counters)
    totals.add(Totals(happened[FORK], happened[EXEC], happened[EXIT] + ending), -1)
    return totals


class Source:
    """Samples of a collector that reports events, or of the next one if it fails."""

    def __init__(self, host: Host) -> None:
        """Take the first sample of a host; close the host if that fails.

        Raises:
            MontaukError: No collector that reports events works here.
        """
        self._host = host
        self._before: list[Counters] = []
        self._skipped = Totals()
        """Counted before the begin of each run of a recorder, or of a part of one."""
        self._reported = Reported()
        self._last: Sample | None = None
        self._opening: int | None = None
        self.lookups: Lookups
        """The look-ups of the last sample."""
        self.began_s = time.monotonic()
        with ExitStack() as undo:
            undo.callback(self.close)
            self.first = self.next()
            """The sample taken at the start, to check that it has events."""
            undo.pop_all()
        if not host.is_live:
            self.began_s = self.first.monotonic_s

    @property
    def is_live(self) -> bool:
        """Whether events happen now, so that they must be waited for."""
        return self._host.is_live

    def close(self) -> None:
        """Close the collector."""
        self._host.close()

    def user(self, uid: int) -> str:
        """Return the name of a user."""
        return self.lookups.user(uid)

    def next(self) -> Sample:
        """Return the next sample.

        Raises:
            RecordingEnded: There is none.
            MontaukError: The collector failed, and no other reports events.
        """
        try:
            reading = self._host.read(Need.NONE)
        except CollectorFailed as failure:
            raise MontaukError(self._host.failure, failure.remedy) from failure
        sample = reading.sample
        if not self._host.is_live:
            sample = self._reported.without_repeats(sample, reading.opening)
        if events_of(sample) is None:
            raise _blind(reading.status, is_live=self._host.is_live)
        if reading.opening != self._opening:
            if self._last is not None:
                self._before.append(self._last.counters)
            if not self._host.is_live:
                self._skipped.add(_counted_before(sample))
            if failed := self._host.failure:
                streams.complain(f"{failed}; continuing with {reading.status.name}")
        self._opening, self._last = reading.opening, sample
        self.lookups = reading.lookups
        return sample

    @property
    def sees_failed_execs(self) -> bool:
        """Whether the collector of the last sample reports execs that fail."""
        return self._last is not None and self._last.sees_failed_execs

    def totals(self) -> Totals:
        """Return the counts up to the last sample."""
        totals = Totals()
        last = [] if self._last is None else [self._last.counters]
        for counters in (*self._before, *last):
            totals.add(counters)
        totals.add(self._skipped, -1)
        return totals


def _blind(status: CollectorStatus, *, is_live: bool) -> MontaukError:
    if not is_live:
        return MontaukError(
            "the recording has no events", "record with kernel or netlink"
        )
    reason = f"collector {status.name} does not report events"
    if refusals := "; ".join(status.refusals):
        return MontaukError(f"{reason}, and no other collector works: {refusals}")
    return MontaukError(reason, _REMEDY)
