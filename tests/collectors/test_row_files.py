"""Files of the rows on the screen stay open, and are those of their processes."""

import os
import subprocess
import threading
from pathlib import Path

import pytest

from montauk_tui.collectors.procfs.row_files import RowFiles
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.model.sample import Identity
from tests.support.fakeproc import FakeProc, FakeProcess
from tests.support.patience import until


def me() -> Identity:
    """Return the process of the tests."""
    return identity_of(os.getpid())


def identity_of(pid: int) -> Identity:
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return Identity(pid, int(stat[19]))


@pytest.fixture
def files() -> RowFiles:
    return RowFiles(ProcRoot())


def test_a_file_is_opened_once_and_read_as_it_is_now(
    files: RowFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    real = ProcRoot.open

    def opening(root: ProcRoot, path: str) -> int:
        opened.append(path)
        return real(root, path)

    monkeypatch.setattr(ProcRoot, "open", opening)
    name = Path("/proc/self/comm").read_bytes()
    assert files.read(me(), "comm", 99) == name
    Path("/proc/self/comm").write_bytes(b"renamed")
    try:
        assert files.read(me(), "comm", 99) == b"renamed\n"
        assert files.read(me(), "comm", 3) == b"ren"
    finally:
        Path("/proc/self/comm").write_bytes(name)
    assert opened.count(f"{os.getpid()}/comm") == 1


def test_what_is_not_read_any_more_is_closed(files: RowFiles) -> None:
    for name in ("comm", "statm"):
        files.read(me(), name, 99)
    assert len(files) == 2
    files.next_sample()
    files.read(me(), "comm", 99)
    files.next_sample()
    assert len(files) == 1


def test_an_exited_process_is_not_read(files: RowFiles) -> None:
    child = subprocess.Popen(["sleep", "infinity"])
    who = identity_of(child.pid)
    try:
        # Its arguments appear a moment after the exec.
        until(lambda: files.read(who, "cmdline", 99) == b"sleep\0infinity\0")
    finally:
        child.kill()
        child.wait()
    with pytest.raises((FileNotFoundError, ProcessLookupError)):
        files.read(who, "cmdline", 99)
    assert len(files) == 0


def test_another_process_with_the_pid_is_not_read(files: RowFiles) -> None:
    earlier = Identity(os.getpid(), me().start_ticks - 1)
    with pytest.raises(ProcessLookupError):
        files.read(earlier, "comm", 99)
    assert len(files) == 0
    assert files.read(me(), "comm", 99)


def test_only_so_many_stay_open(
    files: RowFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_most", 1)
    for name in ("comm", "statm", "statm"):
        assert files.read(me(), name, 99)
    assert len(files) == 1


def test_of_a_copy_of_a_proc_none_stays_open(tmp_path: Path) -> None:
    proc = FakeProc(tmp_path)
    process = proc.add(FakeProcess(5, cmdline=b"one"))
    files = RowFiles(ProcRoot(proc.root))
    who = Identity(5, process.start_ticks)
    assert files.read(who, "cmdline", 99) == b"one"
    (tmp_path / "other").write_bytes(b"two")
    (tmp_path / "other").rename(Path(proc.root) / "5" / "cmdline")
    assert files.read(who, "cmdline", 99) == b"two"
    assert len(files) == 0


def test_two_threads_never_read_a_file_that_was_closed(files: RowFiles) -> None:
    who, done = me(), threading.Event()
    name = Path("/proc/self/comm").read_bytes()

    def sampling() -> None:
        while not done.is_set():
            files.next_sample()
            # It takes the number of what was closed.
            os.close(os.open("/proc/version", os.O_RDONLY))

    thread = threading.Thread(target=sampling)
    thread.start()
    try:
        assert {files.read(who, "comm", 99) for _ in range(2_000)} == {name}
    finally:
        done.set()
        thread.join()


def test_files_that_are_kept_are_read_together(
    files: RowFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = Path("/proc/self/comm").read_bytes()
    with subprocess.Popen(("sleep", "60")) as child:
        exited, never = identity_of(child.pid), Identity(1, 1)
        assert files.read(me(), "comm", 99) == name
        until(lambda: files.read(exited, "comm", 99) == b"sleep\n")
        child.kill()
    monkeypatch.setattr(ProcRoot, "open", None)
    whose = [me(), exited, never]
    assert files.read_kept(whose, "comm", 99) == {me(): name}
    assert len(files) == 1
    for kept in (1, 0):
        files.next_sample()
        assert len(files) == kept
