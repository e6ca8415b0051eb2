"""Gauges and labels of single processes: read when shown, and for all when sorted by.

A value belongs to one sample. Cheap ones are read again in the next, as soon as they
are shown. Reading a memory map takes 0.1 ms, and 14 ms for each GiB of small pages: the
front end reads little of that itself, and the sampling thread reads the rest in rounds,
a limited time in each sample.
"""

import time
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Final, NamedTuple

from montauk_tui.collectors.procfs.enrich.base import Cost, Process, Source, Value
from montauk_tui.collectors.procfs.enrich.files import SOURCES
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.model.names import DEAD
from montauk_tui.model.sample import Identity, ProcessTable
from montauk_tui.model.schema import UNKNOWN, Need

_SHOWN_S: Final = 0.005
"""How long in each window a front end may wait for expensive values."""
_WINDOW_S: Final = 0.1
_SMALL_BYTES: Final = 64 << 20
"""Resident memory of a process whose map is read in a millisecond."""
_FIRST_S: Final = 0.25
"""Time in each sample for expensive values that are not known yet."""
_AGAIN_SHARE: Final = 0.01
"""Share of the time for reading expensive values again."""
_REST: Final = 50
"""A value is kept for so many times the time that reading it took: 2 % of a CPU."""
_FORGET_SAMPLES: Final = 16
_ROOT_CGROUP: Final = 1
"""The number of the root (kernfs): on a host of version 1 everyone is there."""
_CGROUP: Final = ("cgroup",)


class _Read(NamedTuple):
    values: tuple[Value, ...] | None
    """None where they cannot be read."""
    sample: int
    until_s: float = 0.0
    """When it may be read again, if it is expensive (CLOCK_MONOTONIC)."""


_NEVER: Final = _Read(None, -1)

_Names = tuple[str, ...]
_Cache = dict[tuple[int, int], _Read]


