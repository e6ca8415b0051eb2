"""Gauges and labels of single processes, on a made-up /proc."""

import errno
import os
from functools import partial
from pathlib import Path

import pytest

from montauk_tui.collectors.procfs.enrich import gauges as module
from montauk_tui.collectors.procfs.enrich.base import Value
from montauk_tui.collectors.procfs.enrich.files import SOURCES
from montauk_tui.collectors.procfs.enrich.gauges import Gauges
from montauk_tui.collectors.procfs.enrich.throttling import Throttling
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.model.sample import Identity, ProcessTable
from montauk_tui.model.schema import Need
from tests.support.builders import Row, make_table
from tests.support.fakeproc import FakeProc, FakeProcess, OpenCount
from tests.support.needs import GAUGES, LABELS

KIB = 1024
ROLLUP = b"""\
55bb11861000-7fff6d3e6000 ---p 00000000 00:00 0                          [rollup]
Rss:                1752 kB
Pss:                 349 kB
Pss_Dirty:           112 kB
Private_Clean:        52 kB
Private_Dirty:       112 kB
Private_Hugetlb:    2048 kB
Swap:                 64 kB
SwapPss:              16 kB
"""
STATUS = b"Name:\tworker\nVmRSS:\t    1752 kB\nVmSwap:\t      12 kB\nThreads:\t1\n"
CGROUP_FILE = b"0::/system.slice/worker.service\n"
FILES = {
    "smaps_rollup": ROLLUP,
    "status": STATUS,
    "oom_score": b"666\n",
    "oom_score_adj": b"-500\n",
    "cgroup": CGROUP_FILE,
    "wchan": b"do_wait",
    "autogroup": b"/autogroup-15231 nice -4\n",
    "attr/current": b"docker-default (enforce)\n",
}
VALUES: dict[str, Value] = {
    "pss_bytes": 349.0 * KIB,
    "uss_bytes": (52.0 + 112) * KIB,
    "swap_pss_bytes": 16.0 * KIB,
    "swap_bytes": 12.0 * KIB,
    "oom": 666.0,
    "oom_adj": -500.0,
    "exe": "/usr/bin/worker",
    "cwd": r"/srv/\x1b[2J",
    "cgroup": "/system.slice/worker.service",
    "wchan": "do_wait",
    "autogroup": 15231.0,
    "autogroup_nice": -4.0,
    "security": "docker-default (enforce)",
}
WHO = Identity(7, 1000)


@pytest.fixture
def root(proc: FakeProc) -> ProcRoot:
    return ProcRoot(proc.root)


@pytest.fixture
def gauges(root: ProcRoot, tmp_path: Path) -> Gauges:
    throttling = partial(Throttling, str(tmp_path / "cgroup"))
    return Gauges(root, [*SOURCES[:-1], SOURCES[-1]._replace(start=throttling)])


def add(proc: FakeProc, pid: int = 7, start: int = 1000) -> Identity:
    """Add a process that has all files."""
    proc.add(FakeProcess(pid, start_ticks=start))
    folder = proc.path / str(pid)
    (folder / "attr").mkdir()
    (folder / "fd").mkdir()
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    (folder / "exe").symlink_to("/usr/bin/worker")
    (folder / "cwd").symlink_to("/srv/\x1b[2J")
    return Identity(pid, start)


def table_of(*whose: Identity) -> ProcessTable:
    return make_table(
        {"pid": one.pid, "start_ticks": one.start_ticks, "cgroup_id": None}
        for one in whose
    )


# --- each reader ----------------------------------------------------------------------


def test_every_name_has_one_source() -> None:
    names = [name for source in SOURCES for name in source.names]
    assert len(set(names)) == len(names)
    assert set(LABELS) < set(names)


