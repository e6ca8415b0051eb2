"""Stat files that stay open, on the real /proc."""

import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from montauk_tui.collectors.procfs import stat_files as package
from montauk_tui.collectors.procfs.collector import TraditionalCollector
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.collectors.procfs.stat_files import StatFiles
from montauk_tui.model.schema import Need
from tests.support.fakeproc import FakeProc, FakeProcess
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
    return {pid: text for pid, (_, text) in files.read(map(str, pids)).items()}


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
    files._kept[OWN] = files._kept.pop(child)  # noqa: SLF001
    assert read(files, OWN)[OWN].startswith(b"%d " % OWN)


def test_no_more_stay_open_than_allowed(
    child: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package, "_MOST", 1)
    monkeypatch.setattr(package, "_open", set())
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
    monkeypatch.setattr(package, "_open", set())
    made = StatFiles(ProcRoot()), StatFiles(ProcRoot())
    for files in made:
        assert read(files, OWN, child).keys() == {OWN, child}
    assert [len(files._kept) for files in made] == [1, 0]  # noqa: SLF001
    for files in made:
        files.close()
    assert package._open == set()  # noqa: SLF001


@pytest.mark.parametrize(("limit", "most"), [(64, 32), (-1, 16_384), (10**6, 16_384)])
def test_half_of_the_limit_is_left_to_others(
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
        assert files._kept == {}  # noqa: SLF001
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


def test_files_of_a_copy_are_not_kept(proc: FakeProc) -> None:
    """They would go on when their processes are gone."""
    proc.add(FakeProcess(10))
    files = StatFiles(ProcRoot(proc.root))
    assert read(files, 10).keys() == {10}
    assert files._kept == {}  # noqa: SLF001


def test_a_closed_collector_has_no_file_open() -> None:
    before = opened()
    collector = TraditionalCollector()
    collector.open()
    collector.sample(Need.NONE)
    assert opened() > before
    collector.close()
    assert opened() == before
