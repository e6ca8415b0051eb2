"""The logs together, of memory in place of the kernel's maps."""

import mmap
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import Mock

import pytest

from montauk_tui.collectors import urgency
from montauk_tui.collectors.kernel.logs import ProbeLogs
from montauk_tui.collectors.kernel.records import (
    BRIEF,
    COUNTS,
    DEATH,
    FINAL,
    LIFECYCLE,
    VICTIM,
    VICTIMS,
)
from montauk_tui.errors import CollectorFailed

CPUS, SLOTS = 2, 8


@pytest.fixture
def descriptors() -> Iterator[Mapping[str, int]]:
    with ExitStack() as stack:
        made = {}
        for name, record, count in (
            ("counts", COUNTS, CPUS), ("lives", LIFECYCLE, CPUS * SLOTS),
            ("forks", BRIEF, CPUS * SLOTS), ("finals", FINAL, CPUS * SLOTS),
            ("deaths", DEATH, CPUS * SLOTS), ("victims", VICTIM, CPUS * VICTIMS),
        ):  # fmt: skip
            made[name] = os.memfd_create(f"montauk-test-{name}")
            stack.callback(os.close, made[name])
            pages = -(-record.itemsize * count // mmap.PAGESIZE)
            os.ftruncate(made[name], pages * mmap.PAGESIZE)
        yield made


def mapped() -> int:
    return Path("/proc/self/maps").read_text().count("montauk-test-")


def test_nothing_stays_mapped_where_no_thread_can_be_started(
    descriptors: Mapping[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuses)
    with pytest.raises(RuntimeError) as caught:
        ProbeLogs(descriptors, CPUS, SLOTS)
    # Its traceback holds what was begun.
    assert caught.traceback
    assert mapped() == 0


def test_a_reader_that_broke_fails_the_next_sample(
    descriptors: Mapping[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would lose what comes between two samples, and nobody would know why."""
    monkeypatch.setattr(urgency, "COLLECT_S", 0.001)
    logs = ProbeLogs(descriptors, CPUS, SLOTS)
    try:
        logs.drain()
        monkeypatch.setattr(logs.forks, "read", Mock(side_effect=MemoryError("full")))
        logs._collecting.thread.join()  # noqa: SLF001
        with pytest.raises(CollectorFailed, match=r"no longer be read: .*full"):
            logs.drain()
    finally:
        logs.close()


def test_closing_unmaps_them(descriptors: Mapping[str, int]) -> None:
    logs = ProbeLogs(descriptors, CPUS, SLOTS)
    assert mapped() == len(descriptors)
    logs.close()
    assert mapped() == 0


def test_what_the_kernel_did_not_run_happened_and_is_lost(
    descriptors: Mapping[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = ProbeLogs(descriptors, CPUS, SLOTS)
    missed = {"forks": 1, "execs": 2, "exits": 4}
    monkeypatch.setattr(logs._missed, "counts", lambda: missed)  # noqa: SLF001
    logs.drain()
    counted = logs.counters()
    logs.close()
    assert (counted.forks, counted.execs, counted.exits) == (1, 2, 4)
    assert (counted.lost, counted.lost_exits) == (7, 4)
