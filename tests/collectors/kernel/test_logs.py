"""The logs together, of memory in place of the kernel's maps."""

import mmap
import os
import queue
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from montauk_tui.collectors.kernel import logs as logs_module
from montauk_tui.collectors.kernel import wakes as wakes_module
from montauk_tui.collectors.kernel.log import Mapped
from montauk_tui.collectors.kernel.logs import ProbeLogs
from montauk_tui.collectors.kernel.records import (
    ATTEMPT,
    ATTEMPTS,
    BRIEF,
    COUNTS,
    DEATH,
    EXIT,
    FINAL,
    LIFECYCLE,
    VICTIM,
    VICTIMS,
)
from montauk_tui.errors import CollectorFailed
from montauk_tui.model.sample import Counters

CPUS, SLOTS = 2, 8


class Wakes:
    """Wakes the reader when a test says so."""

    def __init__(self, _descriptor: int) -> None:
        self._goes_on: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def wake(self, *, goes_on: bool = True) -> None:
        self._goes_on.put(goes_on)

    def wait(self) -> bool:
        return self._goes_on.get()

    def end(self) -> None:
        self.wake(goes_on=False)

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def wakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wakes_module, "Wakes", Wakes)


@pytest.fixture
def descriptors() -> Iterator[Mapping[str, int]]:
    with ExitStack() as stack:
        made = {"wakes": -1}
        for name, record, count in (
            ("counts", COUNTS, CPUS), ("lives", LIFECYCLE, CPUS * SLOTS),
            ("forks", BRIEF, CPUS * SLOTS), ("finals", FINAL, CPUS * SLOTS),
            ("deaths", DEATH, CPUS * SLOTS), ("victims", VICTIM, CPUS * VICTIMS),
            ("attempts", ATTEMPT, CPUS * ATTEMPTS),
        ):  # fmt: skip
            made[name] = os.memfd_create(f"montauk-test-{name}")
            stack.callback(os.close, made[name])
            pages = -(-record.itemsize * count // mmap.PAGESIZE)
            os.ftruncate(made[name], pages * mmap.PAGESIZE)
        yield made


def record_one(descriptors: Mapping[str, int]) -> None:
    """Let the first CPU count another failure."""
    count_up(descriptors, "failures", 1)


def count_up(descriptors: Mapping[str, int], name: str, more: int) -> None:
    """Let a counter of the first CPU grow."""
    at = COUNTS.fields[name][1] if COUNTS.fields else 0
    (before,) = struct.unpack("=Q", os.pread(descriptors["counts"], 8, at))
    os.pwrite(descriptors["counts"], struct.pack("=Q", before + more), at)


def mapped() -> int:
    return Path("/proc/self/maps").read_text().count("montauk-test-")


def test_nothing_stays_mapped_where_no_thread_can_be_started(
    descriptors: Mapping[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuses)
    with pytest.raises(RuntimeError) as caught:
        ProbeLogs(Mapped(descriptors), descriptors, CPUS, SLOTS)
    # Its traceback holds what was begun.
    assert caught.traceback
    assert mapped() == 0


def test_a_reader_that_broke_fails_the_next_sample(
    descriptors: Mapping[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would lose what comes between two samples, and nobody would know why."""
    logs = ProbeLogs(Mapped(descriptors), descriptors, CPUS, SLOTS)
    try:
        logs.drain()
        monkeypatch.setattr(logs.forks, "read", Mock(side_effect=MemoryError("full")))
        record_one(descriptors)
        assert isinstance(logs._collecting._wakes, Wakes)  # noqa: SLF001
        logs._collecting._wakes.wake()  # noqa: SLF001
        logs._collecting.thread.join()  # noqa: SLF001
        with pytest.raises(CollectorFailed, match=r"no longer be read: .*full"):
            logs.drain()
    finally:
        logs.close()


def test_no_log_is_read_where_nothing_was_recorded(
    descriptors: Mapping[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = ProbeLogs(Mapped(descriptors), descriptors, CPUS, SLOTS)
    read = {
        name: Mock(wraps=getattr(logs, name).read)
        for name in ("finals", "lifecycle", "forks", "deaths", "victims", "attempts")
    }
    for name, mock in read.items():
        monkeypatch.setattr(getattr(logs, name), "read", mock)

    def counts() -> set[int]:
        logs.drain()
        return {mock.call_count for mock in read.values()}

    first = counts()
    assert counts() == first
    record_one(descriptors)
    assert counts() == {it + 1 for it in first}
    assert logs.counters().read_failures == 1
    logs.close()


def test_closing_unmaps_them(descriptors: Mapping[str, int]) -> None:
    logs = ProbeLogs(Mapped(descriptors), descriptors, CPUS, SLOTS)
    # The records are mapped while they are read.
    assert mapped() == 1
    logs.close()
    assert mapped() == 0


def test_what_the_kernel_did_not_run_happened_and_is_lost(
    descriptors: Mapping[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = ProbeLogs(Mapped(descriptors), descriptors, CPUS, SLOTS)
    missed = {"forks": 1, "execs": 2, "exits": 4, "attempts": 8}
    monkeypatch.setattr(logs._missed, "counts", missed.copy)  # noqa: SLF001
    logs.drain()
    counted = logs.counters()
    logs.close()
    assert (counted.forks, counted.execs, counted.exits) == (1, 2, 4)
    assert (counted.lost, counted.lost_exits) == (7, 4)
    assert counted.lost_failed_execs == 8


def attempts(descriptors: Mapping[str, int], first: int, count: int) -> None:
    """Let the first CPU record execs that failed, numbered from `first`."""
    made = np.zeros(count, dtype=ATTEMPT)
    made["seq"] = np.arange(first + 1, first + count + 1)
    made["pid"] = np.arange(first, first + count)
    for record in made:
        at = (int(record["seq"]) - 1) % ATTEMPTS * ATTEMPT.itemsize
        os.pwrite(descriptors["attempts"], record.tobytes(), at)
    count_up(descriptors, "attempts", count)


def test_failed_execs_are_told_and_count_as_nothing_else(
    descriptors: Mapping[str, int],
) -> None:
    logs = ProbeLogs(Mapped(descriptors), descriptors, CPUS, SLOTS)
    attempts(descriptors, 0, 3)
    assert logs.drain().attempts["pid"].tolist() == [0, 1, 2]
    assert logs.counters() == Counters(0, 0, 0, read_failures=0)
    assert len(logs.drain().attempts) == 0
    logs.close()


def test_failed_execs_that_were_overwritten_or_interrupted_are_counted(
    descriptors: Mapping[str, int],
) -> None:
    logs = ProbeLogs(Mapped(descriptors), descriptors, CPUS, SLOTS)
    attempts(descriptors, 0, ATTEMPTS + 2)
    count_up(descriptors, "unrecorded", 5)
    assert len(logs.drain().attempts) == ATTEMPTS
    counted = logs.counters()
    assert (counted.lost, counted.lost_failed_execs) == (0, 7)
    logs.close()


def test_a_storm_of_failed_execs_displaces_no_exit(
    descriptors: Mapping[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody takes a sample meanwhile."""
    monkeypatch.setattr(logs_module, "_MOST_ATTEMPTS", 10)
    logs = ProbeLogs(Mapped(descriptors), descriptors, CPUS, SLOTS)
    lived = np.zeros(1, dtype=LIFECYCLE)
    lived["seq"], lived["kind"], lived["exits"], lived["pid"] = 1, EXIT, 1, 77
    os.pwrite(descriptors["lives"], lived.tobytes(), 0)
    for name in ("lives", "exits"):
        count_up(descriptors, name, 1)
    for first in (0, 8, 16):
        attempts(descriptors, first, 8)
        logs._collect()  # noqa: SLF001 - its thread does so when it is woken
    drained = logs.drain()
    assert drained.lifecycle["pid"].tolist() == [77]
    assert drained.attempts["pid"].tolist() == list(range(16, 24))
    counted = logs.counters()
    assert (counted.lost_failed_execs, counted.lost, counted.exits) == (16, 0, 1)
    logs.close()


def test_dropped_readings_take_their_failed_execs_along(
    descriptors: Mapping[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs_module, "_MOST_KEPT", 0)
    logs = ProbeLogs(Mapped(descriptors), descriptors, CPUS, SLOTS)
    lived = np.zeros(1, dtype=LIFECYCLE)
    lived["seq"], lived["kind"], lived["exits"] = 1, EXIT, 1
    os.pwrite(descriptors["lives"], lived.tobytes(), 0)
    for name in ("lives", "exits"):
        count_up(descriptors, name, 1)
    attempts(descriptors, 0, 2)
    assert not any(map(len, logs.drain()))
    counted = logs.counters()
    assert (counted.lost_exits, counted.lost_failed_execs) == (1, 2)
    logs.close()
