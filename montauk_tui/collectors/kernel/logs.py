"""The logs of the probes together: read as they fill up or at a sample, counted."""

import contextlib
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from montauk_tui.collectors.kernel.log import (
    Counts,
    LifecycleLog,
    Log,
    Records,
    joined,
    unloaded,
)
from montauk_tui.collectors.kernel.missed import Missed
from montauk_tui.collectors.kernel.records import (
    ATTEMPT,
    ATTEMPTS,
    BRIEF,
    DEATH,
    EXIT,
    FINAL,
    INITIAL_PID,
    LIFECYCLE,
    VICTIM,
    VICTIMS,
    own_records,
)
from montauk_tui.collectors.urgency import Collecting, Periodic
from montauk_tui.errors import CollectorFailed
from montauk_tui.model.sample import Counters
from montauk_tui.model.schema import Ints

if TYPE_CHECKING:
    from montauk_tui.collectors.kernel.log import Storage
    from montauk_tui.collectors.kernel.wakes import Wakes

_COLLECT_S: Final = 0.25
"""Logs of loaded probes are read this often."""

_MOST_KEPT: Final = 1 << 16
"""Records kept for the next sample; without one the oldest are lost."""

_MOST_ATTEMPTS: Final = 1 << 13
"""The same of execs that failed: a search for a program makes many."""

_RECORDS: Final = (LIFECYCLE, FINAL, BRIEF, DEATH, VICTIM, ATTEMPT)
"""Of the parts of `Drained`."""


class Drained(NamedTuple):
    """The records since the last call."""

    lifecycle: Records
    finals: Records
    forks: Records
    deaths: Records
    victims: Records
    attempts: Records


_NOTHING: Final = Drained(*(np.empty(0, dtype=record) for record in _RECORDS))