@pytest.mark.parametrize("name", VALUES)
def test_a_value_is_read(proc: FakeProc, gauges: Gauges, name: str) -> None:
    add(proc)
    assert gauges.known(name, [WHO]) == [None]
    assert gauges.value(name, WHO) == VALUES[name]
    assert gauges.known(name, [WHO, (8, 1)]) == [VALUES[name], None]


def test_open_files_are_counted_where_the_folder_has_no_size(
    proc: FakeProc, root: ProcRoot, gauges: Gauges, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(proc)
    for number in range(3):
        (proc.path / "7/fd" / str(number)).write_bytes(b"")
    size = os.stat_result((0o40500, 1, 1, 2, 0, 0, 0, 0, 0, 0))
    monkeypatch.setattr(root, "stat", lambda _path: size)
    assert gauges.value("files", WHO) == 3.0
    size = os.stat_result((0o40500, 1, 1, 2, 0, 0, 77, 0, 0, 0))
    gauges.next_sample(table_of(WHO))
    assert gauges.value("files", WHO) == 77.0


@pytest.mark.parametrize("content", [
    b"", b"\0", b"\xff" * 100, b"kB" * 5000, b"Pss: 1 kB\n", b"Pss: x kB\nVmSwap: -\n",
    b"Pss:" + b"9" * 40 + b" kB\n", b"::::\n::\n", b"\n\n\n", b"9" * 60,
    b"/autogroup-x nice y",
])  # fmt: skip
def test_garbage_is_not_known(proc: FakeProc, gauges: Gauges, content: bytes) -> None:
    add(proc)
    for name in FILES:
        (proc.path / "7" / name).write_bytes(content)
    for name in VALUES.keys() - {"exe", "cwd", "wchan", "security", "cgroup"}:
        assert gauges.value(name, WHO) is None, name
    for name in ("wchan", "security", "cgroup"):
        text = gauges.value(name, WHO)
        assert isinstance(text, str)
        assert text.isprintable()


@pytest.mark.parametrize("error", [errno.EACCES, errno.EPERM, errno.ESRCH])
def test_what_is_denied_or_gone_is_not_known(
    proc: FakeProc, gauges: Gauges, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    add(proc)

    def refuse(path: str, *_: object, **__: object) -> int:
        raise OSError(error, path)

    for name in ("open", "readlink", "stat"):
        monkeypatch.setattr(os, name, refuse)
    for name in (*GAUGES, *LABELS):
        assert gauges.value(name, WHO) is None


def test_one_who_vanished_or_lost_its_pid_has_nothing(
    proc: FakeProc, gauges: Gauges
) -> None:
    add(proc)
    for name in (*GAUGES, *LABELS):
        assert gauges.value(name, Identity(7, 999)) is None
        assert gauges.value(name, Identity(8, 1000)) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (b"0::/system.slice/a.service\n", "/system.slice/a.service"),
        (b"0::/\n", "/"),
        (b"", ""),
        (b"garbage", ""),
        (b"0::/a:b/c\n", "/a:b/c"),
        (b"0::/\x1b[2J/\xff\n", r"/\x1b[2J/\xff"),
        (b"0::/a.service (deleted)\n", "/a.service (deleted)"),
        # Version 1 with Docker; both, where version 2 knows the units only.
        (b"4:memory:/docker/ab\n2:cpu,cpuacct:/docker/ab\n1:name=systemd:/docker/ab\n",
         "/docker/ab"),
        (b"1:name=systemd:/docker/ab\n0::/system.slice/containerd.service\n",
         "/docker/ab"),
        (b"1:name=systemd:/\n4:memory:/x\n0::/init.scope\n", "/init.scope"),
        (b"1:name=systemd:/\n4:memory:/x/y\n3:pids:/x\n0::/\n", "/x/y"),
    ],
)  # fmt: skip
def test_the_path_of_a_cgroup(
    proc: FakeProc, gauges: Gauges, text: bytes, shown: str
) -> None:
    add(proc)
    (proc.path / "7/cgroup").write_bytes(text)
    assert gauges.value("cgroup", WHO) == shown


