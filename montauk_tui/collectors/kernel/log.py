"""Reading the logs that the probes write: maps shared with the kernel, no system call.

Hot path: numpy copies whole runs of records, 0.3 us each. A reader keeps its own
position in the log of every CPU; records that were overwritten before it read them are
counted.
"""

from __future__ import annotations

import mmap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import numpy.typing as npt

from montauk_tui.collectors.kernel.records import COUNTS, EXIT
from montauk_tui.errors import CollectorFailed

_PAGE: Final = mmap.PAGESIZE

Records = npt.NDArray[np.void]


def unloaded() -> CollectorFailed:
    """Return the error of probes that are no longer there."""
    remedy = "to have it again: sudo montauk probes load"
    return CollectorFailed("the probes were unloaded", remedy, returns=True)


def joined(parts: Sequence[Records], record: np.dtype[np.void]) -> Records:
    """Return the records of all parts; np.concatenate takes 60 us for two."""
    filled = [part for part in parts if len(part)]
    if len(filled) == 1:
        return filled[0]
    whole: Records = np.empty(sum(map(len, filled)), dtype=record)
    at = 0
    for part in filled:
        whole[at : at + len(part)] = part
        at += len(part)
    return whole


class SharedArray:
    """A BPF array map as numpy records, read-only."""

    def __init__(self, descriptor: int, record: np.dtype[np.void], count: int) -> None:
        """Map `count` records."""
        self.records = Slots(descriptor, record, count).part(0, count)

    def close(self) -> None:
        """Unmap."""
        self.records = np.empty(0, dtype=self.records.dtype)


if TYPE_CHECKING:
    # To make such classes takes 0.4 ms of a start.
    class RecordArray(Protocol):
        """A few records that are overwritten all the time."""

        @property
        def records(self) -> Records:
            """They as they are now."""

        def close(self) -> None:
            """Release them."""

    class RecordSlots(Protocol):
        """Many records, of which some are read at a time."""

        record: np.dtype[np.void]

        def refresh(self) -> None:
            """Let `part` have what is in them now."""

        def part(self, first: int, count: int) -> Records:
            """Return some, or a view of them; `seq` is another where one is unknown."""

    class Storage(Protocol):
        """What the probes write, by the names that it has in C."""

        def array(
            self, name: str, record: np.dtype[np.void], count: int
        ) -> RecordArray:
            """Return a few records."""

        def slots(
            self, name: str, record: np.dtype[np.void], count: int
        ) -> RecordSlots:
            """Return the records of a log."""


