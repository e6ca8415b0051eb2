"""Threads of processes: which folders are listed, and that none is missing."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.collectors.procfs.stat import parse_stats
from montauk_tui.collectors.procfs.threads import ThreadTable
from montauk_tui.model.sample import ProcessTable
from tests.support.fakeproc import FakeProc, FakeProcess, OpenCount

OWN = os.getpid()


def processes(root: ProcRoot, *pids: int) -> ProcessTable:
    return parse_stats(root.stats(map(str, pids)))


def rows(table: ProcessTable) -> list[tuple[int, int]]:
    return list(zip(table.pid.tolist(), table.tgid.tolist(), strict=True))


def listed(count: OpenCount) -> list[str]:
    """Return the folders that were listed since the last call."""
    folders = [path for path in count.paths if path.endswith("/task")]
    count.clear()
    return folders


def test_a_folder_is_listed_again_only_for_another_number_of_threads(
    proc: FakeProc, monkeypatch: pytest.MonkeyPatch
) -> None:
    proc.add(FakeProcess(10), FakeProcess(11), FakeProcess(13))
    proc.add(FakeProcess(20), FakeProcess(12))
    proc.add(FakeProcess(30))
    root = ProcRoot(proc.root)
    threads, count = ThreadTable(root), OpenCount(monkeypatch)
    all_rows = [(11, 10), (12, 20), (13, 10)]
    assert rows(threads.read(processes(root, 10, 20, 30))) == all_rows
    assert listed(count) == ["10/task", "20/task"]
    assert rows(threads.read(processes(root, 10, 20, 30))) == all_rows
    assert listed(count) == []
    proc.add(FakeProcess(20), FakeProcess(12), FakeProcess(22))
    assert rows(threads.read(processes(root, 10, 20))) == [*all_rows, (22, 20)]
    assert listed(count) == ["20/task"]
    assert rows(threads.read(processes(root, 20))) == [(12, 20), (22, 20)]
    assert listed(count) == []


def test_a_thread_that_replaced_another_is_there_in_the_same_sample(
    proc: FakeProc, monkeypatch: pytest.MonkeyPatch
) -> None:
    proc.add(FakeProcess(10), FakeProcess(11))
    root = ProcRoot(proc.root)
    threads = ThreadTable(root)
    threads.read(processes(root, 10))
    proc.add(FakeProcess(10), FakeProcess(12, utime=5))
    count = OpenCount(monkeypatch)
    for _ in range(2):
        table = threads.read(processes(root, 10))
        assert rows(table) == [(12, 10)]
        assert table.utime.tolist() == [5]
    assert listed(count) == ["10/task"]


def test_an_id_belongs_to_the_process_that_has_it_now(proc: FakeProc) -> None:
    proc.add(FakeProcess(10), FakeProcess(12), FakeProcess(13))
    proc.add(FakeProcess(20), FakeProcess(21))
    root = ProcRoot(proc.root)
    threads = ThreadTable(root)
    threads.read(processes(root, 10, 20))
    proc.add(FakeProcess(10), FakeProcess(14), FakeProcess(13))
    proc.add(FakeProcess(20), FakeProcess(21), FakeProcess(12, utime=9))
    for _ in range(2):
        table = threads.read(processes(root, 10, 20))
        assert rows(table) == [(12, 20), (13, 10), (14, 10), (21, 20)]
        assert table.utime.tolist() == [9, 0, 0, 0]


def test_processes_without_further_threads_cost_no_folder(
    proc: FakeProc, monkeypatch: pytest.MonkeyPatch
) -> None:
    proc.add(FakeProcess(10))
    root = ProcRoot(proc.root)
    threads, count = ThreadTable(root), OpenCount(monkeypatch)
    assert len(threads.read(processes(root, 10))) == 0
    assert len(threads.read(ProcessTable.empty())) == 0
    assert listed(count) == []


def test_after_threads_were_hidden_they_are_all_there_again(proc: FakeProc) -> None:
    proc.add(FakeProcess(10), FakeProcess(11))
    root = ProcRoot(proc.root)
    threads = ThreadTable(root)
    for _ in range(2):
        assert rows(threads.read(processes(root, 10))) == [(11, 10)]
        threads.close()
        assert threads._files.nbytes == 0  # noqa: SLF001


@contextmanager
def mates(count: int) -> Iterator[set[int]]:
    """Run so many threads beside this one; yield their ids."""
    done = threading.Event()
    running = [threading.Thread(target=done.wait) for _ in range(count)]
    for thread in running:
        thread.start()
    try:
        yield {thread.native_id or 0 for thread in running}
    finally:
        done.set()
        for thread in running:
            thread.join()


def exists(tid: int) -> bool:
    return os.path.exists(f"/proc/self/task/{tid}")  # noqa: PTH110


def test_threads_that_start_and_exit_are_those_that_run() -> None:
    """Joining a thread returns before the kernel has removed it."""
    root = ProcRoot()
    table = ThreadTable(root)
    for count in (3, 3, 1, 4, 0):
        with mates(count) as running:
            found = set(table.read(processes(root, OWN)).pid.tolist())
            assert running <= found
            assert OWN not in found
            exited = {tid for tid in found - running if not exists(tid)}
    final = table.read(processes(root, OWN))
    assert not exited & set(final.pid.tolist())
    assert np.all(final.tgid == OWN)
    table.close()
