"""Reading process folders that come and go while they are read."""

import errno
import os
from pathlib import Path

import pytest

from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.model.sample import Identity
from tests.support.fakeproc import FakeProc, FakeProcess, OpenCount


def test_only_folders_named_by_a_number_are_processes(proc: FakeProc) -> None:
    for pid in (1, 300, 4194303):
        proc.add(FakeProcess(pid))
    (proc.path / "self").symlink_to("1")
    (proc.path / "12a").mkdir()
    root = ProcRoot(proc.root)
    assert sorted(root.pids(), key=int) == ["1", "300", "4194303"]


def test_a_process_that_goes_between_listing_and_opening_is_left_out(
    proc: FakeProc,
) -> None:
    for pid in (1, 2, 3):
        proc.add(FakeProcess(pid))
    root = ProcRoot(proc.root)
    listed = sorted(root.pids())
    proc.remove(2)
    assert [pid for pid, _ in root.stats(listed)] == [1, 3]


def test_a_process_that_goes_between_opening_and_reading_is_left_out(
    proc: FakeProc, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pid in (1, 2, 3):
        proc.add(FakeProcess(pid))
    root = ProcRoot(proc.root)
    real, reads = os.read, iter([False, True, False])

    def read(fd: int, count: int) -> bytes:
        if next(reads):
            raise ProcessLookupError(errno.ESRCH, "No such process")
        return real(fd, count)

    monkeypatch.setattr(os, "read", read)
    assert [pid for pid, _ in root.stats(["1", "2", "3"])] == [1, 3]


def test_files_that_refuse_are_left_out(
    proc: FakeProc, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pid in (1, 2):
        proc.add(FakeProcess(pid))
    count = OpenCount(monkeypatch)

    def refuse(path: str) -> None:
        if path.startswith("1/"):
            raise PermissionError(errno.EACCES, "Permission denied", path)

    count.before_each(refuse)
    root = ProcRoot(proc.root)
    assert [pid for pid, _ in root.stats(["1", "2"])] == [2]


def test_no_file_stays_open(proc: FakeProc, monkeypatch: pytest.MonkeyPatch) -> None:
    proc.add(FakeProcess(1))
    root = ProcRoot(proc.root)
    opened: list[int] = []
    real_open, real_close = os.open, os.close

    def open_(path: str, flags: int, *, dir_fd: int) -> int:
        opened.append(real_open(path, flags, dir_fd=dir_fd))
        return opened[-1]

    def close(fd: int) -> None:
        opened.remove(fd)
        real_close(fd)

    def fail(_fd: int, _count: int) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", open_)
        patch.setattr(os, "close", close)
        patch.setattr(os, "read", fail)
        assert list(root.stats(["1"])) == []
        with pytest.raises(OSError, match="Input/output"):
            root.read("1/cmdline")
    assert opened == []


def test_threads_are_listed_without_the_leader(proc: FakeProc) -> None:
    proc.add(FakeProcess(10), FakeProcess(11), FakeProcess(12))
    assert ProcRoot(proc.root).threads([10, 999]) == {11: 10, 12: 10}


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM])
def test_what_is_not_read_for_want_of_something_is_not_taken_for_exited(
    proc: FakeProc, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    proc.add(FakeProcess(10), FakeProcess(11))

    def refuse(path: str) -> None:
        raise OSError(number, os.strerror(number), path)

    OpenCount(monkeypatch).before_each(refuse)
    root = ProcRoot(proc.root)
    for read in (root.threads, lambda pids: list(root.stats(map(str, pids)))):
        with pytest.raises(OSError, match=os.strerror(number)):
            read([10])


@pytest.mark.parametrize(
    "statm",
    [
        b"",
        b"1 2",
        b"1 2 x",
        b"1 2 -3",
        b"1 2 " + b"9" * 200,
    ],
)
def test_memory_of_a_malformed_file_is_an_error(proc: FakeProc, statm: bytes) -> None:
    proc.add(FakeProcess(1))
    proc.write("1/statm", statm)
    root = ProcRoot(proc.root)
    with pytest.raises(OSError, match="statm"):
        root.resident(1)


def test_memory_is_in_bytes_and_no_more_of_it_is_shared_than_there_is(
    proc: FakeProc,
) -> None:
    page = os.sysconf("SC_PAGE_SIZE")
    proc.add(FakeProcess(1, rss_pages=9, shared_pages=3))
    proc.add(FakeProcess(2, rss_pages=9, shared_pages=12))
    root = ProcRoot(proc.root)
    assert root.resident(1) == (9 * page, 3 * page)
    assert root.resident(2) == (9 * page, 9 * page)


def test_a_pid_that_was_given_away_is_not_alive(proc: FakeProc) -> None:
    proc.add(FakeProcess(7, start_ticks=500))
    root = ProcRoot(proc.root)
    assert root.is_alive(Identity(7, 500))
    assert not root.is_alive(Identity(7, 499))
    proc.remove(7)
    assert not root.is_alive(Identity(7, 500))


def test_a_root_is_closed_with_the_last_that_refers_to_it(proc: FakeProc) -> None:
    files = Path("/proc/self/fd")
    before = len(list(files.iterdir()))
    root = ProcRoot(proc.root)
    read = root.read
    del root
    assert len(list(files.iterdir())) == before + 1
    with pytest.raises(OSError, match="No such file"):
        read("nothing")
    del read
    assert len(list(files.iterdir())) == before


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ProcRoot(str(tmp_path / "nowhere"))
