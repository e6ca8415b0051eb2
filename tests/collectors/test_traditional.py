"""The traditional collector on a made-up /proc."""

import math
import os
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from montauk_tui.collectors.procfs.collector import TraditionalCollector
from montauk_tui.errors import CollectorFailed, CollectorUnavailable
from montauk_tui.model.sample import Identity
from montauk_tui.model.schema import UNKNOWN, Need
from tests.support.fakeproc import (
    HOST_FILES,
    FakeProc,
    FakeProcess,
    OpenCount,
    kernel_thread,
    zombie,
)

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root may give a folder away"
)


def identity(process: FakeProcess) -> Identity:
    return Identity(process.pid, process.start_ticks)


def shown(traditional: TraditionalCollector, process: FakeProcess) -> str:
    """Return the command a list shows without reading anything."""
    return traditional.lookups.known_command(identity(process), process.comm).text


def test_processes_of_every_kind(
    proc: FakeProc, traditional: TraditionalCollector
) -> None:
    proc.add(FakeProcess(900, b"worker", ppid=17, utime=5, stime=6))
    proc.add(kernel_thread(2, b"kthreadd"))
    proc.add(zombie(4194303, b"dead"))
    sample = traditional.sample(Need.NONE)
    table = sample.processes
    assert table.pid.tolist() == [2, 900, 4194303]
    assert table.comm.tolist() == [b"kthreadd", b"worker", b"dead"]
    assert table.is_kernel.tolist() == [True, False, False]
    assert bytes(table.state.tolist()) == b"ISZ"
    assert (table.ppid[1], table.utime[1], table.stime[1]) == (17, 5, 6)
    assert sample.vanished == 0
    assert sample.host.threads == 210


