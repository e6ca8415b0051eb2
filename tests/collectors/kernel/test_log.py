"""The reader of a log, with a writer in Python in the kernel's place."""

import mmap
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.collectors.kernel.log import Counts, Log, Mapped, Records, Slots
from montauk_tui.collectors.kernel.records import BRIEF, COUNTS

CPUS, SLOTS = 3, 8


class Writer:
    """Writes as the probes do: the number of a record last, then the counter."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._log_fd, self._log = self._shared(BRIEF, CPUS * SLOTS)
        self._counts_fd, self._counts = self._shared(COUNTS, CPUS)
        self.next_pid = 1
        self.written: list[list[int]] = [[] for _ in range(CPUS)]

    def _shared(self, record: np.dtype[np.void], count: int) -> tuple[int, Records]:
        descriptor = os.memfd_create("log")
        self._stack.callback(os.close, descriptor)
        size = -(-record.itemsize * count // mmap.PAGESIZE) * mmap.PAGESIZE
        os.ftruncate(descriptor, size)
        shared = mmap.mmap(descriptor, size)
        return descriptor, np.frombuffer(shared, dtype=record, count=count)

    def counts(self) -> Counts:
        counts = Counts(Mapped({"counts": self._counts_fd}), CPUS)
        self._stack.callback(counts.close)
        return counts

    def reader(self) -> Log:
        slots = Slots(self._log_fd, BRIEF, CPUS * SLOTS)
        return Log(slots, self.counts(), "forks", SLOTS)

    def begin(self, cpu: int) -> None:
        """Take the next slot, and be interrupted before the record is whole."""
        index = int(self._counts["forks"][cpu])
        slot = cpu * SLOTS + index % SLOTS
        self._log["seq"][slot] = 0
        self._log["pid"][slot] = self.next_pid

    def write(self, cpu: int, count: int = 1) -> None:
        for _ in range(count):
            self.begin(cpu)
            index = int(self._counts["forks"][cpu])
            self._log["seq"][cpu * SLOTS + index % SLOTS] = index + 1
            self._counts["forks"][cpu] += 1
            self.written[cpu].append(self.next_pid)
            self.next_pid += 1

    def start_at(self, index: int) -> None:
        """Have written so many records before anybody reads."""
        self._counts["forks"] = index


@pytest.fixture
def writer() -> Iterator[Writer]:
    with ExitStack() as stack:
        yield Writer(stack)


def pids(records: Records) -> list[int]:
    found: list[int] = records["pid"].tolist()
    return found


def test_what_is_new_once_and_in_order(writer: Writer) -> None:
    log = writer.reader()
    assert pids(log.read()) == []
    writer.write(0, 3)
    writer.write(2, 2)
    assert pids(log.read()) == [1, 2, 3, 4, 5]
    assert pids(log.read()) == []
    writer.write(1)
    assert pids(log.read()) == [6]
    assert log.lost == 0


def test_a_reader_starts_at_the_present_end(writer: Writer) -> None:
    writer.write(0, 5)
    log = writer.reader()
    writer.write(0)
    assert pids(log.read()) == [6]


@pytest.mark.parametrize("start", [0, 1, SLOTS - 1, 2**32 - 3, 2**40])
def test_round_and_round_without_a_loss(writer: Writer, start: int) -> None:
    writer.start_at(start)
    log = writer.reader()
    for count in (SLOTS, 1, SLOTS - 1, SLOTS, 3):
        writer.write(1, count)
        assert pids(log.read()) == writer.written[1][-count:]
    assert log.lost == 0


@pytest.mark.parametrize("count", [SLOTS, SLOTS + 1, 2 * SLOTS, 5 * SLOTS + 3])
def test_what_was_overwritten_is_counted(writer: Writer, count: int) -> None:
    log = writer.reader()
    writer.write(0, count)
    writer.write(1, 2)
    assert pids(log.read()) == [*writer.written[0][-SLOTS:], *writer.written[1]]
    assert log.lost == count - SLOTS
    log.read()
    assert log.lost == count - SLOTS


def test_a_record_that_is_being_written_is_nobodys(writer: Writer) -> None:
    log = writer.reader()
    writer.write(0, 2)
    writer.begin(0)
    assert pids(log.read()) == [1, 2]
    writer.write(0)
    assert pids(log.read()) == [3]
    assert log.lost == 0


def test_a_record_torn_by_the_one_that_overwrites_it(writer: Writer) -> None:
    """The oldest of a full log is no longer whole: lost, not half right."""
    log = writer.reader()
    writer.write(0, SLOTS)
    writer.begin(0)
    assert pids(log.read()) == writer.written[0][1:]
    assert log.lost == 1
    writer.write(0)
    assert pids(log.read()) == writer.written[0][-1:]
    assert log.lost == 1


def test_a_writer_that_goes_on_while_it_is_read(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it overwrote meanwhile is lost, and what it added comes with the next."""
    counts = writer.counts()
    log = writer.reader()
    monkeypatch.setattr(log, "_counts", Interrupted(counts, lambda: writer.write(0, 3)))
    writer.write(0, SLOTS)
    first = pids(log.read())
    assert first == writer.written[0][3:SLOTS]
    assert log.lost == 3
    assert pids(log.read()) == writer.written[0][SLOTS : SLOTS + 3]
    assert log.lost == 3