class Gauges:
    """Values of the sources, by identity; from any thread."""

    def __init__(self, root: ProcRoot, sources: Sequence[Source] | None = None) -> None:
        """Read the listed sources, or others, below `root`."""
        self._root = root
        self._sources = SOURCES if sources is None else tuple(sources)
        self._readers = {source.names: source.start() for source in self._sources}
        self._places = {
            name: (source, place)
            for source in self._sources
            for place, name in enumerate(source.names)
        }
        self._caches: dict[_Names, _Cache] = {s.names: {} for s in self._sources}
        self._asked: dict[_Names, set[Identity]] = {
            s.names: set() for s in self._sources if s.cost is Cost.EXPENSIVE
        }
        self._sample = 0
        self._window_s = self._shown_s = 0.0
        self._sampled_s = time.monotonic()
        self._again_s = 0.0
        self._at_once = False

    def value(self, name: str, identity: Identity) -> Value | None:
        """Return a value, read now unless it was read in this sample, or is put off."""
        source, place = self._places[name]
        if source.cost is Cost.EXPENSIVE:
            self._asked[source.names].add(identity)
        read = self._caches[source.names].get(identity)
        if read is None or read.sample != self._sample:
            read = self._now_or_later(source, identity, read)
        return None if read is None or read.values is None else read.values[place]

    def known(self, name: str, whose: Iterable[tuple[int, int]]) -> list[Value | None]:
        """Return a value of each without reading anything; hot path of sorting."""
        source, place = self._places[name]
        found = map(self._caches[source.names].get, whose)
        return [
            None if read is None or read.values is None else read.values[place]
            for read in found
        ]

    def _now_or_later(
        self, source: Source, identity: Identity, read: _Read | None
    ) -> _Read | None:
        if source.cost is not Cost.EXPENSIVE or self._at_once:
            return self._keep(source, identity)
        if read is None and self._has_time():
            started = time.monotonic()
            if self._is_small(identity.pid):
                read = self._keep(source, identity)
            self._shown_s += time.monotonic() - started
        return read

    def _has_time(self) -> bool:
        now_s = time.monotonic()
        if now_s - self._window_s > _WINDOW_S:
            self._window_s, self._shown_s = now_s, 0.0
        return self._shown_s < _SHOWN_S

    def _is_small(self, pid: int) -> bool:
        try:
            return self._root.resident(pid)[0] <= _SMALL_BYTES
        except OSError:
            return True

    def _keep(self, source: Source, identity: Identity) -> _Read:
        """Read the values; the identity is checked after that.

        Only then they are certain not to belong to a later holder of the pid.
        """
        values = self._values(source, identity.pid)
        if values is not None and not self._root.is_alive(identity):
            values = None
        read = self._caches[source.names][identity] = _Read(values, self._sample)
        return read

    def _values(self, source: Source, pid: int) -> tuple[Value, ...] | None:
        try:
            return self._readers[source.names](Process(self._root, pid, self._sample))
        except (OSError, ValueError):
            return None

    # --- in the sampling thread -------------------------------------------------------

    def next_sample(self, table: ProcessTable) -> None:
        """Let values be read again, and now and then drop those of exited processes."""
        self._sample += 1
        now_s = time.monotonic()
        self._again_s = (now_s - self._sampled_s) * _AGAIN_SHARE
        self._sampled_s = now_s
        if self._sample % _FORGET_SAMPLES == 0 and any(self._caches.values()):
            alive = set(table.pairs())
            for cache in self._caches.values():
                for identity in [one for one in list(cache) if one not in alive]:
                    cache.pop(identity, None)

    def forget(self, whose: Iterable[tuple[int, int]]) -> None:
        """Drop the values of processes that run another program."""
        # Most sources are read for no row.
        for cache in filter(None, self._caches.values()):
            for identity in whose:
                cache.pop(identity, None)

    def read(self, table: ProcessTable, needs: Need) -> None:
        """Read what is needed of every process of the sample that was just taken.

        Of expensive values those that were shown come first.
        """
        self._at_once = Need.AT_ONCE in needs
        for source in self._sources:
            if source.cost is Cost.EXPENSIVE:
                asked, self._asked[source.names] = self._asked[source.names], set()
                # They may be of an older table.
                is_alive = self._root.is_alive
                self._round(source, [one for one in list(asked) if is_alive(one)])
            if needs.names.isdisjoint(source.names):
                continue
            whose = _whose(table, source)
            if source.cost is Cost.EXPENSIVE:
                self._round(source, whose)
                continue
            # No pid is reused between the table and this.
            self._read_all(source, whose)

    def _read_all(self, source: Source, whose: Sequence[tuple[int, int]]) -> None:
        """Read cheap values; hot path: 20 us a process, most of it in the kernel."""
        cache, reader = self._caches[source.names], self._readers[source.names]
        sample = self._sample
        process = Process(self._root, 0, sample)
        for identity in whose:
            process.pid = identity[0]
            values: tuple[Value, ...] | None
            try:
                values = reader(process)
            except (OSError, ValueError):
                values = None
            cache[identity] = _Read(values, sample)

    def _round(self, source: Source, whose: Sequence[tuple[int, int]]) -> None:
        """Read expensive values, the oldest first, until the time for it is used up."""
        cache, started_s = self._caches[source.names], time.monotonic()
        reads = [cache.get(one, _NEVER) for one in whose]
        due: list[tuple[int, tuple[int, int]]] = [
            (read.sample, one)
            for read, one in zip(reads, whose, strict=True)
            if read.sample != self._sample
            and (self._at_once or read.until_s <= started_s)
        ]
        now_s = started_s
        for sample, identity in sorted(due, key=itemgetter(0)):
            most_s = _FIRST_S if sample == _NEVER.sample else self._again_s
            if not self._at_once and now_s - started_s > most_s:
                return
            values, before_s = self._values(source, identity[0]), now_s
            now_s = time.monotonic()
            until_s = now_s + (now_s - before_s) * _REST
            cache[identity] = _Read(values, self._sample, until_s)


def _whose(table: ProcessTable, source: Source) -> list[tuple[int, int]]:
    """Return the processes whose values are to be read."""
    kept = table.state != DEAD
    if not source.by_thread:
        kept &= table.is_process
    if source.names == _CGROUP:
        number = table.cgroup_id
        kept &= (number == UNKNOWN) | (number <= _ROOT_CGROUP)
    if source.cost is Cost.EXPENSIVE:
        kept &= ~table.is_kernel
    return table.pairs(kept)
