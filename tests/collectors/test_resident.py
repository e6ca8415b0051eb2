"""When statm is read, and what stands in for a first thread that has ended."""

import os
from dataclasses import replace

import pytest

from montauk_tui.collectors.procfs.collector import TraditionalCollector
from montauk_tui.collectors.procfs.details.subject import (
    ProcessFolder,
    read_subject,
)
from montauk_tui.model.sample import Identity
from montauk_tui.model.schema import UNKNOWN, Need
from tests.support.fakeproc import (
    FakeProc,
    FakeProcess,
    OpenCount,
    kernel_thread,
    zombie,
)

PAGE = os.sysconf("SC_PAGE_SIZE")


def add(proc: FakeProc, process: FakeProcess, exact: int, shared: int = 100) -> None:
    """Add a process of which statm tells more than stat."""
    proc.add(process)
    proc.write(f"{process.pid}/statm", f"3000 {exact} {shared} 10 0 0 0\n".encode())


def pages(traditional: TraditionalCollector, needs: Need = Need.NONE) -> list[int]:
    return [size // PAGE for size in traditional.sample(needs).processes.rss_bytes]


def test_what_the_cpus_keep_back_is_added(
    proc: FakeProc, traditional: TraditionalCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(proc, FakeProcess(8, rss_pages=0), 301)
    add(proc, FakeProcess(9, rss_pages=250), 302)
    proc.add(kernel_thread(10, b"kthreadd"))
    count = OpenCount(monkeypatch)
    for number in range(24):
        count.clear()
        assert pages(traditional) == [301, 302, 0]
        read = [path for path in count.of_processes if path.endswith("statm")]
        # Nothing changed: every eighth time, and never that of a kernel thread.
        expected = ["8/statm", "9/statm"] if number == 0 else []
        if number and number % 8 < 2:
            expected = ["8/statm"] if number % 8 == 0 else ["9/statm"]
        assert read == expected, number


@pytest.mark.parametrize(
    "later",
    [
        FakeProcess(9, rss_pages=250, utime=1),
        FakeProcess(9, rss_pages=250, stime=1),
        FakeProcess(9, rss_pages=251),
    ],
)
def test_it_is_read_again_where_anything_happened(
    proc: FakeProc, traditional: TraditionalCollector, later: FakeProcess
) -> None:
    add(proc, FakeProcess(9, rss_pages=250), 300)
    assert pages(traditional) == [300]
    add(proc, later, 310)
    assert pages(traditional) == [310]


def test_a_kernel_whose_statm_says_no_more_is_not_asked_again(
    proc: FakeProc, traditional: TraditionalCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    proc.add(FakeProcess(9, rss_pages=250))
    assert pages(traditional) == [250]
    count = OpenCount(monkeypatch)
    proc.add(FakeProcess(9, rss_pages=260))
    assert pages(traditional) == [260]
    assert [path for path in count.of_processes if "/" in path] == ["9/stat"]


def test_shared_memory_is_never_more_than_there_is(
    proc: FakeProc, traditional: TraditionalCollector
) -> None:
    add(proc, FakeProcess(9, rss_pages=2), 40, shared=44)
    table = traditional.sample(Need.SHARED).processes
    assert table.rss_bytes.tolist() == table.shared_bytes.tolist() == [40 * PAGE]


def test_who_has_gone_keeps_what_the_stat_file_said(
    proc: FakeProc, traditional: TraditionalCollector
) -> None:
    proc.add(FakeProcess(9, rss_pages=250))
    proc.write("9/statm", b"")
    table = traditional.sample(Need.SHARED).processes
    assert table.rss_bytes.tolist() == [250 * PAGE]
    assert table.shared_bytes.tolist() == [UNKNOWN]


# --- a first thread that ended --------------------------------------------------------


def test_a_living_thread_stands_in(
    proc: FakeProc, traditional: TraditionalCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    leader = replace(zombie(900, b"led"), utime=7, threads=3)
    proc.add(
        leader,
        FakeProcess(901, state="Z"),
        FakeProcess(902, state="R", utime=5, rss_pages=33, start_stack=1),
        FakeProcess(903, state="S", rss_pages=44),
    )
    (proc.path / "900/task/902/statm").write_bytes(b"3000 35 3 10 0 0 0\n")
    (proc.path / "900/task/902/cmdline").write_bytes(b"/bin/led\0-x\0")
    proc.add(zombie(950, b"dead"))
    count = OpenCount(monkeypatch)
    table = traditional.sample(Need.SHARED | Need.CMDLINE).processes
    assert table.pid.tolist() == [900, 950]
    assert [chr(state) for state in table.state] == ["R", "Z"]
    assert table.rss_bytes.tolist() == [35 * PAGE, 0]
    assert table.shared_bytes.tolist() == [3 * PAGE, 0]
    assert (table.utime.tolist(), table.start_stack.tolist()) == ([7, 0], [1, 0])
    assert table.leader_exited.tolist() == [False, False], (
        "the made-up one has no such flag"
    )
    who = table.identity(0)
    assert traditional.lookups.known_command(who, b"led").text == "/bin/led -x"
    assert not [path for path in count.of_processes if path.startswith("950/task")]


def test_a_zombie_of_which_no_thread_lives_stays_one(
    proc: FakeProc, traditional: TraditionalCollector
) -> None:
    proc.add(replace(zombie(900, b"led"), threads=2), FakeProcess(901, state="X"))
    proc.add(replace(zombie(910, b"gone"), threads=2))
    table = traditional.sample(Need.NONE).processes
    assert [chr(state) for state in table.state] == ["Z", "Z"]
    assert table.leader_exited.tolist() == [True, True]


@pytest.mark.parametrize("gone", [None, 902])
def test_a_closer_look_takes_the_first_thread_that_lives(
    proc: FakeProc, monkeypatch: pytest.MonkeyPatch, gone: int | None
) -> None:
    leader = replace(zombie(900, b"led"), utime=7, threads=4)
    proc.add(
        leader,
        FakeProcess(901, state="Z"),
        FakeProcess(902, state="R", rss_pages=33),
        FakeProcess(903, state="S", rss_pages=44),
    )
    stand_in = ProcessFolder.stand_in

    def ends(folder: ProcessFolder, tid: int) -> None:
        if tid == gone:
            raise FileNotFoundError
        stand_in(folder, tid)

    monkeypatch.setattr(ProcessFolder, "stand_in", ends)
    (proc.path / "900/status").write_bytes(b"")
    for tid in (902, 903):
        (proc.path / f"900/task/{tid}/status").write_bytes(b"Name:\tt%d\n" % tid)
    with ProcessFolder(proc.root, 900) as folder:
        who = Identity(900, leader.start_ticks)
        subject = read_subject(folder, who, proc.root, str)
    assert subject is not None
    is_second = gone is not None
    assert subject.state == "RS"[is_second]
    assert subject.number("rss_bytes") == (33, 44)[is_second] * PAGE
    assert subject.number("utime") == 7
    assert subject.status["Name"] == (b"t902", b"t903")[is_second]