def test_what_could_not_be_copied_is_there_the_next_time(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = writer.reader()
    writer.write(0, SLOTS + 2)
    with monkeypatch.context() as context:
        context.setattr(np, "arange", Mock(side_effect=MemoryError))
        with pytest.raises(MemoryError):
            log.read()
    assert log.lost == 0
    assert pids(log.read()) == writer.written[0][2:]
    assert log.lost == 2


class Interrupted:
    """Counts that let the writer go on, once, after the reader looked at them."""

    def __init__(self, counts: Counts, action: Callable[[], None]) -> None:
        self._counts, self._action = counts, action
        self._calls = 0

    def per_cpu(self, name: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        found = self._counts.per_cpu(name)
        self._calls += 1
        if self._calls == 1:
            self._action()
        return found


def test_a_record_torn_while_it_is_copied(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its number was copied before the writer came, the rest after."""
    log = writer.reader()
    real = Slots.part

    def late(slots: Slots, first: int, count: int) -> Records:
        view = real(slots, first, count).view(Late)
        view.action = lambda: writer.begin(0)
        return view

    monkeypatch.setattr(Slots, "part", late)
    writer.write(0, SLOTS)
    assert pids(log.read()) == writer.written[0][1:]
    assert log.lost == 1


class Late(np.ndarray[Any, Any]):
    """Records to which the writer comes as soon as a reader has copied them."""

    action: Callable[[], None]

    def copy(self, order: Any = "C") -> Any:
        copied = np.asarray(self).copy(order)
        self.action()
        return copied


STEPS = st.lists(
    st.one_of(
        st.tuples(st.integers(0, CPUS - 1), st.integers(1, 3 * SLOTS)),
        st.sampled_from(["fast", "slow"]),
    ),
    max_size=30,
)


@given(STEPS, st.integers(0, 2**40))
def test_read_and_lost_are_all_that_was_written(
    steps: list[tuple[int, int] | str], start: int
) -> None:
    """Each reader at its own pace: each record once, in order, or counted as lost."""
    with ExitStack() as stack:
        writer = Writer(stack)
        writer.start_at(start)
        readers = {"fast": writer.reader(), "slow": writer.reader()}
        seen: dict[str, list[int]] = {"fast": [], "slow": []}
        for step in [*steps, "fast", "slow"]:
            if isinstance(step, tuple):
                writer.write(*step)
                continue
            seen[step] += pids(readers[step].read())
            written = sum(map(len, writer.written))
            assert len(seen[step]) + readers[step].lost == written
        for found in seen.values():
            assert len(set(found)) == len(found)
            for by_cpu in writer.written:
                mine = set(by_cpu)
                order = [pid for pid in found if pid in mine]
                assert order == sorted(order)
                assert order[-SLOTS:] == by_cpu[-SLOTS:]


def test_totals_and_what_is_closed(writer: Writer) -> None:
    counts = writer.counts()
    writer.write(0, 2)
    writer.write(2, 3)
    assert counts.total("forks") == 5
    assert counts.per_cpu("forks").tolist() == [2, 0, 3]
    assert counts.total("exits") == 0
    counts.close()
    assert counts.total("forks") == 0
