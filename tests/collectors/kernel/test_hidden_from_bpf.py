"""Processes that /proc has and the iterator has not."""

import os

import pytest

from montauk_tui.collectors.kernel.hidden_from_bpf import HiddenFromBpf
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import UNKNOWN, Need
from tests.support.builders import make_table
from tests.support.fakeproc import FakeProc, FakeProcess, OpenCount

BOOT_S = 1_000.0
YOUNG = int((BOOT_S - 0.5) * 100)


@pytest.fixture
def hidden(proc: FakeProc) -> HiddenFromBpf:
    return HiddenFromBpf(ProcRoot(proc.root), 100)


def snapshot(*pids: int) -> ProcessTable:
    return make_table([{"pid": pid} for pid in pids])


def test_only_what_is_missing_in_nanoseconds(
    proc: FakeProc, hidden: HiddenFromBpf
) -> None:
    unseen = proc.add(FakeProcess(1, b"init", utime=3, stime=4))
    proc.add(FakeProcess(7))
    rows = hidden.rows(snapshot(7), BOOT_S)
    assert rows.pid.tolist() == [1]
    assert rows.comm.tolist() == [b"init"]
    assert (rows.utime[0], rows.stime[0]) == (30_000_000, 40_000_000)
    assert (rows.cutime[0], rows.cstime[0]) == (30_000_000, 40_000_000)
    assert rows.uid[0] == (proc.path / "1").stat().st_uid
    assert rows.start_ticks[0] == unseen.start_ticks
    assert rows.rss_bytes[0] > 0


def test_memory_is_as_exact_as_that_of_the_others(
    proc: FakeProc, hidden: HiddenFromBpf
) -> None:
    proc.add(FakeProcess(1, rss_pages=250))
    proc.write("1/statm", b"3000 301 40 10 0 0 0\n")
    rows = hidden.rows(snapshot(7), BOOT_S)
    page = os.sysconf("SC_PAGE_SIZE")
    assert rows.rss_bytes.tolist() == [301 * page]
    assert rows.shared_bytes.tolist() == [40 * page]


def test_nothing_is_missing(proc: FakeProc, hidden: HiddenFromBpf) -> None:
    proc.add(FakeProcess(7))
    assert len(hidden.rows(snapshot(7, 8), BOOT_S)) == 0


def test_what_started_after_the_snapshot_is_not_missing(
    proc: FakeProc, hidden: HiddenFromBpf
) -> None:
    proc.add(FakeProcess(9, start_ticks=YOUNG))
    for _ in range(40):
        assert len(hidden.rows(snapshot(), BOOT_S)) == 0


def test_only_now_and_then_all_of_proc_is_looked_at(
    proc: FakeProc, hidden: HiddenFromBpf, monkeypatch: pytest.MonkeyPatch
) -> None:
    proc.add(FakeProcess(1))
    hidden.rows(snapshot(), BOOT_S)
    opened = OpenCount(monkeypatch)
    late = proc.add(FakeProcess(2))
    found = [hidden.rows(snapshot(), BOOT_S).pid.tolist() for _ in range(32)]
    assert found[:31] == [[1]] * 31
    assert found[31] == [1, 2]
    assert opened.of_processes.count(f"{late.pid}/stat") == 1
    assert opened.of_processes.count("1/stat") == 32


def test_what_is_missing_and_ends_is_forgotten(
    proc: FakeProc, hidden: HiddenFromBpf
) -> None:
    proc.add(FakeProcess(1))
    assert len(hidden.rows(snapshot(), BOOT_S)) == 1
    proc.remove(1)
    assert len(hidden.rows(snapshot(), BOOT_S)) == 0
    proc.add(FakeProcess(1, start_ticks=2_000))
    assert len(hidden.rows(snapshot(), BOOT_S)) == 0, "not asked for any more"


def test_what_is_seen_again_is_one_row(proc: FakeProc, hidden: HiddenFromBpf) -> None:
    proc.add(FakeProcess(1))
    hidden.rows(snapshot(), BOOT_S)
    assert len(hidden.rows(snapshot(1), BOOT_S)) == 0


def test_rows_that_fit_among_those_of_the_iterator(
    proc: FakeProc, hidden: HiddenFromBpf
) -> None:
    proc.add(FakeProcess(5))
    seen = snapshot(3, 8)
    assert seen.merged(hidden.rows(seen, BOOT_S)).pid.tolist() == [3, 5, 8]


def test_their_counters_are_read_where_they_are_needed(
    proc: FakeProc, hidden: HiddenFromBpf
) -> None:
    proc.add(FakeProcess(1, b"init"))
    proc.write("1/io", b"rchar: 5\nwchar: 6\nread_bytes: 7\nwrite_bytes: 8\n")
    assert hidden.rows(snapshot(7), BOOT_S).rchar.tolist() == [UNKNOWN]
    rows = hidden.rows(snapshot(7), BOOT_S, Need.IO)
    assert (rows.rchar.tolist(), rows.write_bytes.tolist()) == ([5], [8])
