"""Stat files that stay open, on the real /proc."""

import os
import resource
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from montauk_tui.collectors import registry
from montauk_tui.collectors.procfs import stat_files as package
from montauk_tui.collectors.procfs.live import LiveTable
from montauk_tui.collectors.procfs.lookups import ProcLookups
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.collectors.procfs.stat_files import StatFiles
from montauk_tui.collectors.users import UserNames
from montauk_tui.model.schema import Need
from tests.collectors.conftest import load_available
from tests.support.fakeproc import FakeProc, FakeProcess, OpenCount
from tests.support.lives import spawn

OWN = os.getpid()


def opened() -> int:
    """Return how many stat files this process has open."""
    found = 0
    for link in Path("/proc/self/fd").iterdir():
        try:
            target = str(link.readlink())
        except FileNotFoundError:
            continue
        found += target.startswith("/proc/") and target.endswith("/stat")
    return found


@pytest.fixture
def files() -> Iterator[StatFiles]:
    made = StatFiles(ProcRoot())
    yield made
    made.close()


@pytest.fixture
def child() -> Iterator[int]:
    pid = spawn("sleep", "1000")
    yield pid
    end(pid)


def end(pid: int) -> None:
    try:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
    except (ProcessLookupError, ChildProcessError):
        return


def read(files: StatFiles, *pids: int) -> dict[int, bytes]:
    ids = np.array(sorted(pids), dtype=np.int64)
    texts = files.read(ids, lambda row: f"{ids[row]}/stat")
    rows = np.flatnonzero(texts.found)
    return dict(zip(ids[rows].tolist(), texts.of(rows), strict=True))


def test_a_file_is_opened_once(
    files: StatFiles, child: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = opened()
    first = read(files, OWN, child)
    assert opened() == before + 2
    monkeypatch.setattr(ProcRoot, "open", None)
    again = read(files, OWN, child)
    assert again.keys() == first.keys() == {OWN, child}
    assert again[child].startswith(b"%d (sleep) " % child)
    files.close()
    assert opened() == before


def test_what_it_says_is_new_at_each_reading(files: StatFiles, child: int) -> None:
    """The file is made at each reading from its start (seq_read_iter)."""
    assert b" Z " not in read(files, child)[child]
    os.kill(child, 9)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    assert b" Z " in read(files, child)[child]


def test_an_exited_process_leaves_none_open(files: StatFiles, child: int) -> None:
    before = opened()
    read(files, OWN, child)
    end(child)
    assert read(files, OWN, child).keys() == {OWN}
    assert opened() == before + 1


def test_one_that_is_listed_no_more_is_closed(files: StatFiles, child: int) -> None:
    before = opened()
    read(files, OWN, child)
    assert read(files, OWN).keys() == {OWN}
    assert opened() == before + 1


def test_who_has_the_pid_of_an_exited_process_is_read(
    files: StatFiles, child: int
) -> None:
    read(files, child)
    end(child)
    # As if this process had been given its pid.
    files._ids = np.array([OWN])  # noqa: SLF001
    assert read(files, OWN)[OWN].startswith(b"%d " % OWN)


def test_no_more_stay_open_than_allowed(
    child: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package, "_MOST", 1)
    monkeypatch.setattr(package, "_shared", package._Shared())  # noqa: SLF001
    before, files = opened(), StatFiles(ProcRoot())
    for _ in range(2):
        assert read(files, OWN, child).keys() == {OWN, child}
        assert opened() == before + 1
    files.close()


def test_two_collectors_share_what_may_stay_open(
    child: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As while one takes over from the other."""
    monkeypatch.setattr(package, "_MOST", 1)
    monkeypatch.setattr(package, "_shared", package._Shared())  # noqa: SLF001
    made = StatFiles(ProcRoot()), StatFiles(ProcRoot())
    for files in made:
        assert read(files, OWN, child).keys() == {OWN, child}
    assert [files.kept for files in made] == [1, 0]
    for files in made:
        files.close()
    assert package._shared.open == 0  # noqa: SLF001


@pytest.mark.parametrize(
    ("limit", "most"),
    [(64, 32), (1_024, 512), (20_000, 19_488), (-1, 32_768), (10**6, 32_768)],
)
def test_others_have_512_descriptors_or_half_of_them(
    monkeypatch: pytest.MonkeyPatch, limit: int, most: int
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limit, limit))
    assert StatFiles(ProcRoot())._most == most  # noqa: SLF001


def test_where_others_need_the_descriptors_none_is_kept(child: int) -> None:
    files = StatFiles(ProcRoot())
    assert read(files, OWN, child).keys() == {OWN, child}
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    later = spawn("sleep", "1000")
    try:
        lowest = os.dup(0)
        os.close(lowest)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, limits[1]))
        assert read(files, OWN, child, later).keys() == {OWN, child, later}
        assert files.kept == 0
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        end(later)


def test_too_few_descriptors_are_an_error_and_no_exit() -> None:
    files = StatFiles(ProcRoot())
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))
        with pytest.raises(OSError, match="Too many open files"):
            read(files, OWN)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def live_table() -> LiveTable:
    root = ProcRoot()
    return LiveTable(root, ProcLookups(root, UserNames()))


def owners_read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the processes whose owner is read from now on."""
    asked: list[int] = []
    real = ProcRoot.owner

    def owner(root: ProcRoot, pid: int) -> int:
        asked.append(pid)
        return real(root, pid)

    monkeypatch.setattr(ProcRoot, "owner", owner)
    return asked


def test_of_threads_as_of_processes_the_files_stay_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = threading.Event()
    mates = [threading.Thread(target=done.wait) for _ in range(3)]
    for mate in mates:
        mate.start()
    try:
        with closing(live_table()) as live:
            first = live.read([str(OWN)], Need.THREADS)
            count, owners = OpenCount(monkeypatch), owners_read(monkeypatch)
            for _ in range(8):
                again = live.read([str(OWN)], Need.THREADS)
        own = first.pid.tolist()
        assert {OWN, *(mate.native_id for mate in mates)} <= set(own)
        assert set(own) <= set(again.pid.tolist())
        # Once in eight samples, for all of its threads together.
        assert owners == [OWN]
        opened_again = [path for path in count.paths if path.endswith("/stat")]
        assert not {f"{OWN}/task/{tid}/stat" for tid in own} & set(opened_again)
    finally:
        done.set()
        for mate in mates:
            mate.join()


def test_hidden_threads_keep_no_file_open() -> None:
    before = opened()
    with closing(live_table()) as live:
        live.read([str(OWN)], Need.THREADS)
        live.read([str(OWN)], Need.NONE)
        assert opened() == before + 1
    assert opened() == before


def test_files_are_given_back_for_threads_that_could_not_be_read() -> None:
    """A thread that cannot be read for want of descriptors has not exited."""
    processes, threads = StatFiles(ProcRoot()), StatFiles(ProcRoot())
    assert read(processes, OWN).keys() == {OWN}
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        lowest = os.dup(0)
        os.close(lowest)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, limits[1]))
        ids = np.array([OWN])
        texts = threads.read(ids, lambda row: f"{OWN}/task/{ids[row]}/stat")
        assert texts.found.tolist() == [True]
        assert (processes.kept, threads.kept) == (0, 0)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_more_processes_than_are_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    files = StatFiles(ProcRoot())
    monkeypatch.setattr(package, "_AT_ONCE", 2)
    lives = [spawn("sleep", "1000") for _ in range(5)]
    try:
        assert read(files, *lives).keys() == set(lives)
        end(lives.pop(2))
        later = read(files, *lives)
        assert later.keys() == set(lives)
        assert all(text.startswith(b"%d (" % pid) for pid, text in later.items())
    finally:
        for pid in lives:
            end(pid)
        files.close()