class ProbeLogs:
    """Maps the logs, reads them in its own thread, and counts the lost records."""

    def __init__(
        self,
        storage: "Storage",
        descriptors: Mapping[str, int],
        cpus: int,
        slots: int,
        namespace: int = INITIAL_PID,
    ) -> None:
        """Open the logs and start.

        Args:
            storage: What the probes write.
            descriptors: Of `wakes` and of the programs, by their names in C.
            cpus: How many CPUs have a log.
            slots: Records in the log of a CPU.
            namespace: Inode of the pid namespace whose processes are wanted.

        Raises:
            OSError, ValueError: The kernel does not let them be mapped.
            RuntimeError: There may be no more threads.
        """
        self._shared = contextlib.ExitStack()
        with contextlib.ExitStack() as undo:
            undo.callback(self._shared.close)
            self._counts = counts = Counts(storage, cpus)
            self._shared.callback(counts.close)
            lifecycle, forks, finals, deaths, victims, attempts = (
                storage.slots(name, record, cpus * count)
                for name, record, count in (
                    ("lives", LIFECYCLE, slots),
                    ("forks", BRIEF, slots),
                    ("finals", FINAL, slots),
                    ("deaths", DEATH, slots),
                    ("victims", VICTIM, VICTIMS),
                    ("attempts", ATTEMPT, ATTEMPTS),
                )
            )
            # Order as in `_collect`: each exit read has its final record.
            self.finals = Log(finals, counts, "finals", slots)
            self.lifecycle = LifecycleLog(lifecycle, counts, slots)
            self.forks = Log(forks, counts, "forks", slots)
            self.deaths = Log(deaths, counts, "deaths", slots)
            self.victims = Log(victims, counts, "victims", VICTIMS)
            self.attempts = Log(attempts, counts, "attempts", ATTEMPTS)
            self._unrecorded = counts.total("unrecorded")
            self._failures = counts.total("failures")
            self._late = counts.total("late")
            self._missed = Missed(descriptors)
            self._collected = b""
            """The counters before the last reading."""
            self._kept: list[Drained] = []
            self._kept_lifecycle = self._dropped = self._dropped_exits = 0
            self._kept_attempts = self._dropped_attempts = 0
            self._namespace = namespace
            self._others = np.zeros(3, dtype=np.int64)
            self._drained = Counters(0, 0, 0)
            self._lock = threading.Lock()
            wakes = _wakes(descriptors.get("wakes"))
            self._shared.callback(wakes.close)
            self._collecting = Collecting(self._collect, "montauk-log", wakes)
            undo.pop_all()

    def close(self) -> None:
        """Stop and unmap."""
        self._collecting.close()
        self._shared.close()

    def drain(self) -> Drained:
        """Return the records since the last call, up to now.

        Raises:
            CollectorFailed: The logs cannot be read, or nobody empties them any more.
        """
        if (failure := self._collecting.failure) is not None:
            if isinstance(failure, FileNotFoundError):
                raise unloaded() from failure
            reason = f"the probes' log can no longer be read: {failure!r}"
            raise CollectorFailed(reason) from failure
        try:
            self._collect()
        except FileNotFoundError as error:
            raise unloaded() from error
        except OSError as error:
            reason = f"the probes' log cannot be mapped: {error}"
            raise CollectorFailed(reason) from error
        with self._lock:
            kept, self._kept = self._kept, []
            self._kept_lifecycle = self._kept_attempts = 0
            self._drained = self._counters()
        if not kept:
            return _NOTHING
        return Drained(*map(joined, zip(*kept, strict=True), _RECORDS))

    def counters(self) -> Counters:
        """Return the numbers of events and of losses until the logs were drained.

        Every event that is counted was drained or is counted as lost.
        """
        return self._drained

    def _counters(self) -> Counters:
        missed = self._missed.counts()
        attempts = missed.pop("attempts") + self._counts.total("unrecorded")
        # The last switch has recorded some that the exit hook missed.
        late = self._counts.total("late") - self._late
        missed["exits"] = max(0, missed["exits"] - late)
        lost = self.lifecycle.lost + self.forks.lost + self._dropped
        forks, execs, exits = self._others.tolist()
        execs += self.lifecycle.exits
        return Counters(
            forks=self.forks.counted - forks + missed["forks"],
            execs=self.lifecycle.counted - execs + missed["execs"],
            exits=self.lifecycle.exits - exits + missed["exits"],
            lost=lost + sum(missed.values()),
            lost_exits=self.lifecycle.lost_exits
            + self._dropped_exits
            + missed["exits"],
            read_failures=self._counts.total("failures") - self._failures,
            lost_signals=self.deaths.lost + self.victims.lost,
            lost_failed_execs=self.attempts.lost
            + self._dropped_attempts
            + attempts
            - self._unrecorded,
        )

    def _collect(self) -> None:
        with self._lock:
            # Before the records are read: what comes meanwhile changes it again.
            counted = self._counts.snapshot()
            if counted == self._collected:
                return
            self._collected = counted
            # The last record of a process first: then the exit of each final record,
            # and the fork of each exec, is among the records read after it. So are the
            # signal that caused an exit, and the OOM killer's choice.
            finals = self.finals.read()
            lifecycle = self.lifecycle.read()
            deaths, victims = self.deaths.read(), self.victims.read()
            if len(deaths):
                # Among these is the exec of each sender.
                lifecycle = np.concatenate([lifecycle, self.lifecycle.read()])
            attempts = self.attempts.read()
            lifecycle, forks = self._own(lifecycle, self.forks.read())
            deaths, attempts = (
                own_records(records, self._namespace) for records in (deaths, attempts)
            )
            read = Drained(lifecycle, finals, forks, deaths, victims, attempts)
            if any(map(len, read)):
                self._keep(read)

    def _keep(self, read: Drained) -> None:
        """Keep records for the next sample, and drop the oldest of too many."""
        self._kept_attempts += len(read.attempts)
        if self._kept_attempts > _MOST_ATTEMPTS:
            nothing = {"attempts": _NOTHING.attempts}
            self._kept = [one._replace(**nothing) for one in self._kept]
            self._dropped_attempts += self._kept_attempts - len(read.attempts)
            self._kept_attempts = len(read.attempts)
        self._kept.append(read)
        self._kept_lifecycle += len(read.lifecycle)
        while self._kept_lifecycle > _MOST_KEPT:
            dropped, _, forks, *_, attempts = self._kept.pop(0)
            self._kept_lifecycle -= len(dropped)
            self._dropped += len(dropped) + len(forks)
            self._dropped_exits += int(np.count_nonzero(dropped["kind"] == EXIT))
            self._kept_attempts -= len(attempts)
            self._dropped_attempts += len(attempts)

    def _own(self, lifecycle: Records, forks: Records) -> tuple[Records, Records]:
        """Return the records of our pid namespace; count those of others."""
        if self._namespace == INITIAL_PID:
            return lifecycle, forks
        own = (
            own_records(lifecycle, self._namespace),
            own_records(forks, self._namespace),
        )
        self._others += _events(lifecycle, forks) - _events(*own)
        return own


def _events(lifecycle: Records, forks: Records) -> Ints:
    """Return the numbers of forks, execs and exits."""
    exits = np.count_nonzero(lifecycle["kind"] == EXIT)
    return np.array([len(forks), len(lifecycle) - exits, exits])


def _wakes(descriptor: int | None) -> "Wakes | Periodic":
    """Return what wakes the reader: a ring buffer has one, and loaded probes many."""
    if descriptor is None:
        return Periodic(_COLLECT_S)
    from montauk_tui.collectors.kernel.wakes import Wakes  # noqa: PLC0415

    return Wakes(descriptor)