class Slots:
    """A BPF array map of which parts are mapped while they are read.

    Otherwise its pages would count as memory of this process, whether used or not.
    """

    def __init__(self, descriptor: int, record: np.dtype[np.void], count: int) -> None:
        """Map the last record once: what the kernel refuses, it refuses now.

        It makes all entries of the page table at once: the whole takes 0.5 ms.

        Raises:
            OSError, ValueError: It cannot be mapped.
        """
        self._descriptor, self.record = descriptor, record
        self.part(count - 1, 1)

    def refresh(self) -> None:
        """Do nothing: a view is of the present."""

    def part(self, first: int, count: int) -> Records:
        """Return a view of records, mapped for as long as it exists."""
        start, end = (at * self.record.itemsize for at in (first, first + count))
        behind = start % _PAGE
        size = -(-(end - start + behind) // _PAGE) * _PAGE
        mapped = mmap.mmap(
            self._descriptor, size, mmap.MAP_SHARED, mmap.PROT_READ,
            offset=start - behind,
        )  # fmt: skip
        view: Records = np.frombuffer(mapped, self.record, count, behind)
        return view


class Mapped:
    """The maps of the probes, shared with the kernel."""

    def __init__(self, descriptors: Mapping[str, int]) -> None:
        """Use these."""
        self._descriptors = descriptors

    def array(self, name: str, record: np.dtype[np.void], count: int) -> SharedArray:
        """Map a few records."""
        return SharedArray(self._descriptors[name], record, count)

    def slots(self, name: str, record: np.dtype[np.void], count: int) -> Slots:
        """Return the records of a log, of which parts are mapped."""
        return Slots(self._descriptors[name], record, count)


class Counts:
    """The counters of every CPU."""

    def __init__(self, storage: Storage, cpus: int) -> None:
        """Use those of so many CPUs."""
        self._array = storage.array("counts", COUNTS, cpus)

    def per_cpu(self, name: str) -> npt.NDArray[np.int64]:
        """Return one counter of each CPU."""
        return self._array.records[name].astype(np.int64)

    def snapshot(self) -> bytes:
        """Return all counters: the same for as long as nothing is recorded."""
        return self._array.records.tobytes()

    def total(self, name: str) -> int:
        """Return one counter, all CPUs together."""
        return int(self._array.records[name].sum())

    def close(self) -> None:
        """Release them."""
        self._array.close()


class Log:
    """One log of all CPUs, read from where the reader was last."""

    def __init__(
        self, array: RecordSlots, counts: Counts, counter: str, slots: int
    ) -> None:
        """Start reading at the present end.

        Args:
            array: `slots` records for each CPU.
            counts: Where the log's ends are counted.
            counter: Under which name.
            slots: Records of one CPU, a power of two.
        """
        self._array, self._counts, self._counter = array, counts, counter
        self._slots = slots
        self._position = counts.per_cpu(counter)
        self._begin = int(self._position.sum())
        self.lost = 0
        """Records that were overwritten before they were read."""

    @property
    def counted(self) -> int:
        """How many records there were up to the last reading: read or lost."""
        return int(self._position.sum()) - self._begin

    def read(self) -> Records:
        """Return the new records, CPU by CPU, each in order."""
        ends = self._counts.per_cpu(self._counter).tolist()
        begins = self._position.tolist()
        if ends != begins:
            self._array.refresh()
        parts = [
            self._read_cpu(cpu, end)
            for cpu, end in enumerate(ends)
            if end != begins[cpu]
        ]
        return joined(parts, self._array.record)

    def _read_cpu(self, cpu: int, end: int) -> Records:
        position = int(self._position[cpu])
        begin = max(position, end - self._slots)
        # The last slot is followed by the first.
        turn = min(end, begin - begin % self._slots + self._slots)
        runs = [self._read_run(cpu, begin, turn), self._read_run(cpu, turn, end)]
        kept = joined(runs, self._array.record)
        self.lost += end - position - len(kept)
        self._position[cpu] = end
        return kept

    def _read_run(self, cpu: int, begin: int, end: int) -> Records:
        if begin == end:
            return np.empty(0, dtype=self._array.record)
        first = cpu * self._slots + begin % self._slots
        view = self._array.part(first, end - begin)
        numbers = np.arange(begin + 1, end + 1).astype(np.uint64)
        copied = view.copy()
        # The writer went on meanwhile: a record that it overwrote has another number,
        # in the copy or, if the number was copied just before, in the log.
        whole = (copied["seq"] == numbers) & (view["seq"] == numbers)
        kept: Records = copied.compress(whole)
        return kept


class LifecycleLog(Log):
    """The log of execs and exits; it also counts the exits among the lost records."""

    def __init__(self, array: RecordSlots, counts: Counts, slots: int) -> None:
        """Start reading at the present end."""
        self._exits = counts.per_cpu("exits")
        while True:
            super().__init__(array, counts, "lives", slots)
            before, self._exits = self._exits, counts.per_cpu("exits")
            if np.array_equal(before, self._exits):
                # No exit came between the two: they belong together.
                break
        self.exits = self.lost_exits = 0
        """Exits among the records up to the last reading, and those that were lost."""

    def _read_cpu(self, cpu: int, end: int) -> Records:
        lifecycle = super()._read_cpu(cpu, end)
        if len(lifecycle):
            # Each record has the number of exits so far: a gap shows the lost ones.
            counted = int(lifecycle["exits"][-1]) - (int(self._exits[cpu]) & 0xFFFFFFFF)
            seen = int(np.count_nonzero(lifecycle["kind"] == EXIT))
            self.exits += counted & 0xFFFFFFFF
            self.lost_exits += (counted & 0xFFFFFFFF) - seen
            self._exits[cpu] = int(lifecycle["exits"][-1])
        return lifecycle