def test_nothing_is_read_of_files_that_are_not_open(
    monkeypatch: pytest.MonkeyPatch, files: StatFiles, child: int
) -> None:
    """Many short-lived processes have exited by the time that they are looked for."""
    read_from: list[int] = []
    preadv = os.preadv

    def counted(file: int, *arguments: Any) -> int:
        read_from.append(file)
        return preadv(file, *arguments)

    monkeypatch.setattr(os, "preadv", counted)
    # Above every pid (PID_MAX_LIMIT is 2^22).
    gone = range(1 << 23, (1 << 23) + 300)
    assert read(files, OWN, child, *gone).keys() == {OWN, child}
    assert read_from == []
    assert read(files, OWN, child, *gone).keys() == {OWN, child}
    assert len(read_from) == 2


def test_a_text_that_is_longer_than_its_slot_is_read_whole(proc: FakeProc) -> None:
    """No kernel writes one: a copy may hold anything."""
    long = FakeProcess(10, comm=b"n" * 700)
    proc.add(long)
    files = StatFiles(ProcRoot(proc.root))
    assert read(files, 10)[10] == long.stat


def test_files_of_a_copy_are_not_kept(proc: FakeProc) -> None:
    """They would go on when their processes are gone."""
    proc.add(FakeProcess(10))
    files = StatFiles(ProcRoot(proc.root))
    assert read(files, 10).keys() == {10}
    assert files.kept == 0


@pytest.mark.parametrize("name", registry.names())
def test_a_closed_collector_has_no_file_open(name: str) -> None:
    before = opened()
    collector = load_available(name)
    collector.open()
    collector.sample(Need.NONE)
    assert opened() > before
    collector.close()
    assert opened() == before