def test_no_wait_is_no_name(proc: FakeProc, gauges: Gauges) -> None:
    add(proc)
    (proc.path / "7/wchan").write_bytes(b"0")
    assert gauges.value("wchan", WHO) == ""


# --- age ------------------------------------------------------------------------------


def test_a_cheap_value_is_read_once_a_sample(
    proc: FakeProc, gauges: Gauges, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(proc)
    opened = OpenCount(monkeypatch)
    for _ in range(3):
        gauges.value("oom", WHO)
    assert opened.paths.count("7/oom_score") == 1
    (proc.path / "7/oom_score").write_bytes(b"5\n")
    gauges.next_sample(table_of(WHO))
    assert gauges.known("oom", [WHO]) == [666.0]
    assert gauges.value("oom", WHO) == 5.0
    assert opened.paths.count("7/oom_score") == 2


def test_a_dear_value_is_read_again_by_the_sampling_thread(
    proc: FakeProc, gauges: Gauges, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(proc)
    monkeypatch.setattr(module, "_REST", 0)
    opened = OpenCount(monkeypatch)
    table = table_of(WHO)
    assert gauges.value("pss_bytes", WHO) == 349 * KIB
    (proc.path / "7/smaps_rollup").write_bytes(ROLLUP.replace(b" 349", b" 400"))
    gauges.next_sample(table)
    assert gauges.value("pss_bytes", WHO) == 349 * KIB
    assert opened.paths.count("7/smaps_rollup") == 1
    gauges.next_sample(table)
    gauges.read(table, Need.NONE)
    assert gauges.value("pss_bytes", WHO) == 400 * KIB
    assert opened.paths.count("7/smaps_rollup") == 2
    # Nobody asked since.
    gauges.next_sample(table)
    gauges.read(table, Need.NONE)
    gauges.next_sample(table)
    gauges.read(table, Need.NONE)
    assert opened.paths.count("7/smaps_rollup") == 3


def test_a_large_map_is_left_to_the_sampling_thread(
    proc: FakeProc, gauges: Gauges
) -> None:
    add(proc)
    (proc.path / "7/statm").write_bytes(b"90000 80000 100 10 0 200 0\n")
    assert gauges.value("pss_bytes", WHO) is None
    gauges.next_sample(table_of(WHO))
    gauges.read(table_of(WHO), Need.NONE)
    assert gauges.value("pss_bytes", WHO) == 349 * KIB


def test_who_was_shown_and_lost_its_pid_is_not_read(
    proc: FakeProc, gauges: Gauges, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(proc)
    gauges.value("pss_bytes", WHO)
    proc.remove(7)
    other = add(proc, start=2000)
    gauges.value("pss_bytes", WHO)
    gauges.forget([WHO])
    opened = OpenCount(monkeypatch)
    gauges.next_sample(table_of(other))
    gauges.read(table_of(other), Need.NONE)
    assert opened.paths == ["7/stat"]
    assert gauges.known("pss_bytes", [WHO, other]) == [None, None]


def test_maps_are_read_in_rounds_the_oldest_first(
    proc: FakeProc, gauges: Gauges, monkeypatch: pytest.MonkeyPatch
) -> None:
    whose = [add(proc, pid) for pid in (5, 6, 7)]
    table = table_of(*whose)
    monkeypatch.setattr(module, "_REST", 0)
    gauges.read(table, Need.of("pss_bytes"))
    assert gauges.known("pss_bytes", whose) == [349.0 * KIB] * 3
    # So little time that each sample has room for one.
    monkeypatch.setattr(module, "_AGAIN_SHARE", 0.0)
    opened = OpenCount(monkeypatch)
    for _ in range(4):
        gauges.next_sample(table)
        gauges.read(table, Need.of("pss_bytes"))
    maps = [path for path in opened.paths if path.endswith("smaps_rollup")]
    assert maps == [f"{pid}/smaps_rollup" for pid in (5, 6, 7, 5)]


def test_a_map_that_took_long_is_left_alone_for_a_while(
    proc: FakeProc, gauges: Gauges, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = table_of(add(proc))
    monkeypatch.setattr(module, "_REST", 1e9)
    opened = OpenCount(monkeypatch)
    for _ in range(3):
        gauges.next_sample(table)
        gauges.read(table, Need.of("pss_bytes"))
    assert opened.paths == ["7/smaps_rollup"]


def test_at_once_means_all(
    proc: FakeProc, gauges: Gauges, monkeypatch: pytest.MonkeyPatch
) -> None:
    whose = [add(proc, pid) for pid in (5, 6, 7)]
    monkeypatch.setattr(module, "_FIRST_S", -1.0)
    monkeypatch.setattr(module, "_SHOWN_S", -1.0)
    gauges.next_sample(table_of(*whose))
    gauges.read(table_of(*whose), Need.of("pss_bytes"))
    assert gauges.known("pss_bytes", whose) == [None] * 3
    assert gauges.value("pss_bytes", whose[0]) is None
    gauges.next_sample(table_of(*whose))
    gauges.read(table_of(*whose), Need.of("pss_bytes") | Need.AT_ONCE)
    assert gauges.known("pss_bytes", whose) == [349.0 * KIB] * 3
    gauges.next_sample(table_of(*whose))
    gauges.read(table_of(*whose), Need.AT_ONCE)
    (proc.path / "5/smaps_rollup").write_bytes(ROLLUP.replace(b" 349", b" 400"))
    assert gauges.value("pss_bytes", whose[0]) == 400.0 * KIB


def test_only_what_is_needed_is_read_for_all(
    proc: FakeProc, gauges: Gauges, monkeypatch: pytest.MonkeyPatch
) -> None:
    whose = [add(proc, pid) for pid in (5, 6)]
    opened = OpenCount(monkeypatch)
    gauges.read(table_of(*whose), Need.CMDLINE)
    assert opened.paths == []
    gauges.read(table_of(*whose), Need.of("oom"))
    assert opened.paths == ["5/oom_score", "6/oom_score"]


def test_a_cgroup_that_the_sample_tells_is_not_read(
    proc: FakeProc, gauges: Gauges, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pid in (5, 6, 7):
        add(proc, pid)
    numbers = {5: 4242, 6: 1, 7: None}
    table = make_table(
        {"pid": pid, "cgroup_id": number} for pid, number in numbers.items()
    )
    opened = OpenCount(monkeypatch)
    gauges.read(table, Need.of("cgroup"))
    assert opened.paths == ["6/cgroup", "7/cgroup"]


def test_threads_and_the_dead_are_left_out_but_where_threads_differ(
    proc: FakeProc, gauges: Gauges, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(proc)
    rows: list[Row] = [{"pid": 7}, {"pid": 8, "tgid": 7}, {"pid": 9, "state": "X"}]
    opened = OpenCount(monkeypatch)
    gauges.read(make_table(rows), Need.of("oom") | Need.of("wchan"))
    assert opened.paths == ["7/oom_score", "7/wchan", "8/wchan"]


def test_the_dead_are_forgotten(proc: FakeProc, gauges: Gauges) -> None:
    one, other = add(proc, 5), add(proc, 6)
    for name in (*GAUGES, *LABELS):
        gauges.value(name, one)
        gauges.value(name, other)
    assert gauges.known("oom", [one, other]) == [666.0, 666.0]
    for _ in range(module._FORGET_SAMPLES):  # noqa: SLF001
        gauges.next_sample(table_of(one))
    assert gauges.known("oom", [one, other]) == [666.0, None]


def test_another_program_has_other_values(proc: FakeProc, gauges: Gauges) -> None:
    add(proc)
    gauges.value("pss_bytes", WHO)
    gauges.forget([WHO])
    assert gauges.known("pss_bytes", [WHO]) == [None]
