"""Which processes are in containers."""

from pathlib import Path

from montauk_tui.collectors.procfs.collector import TraditionalCollector
from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.engine.projection import View, project
from montauk_tui.model.schema import UNKNOWN, Need
from tests.support.builders import make_frame, make_sample
from tests.support.fakeproc import FakeProc, FakeProcess


def add(proc: FakeProc, pid: int, status: bytes | None) -> None:
    proc.add(FakeProcess(pid))
    if status is not None:
        (proc.path / str(pid) / "status").write_bytes(status)


def test_who_has_more_than_one_pid_is_in_a_container(tmp_path: Path) -> None:
    proc = FakeProc(tmp_path)
    add(proc, 1, b"Name:\tinit\nNSpid:\t1\n")
    add(proc, 2, b"Name:\tx\nNSpid:\t2\t1\n")
    add(proc, 3, b"Name:\tNSpid:\t3\t3\nPid:\t3\n")
    add(proc, 4, None)
    with TraditionalCollector(str(proc.path)) as collector:
        table = collector.sample(Need.NONE).processes
        assert set(table.in_container.tolist()) == {UNKNOWN}
        table = collector.sample(Need.CONTAINERS).processes
        assert table.in_container.tolist() == [0, 1, UNKNOWN, UNKNOWN]
        # Nobody changes its namespace, so that nobody's file is read again.
        (proc.path / "1" / "status").write_bytes(b"NSpid:\t1\t9\n")
        table = collector.sample(Need.CONTAINERS).processes
        assert table.in_container.tolist() == [0, 1, UNKNOWN, UNKNOWN]


def test_who_is_not_known_to_be_in_one_is_shown() -> None:
    inside = {5: 1, 6: 0, 7: None}
    rows = [{"pid": pid, "in_container": flag} for pid, flag in inside.items()]
    frame = make_frame(make_sample(), make_sample(rows, after_s=1.0))
    pids = frame.sample.processes.pid
    for tree in (False, True):
        view = View(COLUMNS["pid"], descending=False, tree=tree)
        everybody = project(frame, view)
        assert pids[everybody.rows].tolist() == [5, 6, 7]
        assert everybody.hidden_in_containers is None
        outside = View(COLUMNS["pid"], descending=False, tree=tree, containers=False)
        projection = project(frame, outside)
        assert pids[projection.rows].tolist() == [6, 7]
        assert projection.hidden_in_containers == 1