def test_a_process_that_vanishes_while_it_is_read_is_counted(
    proc: FakeProc, traditional: TraditionalCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pid in (5, 6, 7):
        proc.add(FakeProcess(pid))
    OpenCount(monkeypatch).before_each(
        lambda path: proc.remove(6) if path == "6/stat" else None
    )
    sample = traditional.sample(Need.NONE)
    assert sample.processes.pid.tolist() == [5, 7]
    assert sample.vanished == 1


def test_a_process_that_vanishes_after_its_stat_has_no_owner(
    proc: FakeProc, traditional: TraditionalCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pid in (5, 6):
        proc.add(FakeProcess(pid))
    opened: list[str] = []

    def vanish(path: str) -> None:
        if path.endswith("/stat"):
            opened.append(path)
        if len(opened) == 2:
            proc.remove(int(opened.pop(0).partition("/")[0]))

    OpenCount(monkeypatch).before_each(vanish)
    sample = traditional.sample(Need.NONE)
    assert sorted(sample.processes.uid.tolist()) == [UNKNOWN, os.geteuid()]


def test_unreadable_files_are_normal(
    proc: FakeProc, traditional: TraditionalCollector
) -> None:
    healthy, process = proc.add(FakeProcess(4)), proc.add(FakeProcess(5))
    for name in ("cmdline", "statm"):
        (proc.path / "5" / name).unlink()
        (proc.path / "5" / name).mkdir()  # opens, and cannot be read even by root
    table = traditional.sample(Need.CMDLINE | Need.SHARED).processes
    assert table.shared_bytes.tolist() == [healthy.shared_pages * PAGE_BYTES, UNKNOWN]
    assert shown(traditional, process) == "worker"
    assert traditional.lookups.cmdline(identity(process)) is None
    assert math.isnan(traditional.lookups.shared_bytes(identity(process)))


def test_a_stat_file_of_garbage_counts_as_vanished(
    proc: FakeProc, traditional: TraditionalCollector
) -> None:
    proc.add(FakeProcess(5))
    proc.add(FakeProcess(6))
    proc.write("5/stat", b"\0\xff garbage")
    sample = traditional.sample(Need.NONE)
    assert sample.processes.pid.tolist() == [6]
    assert sample.vanished == 1


def test_no_process_at_all(traditional: TraditionalCollector) -> None:
    for needs in (Need.NONE, Need.THREADS | Need.SHARED | Need.CMDLINE):
        assert len(traditional.sample(needs).processes) == 0


def test_rows_of_threads_only_where_they_are_needed(
    proc: FakeProc, traditional: TraditionalCollector
) -> None:
    proc.add(FakeProcess(10), FakeProcess(12, b"io"), FakeProcess(15, b"net"))
    proc.add(FakeProcess(11))
    assert traditional.sample(Need.NONE).processes.pid.tolist() == [10, 11]
    sample = traditional.sample(Need.THREADS)
    assert sample.processes.pid.tolist() == [10, 11, 12, 15]
    assert sample.processes.tgid.tolist() == [10, 11, 10, 10]
    assert sample.processes.is_process.tolist() == [True, True, False, False]
    assert sample.vanished == 0
    assert sample.processes.uid.tolist() == [os.geteuid()] * 4


def test_shared_memory_is_read_for_itself_only_where_it_is_needed(
    proc: FakeProc, traditional: TraditionalCollector
) -> None:
    proc.add(FakeProcess(10, shared_pages=7), FakeProcess(12))
    # The file has resident memory too, here no more exactly than stat: it is not read
    # for that again.
    pages = [traditional.sample(Need.NONE).processes.shared_bytes[0] for _ in range(2)]
    assert pages == [7 * PAGE_BYTES, UNKNOWN]
    table = traditional.sample(Need.SHARED).processes
    assert table.shared_bytes.tolist() == [7 * PAGE_BYTES]


def test_a_plain_sample_opens_one_file_a_process(
    proc: FakeProc, traditional: TraditionalCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pid in range(1, 41):
        proc.add(FakeProcess(pid), FakeProcess(1000 + pid))
    one_each = sorted(f"{pid}/stat" for pid in range(1, 41))
    traditional.sample(Need.NONE)
    count = OpenCount(monkeypatch)
    for _ in range(20):
        count.clear()
        traditional.sample(Need.NONE)
        assert count.of_processes == one_each
        assert sorted(set(count.paths) - set(one_each)) == sorted(HOST_FILES)
        assert len(count.paths) == len(one_each) + len(HOST_FILES)


def test_the_clocks_are_read_together_before_the_processes(
    proc: FakeProc, traditional: TraditionalCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a process would start later the longer reading takes."""
    proc.add(FakeProcess(5))
    clocks = iter([100.0, 200.0, 300.0])
    monkeypatch.setattr(time, "time", lambda: next(clocks))
    OpenCount(monkeypatch).before_each(
        lambda path: next(clocks) if path == "5/stat" else None
    )
    assert traditional.sample(Need.NONE).time_s == 100.0


def test_command_lines_are_read_once(
    proc: FakeProc, traditional: TraditionalCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    proc.add(FakeProcess(5))
    proc.add(kernel_thread(6, b"kswapd0"))
    count = OpenCount(monkeypatch)
    traditional.sample(Need.CMDLINE)
    assert count.of_processes == [
        "5/cmdline", "5/stat", "5/stat", "5/statm", "6/stat",
    ]  # fmt: skip
    for _ in range(8):
        count.clear()
        traditional.sample(Need.CMDLINE)
        assert count.of_processes == ["5/stat", "6/stat"]


def test_shared_memory_and_threads_cost_a_file_each(
    proc: FakeProc, traditional: TraditionalCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    proc.add(FakeProcess(5), FakeProcess(7))
    proc.add(FakeProcess(6))
    count = OpenCount(monkeypatch)
    traditional.sample(Need.SHARED)
    assert count.of_processes == ["5/stat", "5/statm", "6/stat", "6/statm"]
    count.clear()
    traditional.sample(Need.THREADS)
    expected = ["5/stat", "5/task", "5/task/7/stat", "6/stat"]
    assert count.of_processes == expected


def test_looking_at_what_is_known_opens_nothing(
    proc: FakeProc, traditional: TraditionalCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = proc.add(FakeProcess(5))
    traditional.sample(Need.NONE)
    count = OpenCount(monkeypatch)
    assert shown(traditional, process) == "worker"
    assert count.paths == []


def test_an_exec_shows_the_new_command_in_the_next_sample(
    proc: FakeProc, traditional: TraditionalCollector
) -> None:
    before = proc.add(FakeProcess(5, b"sh", cmdline=b"sh\0-c\0make\0"))
    traditional.sample(Need.CMDLINE)
    assert shown(traditional, before) == "sh -c make"
    after = proc.add(
        replace(before, comm=b"make", start_stack=99, cmdline=b"make\0-j\0")
    )
    traditional.sample(Need.CMDLINE)
    assert shown(traditional, after) == "make -j"


@pytest.mark.parametrize(
    "change", [{"comm": b"other"}, {"start_stack": 99}], ids=["name", "stack"]
)
def test_either_sign_of_an_exec_is_enough(
    proc: FakeProc, traditional: TraditionalCollector, change: dict[str, bytes]
) -> None:
    before = proc.add(FakeProcess(5, cmdline=b"old\0"))
    traditional.sample(Need.CMDLINE)
    after = replace(before, cmdline=b"new\0")
    proc.add(replace(after, **change))  # type: ignore[arg-type]
    traditional.sample(Need.CMDLINE)
    assert shown(traditional, after) == "new"


def test_a_title_set_without_an_exec_shows_at_the_next_sample(
    proc: FakeProc, traditional: TraditionalCollector
) -> None:
    """What is on the screen is read at each sample, whether a filter asks or not."""
    process = proc.add(FakeProcess(5, cmdline=b"server\0"))
    traditional.sample(Need.CMDLINE)
    assert shown(traditional, process) == "server"
    for title in (b"server: idle", b"server: busy", b"server"):
        proc.add(replace(process, cmdline=title + b"\0"))
        traditional.sample(Need.NONE)
        command = traditional.lookups.command(identity(process), process.comm)
        assert command.text == title.decode()


def test_the_changing_name_of_a_kworker(
    proc: FakeProc, traditional: TraditionalCollector
) -> None:
    worker = proc.add(kernel_thread(40, b"kworker/0:1-events"))
    for name in (b"kworker/0:1-events", b"kworker/0:1+xfs-conv", b"kworker/0:1"):
        worker = proc.add(replace(worker, comm=name))
        table = traditional.sample(Need.CMDLINE).processes
        assert table.comm.tolist() == [name]
        command = traditional.lookups.command(identity(worker), name)
        assert command.text == f"[{name.decode()}]"


def test_a_zombie_is_shown_by_its_name(
    proc: FakeProc, traditional: TraditionalCollector
) -> None:
    dead = proc.add(zombie(40, b"dead"))
    traditional.sample(Need.CMDLINE)
    assert shown(traditional, dead) == "[dead]"


@pytest.mark.parametrize("length", [4095, 4096, 4097, 100_000])
def test_a_command_line_of_any_length(
    proc: FakeProc, traditional: TraditionalCollector, length: int
) -> None:
    raw = b"/bin/x\0" + b"a" * (length - 8) + b"\0"
    process = proc.add(FakeProcess(5, cmdline=raw))
    traditional.sample(Need.CMDLINE)
    text = shown(traditional, process)
    assert text == raw.rstrip(b"\0").replace(b"\0", b" ").decode()


def test_a_pid_given_away_does_not_inherit_the_command(
    proc: FakeProc, traditional: TraditionalCollector
) -> None:
    old = proc.add(FakeProcess(5, start_ticks=100, cmdline=b"old\0"))
    traditional.sample(Need.CMDLINE)
    new = proc.add(FakeProcess(5, start_ticks=200, cmdline=b"new\0"))
    traditional.sample(Need.CMDLINE)
    assert shown(traditional, new) == "new"
    assert traditional.lookups.cmdline(identity(old)) == b"old\0"


def test_what_is_cached_does_not_grow_with_what_is_gone(
    proc: FakeProc, traditional: TraditionalCollector
) -> None:
    for start in range(0, 200, 10):
        for pid in range(start + 1, start + 11):
            proc.add(FakeProcess(pid))
        traditional.sample(Need.CMDLINE)
        for pid in range(start + 1, start + 11):
            proc.remove(pid)
    assert len(traditional.lookups._lines) <= 40  # noqa: SLF001


@pytest.mark.privileged
@needs_root
def test_the_user_is_the_owner_of_the_folder(
    proc: FakeProc, traditional: TraditionalCollector
) -> None:
    proc.add(FakeProcess(5), FakeProcess(6))
    os.chown(proc.path / "5", 4321, 4321)
    proc.add(FakeProcess(7))
    table = traditional.sample(Need.THREADS).processes
    assert table.uid.tolist() == [4321, 4321, 0]


@pytest.mark.privileged
@needs_root
def test_a_user_that_changes_is_seen_after_some_samples(
    proc: FakeProc, traditional: TraditionalCollector
) -> None:
    proc.add(FakeProcess(5))
    traditional.sample(Need.NONE)
    os.chown(proc.path / "5", 4321, 4321)
    uids = [int(traditional.sample(Need.NONE).processes.uid[0]) for _ in range(10)]
    assert uids[-1] == 4321


@pytest.mark.privileged
@needs_root
def test_an_exec_shows_the_new_user_at_once(
    proc: FakeProc, traditional: TraditionalCollector
) -> None:
    process = proc.add(FakeProcess(5))
    traditional.sample(Need.NONE)
    proc.add(replace(process, start_stack=99))
    os.chown(proc.path / "5", 4321, 4321)
    assert traditional.sample(Need.NONE).processes.uid.tolist() == [4321]


def test_lookups_answer_in_another_thread(
    proc: FakeProc, traditional: TraditionalCollector
) -> None:
    process = proc.add(FakeProcess(5, cmdline=b"a\0b\0"))
    traditional.sample(Need.NONE)
    answers: list[str] = []
    thread = threading.Thread(
        target=lambda: answers.append(
            traditional.lookups.command(identity(process), b"a").text
        )
    )
    thread.start()
    thread.join()
    assert answers == ["a b"]


def test_a_folder_that_is_no_proc_is_refused_with_a_remedy(tmp_path: Path) -> None:
    traditional = TraditionalCollector(str(tmp_path / "nowhere"))
    state = traditional.availability()
    assert not state.available
    assert "nowhere/stat" in state.reason
    assert "mount" in state.remedy
    with pytest.raises(CollectorUnavailable, match="nowhere"):
        traditional.open()
    traditional.close()


def test_a_folder_that_goes_is_a_failure(
    proc: FakeProc, traditional: TraditionalCollector
) -> None:
    traditional.sample(Need.NONE)
    for name in HOST_FILES:
        (proc.path / name).unlink()
    with pytest.raises(CollectorFailed, match="proc"):
        traditional.sample(Need.NONE)
